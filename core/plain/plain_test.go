package plain

import (
	"strings"
	"testing"
)

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"web-abc":                     "web-abc",
		"a\x1b[31mb\x07\x00":          "ab",
		"two\nlines\ttab\r":           "two lines tab ",
		"right\u202eto left":          "rightto left",
		"zero\u200bwidth":             "zerowidth",
		"\u009b31m":                   "31m",
		"a\u2028b":                    "ab",
		"no \xff utf-8":               "no \uFFFD utf-8",
		"żółw 日本 ✓":                   "żółw 日本 ✓",
		strings.Repeat("x", 1<<20):    strings.Repeat("x", 1<<20),
		"\x1b]0;title\x07 and the \a": " and the ",
	} {
		if got := Line(in); got != want {
			t.Errorf("Line(%.40q) = %.40q, want %.40q", in, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{{"abc", 3, "abc"}, {"abcd", 3, "abc…"}, {"żż", 3, "ż…"}, {"", 0, ""}} {
		if got := Cut(tt.in, tt.n); got != tt.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}
