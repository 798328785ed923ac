package tui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// clean leaves of a picture what panels make it of: text, styles and ends of lines. Whatever else is in it came along with a name or a log that
// should have been stripped where it was read, and a terminal would obey it. Nearly always nothing is, so it only looks.
func clean(picture string) string {
	n := cleanUntil(picture)
	if n == len(picture) {
		return picture
	}
	var out strings.Builder
	for rest := picture; ; {
		out.WriteString(rest[:n])
		if n == len(rest) {
			return out.String()
		}
		rest = rest[n+harmful(rest[n:]):]
		n = cleanUntil(rest)
	}
}

// cleanUntil is how much of s is fine.
func cleanUntil(s string) int {
	for i := 0; i < len(s); {
		switch b := s[i]; {
		case ' ' <= b && b < 0x7f, b == '\n':
			i++
		case b == ansi.ESC:
			n := style(s[i:])
			if n == 0 {
				return i
			}
			i += n
		case b < utf8.RuneSelf:
			return i
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 || !visible(r) {
				return i
			}
			i += n
		}
	}
	return len(s)
}

// style is how long the sequence is that s begins with, if it sets a style, otherwise 0.
func style(s string) int {
	if !strings.HasPrefix(s, "\x1b[") {
		return 0
	}
	n := 2
	for n < len(s) && '0' <= s[n] && s[n] <= ';' { // digits, and what stands between them
		n++
	}
	if n < len(s) && s[n] == 'm' {
		return n + 1
	}
	return 0
}

// visible reports whether a character that is not ASCII is one that can be seen, or part of one. Those that turn the direction of text are not.
func visible(r rune) bool {
	const joiner = '\u200d'
	switch {
	case r < 0xa0:
		return false
	case r < 0x600 && r != 0xad, 0x2100 <= r && r < 0xfe00: // letters, lines and signs: nearly all there are
		return true
	}
	return r == joiner || !unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// longest is how long a sequence is looked for, in bytes.
const longest = 1 << 10

// harmful is how much of s, which begins with something that is not fine, must go: a sequence if it ends soon and in the same line, otherwise one
// character.
func harmful(s string) int {
	line, _, _ := strings.Cut(s[:min(len(s), longest)], "\n")
	if _, _, n, state := ansi.DecodeSequence(line, ansi.NormalState, nil); line[0] == ansi.ESC && state == ansi.NormalState && n > 1 {
		return n
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}
