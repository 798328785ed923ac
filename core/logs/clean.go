package logs

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/plain"
)

// Clean removes from a line what would move a terminal's cursor, change its colours or title, or make it
// answer: escape sequences and all other control characters but the tab. Bytes that are no UTF-8 become the
// replacement character.
func Clean(line string) string {
	line = ansi.Strip(strings.ToValidUTF8(line, "\uFFFD"))
	return strings.Map(func(r rune) rune {
		if r != '\t' && plain.Unfit(r) {
			return -1
		}
		return r
	}, line)
}
