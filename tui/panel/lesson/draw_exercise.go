package lesson

import (
	"fmt"
	"strings"

	"kubelab/core/plain"
	"kubelab/exercises/course"
	"kubelab/exercises/session"
	"kubelab/tui/panel"
	"kubelab/tui/widget"
)

// exercise is the page of the exercise, wherever it is.
func (p *lesson) exercise(s *panel.State, st *session.Status, w int) document {
	d := document{focus: -1}
	switch {
	case st.Phase == session.Setting:
		d = p.setting(s, w)
	case st.Phase == session.Done:
		d = p.passed(s, st, w)
	case current(st) != nil:
		d = p.doing(s, st, w)
	default:
		d = p.before(s, st, w)
	}
	if s.Lessons.Notice != "" {
		d.rows = append(append(hanging(s.Theme.Warn.Render("▲ "), s.Lessons.Notice, s.Theme.Warn, w), blank), d.rows...)
		if d.focus >= 0 {
			d.focus += len(hanging("▲ ", s.Lessons.Notice, s.Theme.Warn, w)) + 1
		}
	}
	return d
}

// before is the page of an exercise that is not begun: what it is about.
func (p *lesson) before(s *panel.State, st *session.Status, w int) document {
	t := s.Theme
	d := document{focus: -1}
	d.rows = append(d.rows, p.failed(s, w)...)
	d.rows = append(d.rows, p.texts.render(t, st.Task, w)...)
	d.rows = append(d.rows, blank, heading(s, "What you learn", fmt.Sprintf("about %d min", st.Minutes), w))
	d.rows = append(d.rows, hanging("", st.Objective, t.Text, w)...)
	e := p.entryOf(s, st)
	if e != nil && len(e.Concepts) > 0 {
		d.rows = append(d.rows, hanging("", strings.Join(e.Concepts, " · "), t.Muted, w)...)
	}
	d.rows = append(d.rows, blank, heading(s, "Steps", fmt.Sprint(len(st.Steps)), w))
	for i, step := range st.Steps {
		d.rows = append(d.rows, hanging(t.Muted.Render(fmt.Sprintf("%d ", i+1)), step.Title, t.Text, w)...)
	}
	d.rows = append(d.rows, blank)
	if !st.Passed.IsZero() {
		d.rows = append(d.rows, hanging(t.Good.Render("✓ "), "You passed it on "+st.Passed.Local().Format("2 January at 15:04")+".", t.Text, w)...)
	}
	if why := s.Lessons.Why; why != "" {
		d.foot = hanging("", why, t.Muted, w)
		return d
	}
	d.rows = append(d.rows, hanging("", "When it begins, the lab is brought into shape: faults are healed, and what is down is started.", t.Muted, w)...)
	if e != nil {
		d.rows = append(d.rows, p.needs(s, *e, w)...)
	}
	begins := " begins it"
	if s.Lessons.Failed != "" {
		begins = " tries once more"
	}
	d.foot = []row{{text: keyed(s, "enter") + t.Muted.Render(begins)}}
	return d
}

func (p *lesson) entryOf(s *panel.State, st *session.Status) *course.Entry {
	for i := range s.Lessons.List {
		if s.Lessons.List[i].ID == st.Exercise {
			return &s.Lessons.List[i]
		}
	}
	return nil
}

// setting is the page while the lab is brought into shape.
func (p *lesson) setting(s *panel.State, w int) document {
	rows := hanging("", "Whatever the exercise needs is being done to the lab. This can take a minute; look at the map meanwhile.", s.Theme.Muted, w)
	return document{
		head: []row{heading(s, "The lab is brought into shape", "", w)}, focus: -1,
		rows: append(append(rows, blank), p.setup(s, w)...),
	}
}

// setup are the steps that bring the lab into shape: what is done took so long, what is under way may take so long.
func (p *lesson) setup(s *panel.State, w int) (rows []row) {
	t := s.Theme
	if len(s.Lessons.Setup) == 0 {
		return hanging(t.Warn.Render("◐ "), "The lab is looked at", t.Text, w)
	}
	for _, step := range s.Lessons.Setup {
		mark, note, style := t.Warn.Render("◐ "), taken(s.Now.Sub(step.Began)), t.Warn
		switch {
		case step.Error != "":
			mark, note, style = t.Bad.Render("✗ "), panel.Brief(step.Took), t.Bad
		case step.Done:
			mark, note, style = t.Good.Render("✓ "), panel.Brief(step.Took), t.Muted
		case step.Bound > 0:
			note += " of " + taken(step.Bound)
		}
		note = style.Render(note)
		name := hanging(mark, step.Name, t.Text, w-widget.Width(note)-1)
		name[0].text = widget.Fit(name[0].text, w-widget.Width(note)-1) + " " + note
		rows = append(rows, name...)
		if step.Note != "" {
			rows = append(rows, hanging("  ", step.Note, t.Muted, w)...)
		}
	}
	return rows
}

// failed says why the lab could not be brought into shape.
func (p *lesson) failed(s *panel.State, w int) []row {
	if s.Lessons.Failed == "" {
		return nil
	}
	rows := []row{heading(s, "The lab could not be brought into shape", "", w)}
	rows = append(rows, p.setup(s, w)...)
	rows = append(rows, hanging(s.Theme.Bad.Render("✗ "), s.Lessons.Failed, s.Theme.Text, w)...)
	return append(rows, blank)
}

// passed is the page of an exercise all of whose steps are passed.
func (p *lesson) passed(s *panel.State, st *session.Status, w int) document {
	t := s.Theme
	all := " · " + panel.Plural(len(st.Steps), "step")
	if took := ended(st).Sub(st.Began); took > 0 {
		all += " in " + taken(took)
	}
	d := document{focus: -1, head: []row{{text: t.Good.Render("✓ Passed") + t.Muted.Render(all)}}}
	d.rows = append(d.rows, blank)
	d.rows = append(d.rows, p.failed(s, w)...)
	var compared []row
	for _, step := range st.Steps {
		compared = append(compared, p.compared(s, step.Asks, w, true)...)
	}
	if len(compared) > 0 {
		d.rows = append(append(append(d.rows, heading(s, "What came of your predictions", "", w)), compared...), blank)
	}
	d.rows = append(d.rows, p.texts.render(t, st.Debrief, w)...)
	d.rows = append(d.rows, p.story(s, st, w)...)
	next := "That was the last one that you had not passed."
	if e := s.Lessons.Next(); e != nil {
		next = fmt.Sprintf(" goes on: %s", plain.Line(e.Title))
	}
	d.foot = []row{{text: widget.Fit(keyed(s, "enter")+t.Muted.Render(next), w)}}
	if s.Lessons.Next() == nil {
		d.foot = []row{{text: widget.Fit(t.Muted.Render(next), w)}}
	}
	return d
}
