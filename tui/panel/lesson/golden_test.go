package lesson

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"kubelab/tui/panel"
)

var update = flag.Bool("update", false, "write the goldens anew")

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
			var lines []string
			for line := range strings.SplitSeq(ansi.Strip(p.View(s, size[0], size[1])), "\n") {
				lines = append(lines, strings.TrimRight(line, " "))
			}
			got := strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
			file := filepath.Join("testdata", fmt.Sprintf("%s-%dx%d.txt", name, size[0], size[1]))
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("it is not as in %s (write it anew with -update):\n%s", file, got)
			}
		}
	}
}
