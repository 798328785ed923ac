package objects

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kubelab/core/component"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/screentest"
)

// every is each panel in each of its states that draws something of its own.
func every(t testing.TB, s *panel.State) map[string]panel.Panel {
	all := map[string]panel.Panel{}
	name := "pod/demo/web-79997975b5-h6g5m"
	if len(s.Lab.Pods) > 0 {
		name = podTarget(s.Lab.Pods[0].Namespace, s.Lab.Pods[0].Name)
	}
	for _, p := range Panels() {
		all[p.Name()] = open(s, p, "")
	}
	keyed := func(p panel.Panel, keys ...string) panel.Panel {
		for _, key := range keys {
			p.View(s, 80, 30)
			r, _ := p.Key(s, key)
			ask(s, p, r)
		}
		return p
	}
	for _, tab := range []string{"v", "l", "left"} {
		all["pod "+tab] = keyed(open(s, newPod(), name), tab, "w")
	}
	all["pod"] = open(s, newPod(), name)
	all["unanswered pod"] = newPod()
	all["nodes inside"] = keyed(open(s, newNodes(), ""), "enter", "j", "j")
	all["nodes service"] = keyed(open(s, newNodes(), ""), "v", "v", "v", "i", "right", "right")
	all["events all"] = keyed(newEvents(), "a", "w", "O")
	all["list yaml"] = keyed(open(s, newList(), "configmaps demo"), "enter")
	all["pods wide"] = keyed(newPods(), "w", "o", "o", "O")
	filtered := newPods()
	filtered.Filter("nothing has this name")
	all["pods filtered"] = filtered
	refused := newNodes()
	for _, q := range []view.Question{{Node: "node-1"}, {Proxy: &view.ProxyRequest{Node: "node-1", Service: view.Object{Namespace: "default", Name: "kubernetes"}, Try: 1}}} {
		refused.Answered(s, q, view.Answer{}, errors.New("no \x1b[31mway\x1b[0m\nthere"))
	}
	all["nodes refused"] = refused
	return all
}

func TestEverySizeIsExact(t *testing.T) {
	for state, s := range map[string]*panel.State{"workshop": workshop(t), "empty": emptyState(t), "hostile": hostile(t)} {
		for name, p := range every(t, s) {
			for _, w := range []int{0, 1, 2, 3, 5, 9, 20, 37, 60, 78, 103, 104, 118, 200} {
				for _, h := range []int{0, 1, 2, 3, 4, 5, 7, 8, 12, 20, 36, 60} {
					screentest.Exact(t, state+"/"+name, p.View(s, w, h), w, h)
				}
			}
			if p.Explain(s) == "" || p.Title(s) == "" {
				t.Errorf("%s/%s has no title or explains nothing", state, name)
			}
		}
	}
}

// hostile is a lab whose names try everything.
func hostile(t testing.TB) *panel.State {
	s := workshop(t)
	bad := "a\x1b[31mb\nc\td\r\x07日本語の長い名前👩‍👩‍👧é\u202e\u0085" + strings.Repeat("x", 300)
	for i := range s.Lab.Nodes {
		n := &s.Lab.Nodes[i]
		n.Name, n.IP, n.PodRange, n.Taints = bad+fmt.Sprint(i), bad, bad, []string{bad, bad}
		n.Conditions = map[string]string{bad: "True", "Ready": bad}
		n.Capacity, n.Requested = map[string]string{"cpu": bad, "memory": "-1"}, map[string]string{"cpu": "NaN", "memory": "1e300"}
		n.Components[bad] = component.Status{State: component.State(bad), Error: bad, PID: 1 << 40}
		n.Heartbeat = noon.Add(time.Hour)
	}
	for i := range s.Lab.Pods {
		p := &s.Lab.Pods[i]
		p.Namespace, p.Name, p.Node, p.IP, p.Status, p.Owner, p.Restarts, p.Of = bad, bad+fmt.Sprint(i), bad+"0", bad, bad, bad, -5, 0
	}
	for i := range s.Lab.Workloads {
		w := &s.Lab.Workloads[i]
		w.Namespace, w.Kind, w.Name, w.Owner, w.Ready, w.Desired = bad, bad, bad+fmt.Sprint(i), bad+"/"+bad+fmt.Sprint(1-i), 1<<40, -1
	}
	for i := range s.Lab.Services {
		v := &s.Lab.Services[i]
		v.Namespace, v.Name, v.Type, v.IP, v.Ports = bad, bad+fmt.Sprint(i), bad, bad, []string{bad}
		v.Endpoints = []view.Endpoint{{Address: bad, Pod: bad, Node: bad}, {Address: bad, Ready: true}}
	}
	s.Lab.Holders = map[string]view.Lease{bad: {Holder: bad, Renewed: noon.Add(time.Hour), Seconds: -4}}
	s.Lab.Stale = []view.Stale{{Source: "objects", Why: bad}, {Source: bad + "0", Why: bad}}
	s.Lab.Timing = bad
	for kind, list := range s.Events {
		list = slices.Clone(list)
		for i := range list {
			list[i].Text, list[i].Source = bad, bad
			if list[i].Object != nil {
				list[i].Object = &view.Object{Resource: "pods", Namespace: bad, Name: bad + "0"}
			}
		}
		s.Events[kind] = list
	}
	return s
}

// big is a lab of the size that must stay quick to draw.
func big(t testing.TB, nodes, pods int) *panel.State {
	s := workshop(t)
	one := s.Lab.Nodes[0]
	s.Lab.Nodes, s.Lab.Pods, s.Lab.Workloads = nil, nil, nil
	for i := range nodes {
		n := one
		n.Name = fmt.Sprintf("node-%d", i+1)
		s.Lab.Nodes = append(s.Lab.Nodes, n)
	}
	for i := range pods {
		w := i / 3
		if i%3 == 0 {
			s.Lab.Workloads = append(s.Lab.Workloads, view.Workload{Kind: "ReplicaSet", Namespace: "demo", Name: fmt.Sprintf("web-%d", w), Desired: 3, Current: 3, Ready: 3})
		}
		s.Lab.Pods = append(s.Lab.Pods, view.Pod{Namespace: fmt.Sprintf("demo-%d", i%7), Name: fmt.Sprintf("web-%d-%05d", w, i*7919%pods), Node: fmt.Sprintf("node-%d", i%nodes+1),
			IP: "10.101.128.3", Status: "Running", Ready: i%5 > 0, Running: 1, Of: 1, Owner: fmt.Sprintf("ReplicaSet/web-%d", w), Created: before(time.Duration(i) * time.Second)})
	}
	seq := uint64(0)
	for range panel.Remembered {
		for _, kind := range slices.Concat(told, noisy) {
			seq++
			s.Events[kind] = append(s.Events[kind], view.Event{Seq: seq + 1e6, Time: before(time.Duration(20000-seq) * time.Millisecond), Kind: kind, Source: "node-1/kubelet",
				Object: &view.Object{Resource: "pods", Namespace: "demo-1", Name: "web-3-00004"}, Text: "demo-1/web-3-00004: Running, 1 of 1 ready on node-1"})
		}
	}
	for kind, list := range s.Events {
		s.Events[kind] = list[max(0, len(list)-panel.Remembered):]
	}
	return s
}

func BenchmarkView(b *testing.B) {
	for _, size := range []struct{ nodes, pods int }{{50, 500}, {50, 10000}} {
		s := big(b, size.nodes, size.pods)
		for name, p := range every(b, s) {
			b.Run(fmt.Sprintf("%d/%s", size.pods, strings.ReplaceAll(name, " ", "-")), func(b *testing.B) {
				for b.Loop() {
					s.Lab.Revision++ // all is new each time
					s.Events[view.PodChanged][0].Seq++
					last := len(s.Events[view.KubeEvent]) - 1
					s.Events[view.KubeEvent][last].Seq++
					p.View(s, 200, 60)
				}
			})
		}
	}
}
