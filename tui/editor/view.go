package editor

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"kubelab/core/plain"
	"kubelab/tui/theme"
	"kubelab/tui/widget"
)

// View draws the Editor in exactly w × h cells. It goes through what is shown of the text only, however long that is.
func (e *Editor) View(t *theme.Theme, w, h int) string {
	if w < 4 || h < 2 {
		return widget.Block("", w, h)
	}
	in, rows := w-2, h-2
	title := t.Title.Render(e.title)
	var lines []string
	if e.said != "" {
		// All of it stands above the text where the border is too short for it.
		title += t.Bad.Render(" ✗ " + e.said)
		if ansi.StringWidth(title)+6 > w {
			for _, l := range widget.Wrap(e.said, in-2) {
				lines = append(lines, " "+t.Bad.Render(l))
			}
			lines = lines[:min(len(lines), max(rows/3, 0))]
		}
	}
	e.above = len(lines)
	foot := min(1, max(0, rows-1-e.above))
	e.page = max(1, rows-e.above-foot)
	e.scroll(in - e.gutter() - 1)
	for y := range e.page {
		lines = append(lines, e.row(t, e.top+y, in))
	}
	if foot > 0 {
		lines = append(lines, e.foot(t, in))
	}
	note := ""
	if e.edited {
		note = t.Warn.Render("changed")
	}
	return widget.Box(title, note, strings.Join(lines, "\n"), w, h, t.Focus)
}

// gutter is how many cells line numbers take.
func (e *Editor) gutter() int { return max(3, len(fmt.Sprint(len(e.text.lines)))) + 1 }

// scroll has the cursor shown, in lines with room for w cells.
func (e *Editor) scroll(w int) {
	b := &e.text
	e.top = min(max(e.top, b.row-e.page+1), b.row)
	e.top = max(0, min(e.top, len(b.lines)-e.page))
	at := width(b.line()[:b.col])
	w = max(w-2, 1) // a mark at the end, and a wide character
	if at < e.left || at >= e.left+w {
		e.left = max(0, at-w/2)
	}
	if at < w {
		e.left = 0
	}
}

// row draws a line with its number.
func (e *Editor) row(t *theme.Theme, n, w int) string {
	b := &e.text
	if n >= len(b.lines) {
		return ""
	}
	number := t.Muted
	if n == b.row {
		number = t.Accent
	}
	head := number.Render(widget.FitLeft(fmt.Sprint(n+1), e.gutter()-1)) + "  "
	if len(b.lines) == 1 && len(b.lines[0]) == 0 {
		return head + t.Selected.Render(" ") + t.Muted.Render("Paste a manifest, or type one. Several are separated by ---")
	}
	cursor := -1
	if n == b.row {
		cursor = b.col
	}
	return head + e.cells(t, b.lines[n], cursor, w-e.gutter()-1)
}

// cells draws what of a line is between the left and the right border. cursor is where it is in the line, or -1.
func (e *Editor) cells(t *theme.Theme, line []rune, cursor, w int) string {
	var out, part strings.Builder
	style, name, at := t.Text, nameOf(line), 0
	flush := func(next lipgloss.Style) {
		if part.Len() > 0 {
			out.WriteString(style.Render(part.String()))
			part.Reset()
		}
		style = next
	}
	for i, r := range line {
		n := cell(r)
		switch {
		case at < e.left:
			at += n
			continue
		case at-e.left+n > w-1 && i < len(line)-1 || at-e.left+n > w: // there is more
			flush(t.Muted)
			part.WriteString("›")
			flush(t.Text)
			return out.String()
		}
		at += n
		shown := string(r)
		switch {
		case i == cursor:
			flush(t.Selected)
		case i == cursor+1 || i == 0 || i == name.from || i == name.to || at-n == e.left || hidden(r) || hidden(line[i-1]):
			flush(styleAt(t, name, i, r))
		}
		switch {
		case r == '\t': // YAML wants none: it is to be seen
			shown = "→"
		case hidden(r):
			shown = "·"
		}
		part.WriteString(shown)
	}
	flush(t.Selected)
	if cursor == len(line) {
		part.WriteString(" ")
		flush(t.Text)
	}
	return out.String()
}

func styleAt(t *theme.Theme, name span, i int, r rune) lipgloss.Style {
	switch {
	case hidden(r):
		return t.Warn
	case i >= name.from && i < name.to:
		return t.Accent
	}
	return t.Text
}

// span is a part of a line.
type span struct{ from, to int }

// nameOf is where in a line of YAML a field's name is. It may be taken in by text that only looks like a field; that does no harm.
func nameOf(line []rune) span {
	from := 0
	for from < len(line) && (line[from] == ' ' || line[from] == '-') {
		from++
	}
	for i := from; i < len(line); i++ {
		switch r := line[i]; {
		case r == ':' && (i == len(line)-1 || line[i+1] == ' '):
			return span{from, i}
		case r == ' ' || r == '#':
			return span{-1, -1}
		}
	}
	return span{-1, -1}
}

// foot says where one is and what the keys are.
func (e *Editor) foot(t *theme.Theme, w int) string {
	if e.asks {
		return " " + t.Warn.Render("Throw your changes away?") + t.Text.Render(" y yes; any other key no")
	}
	keys := " " + t.Accent.Render("ctrl+s") + t.Muted.Render(" applies  ") + t.Accent.Render("esc") + t.Muted.Render(" leaves")
	place := t.Muted.Render(fmt.Sprintf("line %d of %d, column %d ", e.text.row+1, len(e.text.lines), e.text.col+1))
	if room := w - ansi.StringWidth(place); room >= ansi.StringWidth(keys) {
		return widget.Fit(keys, room) + place
	}
	return keys
}

// hidden reports whether a terminal would not show a character, such as one that turns the direction of what follows: here it takes a cell.
func hidden(r rune) bool { return plain.Unfit(r) }

// cell is how many cells a character takes.
func cell(r rune) int {
	if r >= ' ' && r < 0x7f || hidden(r) {
		return 1
	}
	return ansi.StringWidth(string(r))
}

func width(line []rune) int {
	n := 0
	for _, r := range line {
		n += cell(r)
	}
	return n
}

// columnAt is the character of a line that is so many cells from its beginning.
func columnAt(line []rune, x int) int {
	at := 0
	for i, r := range line {
		if at += cell(r); at > x {
			return i
		}
	}
	return len(line)
}
