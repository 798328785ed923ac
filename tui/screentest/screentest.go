// Package screentest judges what is drawn, for tests of screens and panels.
package screentest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

var update = flag.Bool("update", false, "write the files in testdata anew, to be looked at with git diff")

// Exact fails the test unless a view fills w×h cells exactly, without any control sequence but colours; of no size it is nothing.
func Exact(t *testing.T, what, view string, w, h int) {
	t.Helper()
	if w <= 0 || h <= 0 {
		if view != "" {
			t.Fatalf("%s at %d×%d is %q, want nothing", what, w, h, view)
		}
		return
	}
	lines := strings.Split(view, "\n")
	if len(lines) != h {
		t.Fatalf("%s at %d×%d has %d lines", what, w, h, len(lines))
	}
	for i, line := range lines {
		if n := ansi.StringWidth(line); n != w {
			t.Fatalf("%s at %d×%d: line %d has %d cells: %q", what, w, h, i, n, ansi.Strip(line))
		}
		for rest, state := line, byte(ansi.NormalState); len(rest) > 0; {
			seq, width, n, next := ansi.DecodeSequence(rest, state, nil)
			colour := strings.HasPrefix(seq, "\x1b[") && strings.HasSuffix(seq, "m")
			if width == 0 && !colour && strings.ContainsFunc(seq, func(r rune) bool { return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 }) {
				t.Fatalf("%s at %d×%d: line %d has %q", what, w, h, i, seq)
			}
			rest, state = rest[n:], next
		}
		if strings.ContainsAny(line, "\u202e\u200b") {
			t.Fatalf("%s at %d×%d: line %d turns around or hides: %q", what, w, h, i, line)
		}
	}
}

// Golden compares a text with a file in testdata; the flag -update writes it instead.
func Golden(t *testing.T, file, got string) {
	t.Helper()
	file = filepath.Join("testdata", file)
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
		t.Errorf("it is not as in %s; after go test -update, git diff shows the difference:\n%s", file, got)
	}
}

// Trim takes blanks off the ends of lines, as editors do, and has the last line end.
func Trim(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}
