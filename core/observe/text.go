package observe

import (
	"strings"
	"unicode"
)

// clean removes from what people or containers wrote whatever a terminal would obey instead of show: control characters,
// and the signs that turn the direction of writing around.
func clean(s string) string {
	if plain(s) || !strings.ContainsFunc(s, unfit) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unfit(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}

func unfit(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar
}

// plain reports whether s is nothing but printable ASCII, as nearly everything is: that is much quicker to see.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
