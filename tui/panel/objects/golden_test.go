package objects

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/screentest"
)

// ask answers what a Result asks.
func ask(s *panel.State, p panel.Panel, r panel.Result) {
	if r.Ask != nil {
		p.Answered(s, *r.Ask, answerTo(*r.Ask), nil)
	}
}

// press presses keys, and answers what they ask. Views come between, as on a screen.
func press(t *testing.T, s *panel.State, p panel.Panel, keys ...string) (last panel.Result) {
	t.Helper()
	for _, key := range keys {
		p.View(s, 118, 36)
		r, handled := p.Key(s, key)
		if !handled {
			t.Errorf("%s does not handle %q", p.Name(), key)
		}
		ask(s, p, r)
		last = r
	}
	return last
}

// open opens a panel as the root does.
func open(s *panel.State, p panel.Panel, with string) panel.Panel {
	if with != "" {
		ask(s, p, p.(panel.Shower).Show(s, with))
	}
	if o, ok := p.(panel.Opener); ok {
		ask(s, p, o.Opened(s))
	}
	return p
}

var sizes = [][2]int{{78, 20}, {118, 36}, {100, 56}}

func TestGoldens(t *testing.T) {
	pod := "pods/demo/web-79997975b5-h6g5m"
	for name, make := range map[string]func(s *panel.State) panel.Panel{
		"nodes":        func(s *panel.State) panel.Panel { return open(s, newNodes(), "") },
		"nodes-inside": func(s *panel.State) panel.Panel { return open(s, newNodes(), "node-3/kubelet") },
		"nodes-service": func(s *panel.State) panel.Panel {
			p := open(s, newNodes(), "")
			press(t, s, p, "v", "v", "v", "i")
			return p
		},
		"pods": func(s *panel.State) panel.Panel { return newPods() },
		"pods-sorted": func(s *panel.State) panel.Panel {
			p := newPods()
			p.Filter("web")
			press(t, s, p, "o", "o", "o", "o", "O", "w", "j")
			return p
		},
		"pod":       func(s *panel.State) panel.Panel { return open(s, newPod(), pod) },
		"pod-yaml":  func(s *panel.State) panel.Panel { p := open(s, newPod(), pod); press(t, s, p, "v"); return p },
		"pod-logs":  func(s *panel.State) panel.Panel { p := open(s, newPod(), pod); press(t, s, p, "l"); return p },
		"pod-story": func(s *panel.State) panel.Panel { p := open(s, newPod(), pod); press(t, s, p, "l", "v"); return p },
		"workloads": func(s *panel.State) panel.Panel { return newWorkloads() },
		"services":  func(s *panel.State) panel.Panel { p := newServices(); press(t, s, p, "j", "j"); return p },
		"events":    func(s *panel.State) panel.Panel { return newEvents() },
		"events-all": func(s *panel.State) panel.Panel {
			p := newEvents()
			press(t, s, p, "a", "k")
			return p
		},
		"leases": func(s *panel.State) panel.Panel { return newLeases() },
		"list":   func(s *panel.State) panel.Panel { return open(s, newList(), "configmaps") },
		"list-yaml": func(s *panel.State) panel.Panel {
			p := open(s, newList(), "configmaps")
			press(t, s, p, "j", "enter")
			return p
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := workshop(t)
			p := make(s)
			var b strings.Builder
			for _, size := range sizes {
				fmt.Fprintf(&b, "── %d×%d ── %s\n", size[0], size[1], p.Title(s))
				for text := range strings.SplitSeq(ansi.Strip(p.View(s, size[0], size[1])), "\n") {
					b.WriteString(strings.TrimRight(text, " ") + "\n")
				}
			}
			fmt.Fprintf(&b, "── selected: %s\n── explained: %s\n", p.Selected(s), p.Explain(s))
			screentest.Golden(t, name+".txt", b.String())
		})
	}
}

// TestEmptyGoldens keeps what panels say that have nothing to show.
func TestEmptyGoldens(t *testing.T) {
	var b strings.Builder
	for _, p := range Panels() {
		s := emptyState(t)
		fmt.Fprintf(&b, "── %s\n%s── explained: %s\n", p.Title(s), screentest.Trim(ansi.Strip(p.View(s, 78, 9))), p.Explain(s))
	}
	s := workshop(t)
	s.Lab.Stale = append(s.Lab.Stale, view.Stale{Source: "objects", Since: before(3 * 1e9), Why: "no member of etcd answers"})
	nodes := newNodes()
	nodes.Answered(s, *nodes.Opened(s).Ask, view.Answer{}, errSilent)
	fmt.Fprintf(&b, "── stale, and not answered\n%s", screentest.Trim(ansi.Strip(nodes.View(s, 118, 20))))
	screentest.Golden(t, "empty.txt", b.String())
}
