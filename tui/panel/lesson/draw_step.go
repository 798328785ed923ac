package lesson

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/plain"
	"kubelab/exercises"
	"kubelab/exercises/session"
	"kubelab/tui/panel"
	"kubelab/tui/widget"
)

// justNow is how long a check that has passed is drawn as changed.
const justNow = 1500 * time.Millisecond

// doing is the page of the step that is to be done.
func (p *lesson) doing(s *panel.State, st *session.Status, w int) document {
	step := current(st)
	d := document{head: []row{p.stepHead(s, st, step, w)}, foot: p.offer(s, step, w), focus: -1}
	d.rows = append(d.rows, blank)
	d.rows = append(d.rows, p.failed(s, w)...)
	d.rows = append(d.rows, p.cameOf(s, st, w)...)
	d.rows = append(d.rows, p.texts.render(s.Theme, step.Task, w)...)
	d.rows = append(d.rows, p.asks(s, step, w, len(d.rows), &d.focus)...)
	d.rows = append(d.rows, p.remark(s, step, w)...)
	d.rows = append(d.rows, p.checks(s, step, w)...)
	hints := p.hints(s, step, w)
	d.rows = append(d.rows, hints...)
	if len(step.Hints) != p.hinted && len(hints) > 0 { // who asked for one wants to see it
		p.hinted, p.page.reveal, d.focus = len(step.Hints), true, len(d.rows)-1
	}
	return d
}

// stepHead says which step this is, and for how long it is being done.
func (p *lesson) stepHead(s *panel.State, st *session.Status, step *session.StepStatus, w int) row {
	t := s.Theme
	style := t.Muted
	if overdue(s, step) {
		style = t.Warn
	}
	note := style.Render(taken(s.Now.Sub(step.Began)))
	head := func(format string) string {
		return t.Title.Render(fmt.Sprintf(format, st.Current+1, len(st.Steps))) + t.Muted.Render(" · ") + t.Title.Render(plain.Line(step.Title))
	}
	left := head("Step %d of %d")
	if w < 30 {
		return row{text: left}
	}
	room := w - widget.Width(note) - 1
	if widget.Width(left) > room { // the title says more than the words around the number
		left = head("%d/%d")
	}
	return row{text: widget.Fit(left, room) + " " + note}
}

func overdue(s *panel.State, step *session.StepStatus) bool {
	return step.Within > 0 && s.Now.Sub(step.Began) > step.Within
}

// offer is what is offered at all times: who has broken more than was wanted gets back to where things are as they should be. Who takes long
// gets help.
func (p *lesson) offer(s *panel.State, step *session.StepStatus, w int) []row {
	t := s.Theme
	back := row{text: widget.Fit(keyed(s, "R")+t.Muted.Render(" goes back, should the lab be broken"), w)}
	if !overdue(s, step) || step.HintsLeft == 0 {
		return []row{back}
	}
	long := t.Warn.Render("▲ more than "+taken(step.Within)+": ") + keyed(s, "h") + t.Muted.Render(" gives a hint")
	return []row{{text: widget.Fit(long, w)}, back}
}

// cameOf is what came of the predictions of the step before.
func (p *lesson) cameOf(s *panel.State, st *session.Status, w int) []row {
	if st.Current == 0 {
		return nil
	}
	rows := p.compared(s, st.Steps[st.Current-1].Asks, w, false)
	if len(rows) == 0 {
		return nil
	}
	return append(append([]row{heading(s, "What came of your prediction", "", w)}, rows...), blank)
}

// compared are answers, and what did happen.
func (p *lesson) compared(s *panel.State, asks []session.AskStatus, w int, questions bool) (rows []row) {
	t := s.Theme
	for i := range asks {
		q := &asks[i]
		if q.Answer == nil || !q.Predicts && q.Answer.Was == "" {
			continue
		}
		if questions {
			rows = append(rows, hanging("", q.Text, t.Muted, w)...)
		}
		switch right := q.Answer.Right; {
		case right == nil:
			rows = append(rows, hanging(t.Muted.Render("· You: "), answerOf(q), t.Text, w)...)
		case *right:
			rows = append(rows, hanging(t.Good.Render("✓ Right: "), answerOf(q), t.Text, w)...)
		default:
			rows = append(rows, hanging(t.Bad.Render("✗ Wrong: "), answerOf(q), t.Text, w)...)
		}
		if q.Answer.Late {
			rows = append(rows, hanging("  ", "It was answered when something had happened already.", t.Muted, w)...)
		}
		if q.Answer.Was != "" {
			rows = append(rows, hanging("  ", q.Answer.Was, t.Text, w)...)
		}
	}
	return rows
}

// asks are the questions of a step; the one that is to be answered with its choices. before is how many rows there are above, and focus
// becomes the row of the cursor.
func (p *lesson) asks(s *panel.State, step *session.StepStatus, w, before int, focus *int) []row {
	if len(step.Asks) == 0 {
		return nil
	}
	q := p.active(step)
	title, note := "Your answer", ""
	if step.Asks[0].Predicts {
		title = "Your prediction"
		if q != nil && q.Answer == nil {
			note = "before you do it"
		}
	}
	if q != nil && elsewhere(s) && q.Kind != exercises.ByPick {
		note = fmt.Sprintf("%s leads here", s.KeyOf("exercises"))
	}
	rows := []row{blank, heading(s, title, note, w)}
	for i := range step.Asks {
		one := &step.Asks[i]
		switch {
		case one == q:
			*focus = before + len(rows)
			rows = append(rows, hanging("", one.Text, s.Theme.Title, w)...)
			rows = append(rows, p.answers(s, one, w, before+len(rows), focus)...)
		case one.Answer != nil:
			rows = append(rows, hanging("", one.Text, s.Theme.Muted, w)...)
			rows = append(rows, hanging(s.Theme.Muted.Render("▸ "), answerOf(one), s.Theme.Text, w)...)
			rows = append(rows, p.otherwise(s, one, w)...)
		default:
			rows = append(rows, hanging("", one.Text, s.Theme.Muted, w)...)
		}
	}
	return rows
}

// otherwise says how to answer once more, where a check may not pass for the answer.
func (p *lesson) otherwise(s *panel.State, q *session.AskStatus, w int) []row {
	switch {
	case q.Predicts:
		return nil
	case q == p.picks(s):
		return hanging("  ", fmt.Sprintf("%s picks something else, on the map", s.KeyOf("pick")), s.Theme.Muted, w)
	}
	return []row{{text: "  " + keyed(s, "a") + s.Theme.Muted.Render(" answers once more")}}
}

// answers are how a question can be answered.
func (p *lesson) answers(s *panel.State, q *session.AskStatus, w, before int, focus *int) (rows []row) {
	t := s.Theme
	way := func(key, does string) {
		rows = append(rows, hanging(t.Accent.Render(key)+" ", does, t.Muted, w)...)
	}
	switch {
	case q.Kind == exercises.ByPick && elsewhere(s):
		way(s.KeyOf("pick"), "answers with what is selected")
		return rows
	case q.Kind == exercises.ByPick:
		way("enter", fmt.Sprintf("leads to the map: select it there, and press %s", s.KeyOf("pick")))
	case q.Kind == exercises.ByNumber:
		does := "asks for the number"
		if q.Unit != "" {
			does += ", in " + plain.Line(q.Unit)
		}
		way("enter", does)
	default:
		for i, c := range q.Choices {
			if i == p.choice {
				*focus = before + len(rows)
			}
			rows = append(rows, p.option(s, i, fmt.Sprint(i+1), c.Text, w)...)
		}
		if p.choice == len(q.Choices) {
			*focus = before + len(rows)
		}
		return append(rows, p.option(s, len(q.Choices), "o", "I cannot say", w)...)
	}
	way("o    ", "passes it over")
	return rows
}

// option is an answer that can be chosen.
func (p *lesson) option(s *panel.State, i int, key, text string, w int) []row {
	rows := hanging(s.Theme.Accent.Render(" "+key)+" ", text, s.Theme.Text, w)
	for j := range rows {
		rows[j].hit = i + 1
		if i == p.choice {
			rows[j].text = chosen(s, rows[j].text, w)
		}
	}
	return rows
}

// checks are those of a step, with what is observed in place of what has not passed yet.
func (p *lesson) checks(s *panel.State, step *session.StepStatus, w int) []row {
	t := s.Theme
	passed, said := 0, ""
	if q := p.active(step); q != nil && q.Answer == nil {
		said = plain.Line(q.Text) // which stands above
	}
	var list []row
	for _, c := range step.Checks {
		if c.Passed {
			passed++
			style := t.Text
			if d := s.Now.Sub(c.At); d >= 0 && d < justNow {
				style = t.Changed
			}
			list = append(list, hanging(t.Good.Render("✓ "), c.Says, style, w)...)
			continue
		}
		list = append(list, hanging(t.Muted.Render("○ "), c.Says, t.Text, w)...)
		if observed := plain.Line(c.Observed); observed != "" && (said == "" || !strings.HasSuffix(observed, said)) {
			said = observed
			list = append(list, hanging("  ", observed, t.Muted, w)...)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return append([]row{blank, heading(s, "Checks", fmt.Sprintf("%d of %d", passed, len(step.Checks)), w)}, list...)
}

// remark is what there is to say about what is observed.
func (p *lesson) remark(s *panel.State, step *session.StepStatus, w int) []row {
	if step.Remark == "" {
		return nil
	}
	return append([]row{blank}, hanging(s.Theme.Warn.Render("▲ "), step.Remark, s.Theme.Text, w)...)
}

// hints are those that were asked for.
func (p *lesson) hints(s *panel.State, step *session.StepStatus, w int) []row {
	t := s.Theme
	var rows []row
	for i, text := range step.Hints {
		rows = append(rows, hanging(t.Accent.Render(fmt.Sprintf("%d ", i+1)), text, t.Text, w)...)
	}
	if step.HintsLeft > 0 {
		offer := " gives a hint"
		if len(step.Hints) > 0 {
			offer = " gives another one"
		}
		rows = append(rows, row{text: keyed(s, "h") + t.Muted.Render(offer)})
	}
	if len(rows) == 0 {
		return nil
	}
	return append([]row{blank, heading(s, "Hints", fmt.Sprintf("%d of %d", len(step.Hints), len(step.Hints)+step.HintsLeft), w)}, rows...)
}

// elsewhere reports whether another panel has the keys.
func elsewhere(s *panel.State) bool { return s.Focus != "" && s.Focus != Name }

// keyed is a key of this panel, behind the one that leads here where that is needed.
func keyed(s *panel.State, key string) string {
	if elsewhere(s) {
		return s.Theme.Accent.Render(s.KeyOf("exercises")) + s.Theme.Muted.Render(", then ") + s.Theme.Accent.Render(key)
	}
	return s.Theme.Accent.Render(key)
}

// chosen is a line of w cells as the one that keys act on.
func chosen(s *panel.State, line string, w int) string {
	return s.Theme.Selected.Render(widget.Fit(strings.TrimRight(ansi.Strip(line), " "), w))
}
