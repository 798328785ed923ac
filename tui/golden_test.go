package tui

import (
	"fmt"
	"strings"
	"testing"

	"kubelab/tui/screentest"
)

// TestScreensAsText holds whole screens, of the cards of this package's tests, against text files: header, panes, bottom line, dialogs.
func TestScreensAsText(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		for name, keys := range map[string][]string{"home": nil, "confirm": {"K"}, "help": {"?"}, "leave": {"q"}, "filter": {"/", "web"}, "prompt": {":", "kill"}} {
			t.Run(fmt.Sprintf("%s-%dx%d", name, size[0], size[1]), func(t *testing.T) {
				p := start(t, size[0], size[1], nil)
				p.keys(keys...)
				file := strings.ReplaceAll(t.Name()[len("TestScreensAsText/"):], "/", "-") + ".txt"
				screentest.Golden(t, file, screentest.Trim(p.screenText()))
			})
		}
	}
}
