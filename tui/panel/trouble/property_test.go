package trouble

import (
	"errors"
	"fmt"
	"math/rand/v2"
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

var widths = []int{0, 1, 2, 3, 5, 10, 20, 36, 47, 64, 78, 90, 118, 150, 300}
var heights = []int{0, 1, 2, 3, 4, 5, 6, 8, 12, 20, 34, 56, 100}

func TestViewsHaveTheirSize(t *testing.T) {
	for name, scene := range scenes(t) {
		p, s := scene()
		for _, w := range widths {
			for _, h := range heights {
				screentest.Exact(t, name, p.View(s, w, h), w, h)
			}
		}
	}
	s := blank(t)
	for _, p := range Panels() {
		for _, w := range widths {
			for _, h := range heights {
				screentest.Exact(t, "empty "+p.Name(), p.View(s, w, h), w, h)
			}
		}
	}
}

var pressed = []string{"up", "down", "left", "right", "h", "j", "k", "l", "pgup", "pgdown", "home", "end", "g", "G", "ctrl+b", "ctrl+f", "enter", "c", "o", "O", "%", "A", "v", "s", "r", "f", "backspace", "x"}

// TestAnythingCanBePressedAtAnyTime walks through states at random, as they come and go under the cursor.
func TestAnythingCanBePressedAtAnyTime(t *testing.T) {
	states := []*panel.State{blank(t), whole(t), broken(t), hostile(t), many(t, 7, 50, 500)}
	random := rand.New(rand.NewPCG(1, 2))
	for range 12 {
		for _, p := range Panels() {
			for range 60 {
				s := states[random.IntN(len(states))]
				w, h := random.IntN(140), random.IntN(60)
				switch random.IntN(8) {
				case 0:
					p.Click(s, random.IntN(140), random.IntN(60))
				case 1:
					p.Wheel(s, random.IntN(9)-4)
				case 2:
					if f, ok := p.(panel.Filterer); ok {
						f.Filter([]string{"", "web", "nothing of the kind"}[random.IntN(3)])
					}
				case 3:
					if sh, ok := p.(panel.Shower); ok {
						r := sh.Show(s, []string{"", "deployments/demo/web", "master-1/etcd", "pods/demo/web-1", "a/b/c/d", "//", "node-1"}[random.IntN(7)])
						if r.Ask != nil {
							a := storyAnswer()
							a.Logs = logLines
							p.Answered(s, *r.Ask, a, []error{nil, errors.New("nobody\nanswers")}[random.IntN(2)])
						}
					}
				default:
					p.Key(s, pressed[random.IntN(len(pressed))])
				}
				screentest.Exact(t, p.Name(), p.View(s, w, h), w, h)
				p.Keys(s)
				p.Selected(s)
				if p.Title(s) == "" || p.Explain(s) == "" {
					t.Fatalf("%s has no title, or does not explain itself", p.Name())
				}
			}
		}
	}
}

const nasty = "a\x1b[31mb\x1b]0;title\x07\r\n\tc\u202e\u200b日本語e\u0301\xff\x9b2J"

// hostile is a lab in which every text is.
func hostile(t testing.TB) *panel.State {
	s := broken(t)
	s.Lab.Masters[0].Name, s.Lab.Nodes[1].Name = nasty, nasty+"-2"
	s.Lab.Masters[1].Components[component.Etcd] = component.Status{State: "odd" + nasty, Error: nasty}
	s.Lab.Masters[2].Components = nil
	s.Lab.Stale = append(s.Lab.Stale, view.Stale{Source: nasty, Why: nasty})
	s.Lab.Faults = append(s.Lab.Faults, view.Fault{ID: nasty, Kind: nasty, What: nasty, Heal: nasty, Expected: []string{nasty, ""}}, view.Fault{ID: "f9", Kind: view.Loss, What: "node-1 node-3 x%"})
	s.Records = append(s.Records, view.Record{Fault: s.Lab.Faults[4], Before: nasty, HealedBy: nasty, Healed: s.Now, Action: view.Action{Verb: nasty, Targets: []string{nasty}},
		Measured: &view.Measured{For: -1, Marks: []view.Mark{{Expectation: view.Expectation{Phase: nasty, Within: -5}, Seen: true, Took: -1}, {Seen: true, Took: 1 << 62}}, Writes: view.Traffic{Sent: 1, Failed: 5, Error: nasty, Open: true}}})
	for kind, list := range s.Events {
		list = append([]view.Event(nil), list...)
		for range 3 {
			list = append(list, view.Event{Time: s.Now, Kind: kind, Text: nasty, Source: nasty, Object: &view.Object{Resource: nasty, Name: nasty}, Commands: []string{nasty, "#" + nasty, ""}})
		}
		s.Events[kind] = list
	}
	s.Lab.Pods = append(s.Lab.Pods, view.Pod{Namespace: nasty, Name: nasty, Status: nasty, Node: nasty})
	s.Lab.Workloads = append(s.Lab.Workloads, view.Workload{Kind: nasty, Name: nasty})
	s.ReadOnly = nasty
	return s
}

func TestHostileNamesStayInTheirCells(t *testing.T) {
	s := hostile(t)
	for _, p := range Panels() {
		for _, w := range []int{10, 36, 78, 118, 150} {
			for _, h := range []int{5, 20, 56} {
				screentest.Exact(t, p.Name(), p.View(s, w, h), w, h)
			}
		}
	}
	story, logs := newStory(), newLogs()
	a := storyAnswer()
	a.Logs = []string{nasty, strings.Repeat(nasty, 100)}
	for i := range a.Story.Entries {
		e := &a.Story.Entries[i]
		e.Text, e.Source, e.Object = nasty, nasty, &view.Object{Resource: nasty, Name: nasty}
	}
	a.Story.Entries[0].Request.Mutations = []string{nasty}
	a.Story.Entries[0].Request.Stages[0].Name = nasty
	r := story.Show(s, "deployments/demo/web")
	story.Answered(s, *r.Ask, a, nil)
	keys(s, story, "g", "enter")
	r = logs.Show(s, "master-1/etcd")
	logs.Answered(s, *r.Ask, a, nil)
	keys(s, logs, "l", "l")
	for _, p := range []panel.Panel{story, logs} {
		screentest.Exact(t, p.Name(), p.View(s, 80, 30), 80, 30)
	}
}

func TestEveryThemeSaysTheSame(t *testing.T) {
	for name, scene := range scenes(t) {
		p, s := scene()
		want := ansi.Strip(p.View(s, 100, 40))
		for _, n := range theme.Names {
			look, err := theme.New(n)
			if err != nil {
				t.Fatal(err)
			}
			s.Theme = look
			if got := ansi.Strip(p.View(s, 100, 40)); got != want {
				t.Errorf("%s says something else in %s:\n%s", name, n, got)
			}
		}
	}
}

// many is a lab of that size in which much has happened.
func many(t testing.TB, masters, nodes, pods int) *panel.State {
	s := broken(t)
	for i := len(s.Lab.Masters) + 1; i <= masters; i++ {
		m := s.Lab.Masters[0]
		m.Name = fmt.Sprintf("master-%d", i)
		s.Lab.Masters = append(s.Lab.Masters, m)
	}
	for i := len(s.Lab.Nodes) + 1; i <= nodes; i++ {
		n := s.Lab.Nodes[1]
		n.Name = fmt.Sprintf("node-%d", i)
		s.Lab.Nodes = append(s.Lab.Nodes, n)
	}
	for i := len(s.Lab.Pods); i < pods; i++ {
		s.Lab.Pods = append(s.Lab.Pods, view.Pod{Namespace: "many", Name: fmt.Sprintf("many-7999-%d", i), Node: "node-1", Status: "Running", Ready: true})
	}
	for _, kind := range append(following, view.Acted) {
		for i := len(s.Events[kind]); i < panel.Remembered; i++ {
			e := s.Events[kind][len(s.Events[kind])-1]
			e.Seq, e.Time = e.Seq+1, e.Time.Add(time.Millisecond)
			if i%2 == 0 && kind == view.PodChanged {
				e.Text = fmt.Sprintf("many/many-7999-%d: Running, 1 of 1 ready", i)
			}
			s.Events[kind] = append(s.Events[kind], e)
		}
	}
	for i := range 200 {
		r := s.Records[len(s.Records)-1]
		r.ID = fmt.Sprintf("f%d", 10+i)
		s.Records = append(s.Records, r)
	}
	return s
}

func BenchmarkView(b *testing.B) {
	for _, pods := range []int{500, 10_000} {
		s := many(b, 7, 50, pods)
		long, lines := storyAnswer(), []string(nil)
		for len(long.Story.Entries) < 2000 {
			long.Story.Entries = append(long.Story.Entries, long.Story.Entries[:10]...)
		}
		for len(lines) < mostLines {
			lines = append(lines, logLines...)
		}
		told, read := newStory(), newLogs()
		r := told.Show(s, "deployments/demo/web")
		told.Answered(s, *r.Ask, long, nil)
		r = read.Show(s, "master-1/etcd")
		read.Answered(s, *r.Ask, view.Answer{Logs: lines}, nil)
		panels := map[string]panel.Panel{"told": told, "read": read, "links": &faults{links: true}}
		for _, p := range Panels() {
			panels[p.Name()] = p
		}
		for name, p := range panels {
			b.Run(fmt.Sprintf("%s/%d", name, pods), func(b *testing.B) {
				for b.Loop() {
					lab := *s.Lab // each snapshot is another one
					s.Lab = &lab
					p.View(s, 200, 60)
				}
			})
		}
	}
}
