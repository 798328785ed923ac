package observe

import (
	"strings"
	"unicode"
)

// clean removes from what people or containers wrote whatever a terminal would obey instead of show: control characters,
// and the signs that turn the direction of writing around.
func clean(s string) string {
	if !strings.ContainsFunc(s, unfit) {
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
