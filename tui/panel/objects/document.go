package objects

import (
	"strings"

	"kubelab/tui/panel"
)

// entry is a line of a document. One with an id can be acted on.
type entry struct {
	id   string // a target; empty for what is only read
	cell cell
}

// document is text with a cursor, which stays on the same thing when lines come and go.
type document struct {
	entries []entry

	cursor, offset, page int
	on                   string // id under the cursor
}

func (d *document) set(entries []entry) {
	d.entries = entries
	if d.on != "" && (d.cursor >= len(entries) || entries[d.cursor].id != d.on) {
		for i, e := range entries {
			if e.id == d.on {
				d.cursor = i
				break
			}
		}
	}
	d.to(d.cursor)
}

func (d *document) to(i int) {
	d.cursor, d.on = max(0, min(i, len(d.entries)-1)), ""
	if len(d.entries) > 0 {
		d.on = d.entries[d.cursor].id
	}
}

// first puts the cursor on the first line that can be acted on.
func (d *document) first() {
	for i, e := range d.entries {
		if e.id != "" {
			d.to(i)
			return
		}
	}
}

func (d *document) key(key string) bool {
	switch key {
	case "up", "k":
		d.to(d.cursor - 1)
	case "down", "j":
		d.to(d.cursor + 1)
	case "pgup", "ctrl+b":
		d.to(d.cursor - max(d.page-1, 1))
	case "pgdown", "ctrl+f":
		d.to(d.cursor + max(d.page-1, 1))
	case "home", "g":
		d.to(0)
	case "end", "G":
		d.to(len(d.entries) - 1)
	default:
		return false
	}
	return true
}

// view draws the lines around the cursor. Without focus there is no cursor, and the last line says how much there is below.
func (d *document) view(s *panel.State, w, h int, focus bool) []string {
	if w <= 0 || h <= 0 {
		return nil
	}
	d.page = h
	d.offset = min(max(d.offset, d.cursor-h+1), d.cursor)
	d.offset = max(0, min(d.offset, len(d.entries)-h))
	var lines []string
	for i := d.offset; i < min(d.offset+h, len(d.entries)); i++ {
		lines = append(lines, line(s, d.entries[i].cell, w, focus && i == d.cursor))
	}
	for len(lines) < h {
		lines = append(lines, strings.Repeat(" ", w))
	}
	if below := len(d.entries) - d.offset - h; below > 0 && h > 2 {
		last := d.offset + h - 1
		if last != d.cursor || !focus {
			lines[h-1] = line(s, styled("⋮ "+panel.Plural(below+1, "line")+" more", &s.Theme.Muted), w, false)
		}
	}
	return lines
}

// section is a heading in a document.
func section(s *panel.State, title, note string) entry {
	return entry{cell: cell{{title, &s.Theme.Title}, {"  " + note, &s.Theme.Muted}}}
}

func prose(s *panel.State, text string, w int) []entry {
	var entries []entry
	for _, one := range wrap(text, max(w-2, 1)) {
		entries = append(entries, entry{cell: cell{{"  " + one, &s.Theme.Muted}}})
	}
	return entries
}
