package lesson

import (
	"html"
	"regexp"
	"strings"
	"unicode"

	"charm.land/glamour/v2"
	"charm.land/lipgloss/v2"
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

// render has Glamour give the text its looks, and breaks lines itself: Glamour does not indent what continues an item of a list. Tables are
// its own business, where they fit.
func render(look *theme.Theme, text string, w int) []row {
	text = harmless(text)
	if w < tableWidth {
		text = withoutTables(text)
	}
	var rows []row
	for _, b := range blocks(text) {
		width := 0 // lines are as long as they are
		if b.table {
			width = w
		}
		for _, line := range styled(look, b.text, width) {
			rows = append(rows, broken(line, w)...)
		}
		rows = append(rows, blank)
	}
	return withoutMargins(rows)
}

// styled is Markdown in lines as Glamour makes them.
func styled(look *theme.Theme, text string, w int) []string {
	r, err := glamour.NewTermRenderer(glamour.WithStyles(styleOf(look)), glamour.WithWordWrap(w))
	if err == nil {
		var out string
		if out, err = r.Render(text); err == nil {
			return strings.Split(shown(out), "\n")
		}
	}
	return strings.Split(text, "\n") // as it was written it can be read, too
}

// mark is how a line begins to the right of which the rest of it is to stand.
var mark = regexp.MustCompile(`^ *((•|✓|○|│|\d+\.) )?`)

// broken is a line in rows of at most w cells.
func broken(line string, w int) []row {
	line = trimmed(line)
	indent := ansi.StringWidth(mark.FindString(ansi.Strip(line)))
	if indent > w/2 {
		indent = 0
	}
	first := ansi.Truncate(line, indent, "")
	rest := ansi.TruncateLeft(line, indent, "")
	var rows []row
	for i, part := range wrap(rest, w-indent) {
		if i > 0 {
			first = strings.Repeat(" ", indent)
		}
		rows = append(rows, row{text: first + strings.TrimRight(part, " ")})
	}
	return rows
}

// A hyphen and a blank at which no line is broken.
const firmHyphen, firmBlank = "\u2011", "\u00a0"

// quantity is a number with its unit.
var quantity = regexp.MustCompile(`\b(\d+) (s|ms|min|h|MB|KB)\b`)

// wrap breaks text into lines of at most w cells, but not within names and quantities: web-6c7 and 8 s stay whole. Styles are carried over to
// the next line.
func wrap(text string, w int) []string {
	text = strings.ReplaceAll(text, "-", firmHyphen)
	text = quantity.ReplaceAllString(text, "${1}"+firmBlank+"${2}")
	if strings.Contains(text, "\x1b") {
		text = lipgloss.Wrap(text, max(w, 1), "")
	} else { // which takes a tenth of the time
		text = ansi.Wrap(text, max(w, 1), "")
	}
	return strings.Split(strings.NewReplacer(firmHyphen, "-", firmBlank, " ").Replace(text), "\n")
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
