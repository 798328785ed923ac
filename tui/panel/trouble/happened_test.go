package trouble

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestHappened(t *testing.T) {
	s := broken(t)
	for _, w := range []int{36, 100} {
		lines := Happened(s, at(296), at(307.05), w, 100)
		text := ansi.Strip(strings.Join(lines, "\n"))
		for _, want := range []string{"1.000 ▼ loss node-3 node-1 30%", "4.000 ▼ kill master-2", "4.412 ★ ", "11.000"} {
			if !strings.Contains(text, want) {
				t.Errorf("at %d cells it does not tell %q:\n%s", w, want, text)
			}
		}
		if strings.Index(text, "▼ kill master-2") > strings.Index(text, "crashed") {
			t.Errorf("what came of the deed stands before it:\n%s", text)
		}
		for _, line := range lines {
			if ansi.StringWidth(line) > w {
				t.Errorf("%q is longer than %d cells", ansi.Strip(line), w)
			}
		}
		if few := Happened(s, at(296), at(307.05), w, 3); len(few) != 3 || !strings.Contains(few[2], "and") {
			t.Errorf("of all that the first three are %q", few)
		}
	}
	if lines := Happened(s, at(1000), at(2000), 80, 10); len(lines) > 0 {
		t.Errorf("when nothing happened it tells %q", lines)
	}
}
