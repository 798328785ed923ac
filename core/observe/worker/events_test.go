package worker

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/containerd/containerd/api/events"
	envelope "github.com/containerd/containerd/v2/core/events"
	"github.com/containerd/typeurl/v2"

	"kubelab/core/network"
	"kubelab/core/node"
	"kubelab/core/store"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// nodeThatIsOff is one of which nothing exists.
func nodeThatIsOff(t *testing.T) *node.Node {
	t.Helper()
	spec := topology.New("test", netip.MustParsePrefix("10.100.0.0/16"), 1, 1)
	dir, err := store.Open(t.TempDir(), spec.Name)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	return node.New(node.Config{Spec: spec, Machine: spec.Nodes[0], Dir: dir, Network: network.New(spec, log), Log: log})
}

func TestEventsOfContainerd(t *testing.T) {
	pod := view.Object{Resource: "pods", Namespace: "demo", Name: "web-abc", UID: "u1"}
	f := follower{node: nodeThatIsOff(t), known: map[string]view.Container{
		"c1": {ID: "c1", Pod: pod, Name: "web", PID: 812},
		"s1": {ID: "s1", Pod: pod, PID: 800},
		"x1": {ID: "x1"}, // not of a pod
	}}
	at := time.Now()
	for _, c := range []struct {
		topic  string
		event  any
		text   string // empty if it is not told
		change view.ContainerChange
	}{
		{"/containers/create", &events.ContainerCreate{ID: "c1", Image: "lab.local/demo:1"},
			"container of demo/web-abc/web created from lab.local/demo:1", view.ContainerChange{ID: "c1", Pod: pod, Container: "web", PID: 812}},
		{"/tasks/exit", &events.TaskExit{ContainerID: "c1", ID: "c1", Pid: 7, ExitStatus: 137},
			"task of demo/web-abc/web has ended with exit code 137", view.ContainerChange{ID: "c1", Pod: pod, Container: "web", PID: 812, ExitCode: 137}},
		{"/tasks/exit", &events.TaskExit{ContainerID: "c1", ID: "probe", Pid: 8, ExitStatus: 1}, "", view.ContainerChange{}},
		{"/tasks/delete", &events.TaskDelete{ContainerID: "c1", ID: "probe", ExitStatus: 1}, "", view.ContainerChange{}},
		{"/tasks/exec-added", &events.TaskExecAdded{ContainerID: "c1", ExecID: "probe"}, "", view.ContainerChange{}},
		{"/tasks/delete", &events.TaskDelete{ContainerID: "c1", Pid: 7, ExitStatus: 137},
			"task of demo/web-abc/web deleted", view.ContainerChange{ID: "c1", Pod: pod, Container: "web", PID: 812, ExitCode: 137}},
		{"/tasks/oom", &events.TaskOOM{ContainerID: "c1"},
			"task of demo/web-abc/web has used up its memory", view.ContainerChange{ID: "c1", Pod: pod, Container: "web", PID: 812}},
		{"/tasks/paused", &events.TaskPaused{ContainerID: "s1"},
			"task of demo/web-abc's sandbox paused", view.ContainerChange{ID: "s1", Pod: pod, PID: 800}},
		{"/tasks/resumed", &events.TaskResumed{ContainerID: "s1"},
			"task of demo/web-abc's sandbox resumed", view.ContainerChange{ID: "s1", Pod: pod, PID: 800}},
		{"/containers/delete", &events.ContainerDelete{ID: "s1"},
			"container of demo/web-abc's sandbox deleted", view.ContainerChange{ID: "s1", Pod: pod, PID: 800}},
		{"/tasks/start", &events.TaskStart{ContainerID: "x1"}, "task of x1 started", view.ContainerChange{ID: "x1"}},
		{"/images/create", &events.ImageCreate{Name: "lab.local/\x1b[1mdemo:1"}, "image lab.local/demo:1 added", view.ContainerChange{ID: "lab.local/demo:1"}},
		{"/images/delete", &events.ImageDelete{Name: "lab.local/demo:1"}, "image lab.local/demo:1 removed", view.ContainerChange{ID: "lab.local/demo:1"}},
		{"/images/create", &events.ImageCreate{Name: "sha256:abc"}, "", view.ContainerChange{}},
	} {
		encoded, err := typeurl.MarshalAny(c.event)
		if err != nil {
			t.Fatal(err)
		}
		e, ok := f.translate(t.Context(), &envelope.Envelope{Timestamp: at, Namespace: "k8s.io", Topic: c.topic, Event: encoded})
		if ok != (c.text != "") {
			t.Errorf("%s %v: told: %t", c.topic, c.event, ok)
			continue
		}
		if !ok {
			continue
		}
		c.change.Topic = c.topic
		if e.Kind != view.ContainerDone || e.Source != "node-1/containerd" || !e.Time.Equal(at) || e.Text != c.text || *e.Container != c.change {
			t.Errorf("%s: told %+v with %+v, want %q with %+v", c.topic, e, *e.Container, c.text, c.change)
		}
		if hasPod := c.change.Pod != (view.Object{}); hasPod != (e.Object != nil) || hasPod && *e.Object != pod {
			t.Errorf("%s: is about %v", c.topic, e.Object)
		}
	}
	if _, ok := f.known["s1"]; ok {
		t.Error("a container that was deleted is still known")
	}
}

func TestNodeThatIsOffIsToldOnce(t *testing.T) {
	for name, follow := range map[string]func(context.Context, *node.Node, func(view.Event), func(error)){
		"Follow": Follow, "FollowRules": FollowRules,
	} {
		synctest.Test(t, func(t *testing.T) {
			n := nodeThatIsOff(t)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var told []error
			follow(ctx, n, func(e view.Event) { t.Errorf("%s told %+v", name, e) }, func(err error) { told = append(told, err) })
			if len(told) != 1 || told[0] != errOff {
				t.Errorf("in a minute, %s said %v", name, told)
			}
		})
	}
	if _, _, _, err := Containers(t.Context(), nodeThatIsOff(t)); err == nil {
		t.Error("a node that is off has containers")
	}
	if k := Kubelet(t.Context(), nodeThatIsOff(t), topology.Machine{Kind: topology.Master, Number: 1}); k.Error != errOff.Error() {
		t.Errorf("kubelet of a node that is off: %+v", k)
	}
	if _, err := Proxy(t.Context(), nodeThatIsOff(t), web, 0); !errors.Is(err, errOff) {
		t.Errorf("rules of a node that is off: %v", err)
	}
}
