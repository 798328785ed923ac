package lesson

import (
	"html"
	"regexp"
	"strings"
	"unicode"

	"charm.land/glamour/v2"
	"github.com/charmbracelet/x/ansi"

	"kubelab/core/plain"
	"kubelab/tui/theme"
)

// texts are Markdown texts as they were rendered last. Rendering one takes about a millisecond, and a panel is drawn many times a second.
type texts struct {
	w     int
	theme *theme.Theme
	of    map[string][]row
}

// mostTexts is how many texts are remembered: values in them change, so old ones must go.
const mostTexts = 32

// render is Markdown in rows of at most w cells.
func (t *texts) render(look *theme.Theme, text string, w int) []row {
	if t.w != w || t.theme != look || len(t.of) > mostTexts {
		t.w, t.theme, t.of = w, look, map[string][]row{}
	}
	if rows, ok := t.of[text]; ok {
		return rows
	}
	rows := render(look, text, w)
	t.of[text] = rows
	return rows
}

func render(look *theme.Theme, text string, w int) []row {
	text = harmless(text)
	if w < tableWidth {
		text = withoutTables(text)
	}
	var lines []string
	if r, err := glamour.NewTermRenderer(glamour.WithStyles(styleOf(look)), glamour.WithWordWrap(w)); err == nil {
		if out, err := r.Render(text); err == nil {
			lines = strings.Split(shown(out), "\n")
		}
	}
	if lines == nil { // as it was written it can be read, too
		lines = strings.Split(text, "\n")
	}
	var rows []row
	for _, line := range lines {
		for _, part := range strings.Split(ansi.Hardwrap(line, w, true), "\n") {
			rows = append(rows, row{text: trimmed(part)})
		}
	}
	return withoutMargins(rows)
}

// trimmed is a line without blanks at its end, which Glamour fills up with styles around each.
func trimmed(line string) string {
	bare := ansi.Strip(line)
	n := ansi.StringWidth(strings.TrimRight(bare, " "))
	if n == ansi.StringWidth(bare) {
		return line
	}
	return ansi.Truncate(line, n, "")
}

// withoutMargins are rows without empty ones at both ends, and with one where there were several.
func withoutMargins(rows []row) (out []row) {
	empty := func(r row) bool { return strings.TrimSpace(ansi.Strip(r.text)) == "" }
	for _, r := range rows {
		switch {
		case !empty(r):
			out = append(out, r)
		case len(out) > 0 && !empty(out[len(out)-1]):
			out = append(out, blank)
		}
	}
	if len(out) > 0 && empty(out[len(out)-1]) {
		out = out[:len(out)-1]
	}
	return out
}

// reference is a character that is written as a number, as HTML has it: with it control characters can come about that were none.
var reference = regexp.MustCompile(`&#[xX]?[0-9a-fA-F]+;?`)

// harmless is text without what a terminal would obey.
func harmless(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		line = plain.Line(line)
		lines[i] = reference.ReplaceAllStringFunc(line, func(ref string) string {
			if strings.IndexFunc(html.UnescapeString(ref), plain.Unfit) >= 0 {
				return string(unicode.ReplacementChar)
			}
			return ref
		})
	}
	return strings.Join(lines, "\n")
}

// shown leaves of what was rendered text and the styles that were given to it: no links, and nothing that entities may have made.
func shown(text string) string {
	var out strings.Builder
	state := byte(ansi.NormalState)
	for len(text) > 0 {
		seq, width, n, next := ansi.DecodeSequence(text, state, nil)
		switch {
		case width > 0, seq == "\n", strings.HasPrefix(seq, "\x1b[") && strings.HasSuffix(seq, "m"):
			out.WriteString(seq)
		case seq != "" && strings.IndexFunc(seq, plain.Unfit) < 0: // what is put onto the letter before
			out.WriteString(seq)
		}
		text, state = text[n:], next
	}
	return out.String()
}
