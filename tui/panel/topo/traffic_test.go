package topo

import (
	"fmt"
	"testing"
	"time"

	"kubelab/core/view"
	"kubelab/tui/panel"
)

func TestRates(t *testing.T) {
	s := sample(3, 3, 0)
	s.Events[view.Requested] = nil
	const over = 2 * time.Second // less than rates are counted over
	for i := range panel.Remembered {
		r := request(fmt.Sprintf("master-%d", 1+i%2), "get", view.Object{Resource: "pods"})
		if i%4 == 0 {
			r.From = "10.100.0.11" // a controller of that master
		}
		s.Events[view.Requested] = append(s.Events[view.Requested], event(ago(over-time.Duration(i)*over/panel.Remembered), r))
	}
	tr := trafficOf(s)
	if got := tr.server["master-2"].String(); got != fmt.Sprintf("%d/s", panel.Remembered/4) {
		t.Errorf("when more were made than are remembered, the rate is over the time that is: %s", got)
	}
	if got := tr.balancer.String(); got != fmt.Sprintf("%d/s", panel.Remembered*3/8) {
		t.Errorf("what did not come through the balancer is not counted there: %s", got)
	}
	s.Events[view.Dropped] = []view.Event{{Time: ago(time.Second), Count: 3}}
	if got := trafficOf(s).server["master-3"].String() + trafficOf(s).server["master-1"].String(); got != fmt.Sprintf("≥0/s≥%d/s", panel.Remembered/4) {
		t.Errorf("what was dropped makes it a lower bound: %s", got)
	}
}

func TestWay(t *testing.T) {
	s := sample(3, 3, 9)
	pod := s.Lab.Pods[0]
	write := func(age time.Duration, change func(*view.Request)) way {
		r := request("master-1", "update", view.Object{Resource: "pods", Namespace: pod.Namespace, Name: pod.Name})
		if change != nil {
			change(r)
		}
		e := event(ago(age), r)
		t := *s
		t.Events = map[view.EventKind][]view.Event{view.Requested: {e}}
		return wayOf(&t, trafficOf(&t).flow)
	}
	if w := write(300*time.Millisecond, nil); w.look != lit || !w.client || !w.to["node-1"] || w.parts["master-1/kube-apiserver"] != changed || w.parts["master-2/etcd"] != changed || w.all {
		t.Errorf("from a client by the API server and etcd to the pod's node: %+v", w)
	}
	if w := write(1100*time.Millisecond, nil); w.look != plain || len(w.parts) != 0 {
		t.Errorf("after a second it is calm: %+v", w)
	}
	if w := write(0, func(r *view.Request) { r.Code = 403 }); w.look != bad || w.stored || w.parts["master-1/etcd"] != plain || w.nodes() {
		t.Errorf("what is refused does not come to etcd: %+v", w)
	}
	if w := write(0, func(r *view.Request) {
		r.Object = view.Object{Resource: "leases", Name: "node-1"}
		r.User = "system:node:node-1"
	}); w.look != accent || len(w.parts) != 0 || !w.reaches("node-1") || w.client {
		t.Errorf("a heartbeat is seen on the lines only: %+v", w)
	}
	if w := write(0, func(r *view.Request) { r.From, r.Agent = "10.100.0.11", "kube-scheduler/v1.37.2" }); w.balanced || w.client || w.parts["master-1/kube-scheduler"] != changed {
		t.Errorf("the scheduler asks the API server beside it: %+v", w)
	}
}

func TestLinks(t *testing.T) {
	all := []string{"master-1", "master-2", "master-3", "node-1", "node-2"}
	of := func(kind view.Verb, what string) links { return linksOf([]view.Fault{{Kind: kind, What: what}}) }
	for name, tt := range map[string]struct {
		got  link
		want link
	}{
		"cut":          {of(view.Cut, "master-1 master-2").of("master-2", "master-1"), link{true, "cut"}},
		"another link": {of(view.Cut, "master-1 master-2").of("master-2", "master-3"), link{}},
		"one way":      {of(view.Cut, "master-1 master-2 --one-way").of("master-1", "master-2"), link{true, "cut →m2"}},
		"loss":         {of(view.Loss, "master-1 node-1 30%").of("node-1", "master-1"), link{false, "30% lost"}},
		"delay":        {of(view.Delay, "node-1 node-2 50ms").of("node-1", "node-2"), link{false, "+50ms"}},
		"flap":         {of(view.Flap, "node-1 node-2 --every 2s").of("node-1", "node-2"), link{false, "flaps"}},
		"isolate":      {of(view.Isolate, "node-2").of("master-1", "node-2"), link{true, "cut"}},
		"split":        {of(view.Split, "master-1,node-1 master-2,master-3").of("node-1", "master-3"), link{true, "cut"}},
		"same side":    {of(view.Split, "master-1 master-2,master-3").of("master-2", "master-3"), link{}},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, tt.got, tt.want)
		}
	}
	if got, _ := of(view.Isolate, "node-2").trouble("node-2", all); got != "╳ isolated" {
		t.Errorf("%q", got)
	}
	if got, _ := of(view.Split, "node-1 master-1,master-2").trouble("node-1", all); got != "╳ master-1 ╳ master-2" {
		t.Errorf("%q", got)
	}
}
