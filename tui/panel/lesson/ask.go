package lesson

import (
	"fmt"
	"slices"
	"strings"

	"kubelab/core/plain"
	"kubelab/exercises"
	"kubelab/exercises/course"
	"kubelab/exercises/session"
	"kubelab/tui/panel"
)

// active is the question of a step that is to be answered now: the one that was chosen, or the first without an answer. It is nil if there
// is none.
func (p *lesson) active(step *session.StepStatus) *session.AskStatus {
	if step == nil {
		return nil
	}
	for i := range step.Asks {
		if q := &step.Asks[i]; q.ID == p.asked {
			return q
		}
	}
	for i := range step.Asks {
		if q := &step.Asks[i]; q.Answer == nil {
			return q
		}
	}
	return nil
}

// askKey is a key that is about the questions of a step.
func (p *lesson) askKey(s *panel.State, key string) (panel.Result, bool) {
	step := current(p.status(s))
	if step == nil {
		return panel.Result{}, false
	}
	q := p.active(step)
	switch {
	case key == "a":
		return p.again(step, q), true
	case key == "o":
		if q == nil {
			return panel.Result{Note: "nothing is asked now that could be passed over"}, true
		}
		return p.answer(s, q, session.PassOver), true
	case q == nil:
		return panel.Result{}, false
	case q.Kind == exercises.ByNumber:
		return p.numberKey(s, q, key)
	case q.Kind == exercises.ByPick && key == "enter":
		return panel.Result{Open: "map", Note: p.howToPick(s, q)}, true
	case q.Kind == exercises.ByChoice:
		return p.choiceKey(s, q, key)
	}
	return panel.Result{}, false
}

// again has a question answered once more: the last one, then the one before.
func (p *lesson) again(step *session.StepStatus, q *session.AskStatus) panel.Result {
	if len(step.Asks) == 0 {
		return panel.Result{Note: "this step asks nothing"}
	}
	i := 0
	if q != nil {
		i = slices.IndexFunc(step.Asks, func(one session.AskStatus) bool { return one.ID == q.ID })
	}
	next := &step.Asks[(i+len(step.Asks)-1)%len(step.Asks)]
	p.asked, p.choice, p.page.reveal = next.ID, 0, true
	if next.Answer != nil {
		p.choice = max(slices.IndexFunc(next.Choices, func(c exercises.Choice) bool { return c.ID == next.Answer.Value }), 0)
	}
	return panel.Result{}
}

// choiceKey moves among the answers, and answers. The last one is to pass the question over.
func (p *lesson) choiceKey(s *panel.State, q *session.AskStatus, key string) (panel.Result, bool) {
	to := p.choice
	switch key {
	case "up", "k":
		to--
	case "down", "j":
		to++
	case "enter":
		return p.answerChoice(s, p.choice), true
	default:
		if len(key) == 1 && key[0] >= '1' && key[0] <= '9' {
			return p.answerChoice(s, int(key[0]-'1')), true
		}
		return panel.Result{}, false
	}
	if to < 0 || to > len(q.Choices) {
		return panel.Result{}, false // then it scrolls
	}
	p.choice, p.page.reveal = to, true
	return panel.Result{}, true
}

// answerChoice answers the question with one of its choices.
func (p *lesson) answerChoice(s *panel.State, i int) panel.Result {
	q := p.active(current(p.status(s)))
	switch {
	case q == nil || q.Kind != exercises.ByChoice:
		return panel.Result{}
	case i == len(q.Choices):
		return p.answer(s, q, session.PassOver)
	case i > len(q.Choices):
		return panel.Result{Note: fmt.Sprintf("there are %d answers to choose from", len(q.Choices))}
	}
	return p.answer(s, q, q.Choices[i].ID)
}

// numberKey asks for the number. Who types it at once need not press enter before.
func (p *lesson) numberKey(s *panel.State, q *session.AskStatus, key string) (panel.Result, bool) {
	typed := ""
	switch {
	case len(key) == 1 && strings.Contains("0123456789-.", key):
		typed = key
	case key != "enter":
		return panel.Result{}, false
	}
	title := plain.Line(q.Text)
	if q.Unit != "" {
		title += " (in " + plain.Line(q.Unit) + ")"
	}
	id, exercise := q.ID, p.open // the answer comes later
	return panel.Result{Prompt: &panel.Prompt{Title: title, Text: typed, Typed: true, Done: func(text string) panel.Result {
		if strings.TrimSpace(text) == "" {
			return panel.Result{Note: "nothing was answered"}
		}
		p.asked = ""
		return panel.Result{Lesson: &course.Deed{Verb: course.Answer, Exercise: exercise, Question: id, Text: text}}
	}}}, true
}

// answer answers a question.
func (p *lesson) answer(s *panel.State, q *session.AskStatus, text string) panel.Result {
	p.asked, p.choice = "", 0
	return panel.Result{Lesson: &course.Deed{Verb: course.Answer, Exercise: s.Lessons.Open.Exercise, Question: q.ID, Text: text}}
}

// picks is the question that what is selected elsewhere answers; nil if there is none. One that is answered can be answered once more.
func (p *lesson) picks(s *panel.State) *session.AskStatus {
	if s.Lessons == nil {
		return nil
	}
	step := current(s.Lessons.Open)
	if q := p.active(step); q != nil && q.Kind == exercises.ByPick {
		return q
	}
	if step != nil {
		for i := range step.Asks {
			if q := &step.Asks[i]; q.Kind == exercises.ByPick {
				return q
			}
		}
	}
	return nil
}

// NoPick is why nothing has to be picked.
func (p *lesson) NoPick(s *panel.State) string {
	if p.picks(s) == nil {
		return "No exercise asks for something to be picked now."
	}
	return ""
}

// Pick answers with what is selected.
func (p *lesson) Pick(s *panel.State, selected string) panel.Result {
	q := p.picks(s)
	if q == nil {
		return panel.Result{Note: p.NoPick(s)}
	}
	r := p.answer(s, q, selected)
	r.Note = fmt.Sprintf("You have picked %s. %s leads back.", plain.Line(selected), s.KeyOf("exercises"))
	return r
}

// howToPick says how a pick is answered.
func (p *lesson) howToPick(s *panel.State, q *session.AskStatus) string {
	return fmt.Sprintf("%s Select it, then press %s. %s leads back.", plain.Line(q.Text), s.KeyOf("pick"), s.KeyOf("exercises"))
}

// answerOf is an answer in words.
func answerOf(q *session.AskStatus) string {
	switch v := q.Answer.Value.(type) {
	case nil:
		return "passed over"
	case float64:
		return strings.TrimSpace(fmt.Sprintf("%.10g %s", v, plain.Line(q.Unit)))
	default:
		for _, c := range q.Choices {
			if c.ID == v {
				return plain.Line(c.Text)
			}
		}
		return plain.Line(fmt.Sprint(v))
	}
}
