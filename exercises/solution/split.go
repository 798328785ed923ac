package solution

import (
	"errors"
	"strings"

	"kubelab/exercises/expr"
)

// Words makes words of a line, as they are in a Solution.
func Words(line string) ([]string, error) { return split(line) }

// split makes words of a line. Blanks within single quotes and within {{ }} belong to the word. Two single quotes within
// quotes are one.
func split(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	began, quoted := false, false
	end := func() {
		if began {
			words = append(words, word.String())
		}
		word.Reset()
		began = false
	}
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case !quoted && strings.HasPrefix(line[i:], "{{"):
			n := expr.End(line[i+2:])
			if n < 0 {
				return nil, errors.New("{{ is never closed: write }} behind the expression")
			}
			began = true
			word.WriteString(line[i : i+n+4])
			i += n + 3
		case quoted && c == '\'' && i+1 < len(line) && line[i+1] == '\'':
			word.WriteByte(c)
			i++
		case c == '\'':
			quoted, began = !quoted, true
		case !quoted && (c == ' ' || c == '\t'):
			end()
		case !quoted && c == '#' && !began:
			return words, nil
		default:
			began = true
			word.WriteByte(c)
		}
	}
	if quoted {
		return nil, errors.New("a single quote is never closed")
	}
	end()
	return words, nil
}
