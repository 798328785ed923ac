package tui

import (
	"strings"

	"kubelab/tui/theme"
	"kubelab/tui/widget"
)

// line is a line of text that is being typed.
type line struct {
	text string
	// proposed is text that nobody has typed: the first letter typed takes its place, and what edits edits it.
	proposed bool
	// behind is how many letters stand behind the cursor.
	behind int
}

// halves are what stands before the cursor, and behind it.
func (l *line) halves() (before, behind []rune) {
	r := []rune(l.text)
	at := max(len(r)-l.behind, 0)
	return r[:at], r[at:]
}

// add types text where the cursor is.
func (l *line) add(text string) {
	if l.proposed {
		l.text, l.behind = "", 0
	}
	before, behind := l.halves()
	l.text, l.proposed = string(before)+text+string(behind), false
}

// key takes a key that edits.
func (l *line) key(key string) {
	if key == "space" {
		key = " "
	}
	if r := []rune(key); len(r) == 1 && r[0] >= ' ' {
		l.add(key)
		return
	}
	before, behind := l.halves()
	switch key {
	case "left":
		l.behind = min(l.behind+1, len(before)+len(behind))
	case "right":
		l.behind = max(l.behind-1, 0)
	case "home", "ctrl+a":
		l.behind = len(before) + len(behind)
	case "end", "ctrl+e":
		l.behind = 0
	case "backspace":
		before = before[:max(len(before)-1, 0)]
	case "delete":
		behind = behind[min(1, len(behind)):]
		l.behind = len(behind)
	case "ctrl+u":
		before = nil
	case "ctrl+w":
		text := strings.TrimRight(string(before), " ")
		before = []rune(strings.TrimRight(text[:strings.LastIndex(text, " ")+1], " "))
	default:
		return
	}
	l.text, l.proposed = string(before)+string(behind), false
}

// rows are the line with its cursor, in as many rows of w cells as it takes.
func (l *line) rows(t *theme.Theme, w int) (rows []string) {
	style := t.Text
	if l.proposed {
		style = t.Muted
	}
	before, _ := l.halves()
	all := []rune(l.text + " ") // the cursor can stand behind the end
	for from, to := 0, 0; from < len(all); from = to {
		for cells := 0; to < len(all) && (to == from || cells+widget.Width(string(all[to])) <= w); to++ {
			cells += widget.Width(string(all[to]))
		}
		at := len(before)
		if at < from || at >= to {
			rows = append(rows, style.Render(string(all[from:to])))
			continue
		}
		rows = append(rows, style.Render(string(all[from:at]))+t.Selected.Render(string(all[at]))+style.Render(string(all[at+1:to])))
	}
	return rows
}
