package master

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"kubelab/core/component"
	"kubelab/core/master/etcd"
	"kubelab/core/topology"
)

// TestLab takes a control plane through its life. It is one test because a start costs seconds.
func TestLab(t *testing.T) {
	l := newLab(t, 3)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()

	begin := time.Now()
	restore := EaseGC()
	var first time.Duration
	if err := Bootstrap(ctx, l.masters, func() { first = time.Since(begin) }); err != nil {
		t.Fatal(err)
	}
	t.Logf("first API server %s, all %s", first.Round(time.Millisecond), time.Since(begin).Round(time.Millisecond))
	if err := l.masters[2].AwaitPods(ctx); err != nil {
		t.Fatal(err)
	}
	restore()
	t.Logf("pods can be created after %s", time.Since(begin).Round(time.Millisecond))

	step := func(name string, f func(t *testing.T)) {
		if !t.Run(name, func(t *testing.T) { l.t = t; f(t) }) {
			t.FailNow()
		}
		l.t = t
	}
	step("listens on its own addresses only", func(t *testing.T) { l.listeners() })
	step("works", func(t *testing.T) { l.works(ctx) })
	step("components crash alone", func(t *testing.T) { l.crashComponents(ctx) })
	step("leads are handed over", func(t *testing.T) { l.handOver(ctx) })
	step("master crashes", func(t *testing.T) { l.crashLeader(ctx) })
	step("master joins and leaves", func(t *testing.T) { l.joinAndLeave(ctx) })
	step("failure is a crash", func(t *testing.T) { l.failure() })
	step("stops and resumes", func(t *testing.T) { l.resume(ctx) })
	if err := StopAll(ctx, l.masters); err != nil {
		t.Error(err)
	}
}

// listeners checks that nothing listens on an address that is not a master's.
func (l *lab) listeners() {
	b, err := os.ReadFile("/proc/self/net/tcp")
	if err != nil {
		l.t.Fatal(err)
	}
	b6, _ := os.ReadFile("/proc/self/net/tcp6") // there may be no IPv6
	const listening = "0A"
	n := 0
	for line := range strings.Lines(string(b) + string(b6)) {
		f := strings.Fields(line)
		if len(f) < 4 || f[3] != listening {
			continue
		}
		n++
		if !strings.Contains(f[1], "00640A:") { // 10.100.0.x, as the kernel writes it
			l.t.Errorf("something listens on %s", f[1])
		}
	}
	if want := 3*3 + 2; n != want { // etcd's two and the API server everywhere, the leaders' once
		l.t.Errorf("%d listeners, want %d", n, want)
	}
}

func (l *lab) works(ctx context.Context) {
	write, read := l.client(l.masters[1]), l.client(l.masters[2])
	l.put(ctx, write, "kept", "1")
	m, err := read.CoreV1().ConfigMaps("default").Get(ctx, "kept", metav1.GetOptions{})
	if err != nil || m.Data["v"] != "1" {
		l.t.Fatalf("read %v, %v", m, err)
	}
	labels := map[string]string{"app": "web"}
	replicas := int32(2)
	_, err = write.AppsV1().Deployments("default").Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "web"}}},
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		l.t.Fatal(err)
	}
	l.eventually("the scheduler has looked at two pods", 5*time.Second, func(ctx context.Context) error {
		pods, err := read.CoreV1().Pods("default").List(ctx, metav1.ListOptions{LabelSelector: "app=web"})
		if err != nil {
			return err
		}
		seen := 0
		for _, p := range pods.Items {
			for _, c := range p.Status.Conditions {
				if c.Type == corev1.PodScheduled && c.Reason == corev1.PodReasonUnschedulable {
					seen++
				}
			}
		}
		if seen != 2 {
			return fmt.Errorf("%d pods, %d seen", len(pods.Items), seen)
		}
		return nil
	})
	l.eventually("every API server is an endpoint of the Service kubernetes", 15*time.Second, func(ctx context.Context) error {
		return l.endpoints(ctx, read, 3)
	})
	leases, err := read.CoordinationV1().Leases("kube-system").List(ctx, metav1.ListOptions{LabelSelector: "apiserver.kubernetes.io/identity"})
	if err != nil || len(leases.Items) != 3 {
		l.t.Errorf("%d API servers have an identity (%v), want 3", len(leases.Items), err)
	}
}

func (l *lab) endpoints(ctx context.Context, c kubernetes.Interface, want int) error {
	s, err := c.DiscoveryV1().EndpointSlices("default").Get(ctx, "kubernetes", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if len(s.Endpoints) != want {
		return fmt.Errorf("%d endpoints", len(s.Endpoints))
	}
	return nil
}

func (l *lab) put(ctx context.Context, c kubernetes.Interface, name, value string) {
	l.t.Helper()
	_, err := c.CoreV1().ConfigMaps("default").Create(ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{"v": value},
	}, metav1.CreateOptions{})
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) joinAndLeave(ctx context.Context) {
	four := topology.Machine{Kind: topology.Master, Number: 4}
	c, err := etcd.Client(l.dir, l.spec, l.spec.Masters...)
	if err != nil {
		l.t.Fatal(err)
	}
	defer c.Close()
	begin := time.Now()
	in, err := etcd.AddLearner(ctx, c, l.spec, four)
	if err != nil {
		l.t.Fatal(err)
	}
	old := l.spec
	l.spec = l.spec.With(four)
	defer func() { l.spec = old }()
	m := l.add(four)
	if err := m.JoinEtcd(ctx, in, func(ctx context.Context) error { return etcd.Promote(ctx, c, l.spec, four) }); err != nil {
		l.t.Fatal(err)
	}
	l.t.Logf("etcd has a new member after %s", time.Since(begin).Round(time.Millisecond))
	if err := m.Start(ctx); err != nil {
		l.t.Fatal(err)
	}
	l.t.Logf("the master has joined after %s", time.Since(begin).Round(time.Millisecond))
	list, err := c.MemberList(ctx)
	if err != nil || len(list.Members) != 4 {
		l.t.Fatalf("%v, %v", list, err)
	}
	for _, o := range list.Members {
		if o.IsLearner {
			l.t.Errorf("%s is a learner", o.Name)
		}
	}
	if _, err := l.client(m).CoreV1().ConfigMaps("default").Get(ctx, "kept", metav1.GetOptions{}); err != nil {
		l.t.Error(err)
	}
	begin = time.Now()
	if err := etcd.Remove(ctx, c, l.spec, four); err != nil {
		l.t.Fatal(err)
	}
	if err := etcd.Remove(ctx, c, l.spec, four); err != nil {
		l.t.Errorf("remove a member again: %v", err)
	}
	l.eventually("the removed member ended", 10*time.Second, func(context.Context) error {
		if s := m.Component(component.Etcd).Status(); s.State != component.Crashed {
			return fmt.Errorf("it is %s", s.State)
		}
		return nil
	})
	m.Crash()
	l.masters = l.masters[:3]
	if _, err := l.client(l.masters[0]).CoreV1().ConfigMaps("default").Get(ctx, "kept", metav1.GetOptions{}); err != nil {
		l.t.Error(err)
	}
}

// failure has a component panic.
func (l *lab) failure() {
	m := l.others(l.leader(component.Scheduler))[0]
	<-l.logs.For(m.Machine(), component.Scheduler).Go(func() { panic("ouch") })
	l.eventually("the panic is a crash", time.Second, func(context.Context) error {
		if s := m.Component(component.Scheduler).Status(); s.State != component.Crashed || !strings.Contains(s.Error, "ouch") {
			return fmt.Errorf("it is %+v", s)
		}
		return nil
	})
	if err := m.Component(component.Scheduler).Start(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) resume(ctx context.Context) {
	begin := time.Now()
	if err := StopAll(ctx, l.masters); err != nil {
		l.t.Fatal(err)
	}
	l.t.Logf("all stopped after %s", time.Since(begin).Round(time.Millisecond))
	for _, m := range l.masters {
		for name, s := range m.Status() {
			if s.State != component.Stopped {
				l.t.Errorf("%s/%s is %s", m.Machine(), name, s.State)
			}
		}
	}
	begin = time.Now()
	restore := EaseGC()
	defer restore()
	if err := Bootstrap(ctx, l.masters, func() { l.t.Logf("first API server after %s", time.Since(begin).Round(time.Millisecond)) }); err != nil {
		l.t.Fatal(err)
	}
	l.t.Logf("all resumed after %s", time.Since(begin).Round(time.Millisecond))
	m, err := l.client(l.masters[0]).CoreV1().ConfigMaps("default").Get(ctx, "kept", metav1.GetOptions{})
	if err != nil || m.Data["v"] != "2" {
		l.t.Errorf("read %v, %v", m, err)
	}
}
