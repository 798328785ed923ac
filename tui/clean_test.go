package tui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"": "",
		"╭ Map · ★ ♥ 漢字 é 👩‍👩‍👧 ╮":                           "╭ Map · ★ ♥ 漢字 é 👩‍👩‍👧 ╮",
		"\x1b[1;38;2;1;2;3mx\x1b[m\n\x1b[0my":                "\x1b[1;38;2;1;2;3mx\x1b[m\n\x1b[0my",
		"a\x1b[2Jb\x1b[Hc\x1b[?25hd":                         "abcd",
		"a\x1b]0;t\x07b\x1b]52;c;eA==\x1b\\c":                "abc",
		"a\x1b]8;;http://x\x1b\\b":                           "ab",
		"a\x1bPx\x1b\\b\x1b_x\x1b\\c\x1bXx\x1b\\d\x1bce":     "abcde",
		"a\x1b]0;never ended\nb":                             "a]0;never ended\nb",
		"a\x1b[31":                                           "a[31",
		"a\x1b":                                              "a",
		"a\tb\rc\x00d\x7fe\u0085f":                           "abcdef",
		"a\u202eb\u2066c\u200fd\u200be\ufefff\u2028g\u00adh": "abcdefgh",
		"a\xff\xfeb\xc3":                                     "ab",
		"a\x9b2Jb":                                           "a2Jb",
	} {
		if got := clean(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x1b]0;x\x07\u202e\xff\x1b[31m\nb")
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		if again := clean(got); again != got {
			t.Errorf("%q became %q, and that %q", s, got, again)
		}
		if n := strings.Count(s, "\n"); strings.Count(got, "\n") != n {
			t.Errorf("%q has %d lines, %q not", s, n+1, got)
		}
	})
}

// BenchmarkClean looks through a picture of 200×60 in which every word has a style.
func BenchmarkClean(b *testing.B) {
	line := strings.Repeat("\x1b[38;2;123;132;148mword│\x1b[m", 40)
	picture := strings.TrimSuffix(strings.Repeat(line+"\n", 60), "\n")
	if w := ansi.StringWidth(line); w != 200 {
		b.Fatalf("%d cells", w)
	}
	for b.Loop() {
		if clean(picture) != picture {
			b.Fatal("something is gone")
		}
	}
}
