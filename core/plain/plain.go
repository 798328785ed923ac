// Package plain makes what containers and people wrote fit to be shown. It knows nothing of terminals but what they obey.
package plain

import (
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// Line makes one line of s that a terminal shows and does not obey: escape sequences go as a whole, control characters and the signs that turn the
// direction of writing around go, ends of lines and tabs become blanks, and bytes that are no UTF-8 become the replacement character.
func Line(s string) string {
	if ascii(s) {
		return s
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.ContainsRune(s, ansi.ESC) {
		s = ansi.Strip(s)
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case Unfit(r):
			return -1
		}
		return r
	}, s)
}

// Unfit reports whether a terminal would obey r, or hide with it how a line goes on, instead of showing it. That is so for ends of lines and
// tabs, too.
func Unfit(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// ascii reports whether s is nothing but printable ASCII, as nearly everything is: that is much quicker to see.
func ascii(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Cut shortens s to n bytes, and says so with an ellipsis.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
