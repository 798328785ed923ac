package brain

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/screentest"
	"kubelab/tui/theme"
)

func sizes() (list [][2]int) {
	for _, w := range []int{0, 1, 2, 3, 5, 8, 13, 20, 33, 50, 66, 78, 80, 90, 100, 118, 200, 300} {
		for _, h := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 30, 36, 60, 100} {
			list = append(list, [2]int{w, h})
		}
	}
	return list
}

func TestViewsAreExact(t *testing.T) {
	for name, build := range situations(t) {
		p, s := build()
		for _, size := range sizes() {
			screentest.Exact(t, name, p.View(s, size[0], size[1]), size[0], size[1])
		}
	}
}

func TestNothingIsKnownYet(t *testing.T) {
	for _, p := range Panels() {
		s := &panel.State{Lab: &view.Snapshot{}, Theme: dark(t)}
		for _, size := range sizes() {
			screentest.Exact(t, p.Name(), p.View(s, size[0], size[1]), size[0], size[1])
		}
		for _, key := range strings.Fields("j k down up left right g G pgdown enter backspace a b f w c r n x") {
			p.Key(s, key)
			p.View(s, 80, 24)
			p.Click(s, 3, 3)
			p.Wheel(s, -3)
		}
		p.Title(s)
		p.Keys(s)
		p.Selected(s)
		if strings.TrimSpace(p.Explain(s)) == "" {
			t.Errorf("%s explains nothing", p.Name())
		}
		for _, q := range []view.Question{{Queue: true}, {Controllers: true}, {Reads: "x"}, {WhatIf: "x"}, {Keys: &view.KeyQuestion{}}} {
			p.Answered(s, q, view.Answer{}, nil)
			p.Answered(s, q, view.Answer{}, fmt.Errorf("no\x1b[2J\nway"))
			screentest.Exact(t, p.Name(), p.View(s, 80, 24), 80, 24)
		}
	}
}

// hostile is what somebody might name a thing.
var hostile = []string{"\x1b[2J\x1b[H", "a\nb\nc", "日本語の名前日本語の名前", "e\u0301e\u0301", "\t\t", "", strings.Repeat("x", 300), "\x9b31m", "👩‍👩‍👧", "\u202eright"}

func TestHostileNames(t *testing.T) {
	for i, bad := range hostile {
		s := scene(t)
		for kind := range s.Events {
			for j := range s.Events[kind] {
				e := &s.Events[kind][j]
				e.Text, e.Source = bad, bad
				if e.Object != nil {
					e.Object.Name, e.Object.Namespace = bad, bad
				}
				if e.Request != nil {
					e.Request.User, e.Request.Object.Name, e.Request.Why, e.Request.Server, e.Request.Agent, e.Request.Verb = bad, bad, bad, bad, bad, bad
					e.Request.Mutations, e.Request.Groups, e.Request.Stages = []string{bad}, []string{bad}, []view.Stage{{Name: bad}}
				}
				if e.Key != nil {
					e.Key.Key = bad
				}
				if d := e.Decision; d != nil {
					d.Pod.Name, d.Why, d.Master, d.Filters, d.Skipped, d.Scorers = bad, bad, bad, []string{bad}, []string{bad}, []string{bad}
					for k := range d.Nodes {
						d.Nodes[k].Node, d.Nodes[k].Why, d.Nodes[k].Rejected = bad, bad, bad
					}
				}
			}
		}
		for j := range s.Lab.Masters {
			s.Lab.Masters[j].Name = bad
		}
		for j := range s.Lab.Etcd.Each {
			s.Lab.Etcd.Each[j].Name, s.Lab.Etcd.Each[j].Alarms = bad, []string{bad}
		}
		for j := range s.Lab.Workloads {
			s.Lab.Workloads[j].Name, s.Lab.Workloads[j].Kind = bad, bad
		}
		for _, p := range Panels() {
			p.Answered(s, view.Question{Controllers: true}, view.Answer{Controllers: &view.Controllers{Master: bad, Queues: []view.Controller{{Name: bad, Depth: 1}}}}, nil)
			p.Answered(s, view.Question{Queue: true}, view.Answer{Queue: &view.Queue{Master: bad, Active: []view.Object{{Namespace: bad, Name: bad}}}}, nil)
			for _, key := range []string{"", "a", "j", "enter", "down"} {
				p.Key(s, key)
				for _, size := range [][2]int{{20, 5}, {41, 13}, {78, 20}, {118, 36}} {
					text := p.View(s, size[0], size[1])
					screentest.Exact(t, fmt.Sprintf("%s with name %d", p.Name(), i), text, size[0], size[1])
					if strings.Contains(text, "\x1b[2J") || strings.Contains(text, "\x9b") {
						t.Fatalf("%s lets control sequences through", p.Name())
					}
				}
			}
			if strings.ContainsAny(p.Title(s)+p.Explain(s), "\x1b\n\t") {
				t.Errorf("%s lets control characters through in words", p.Name())
			}
		}
	}
}

func TestKeysAtRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	keys := strings.Fields("j k h left right up down g G pgup pgdown enter backspace a b c f w r n")
	queue, controllers := answers()
	for _, p := range Panels() {
		s := scene(t)
		for range 1500 {
			key := keys[random.IntN(len(keys))]
			r, _ := p.Key(s, key)
			if r.Ask != nil {
				p.Answered(s, *r.Ask, view.Answer{Keys: allKeys(), Reads: []view.Read{{Member: "master-1"}}, WhatIf: decisions()[1]}, nil)
			}
			switch random.IntN(20) {
			case 0:
				p.Click(s, random.IntN(118), random.IntN(36))
			case 1:
				p.Wheel(s, random.IntN(11)-5)
			case 2:
				s = scene(t)
			case 3:
				s = &panel.State{Lab: &view.Snapshot{}, Theme: s.Theme}
			case 4:
				p.Answered(s, view.Question{Queue: true}, queue, nil)
				p.Answered(s, view.Question{Controllers: true}, controllers, nil)
			}
			w, h := random.IntN(130), random.IntN(50)
			screentest.Exact(t, p.Name()+" after "+key, p.View(s, w, h), w, h)
			p.Selected(s)
			p.Keys(s)
			p.Explain(s)
		}
	}
}

func TestEveryThemeShowsTheSameText(t *testing.T) {
	for name, build := range situations(t) {
		p, s := build()
		want := ansi.Strip(p.View(s, 100, 40))
		for _, variant := range theme.Names {
			th, err := theme.New(variant)
			if err != nil {
				t.Fatal(err)
			}
			s.Theme = th
			if ansi.Strip(p.View(s, 100, 40)) != want {
				t.Errorf("%s reads otherwise in theme %s", name, variant)
			}
		}
	}
}

// big is a lab with as much of everything as is remembered.
func big(t testing.TB, pods int) *panel.State {
	s := scene(t)
	for kind, list := range s.Events {
		var all []view.Event
		for i := range panel.Remembered {
			e := list[i%len(list)]
			e.Seq, e.Time = uint64(i+1), ago(time.Duration(panel.Remembered-i)*12*time.Millisecond)
			all = append(all, e)
		}
		s.Events[kind] = all
	}
	for i := range pods {
		s.Lab.Pods = append(s.Lab.Pods, view.Pod{Namespace: "demo", Name: fmt.Sprintf("web-%d", i), Status: "Running", Ready: true})
	}
	for i := range pods / 10 {
		s.Lab.Workloads = append(s.Lab.Workloads, view.Workload{Kind: "Deployment", Namespace: "demo", Name: fmt.Sprintf("app-%d", i), Desired: 10, Current: 10, Ready: 9, Updated: 10})
	}
	d := *s.Events[view.Decided][panel.Remembered-1].Decision
	for i := range 50 {
		d.Nodes = append(d.Nodes, view.Verdict{Node: fmt.Sprintf("node-%d", i+4), Rejected: "NodeResourcesFit", Why: "Insufficient cpu"})
	}
	s.Events[view.Decided][panel.Remembered-1].Decision = &d
	return s
}

func BenchmarkView(b *testing.B) {
	_, controllers := answers()
	for _, pods := range []int{500, 10_000} {
		s := big(b, pods)
		for _, p := range Panels() {
			p.Answered(s, view.Question{Controllers: true}, controllers, nil)
			b.Run(fmt.Sprintf("%s/%d-pods", p.Name(), pods), func(b *testing.B) {
				for b.Loop() {
					p.View(s, 200, 60)
				}
			})
		}
		matrix := NewScheduler()
		matrix.Key(s, "enter")
		b.Run(fmt.Sprintf("matrix/%d-pods", pods), func(b *testing.B) {
			for b.Loop() {
				matrix.View(s, 200, 60)
			}
		})
	}
}
