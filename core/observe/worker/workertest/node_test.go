package workertest

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/oci"
	"golang.org/x/sys/unix"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kubelab/core/cluster"
	"kubelab/core/component"
	"kubelab/core/images"
	"kubelab/core/observe/worker"
	"kubelab/core/view"
)

// TestNode takes one lab through its life, because it takes long to start one.
func TestNode(t *testing.T) {
	l := start(t)
	events, rules := follow(t, l.node, worker.Follow), follow(t, l.node, worker.FollowRules)
	for _, step := range []struct {
		name string
		test func(*testing.T)
	}{
		{"containers", l.containers},
		{"kubelet", l.kubelet},
		{"requests", func(t *testing.T) { l.requests(t, true) }},
		{"a container ends", func(t *testing.T) { l.endContainer(t, events) }},
		{"a pod is replaced", func(t *testing.T) { l.replacePod(t, events, rules) }},
		{"a container is deleted", func(t *testing.T) { l.deleteContainer(t, events) }},
		{"containerd crashes", func(t *testing.T) { l.crashContainerd(t, events) }},
		{"no API server and no etcd", func(t *testing.T) { l.withoutMaster(t, events) }},
		{"the power fails", func(t *testing.T) { l.losePower(t, events, rules) }},
	} {
		if !t.Run(step.name, step.test) {
			return
		}
	}
}

// web are the ready pods of the demo.
func (l *lab) web() []cluster.Pod {
	return slices.DeleteFunc(l.cluster.Pods(), func(p cluster.Pod) bool {
		return p.Namespace != "demo" || !strings.HasPrefix(p.Name, "web-") || !p.Ready || p.Deleting
	})
}

// of is the demo's container in a pod, as containerd has it.
func (l *lab) of(t *testing.T, pod cluster.Pod) view.Container {
	t.Helper()
	list, _, _, err := worker.Containers(t.Context(), l.node)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(c view.Container) bool {
		return c.Pod.UID == pod.UID && c.Name == "web" && c.Status == "running"
	})
	if i < 0 {
		t.Fatalf("no container web of pod %s among %+v", pod.Name, list)
	}
	return list[i]
}

// command is the name of the program that a process on the host runs.
func command(pid int) string {
	b, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm") // it may have ended
	return strings.TrimSpace(string(b))
}

func (l *lab) containers(t *testing.T) {
	list, have, snapshots, err := worker.Containers(t.Context(), l.node)
	if err != nil {
		t.Fatal(err)
	}
	for _, pod := range l.web() {
		c := l.of(t, pod)
		if want := (view.Object{Resource: "pods", Namespace: "demo", Name: pod.Name, UID: pod.UID}); c.Pod != want || c.Image != images.Demo1 {
			t.Errorf("container %+v, want one of %+v from %s", c, want, images.Demo1)
		}
		if command(c.PID) != "demo" || !slices.Equal(c.Process, []int{c.PID}) {
			t.Errorf("process %d of %s runs %q, all its processes are %v", c.PID, pod.Name, command(c.PID), c.Process)
		}
		sandbox := slices.IndexFunc(list, func(c view.Container) bool { return c.Pod.UID == pod.UID && c.Name == "" })
		if sandbox < 0 || command(list[sandbox].PID) != "pause" {
			t.Errorf("pod %s has no sandbox that runs pause: %+v", pod.Name, list)
		}
	}
	if i := slices.IndexFunc(have, func(i view.Image) bool { return i.Name == images.Demo1 }); i < 0 || have[i].Size < 1<<20 {
		t.Errorf("%s is not among the images, or small: %+v", images.Demo1, have)
	}
	if snapshots < len(list) {
		t.Errorf("%d snapshots for %d containers", snapshots, len(list))
	}
}

func (l *lab) kubelet(t *testing.T) {
	check := func(when string) {
		t.Helper()
		eventually(t, "kubelet has probed "+when, func() error {
			k := worker.Kubelet(t.Context(), l.node, l.master)
			if k.Error != "" || k.Pods < len(l.web()) || k.Syncs == 0 || k.SyncMean <= 0 || k.Probes["successful"] == 0 || k.CRICalls["create_container"] < int64(k.Pods) {
				return fmt.Errorf("kubelet says %+v", k)
			}
			return nil
		})
	}
	check("at first")
	// What is cut is the node's link, not our view of it.
	if err := l.cluster.Network().SetLink(l.machine, false); err != nil {
		t.Fatal(err)
	}
	check("while the link is cut")
	if err := l.cluster.Network().SetLink(l.machine, true); err != nil {
		t.Fatal(err)
	}
}

// service is the demo's Service as front ends see it.
func (l *lab) service(t *testing.T) view.Service {
	t.Helper()
	s, err := l.cluster.Client().CoreV1().Services("demo").Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return view.Service{Namespace: "demo", Name: "web", IP: s.Spec.ClusterIP, Ports: []string{"80/TCP"}}
}

var web view.Service // is kept for when nobody can be asked

func (l *lab) requests(t *testing.T, ask bool) {
	if ask {
		web = l.service(t)
		l.settled(t) // kube-proxy learns of a pod after everybody else
	}
	var pods, endpoints []string
	for _, p := range l.web() {
		pods = append(pods, p.Name)
		endpoints = append(endpoints, endpointOf(p))
	}
	slices.Sort(pods)
	const tries = 100
	p, err := worker.Proxy(t.Context(), l.node, web, tries)
	if err != nil {
		t.Fatal(err)
	}
	answered := 0
	for _, n := range p.Answered {
		answered += n
	}
	if got := slices.Sorted(maps.Keys(p.Answered)); !slices.Equal(got, pods) || answered != tries || p.Failed > 0 {
		t.Errorf("answered: %v, failed: %d, %s; want answers of %q", p.Answered, p.Failed, p.Why, pods)
	}
	slices.Sort(endpoints)
	if slices.Sort(p.Endpoints); !slices.Equal(p.Endpoints, endpoints) || len(p.Rules) < 2 {
		t.Errorf("rules %q lead to %q, want %q", p.Rules, p.Endpoints, endpoints)
	}
	if p.Node != l.machine.Name() || p.Service.String() != "services/demo/web" {
		t.Errorf("told of %s, %s", p.Node, p.Service)
	}
}

// endContainer kills the process of a container, and sees that, and how kubelet replaces it.
func (l *lab) endContainer(t *testing.T, events followed) {
	pod := l.web()[0]
	before := l.of(t, pod)
	if err := unix.Kill(before.PID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	is := func(topic string) func(view.Event) bool {
		return func(e view.Event) bool { return e.Container.Topic == topic && e.Container.Pod.UID == pod.UID }
	}
	exit := events.find(t, "its end is told", is("/tasks/exit"))
	want := view.ContainerChange{Topic: "/tasks/exit", ID: before.ID, Pod: before.Pod, Container: "web", PID: before.PID, ExitCode: 137}
	if *exit.Container != want || exit.Object == nil || *exit.Object != before.Pod {
		t.Errorf("told %+v, want %+v", *exit.Container, want)
	}
	if exit.Kind != view.ContainerDone || exit.Source != "node-1/containerd" || time.Since(exit.Time).Abs() > bound {
		t.Errorf("told %+v", exit)
	}
	created := events.find(t, "its successor is created", is("/containers/create"))
	started := events.find(t, "its successor starts", is("/tasks/start"))
	c := started.Container
	if c.ID != created.Container.ID || c.ID == before.ID || c.Container != "web" ||
		started.Text != fmt.Sprintf("task of demo/%s/web started, PID %d", pod.Name, c.PID) {
		t.Errorf("told %q with %+v", started.Text, *c)
	}
	eventually(t, "its process is the demo", func() error { // it is runc's at first
		if is := command(c.PID); is != "demo" {
			return fmt.Errorf("process %d runs %q", c.PID, is)
		}
		return nil
	})
	l.settled(t)
}

// settled waits until the demo is whole again, and kube-proxy knows.
func (l *lab) settled(t *testing.T) {
	t.Helper()
	eventually(t, "the demo is whole", func() error {
		p, err := worker.Proxy(t.Context(), l.node, web, 0)
		if err == nil && (len(l.web()) != 3 || len(p.Endpoints) != 3) {
			err = fmt.Errorf("%d pods, endpoints %q", len(l.web()), p.Endpoints)
		}
		return err
	})
}

// replacePod deletes a pod, and sees its tasks go and rules change.
func (l *lab) replacePod(t *testing.T, events, rules followed) {
	before := l.web()
	pod, began := before[0], time.Now() // what was told before is of no interest
	if err := l.cluster.Client().CoreV1().Pods("demo").Delete(t.Context(), pod.Name, *metav1.NewDeleteOptions(0)); err != nil {
		t.Fatal(err)
	}
	// The sandbox's is its shim's last task: the shim may be gone before it has told that the task is deleted.
	for _, want := range []view.ContainerChange{{Container: "web", Topic: "/tasks/delete"}, {Topic: "/tasks/exit"}} {
		events.find(t, fmt.Sprintf("%s of container %q", want.Topic, want.Container), func(e view.Event) bool {
			return e.Container.Topic == want.Topic && e.Object != nil && e.Object.UID == pod.UID && e.Container.Container == want.Container
		})
	}
	removed := rules.find(t, "the way to it is removed", func(e view.Event) bool {
		return e.Time.After(began) && e.Rule.Removed && e.Rule.Endpoint == endpointOf(pod)
	})
	if removed.Kind != view.RuleChanged || removed.Source != "node-1/kube-proxy" || removed.Object.String() != "services/demo/web" {
		t.Errorf("told %+v", removed)
	}
	made := rules.find(t, "a way to its successor is made", func(e view.Event) bool {
		return e.Time.After(began) && !e.Rule.Removed && e.Rule.Service.Name == "web" &&
			!slices.ContainsFunc(before, func(p cluster.Pod) bool { return endpointOf(p) == e.Rule.Endpoint })
	})
	l.settled(t)
	if !slices.ContainsFunc(l.web(), func(p cluster.Pod) bool { return endpointOf(p) == made.Rule.Endpoint }) {
		t.Errorf("told of a way to %s, but pods are %+v", made.Rule.Endpoint, l.web())
	}
}

func endpointOf(p cluster.Pod) string { return p.IP.String() + ":8080" }

// deleteContainer has containerd forget a container, which kubelet does only once a minute. Whose it was is told all
// the same.
func (l *lab) deleteContainer(t *testing.T, events followed) {
	client, err := l.node.Containerd()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	const id = "of-nobody"
	c, err := client.NewContainer(t.Context(), id, containerd.WithSpec(&oci.Spec{}), containerd.WithContainerLabels(map[string]string{
		"io.kubernetes.pod.namespace": "demo", "io.kubernetes.pod.name": "gone", "io.kubernetes.pod.uid": "u1", "io.kubernetes.container.name": "web",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	e := events.find(t, "it is deleted", func(e view.Event) bool { return e.Container.Topic == "/containers/delete" && e.Container.ID == id })
	if want := (view.Object{Resource: "pods", Namespace: "demo", Name: "gone", UID: "u1"}); e.Object == nil || *e.Object != want || e.Container.Container != "web" {
		t.Errorf("told %q, of %v, want %v", e.Text, e.Object, want)
	}
}

func (l *lab) crashContainerd(t *testing.T, events followed) {
	c, err := l.node.Component(component.Containerd)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	events.cutOff(t)
	events.healthy(t)
	l.endContainer(t, events)
}

// withoutMaster has everything go on without an API server and without etcd.
func (l *lab) withoutMaster(t *testing.T, events followed) {
	l.cluster.Master(l.master).Crash()
	l.containers(t)
	l.requests(t, false)
	if k := worker.Kubelet(t.Context(), l.node, l.master); k.Error != "" || k.Pods == 0 {
		t.Errorf("kubelet should remember who may ask, and says %+v", k)
	}
	pod := l.web()[0]
	before := l.of(t, pod)
	if err := unix.Kill(before.PID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	events.find(t, "the end of a container is told", func(e view.Event) bool { return e.Container.Topic == "/tasks/exit" && e.Container.ID == before.ID })

	// A kubelet that has just started remembers nothing.
	kubelet, err := l.node.Component(component.Kubelet)
	if err != nil {
		t.Fatal(err)
	}
	if err := kubelet.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "kubelet cannot ask who may ask", func() error {
		k := worker.Kubelet(t.Context(), l.node, l.master)
		if t.Logf("kubelet: %q", k.Error); !strings.Contains(k.Error, "API server") && !strings.Contains(k.Error, "500") {
			return fmt.Errorf("kubelet says %+v", k)
		}
		return nil
	})
}

func (l *lab) losePower(t *testing.T, events, rules followed) {
	if err := l.node.Kill(); err != nil {
		t.Fatal(err)
	}
	events.cutOff(t)
	rules.cutOff(t)
	_, _, _, err := worker.Containers(t.Context(), l.node)
	_, proxyErr := worker.Proxy(t.Context(), l.node, web, 0)
	if err == nil || proxyErr == nil || worker.Kubelet(t.Context(), l.node, l.master).Error == "" {
		t.Errorf("a node that is off answers: %v, %v", err, proxyErr)
	}
	if err := l.node.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	events.healthy(t)
	rules.healthy(t)
}
