package topo

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/component"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/screentest"
	"kubelab/tui/theme"
)

func TestViews(t *testing.T) {
	split := sample(5, 4, 22)
	split.Lab.Faults = []view.Fault{{Kind: view.Split, What: "master-1,master-2 master-3,master-4,master-5"}, {Kind: view.Isolate, What: "master-5"},
		{Kind: view.Delay, What: "master-3 master-4 50ms"}}
	noQuorum := broken()
	noQuorum.Lab.Etcd.Quorum, noQuorum.Lab.Etcd.Leader = false, ""
	noQuorum.Lab.Balancer.Healthy = nil
	noQuorum.Lab.Stale = append(noQuorum.Lab.Stale, view.Stale{Source: "objects", Since: ago(9 * time.Second), Why: "no member of etcd hears a leader"})
	for name, tt := range map[string]struct {
		s    *panel.State
		w, h int
	}{
		"healthy-78x20":  {sample(3, 3, 9), 78, 20},
		"healthy-80x34":  {sample(3, 3, 9), 80, 34},
		"healthy-118x36": {sample(3, 3, 9), 118, 36},
		"broken-78x20":   {broken(), 78, 20},
		"broken-118x36":  {broken(), 118, 36},
		"broken-78x10":   {broken(), 78, 10},
		"quorum-78x20":   {noQuorum, 78, 20},
		"split-100x56":   {split, 100, 56},
		"large-78x20":    {sample(7, 50, 600), 78, 20},
		"large-118x36":   {sample(7, 50, 600), 118, 36},
		"small-78x20":    {sample(2, 5, 90), 78, 20},
		"tiny-20x5":      {sample(3, 3, 9), 20, 5},
		"nothing-78x20":  {sample(0, 0, 0), 78, 20},
		"no-nodes-78x20": {sample(1, 0, 4), 78, 20},
	} {
		t.Run(name, func(t *testing.T) {
			screentest.Golden(t, name+".txt", screentest.Trim(ansi.Strip(Panels()[0].View(tt.s, tt.w, tt.h))))
		})
	}
}

func exact(t *testing.T, s *panel.State, w, h int) {
	t.Helper()
	m := Panels()[0]
	screentest.Exact(t, "the map", m.View(s, w, h), w, h)
	m.Key(s, "down")
	m.Key(s, "enter")
	m.Click(s, w/2, h/2)
	m.Wheel(s, 3)
	m.Title(s)
	m.Keys(s)
	m.Explain(s)
	m.Selected(s)
}

func TestViewIsExact(t *testing.T) {
	hostile := broken()
	hostile.Lab.Masters[0].Name = "\x1b[31mmaster\n-1\t世界世界世界"
	hostile.Lab.Nodes[0].Name = strings.Repeat("x", 300)
	hostile.Lab.Pods[0].Name = "\x1b]0;title\x07\x9b世界\u200b\u202e"
	hostile.Lab.Pods[0].Node = hostile.Lab.Nodes[0].Name
	hostile.Lab.Masters[2].Components[component.Etcd] = component.Status{State: component.Crashed, Error: "panic:\r\n\x1b[2Jboom 世界", Since: noon}
	hostile.Lab.Faults = append(hostile.Lab.Faults, view.Fault{Kind: view.Cut}, view.Fault{Kind: view.Loss, What: "--one-way"}, view.Fault{Kind: view.Split, What: ", , master-1,"})
	hostile.Lab.Nodes[1].Capacity = map[string]string{"cpu": "-1"}
	hostile.Lab.Nodes[2].Capacity = map[string]string{"cpu": "NaN"}
	hostile.Events[view.Requested] = append(hostile.Events[view.Requested], view.Event{Time: noon, Kind: view.Requested}, view.Event{Time: noon.Add(time.Hour), Request: &view.Request{Verb: "create"}, Text: "\x1b[31m\n世界"})
	dark, _ := theme.New(theme.Dark)
	empty := &panel.State{Lab: &view.Snapshot{}, Theme: dark}
	bare := &panel.State{Lab: &view.Snapshot{Masters: []view.Master{{}}, Nodes: []view.Node{{}, {}}, Pods: []view.Pod{{}}}, Theme: dark}
	for name, s := range map[string]*panel.State{
		"broken": broken(), "hostile": hostile, "empty": empty, "bare": bare, "large": sample(7, 50, 2000), "one": sample(1, 0, 3), "no masters": sample(0, 3, 5),
	} {
		t.Run(name, func(t *testing.T) {
			for w := -1; w <= 125; w += 1 + w/6 {
				for h := -1; h <= 60; h += 1 + h/5 {
					exact(t, s, w, h)
				}
			}
		})
	}
}

// A theme without colours says the same: what is selected is reversed.
func TestEveryTheme(t *testing.T) {
	want := ansi.Strip(Panels()[0].View(broken(), 118, 36))
	for _, n := range theme.Names {
		s := broken()
		s.Theme, _ = theme.New(n)
		if got := ansi.Strip(Panels()[0].View(s, 118, 36)); got != want {
			t.Errorf("%s: other text", n)
		}
	}
}

func TestMoving(t *testing.T) {
	s := sample(3, 3, 9)
	m := Panels()[0].(*Map)
	m.View(s, 78, 20)
	for i, step := range []struct{ key, want string }{
		{"", "master-1"}, {"down", "master-1/kube-apiserver"}, {"j", "master-1/kube-scheduler"}, {"right", "master-2/kube-scheduler"},
		{"l", "master-3/kube-scheduler"}, {"right", "master-3/kube-scheduler"}, {"h", "master-2/kube-scheduler"}, {"k", "master-2/kube-apiserver"},
		{"up", "master-2"}, {"up", ""}, {"down", "master-2"}, {"down", "master-2/kube-apiserver"}, {"down", "master-2/kube-scheduler"},
		{"down", "master-2/kube-controller-manager"}, {"down", "master-2/etcd"}, {"down", "node-2"}, {"down", "node-2/kubelet"},
		{"down", "node-2/containerd"}, {"down", "node-2/kube-proxy"}, {"down", "pod/demo/web-79997975b5-0d889"}, {"left", "pod/kube-system/coredns-84d7696f4d-07bbc"},
		{"left", "pod/demo/web-79997975b5-01eef"}, {"left", "pod/demo/web-79997975b5-0b99a"}, {"up", "node-1/kube-proxy"}, {"home", ""}, {"end", "pod/demo/web-79997975b5-0f778"},
	} {
		if step.key != "" {
			if _, handled := m.Key(s, step.key); !handled {
				t.Fatalf("step %d: %q is not handled", i, step.key)
			}
		}
		if got := m.Selected(s); got != step.want {
			t.Fatalf("step %d, %q: %q is selected, want %q", i, step.key, got, step.want)
		}
	}
	for _, key := range []string{"q", "K", "u", "e", "t", " ", "1", "tab", "esc", "!", "y", "d", "s"} {
		if _, handled := m.Key(s, key); handled {
			t.Errorf("%q belongs to others", key)
		}
	}
}

// Everything on the map can be reached with the arrows, in every form.
func TestEverythingIsReached(t *testing.T) {
	for _, c := range []struct {
		s    *panel.State
		w, h int
	}{{broken(), 78, 20}, {broken(), 118, 36}, {broken(), 78, 10}, {sample(7, 50, 300), 78, 20}, {sample(2, 5, 90), 78, 20}, {sample(5, 12, 60), 100, 56}, {sample(3, 3, 9), 20, 5}} {
		m := &Map{w: c.w, h: c.h}
		all := m.items(c.s)
		seen := map[string]bool{}
		next := []item{m.find(all)}
		for len(next) > 0 {
			at := next[0]
			next = next[1:]
			if seen[at.id] {
				continue
			}
			seen[at.id] = true
			for _, dir := range []int{-1, 1} {
				for _, column := range []int{at.centre(), 0, c.w} {
					next = append(next, vertically(all, at, column, dir))
				}
				next = append(next, sideways(all, at, dir))
			}
		}
		for _, it := range all {
			if !seen[it.id] {
				t.Errorf("%d masters and %d nodes on %d×%d: %s is not reached", len(c.s.Lab.Masters), len(c.s.Lab.Nodes), c.w, c.h, it.id)
			}
		}
	}
}

func TestOpening(t *testing.T) {
	s := sample(3, 3, 9)
	for id, want := range map[string]panel.Result{
		balancer:                           {Open: "api"},
		"master-1/kube-apiserver":          {Open: "api"},
		"master-2/kube-scheduler":          {Open: "scheduler"},
		"master-2/kube-controller-manager": {Open: "controllers"},
		"master-3/etcd":                    {Open: "etcd"},
		"node-2":                           {Open: "nodes", With: "node-2"},
		"node-3/containerd":                {Open: "nodes", With: "node-3"},
		"pod/demo/web-79997975b5-01eef":    {Open: "pod", With: "pods/demo/web-79997975b5-01eef"},
	} {
		m := &Map{w: 78, h: 20, id: id}
		if got, handled := m.Key(s, "enter"); !handled || got.Open != want.Open || got.With != want.With {
			t.Errorf("%s: %+v, want %+v", id, got, want)
		}
	}
	m := &Map{w: 78, h: 20, id: "master-2"}
	if got, _ := m.Key(s, "enter"); got.Open != "" || m.Selected(s) != "master-2/kube-apiserver" {
		t.Errorf("enter on a master goes into its box: %+v, %s", got, m.Selected(s))
	}
}

func TestClicking(t *testing.T) {
	s := sample(3, 3, 9)
	m := Panels()[0].(*Map)
	lines := strings.Split(ansi.Strip(m.View(s, 78, 20)), "\n")
	find := func(row int, word string, nth int) (x int) {
		at := 0
		for range nth {
			at += strings.Index(lines[row][at:], word) + 1
		}
		return ansi.StringWidth(lines[row][:at-1])
	}
	row := 0
	for i, line := range lines {
		if strings.Contains(line, "containerd") {
			row = i
		}
	}
	x := find(row, "containerd", 2)
	if r := m.Click(s, x, row); r.Open != "" || m.Selected(s) != "node-2/containerd" {
		t.Errorf("%+v, %q is selected", r, m.Selected(s))
	}
	if r := m.Click(s, x, row); r.Open != "nodes" || r.With != "node-2" {
		t.Errorf("the second click opens: %+v", r)
	}
	if m.Click(s, 77, 19); m.Selected(s) != "node-2/containerd" {
		t.Error("a click beside everything changes nothing")
	}
}

// When what is selected goes, what is next to it in the same box is selected.
func TestSelectionStaysNear(t *testing.T) {
	s := sample(3, 3, 9)
	m := &Map{w: 78, h: 20}
	for _, key := range []string{"end", "left"} {
		m.Key(s, key)
	}
	was := m.Selected(s)
	for i := range s.Lab.Pods {
		if idOf(&s.Lab.Pods[i]) == was {
			s.Lab.Pods = append(s.Lab.Pods[:i:i], s.Lab.Pods[i+1:]...)
			break
		}
	}
	if got := m.Selected(s); got == was || !strings.HasPrefix(got, "pod/") {
		t.Errorf("%q was selected, then %q", was, got)
	}
}

func TestScrolling(t *testing.T) {
	s := sample(7, 50, 300)
	m := Panels()[0].(*Map)
	seen := func(name string) bool { return strings.Contains(ansi.Strip(m.View(s, 78, 20)), " "+name+" ") }
	if !seen("node-1") || seen("node-50") {
		t.Fatal("it begins at the first node")
	}
	m.Wheel(s, 5)
	if seen("node-2") || !seen("node-11") {
		t.Error("the wheel scrolls, though the selection is above")
	}
	m.Key(s, "end")
	if !seen("node-50") || seen("node-1") {
		t.Error("the selection is scrolled to")
	}
	m.Wheel(s, -100)
	if !seen("node-1") || m.Selected(s) == "node-50" {
		t.Errorf("the wheel takes the selection along: %s", m.Selected(s))
	}
	m.Key(s, "pgdown")
	if !seen("node-1") && m.offset == 0 {
		t.Error("pgdown moves by what is seen")
	}
}

func TestExplain(t *testing.T) {
	got := Panels()[0].Explain(sample(3, 3, 9))
	for _, word := range []string{"master-2 leads", "2 of 3", "master-1 decides", "node-1", "3 now"} {
		if !strings.Contains(got, word) {
			t.Errorf("%q is not in: %s", word, got)
		}
	}
}

func BenchmarkView(b *testing.B) {
	for _, pods := range []int{500, 10000} {
		b.Run(fmt.Sprint(pods), func(b *testing.B) {
			s, m := sample(7, 50, pods), Panels()[0]
			for b.Loop() {
				m.View(s, 200, 60)
			}
		})
	}
}
