package tui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the screens in testdata anew")

// TestScreensAsText holds whole screens, of the cards of this package's tests, against text files: header, panes, bottom line, dialogs.
func TestScreensAsText(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		for name, keys := range map[string][]string{"home": nil, "confirm": {"K"}, "help": {"?"}, "leave": {"q"}, "filter": {"/", "web"}, "prompt": {":", "kill"}} {
			t.Run(fmt.Sprintf("%s-%dx%d", name, size[0], size[1]), func(t *testing.T) {
				p := start(t, size[0], size[1], nil)
				p.keys(keys...)
				var lines []string
				for line := range strings.SplitSeq(p.screenText(), "\n") {
					lines = append(lines, strings.TrimRight(line, " "))
				}
				got := strings.Join(lines, "\n") + "\n"
				file := filepath.Join("testdata", strings.ReplaceAll(t.Name()[len("TestScreensAsText/"):], "/", "-")+".txt")
				if *update {
					if err := os.MkdirAll("testdata", 0o755); err != nil {
						t.Fatal(err)
					}
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
			})
		}
	}
}
