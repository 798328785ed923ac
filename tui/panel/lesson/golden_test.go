package lesson

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"kubelab/tui/panel"
	"kubelab/tui/screentest"
)

// sizes are those of the panel in terminals of 80×24, 120×40 and 200×60.
var sizes = [][2]int{{78, 20}, {48, 36}, {63, 56}}

// scenes are panels as they look in a state.
func scenes(t testing.TB) map[string]func() (*lesson, *panel.State) {
	of := func(s func(testing.TB) *panel.State, keys ...string) func() (*lesson, *panel.State) {
		return func() (*lesson, *panel.State) {
			p, state := &lesson{}, s(t)
			for _, k := range keys {
				p.Key(state, k)
			}
			return p, state
		}
	}
	return map[string]func() (*lesson, *panel.State){
		"none": of(empty), "list": of(listed), "list-needs": of(listed, "G", "up"), "before": of(opened), "spectator": of(looking), "setting": of(setting), "failed": of(failed),
		"elsewhere": func() (*lesson, *panel.State) {
			s := predicting(t)
			s.Focus = "map"
			return &lesson{}, s
		},
		"pick": of(doing), "number": of(doing, "a"), "wrong": of(wrong), "choice": of(predicting, "down"), "compared": of(compared), "done": of(done),
	}
}

func TestGoldens(t *testing.T) {
	for name, scene := range scenes(t) {
		for _, size := range sizes {
			p, s := scene()
			got := strings.TrimRight(screentest.Trim(ansi.Strip(p.View(s, size[0], size[1]))), "\n") + "\n"
			screentest.Golden(t, fmt.Sprintf("%s-%dx%d.txt", name, size[0], size[1]), got)
		}
	}
}
