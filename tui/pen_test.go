package tui

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

func TestCarry(t *testing.T) {
	for in, want := range map[string]string{
		"":                                       "",
		"plain  words \n too ":                   "plain  words \n too ",
		"\x1b[31mred\x1b[m \x1b[31mtoo\x1b[m  x": "\x1b[31mred too  \x1b[mx",
		"\x1b[1;38;5;244mx\x1b[0m \x1b[38;2;7;48;4mx\x1b[m": "\x1b[1;38;5;244mx \x1b[m\x1b[38;2;7;48;4mx\x1b[m",
		"\x1b[31mred\x1b[m  \nx":                            "\x1b[31mred\x1b[m  \nx",
		"\x1b[31mred \x1b[m":                                "\x1b[31mred\x1b[m ",
		"\x1b[31mred\x1b[m \x1b[41m \x1b[m ":                "\x1b[31mred \x1b[m\x1b[41m \x1b[m ",
		"\x1b[4mline\x1b[m \x1b[4mline\x1b[m":               "\x1b[4mline\x1b[m \x1b[4mline\x1b[m",
		"\x1b[7mturned \x1b[m x":                            "\x1b[7mturned \x1b[m x",
		"\x1b[31m\x1b[1mx\x1b[m \x1b[1mx":                   "\x1b[31m\x1b[1mx \x1b[m\x1b[1mx\x1b[m",
		"\x1b[38;5;4;48;5;4mx\x1b[m x":                      "\x1b[38;5;4;48;5;4mx\x1b[m x",
		"\x1b[38:5:4mx\x1b[m \x1b[38:5:4mx":                 "\x1b[38:5:4mx x\x1b[m",
	} {
		if got := carry(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// look is how each character of a picture looks; of a blank the style only if it shows.
func look(picture string) []string {
	var all []string
	var p pen
	for i := 0; i < len(picture); {
		if n := style(picture[i:]); n > 0 {
			p = p.and(picture[i : i+n])
			i += n
			continue
		}
		_, n := utf8.DecodeRuneInString(picture[i:])
		if c := picture[i : i+n]; c == "\n" || c == " " && !p.shows {
			all = append(all, c)
		} else {
			all = append(all, p.sgr+c)
		}
		i += n
	}
	return all
}

func FuzzCarry(f *testing.F) {
	f.Add("a\x1b[31mb \x1b[m \x1b[44m  \x1b[m \n \x1b[1;4mx y\x1b[0m é ")
	f.Add("\x1b[7m a\n b\x1b[m")
	f.Fuzz(func(t *testing.T, s string) {
		s = clean(s)
		got := carry(s)
		if ansi.Strip(got) != ansi.Strip(s) {
			t.Fatalf("%q became %q", s, got)
		}
		was, is := look(s), look(got)
		if strings.Join(was, "|") != strings.Join(is, "|") {
			t.Errorf("%q looked like %q, and %q looks like %q", s, was, got, is)
		}
	})
}

// BenchmarkCarry takes a picture of 200×60 in which every word has a style.
func BenchmarkCarry(b *testing.B) {
	picture := strings.TrimSuffix(strings.Repeat(strings.Repeat("\x1b[38;2;123;132;148mword│\x1b[m \x1b[1mx\x1b[m  ", 20)+"\n", 60), "\n")
	for b.Loop() {
		carry(picture)
	}
}
