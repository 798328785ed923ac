package tui_test

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"kubelab/tui/screentest"
	"kubelab/tui/theme"
)

func TestProgramGoldens(t *testing.T) {
	for _, s := range sizes {
		replay(t, s[0], s[1], func(p *terminal) {
			p.seek(moment)
			for _, name := range []string{"map", "etcd", "api", "faults", "stopwatch"} {
				p.types(":" + name + enter)
				time.Sleep(time.Second) // a tick
				screentest.Golden(t, fmt.Sprintf("killed-%s-%dx%d.txt", name, s[0], s[1]), screentest.Trim(p.text()))
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
			screentest.Golden(t, fmt.Sprintf("killed-map-%dx%d-%s.ansi", w, h, name), p.screen.Render()+"\n")
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
