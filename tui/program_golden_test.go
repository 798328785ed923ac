package tui_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"kubelab/tui/theme"
)

// updating reports whether goldens are to be written anew. The flag belongs to the tests inside of the package.
func updating() bool {
	return flag.Lookup("update").Value.(flag.Getter).Get().(bool)
}

// golden holds a screen against a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if updating() {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the screen is not that of %s (write it anew with -update):\n%s", file, got)
	}
}

// trimmed is a screen without the blanks at the ends of its lines.
func trimmed(screen string) string {
	var lines []string
	for line := range strings.SplitSeq(screen, "\n") {
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestProgramGoldens(t *testing.T) {
	for _, s := range sizes {
		replay(t, s[0], s[1], func(p *terminal) {
			p.seek(moment)
			for _, name := range []string{"map", "etcd", "api", "faults", "stopwatch"} {
				p.types(":" + name + enter)
				time.Sleep(time.Second) // a tick
				golden(t, fmt.Sprintf("killed-%s-%dx%d.txt", name, s[0], s[1]), trimmed(p.text()))
			}
		})
	}
}

// colour is a sequence that sets a colour: of text or behind it, by number or by its parts.
var colour = regexp.MustCompile(`\x1b\[(?:[\d;:]*[;:])?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:[;:][\d;:]*)?m`)

func TestColoursOfTheMap(t *testing.T) {
	const w, h = 80, 24
	plain := map[theme.Name]string{}
	for _, name := range theme.Names {
		replayIn(t, w, h, name, func(p *terminal) {
			p.seek(moment)
			p.shows(elected)
			golden(t, fmt.Sprintf("killed-map-%dx%d-%s.ansi", w, h, name), p.screen.Render()+"\n")
			plain[name] = p.text()
			if coloured := colour.Match(p.raw.Bytes()); coloured != (name != theme.None) {
				t.Errorf("theme %s: colours %v, of %q", name, coloured, colour.Find(p.raw.Bytes()))
			}
		})
		if plain[name] != plain[theme.Dark] {
			t.Errorf("without its colours, theme %s shows\n%s", name, plain[name])
		}
	}
}
