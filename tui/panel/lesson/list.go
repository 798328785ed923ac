package lesson

import (
	"fmt"
	"slices"
	"strings"

	"kubelab/core/plain"
	"kubelab/exercises/course"
	"kubelab/tui/panel"
	"kubelab/tui/widget"
)

// listKey is a key in the list.
func (p *lesson) listKey(s *panel.State, key string) (panel.Result, bool) {
	n, screenful := len(s.Lessons.List), max(p.page.high-1, 1)
	switch key {
	case "up", "k":
		p.cursor--
	case "down", "j":
		p.cursor++
	case "pgup", "ctrl+b":
		p.cursor -= screenful
	case "pgdown", "ctrl+f":
		p.cursor += screenful
	case "home", "g":
		p.cursor = 0
	case "end", "G":
		p.cursor = n - 1
	case "enter":
		if n == 0 {
			return panel.Result{Note: "there is no exercise"}, true
		}
		p.cursor = max(0, min(p.cursor, n-1))
		return p.enter(s, s.Lessons.List[p.cursor].ID), true
	default:
		return panel.Result{}, false
	}
	p.cursor, p.moved, p.page.reveal = max(0, min(p.cursor, n-1)), true, true
	return panel.Result{}, true
}

// list is the page of all exercises: what each is called, how long it takes and how far it is, and what the one under the cursor teaches.
func (p *lesson) list(s *panel.State, w, h int) document {
	l := s.Lessons
	passed, all := 0, 0
	for _, e := range l.List {
		if e.Steps > 0 { // others are still to be drawn
			all++
		}
		if !e.Passed.IsZero() {
			passed++
		}
	}
	d := document{head: []row{heading(s, "Guided exercises", fmt.Sprintf("%d of %d passed", passed, all), w)}}
	if l.Notice != "" {
		d.head = append(d.head, hanging(s.Theme.Warn.Render("▲ "), l.Notice, s.Theme.Warn, w)...)
	}
	if len(l.List) == 0 {
		d.rows = hanging("", "They are being read.", s.Theme.Muted, w)
		return d
	}
	if !p.moved { // whoever has not moved the cursor finds it where to go on
		p.cursor = max(slices.IndexFunc(l.List, func(e course.Entry) bool { return e.Passed.IsZero() }), 0)
	}
	p.cursor = max(0, min(p.cursor, len(l.List)-1))
	titles := 0
	for _, e := range l.List {
		titles = max(titles, widget.Width(plain.Line(e.Title)))
	}
	for i, e := range l.List {
		d.rows = append(d.rows, row{p.entry(s, i, e, titles, w), i + 1})
	}
	d.focus = p.cursor
	about := p.about(s, l.List[p.cursor], w)
	if len(about)+min(len(l.List), 6)+len(d.head) <= h {
		d.foot = about
	}
	return d
}

// entry is the row of an exercise. titles is how wide the longest title is.
func (p *lesson) entry(s *panel.State, i int, e course.Entry, titles, w int) string {
	t := s.Theme
	mark, note := t.Muted.Render("○"), t.Muted.Render(fmt.Sprintf("%d min", e.Minutes))
	switch {
	case e.Doing:
		mark, note = t.Warn.Render("◐"), t.Warn.Render(fmt.Sprintf("step %d of %d", e.Step+1, e.Steps))+"  "+note
	case !e.Passed.IsZero():
		mark, note = t.Good.Render("✓"), t.Good.Render("passed")+"  "+note
	}
	name := fmt.Sprintf(" %2d ", i+1)
	if e.Steps == 0 { // it is another one each time
		name = "    "
	}
	room := max(w-widget.Width(name)-widget.Width(note)-3, 4)
	title, concepts := plain.Line(e.Title), ""
	if left := room - titles - 2; left > 24 {
		title, concepts = widget.Fit(title, titles), "  "+widget.Fit(plain.Line(strings.Join(e.Concepts, ", ")), left)
	}
	line := mark + t.Muted.Render(name) + t.Text.Render(title) + t.Muted.Render(concepts)
	line = widget.Fit(line, w-widget.Width(note)-1) + " " + note
	if i == p.cursor {
		return chosen(s, line, w)
	}
	return line
}

// about is what the exercise under the cursor teaches and needs.
func (p *lesson) about(s *panel.State, e course.Entry, w int) []row {
	t := s.Theme
	rows := []row{heading(s, plain.Line(e.Title), "", w)}
	rows = append(rows, hanging("", e.Objective, t.Text, w)...)
	if len(e.Concepts) > 0 {
		rows = append(rows, hanging("", strings.Join(e.Concepts, " · "), t.Muted, w)...)
	}
	if e.Short {
		rows = append(rows, hanging("", "It belongs to the short workshop, too.", t.Muted, w)...)
	}
	rows = append(rows, p.needs(s, e, w)...)
	return append(rows, row{text: keyed(s, "enter") + t.Muted.Render(" opens it, and changes nothing in the lab")})
}

// needs says what lab an exercise needs, if this one is not like that.
func (p *lesson) needs(s *panel.State, e course.Entry, w int) []row {
	if want := e.Lab.Timing; want != "" && want != s.Lab.Timing {
		text := fmt.Sprintf("It needs a lab with %s timing; this one has %s timing.", plain.Line(want), plain.Line(s.Lab.Timing))
		return hanging(s.Theme.Warn.Render("▲ "), text, s.Theme.Warn, w)
	}
	var more []string
	if n := e.Lab.Masters - len(s.Lab.Masters); n > 0 {
		more = append(more, panel.Plural(n, "master"))
	}
	if n := e.Lab.Nodes - len(s.Lab.Nodes); n > 0 {
		more = append(more, panel.Plural(n, "node"))
	}
	if len(more) == 0 {
		return nil
	}
	return hanging("", "This lab gets "+strings.Join(more, " and ")+" more when it begins.", s.Theme.Muted, w)
}

// absent is what there is to see where there are no exercises.
func (p *lesson) absent(s *panel.State, w int) []row {
	rows := []row{{text: s.Theme.Title.Render("No exercises here")}, blank}
	return append(rows, hanging("", "They are done on a lab that runs: lab start, then lab attach.", s.Theme.Muted, w)...)
}
