package lesson

import (
	"fmt"

	"kubelab/core/plain"
	"kubelab/exercises"
	"kubelab/exercises/course"
	"kubelab/exercises/session"
	"kubelab/tui/panel"
)

// deedKey is a key that goes on with the exercise, helps, or goes back.
func (p *lesson) deedKey(s *panel.State, key string) (panel.Result, bool) {
	st := p.status(s)
	deed := func(v course.Verb) panel.Result {
		return panel.Result{Lesson: &course.Deed{Verb: v, Exercise: st.Exercise}}
	}
	switch key {
	case "enter":
		switch {
		case st.Phase == session.Done:
			return p.next(s), true
		case st.Phase != session.NotBegun:
			return panel.Result{Note: fmt.Sprintf("nothing is asked now: do what the step says, with the keys of the screen or behind %s", s.KeyOf("command"))}, true
		case s.Lessons.Why != "":
			return panel.Result{Note: s.Lessons.Why}, true
		}
		return deed(course.Begin), true
	case "h":
		if why := noHint(st); why != "" {
			return panel.Result{Note: why}, true
		}
		return deed(course.Hint), true
	case "R":
		if why := noReset(s, st); why != "" {
			return panel.Result{Note: why}, true
		}
		return panel.Result{Choose: whereTo(st, deed(course.Again), deed(course.Begin))}, true
	}
	return panel.Result{}, false
}

// next opens the next exercise.
func (p *lesson) next(s *panel.State) panel.Result {
	e := s.Lessons.Next()
	if e == nil {
		p.Back()
		return panel.Result{Note: "You have passed all exercises."}
	}
	return p.enter(s, e.ID)
}

// whereTo asks how far to go back.
func whereTo(st *session.Status, step, all panel.Result) *panel.Choice {
	var options []panel.Option
	if one := current(st); one != nil {
		options = append(options, panel.Option{Key: "s", Text: fmt.Sprintf("to the start of this step: %s", plain.Line(one.Title)), Wants: step})
	}
	return &panel.Choice{Title: "Go back? The lab is brought into the shape it had then.", Options: append(options,
		panel.Option{Key: "e", Text: "to the start of the exercise", Wants: all}, panel.Option{Key: "c", Text: "Cancel"})}
}

// noHint is why there is no hint.
func noHint(st *session.Status) string {
	step := current(st)
	switch {
	case step == nil:
		return "hints are there while a step is to be done"
	case step.HintsLeft == 0:
		return "these are all hints that there are for this step"
	}
	return ""
}

// noReset is why nobody can go back.
func noReset(s *panel.State, st *session.Status) string {
	switch {
	case s.Lessons.Why != "":
		return s.Lessons.Why
	case st.Phase == session.NotBegun:
		return "it is at its start: enter begins it"
	case st.Phase == session.Setting:
		return "the lab is being brought into shape"
	}
	return ""
}

// Keys are those of the list, or of where the exercise is.
func (p *lesson) Keys(s *panel.State) []panel.Binding {
	p.sync(s)
	st := p.status(s)
	if st == nil {
		why := ""
		if s.Lessons == nil || len(s.Lessons.List) == 0 {
			why = "there are no exercises"
		}
		return []panel.Binding{
			{Keys: "enter", Does: "open the exercise", Why: why, Short: true},
			{Keys: "↑↓ g G", Does: "move, to the first, to the last", Why: why},
		}
	}
	return append(p.actKeys(s, st),
		panel.Binding{Keys: "h", Does: "hint", Why: noHint(st), Short: true},
		panel.Binding{Keys: "R", Does: "go back", Why: noReset(s, st), Short: true},
		panel.Binding{Keys: s.KeyOf("back"), Does: "list", Short: true},
		panel.Binding{Keys: "pgup pgdn", Does: "scroll; so do space, and ↑↓ where there is no answer to choose"},
	)
}

// actKeys are those that begin, answer and go on.
func (p *lesson) actKeys(s *panel.State, st *session.Status) []panel.Binding {
	step := current(st)
	q := p.active(step)
	enter := panel.Binding{Keys: "enter", Short: true}
	switch {
	case st.Phase == session.NotBegun:
		enter.Does, enter.Why = "begin", s.Lessons.Why
	case st.Phase == session.Done:
		enter.Does = "next exercise"
	case q == nil:
		enter.Does, enter.Why = "answer", "nothing is asked now"
	case q.Kind == exercises.ByPick:
		enter.Does = "go and pick"
	case q.Kind == exercises.ByNumber:
		enter.Does = "answer with a number"
	default:
		enter.Keys, enter.Does = fmt.Sprintf("1-%d ↑↓", len(q.Choices)), "answer"
	}
	pass, again := "", ""
	if q == nil {
		pass = "nothing is asked now"
	}
	if step == nil || len(step.Asks) == 0 {
		again = "nothing is asked now"
	}
	return []panel.Binding{
		enter,
		{Keys: "o", Does: "pass the question over", Why: pass},
		{Keys: "a", Does: "answer again", Why: again, Short: q == nil && step != nil && len(step.Checks) > 0 && !step.Passed},
	}
}
