package trouble

import (
	"fmt"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/screentest"
)

var sizes = [][2]int{{78, 20}, {80, 34}, {118, 36}, {150, 50}}

func keys(s *panel.State, p panel.Panel, list ...string) {
	for _, k := range list {
		p.Key(s, k)
	}
}

// scenes are panels as they look in a state.
func scenes(t testing.TB) map[string]func() (panel.Panel, *panel.State) {
	asked := func(what string, p panel.Panel, s *panel.State, a view.Answer) {
		r := p.(panel.Shower).Show(s, what)
		if r.Ask == nil {
			t.Fatalf("%s asks nothing", p.Name())
		}
		p.Answered(s, *r.Ask, a, nil)
	}
	return map[string]func() (panel.Panel, *panel.State){
		"faults-whole": func() (panel.Panel, *panel.State) { return &faults{}, whole(t) },
		"faults-parts": func() (panel.Panel, *panel.State) {
			s, p := broken(t), &faults{}
			keys(s, p, "down", "right")
			return p, s
		},
		"faults-links": func() (panel.Panel, *panel.State) {
			s, p := broken(t), &faults{}
			keys(s, p, "v", "right", "right", "right")
			return p, s
		},
		"faults-list": func() (panel.Panel, *panel.State) {
			s, p := broken(t), &faults{}
			keys(s, p, "G", "down")
			return p, s
		},
		"stopwatch": func() (panel.Panel, *panel.State) { return &stopwatch{}, broken(t) },
		"stopwatch-running": func() (panel.Panel, *panel.State) {
			s := broken(t)
			s.Records[4].Measured = nil
			return &stopwatch{}, s
		},
		"stopwatch-recovered": func() (panel.Panel, *panel.State) {
			s := broken(t)
			r := &s.Records[4]
			r.Healed, r.HealedBy = at(307.5), byHeal
			r.Recovery = &view.Measured{For: ms(700), Marks: []view.Mark{{Expectation: view.Expectation{Phase: view.Ready, Within: ms(2000), Upstream: ms(2000)}, Seen: true, Took: ms(640)}},
				Writes: view.Traffic{Sent: 20, Gap: ms(50)}, Reads: view.Traffic{Sent: 20, Gap: ms(50)}}
			return &stopwatch{}, s
		},
		"story": func() (panel.Panel, *panel.State) {
			s, p := broken(t), newStory()
			asked("deployments/demo/web", p, s, storyAnswer())
			return p, s
		},
		"story-open": func() (panel.Panel, *panel.State) {
			s, p := broken(t), newStory()
			asked("deployments/demo/web", p, s, storyAnswer())
			keys(s, p, "g", "enter")
			return p, s
		},
		"story-decision": func() (panel.Panel, *panel.State) {
			s, p := broken(t), newStory()
			asked("deployments/demo/web", p, s, storyAnswer())
			keys(s, p, "g", "down", "down", "down", "down", "down", "down", "enter")
			return p, s
		},
		"story-choice": func() (panel.Panel, *panel.State) { return newStory(), whole(t) },
		"commands": func() (panel.Panel, *panel.State) {
			s, p := broken(t), &commands{}
			keys(s, p, "up", "up", "up", "up")
			return p, s
		},
		"logs": func() (panel.Panel, *panel.State) {
			s, p := broken(t), newLogs()
			asked("master-1/etcd", p, s, view.Answer{Logs: logLines})
			return p, s
		},
		"logs-choice": func() (panel.Panel, *panel.State) { return newLogs(), broken(t) },
		"timeline":    func() (panel.Panel, *panel.State) { return &timeline{}, broken(t) },
	}
}

func TestGoldens(t *testing.T) {
	for name, scene := range scenes(t) {
		of := sizes[:3]
		switch name {
		case "timeline":
			of = [][2]int{{36, 16}, {36, 36}, {80, 34}}
		case "stopwatch":
			of = sizes
		}
		for _, size := range of {
			p, s := scene()
			compare(t, fmt.Sprintf("%s-%dx%d", name, size[0], size[1]), p.View(s, size[0], size[1]))
		}
	}
	nothing := blank(t)
	for _, p := range Panels() {
		compare(t, "empty-"+p.Name(), p.View(nothing, 60, 10))
	}
	stale := broken(t)
	stale.Records[4].Measured = nil
	stale.Lab.Stale = []view.Stale{{Source: "objects", Since: at(302), Why: "no member of etcd runs"}}
	compare(t, "stale-timeline", (&timeline{}).View(stale, 36, 24))
	compare(t, "stale-faults", (&faults{}).View(stale, 80, 24))
	compare(t, "stale-logs", newLogs().View(stale, 80, 8))
	compare(t, "calm-timeline", (&timeline{}).View(whole(t), 36, 14))
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	screentest.Golden(t, name+".txt", screentest.Trim(ansi.Strip(got)))
}
