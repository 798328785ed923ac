package lesson

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"

	"kubelab/core/plain"
	"kubelab/tui/panel"
	"kubelab/tui/widget"
)

// row is a line of a page. hit is what a click on it means, from 1; 0 is nothing.
type row struct {
	text string
	hit  int
}

// document is what a page shows: a row on top and one at the bottom that stay, and what scrolls between.
type document struct {
	head, foot []row
	rows       []row
	// focus is the row that is to be seen when the cursor was moved there; -1 if there is no cursor.
	focus int
}

// page is the part of a document that is seen.
type page struct {
	offset int  // the first of the rows that scroll which is shown
	reveal bool // the cursor was moved

	shown []row // as they were drawn last, for clicks
	rows  int   // that scroll, of which high are seen
	high  int
}

func (p *page) top() { p.offset = 0 }

func (p *page) scroll(lines int) {
	p.offset = max(0, min(p.offset+lines, p.rows-p.high))
}

// key scrolls if the key is one that does.
func (p *page) key(key string) bool {
	most := max(p.high-2, 1)
	switch key {
	case "up", "k":
		p.scroll(-1)
	case "down", "j":
		p.scroll(1)
	case "pgup", "ctrl+b":
		p.scroll(-most)
	case "pgdown", "ctrl+f", "space":
		p.scroll(most)
	case "home", "g":
		p.scroll(-p.rows)
	case "end", "G":
		p.scroll(p.rows)
	default:
		return false
	}
	return true
}

// at is what a click into a line means.
func (p *page) at(y int) int {
	if y < 0 || y >= len(p.shown) {
		return 0
	}
	return p.shown[y].hit
}

// view draws the document in w × h cells.
func (p *page) view(s *panel.State, w, h int, d document) string {
	head, foot := d.head, d.foot
	if h < 8 { // the text matters more
		foot = nil
	}
	head = head[:min(len(head), h)]
	p.rows, p.high = len(d.rows), max(h-len(head)-len(foot), 0)
	if p.reveal && d.focus >= 0 {
		p.offset = max(0, min(max(p.offset, d.focus-p.high+2), d.focus-1))
	}
	p.reveal = false
	p.scroll(0)
	seen := append([]row(nil), d.rows[p.offset:min(p.offset+p.high, p.rows)]...)
	if below := p.rows - p.offset - p.high; below > 0 && p.high > 2 {
		seen[p.high-1] = row{text: s.Theme.Muted.Render(fmt.Sprintf("▼ %s more", panel.Plural(below+1, "line")))}
	}
	for len(seen) < p.high {
		seen = append(seen, row{})
	}
	p.shown = append(append(append([]row(nil), head...), seen...), foot...)
	lines := make([]string, len(p.shown))
	for i, r := range p.shown {
		lines[i] = " " + widget.Fit(r.text, inner(w))
	}
	return widget.Lines(lines, w, h)
}

// blank is an empty row.
var blank = row{}

// heading is a row that begins a section: its title, a note, and a rule to the end.
func heading(s *panel.State, title, note string, w int) row {
	text := s.Theme.Title.Render(title)
	if note != "" {
		text += " " + s.Theme.Muted.Render(note)
	}
	if left := w - widget.Width(text) - 1; left > 0 {
		text += " " + s.Theme.Border.Render(strings.Repeat("─", left))
	}
	return row{text: text}
}

// hanging is text behind a mark, wrapped so that all of it stands to the right of the mark.
func hanging(mark, text string, style lipgloss.Style, w int) []row {
	indent := widget.Width(mark)
	var rows []row
	for i, line := range wrap(plain.Line(text), max(w-indent, 8)) {
		if i > 0 {
			mark = strings.Repeat(" ", indent)
		}
		rows = append(rows, row{text: mark + style.Render(line)})
	}
	return rows
}
