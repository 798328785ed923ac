package recording

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"kubelab/core/plain"
)

// blank puts spaces where a line of JSON has what a terminal would obey instead of show: control characters, and the
// signs that turn the direction of writing around, raw or escaped. A lab's own events have none; but a recording may
// come from anybody. Ends of lines and tabs stay, where they are escaped.
func blank(line []byte) {
	for i := 0; i < len(line); {
		n := 1
		switch b := line[i]; {
		case b == '\\' && i+1 < len(line):
			var r rune
			if r, n = escape(line[i:]); unfit(r) {
				fill(line[i : i+n])
			}
		case b == 0x7f:
			line[i] = ' '
		case b >= utf8.RuneSelf:
			var r rune
			if r, n = utf8.DecodeRune(line[i:]); unfit(r) {
				fill(line[i : i+n])
			}
		}
		i += n
	}
}

// escape is the rune that an escape sequence stands for where that may be unfit, otherwise a space; and its length.
func escape(line []byte) (r rune, n int) {
	switch line[1] {
	case 'b', 'f', 'r':
		return '\b', 2
	case 'u':
		if len(line) < 6 {
			return ' ', 2
		}
		v, err := strconv.ParseUint(string(line[2:6]), 16, 16)
		if err != nil {
			return ' ', 2
		}
		return rune(v), 6
	}
	return ' ', 2
}

// unfit also takes halves of surrogates: they are written by nobody who writes honest UTF-8, and may hide anything.
func unfit(r rune) bool {
	return r != '\n' && r != '\t' && (plain.Unfit(r) || utf16.IsSurrogate(r))
}

func fill(b []byte) {
	for i := range b {
		b[i] = ' '
	}
}
