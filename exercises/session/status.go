package session

import (
	"context"
	"time"

	"kubelab/exercises"
	"kubelab/exercises/progress"
)

// Status is how far an exercise is, ready to be shown.
type Status struct {
	Exercise  string `json:"exercise"` // its id
	Title     string `json:"title"`
	Objective string `json:"objective"`
	Minutes   int    `json:"minutes"`
	Task      string `json:"task"` // Markdown

	Phase Phase `json:"phase"`
	// Steps are all of them; Current is the index of the one that is to be done, their number when all are.
	Steps   []StepStatus `json:"steps"`
	Current int          `json:"current"`

	Began time.Time `json:"began,omitzero"`
	// Passed is when the exercise was passed for the first time, which may have been before this round.
	Passed  time.Time `json:"passed,omitzero"`
	Debrief string    `json:"debrief,omitempty"` // Markdown; once all is passed
	Notice  string    `json:"notice,omitempty"`  // what is wrong with the file that keeps progress
}

// Phase is where in an exercise a person is.
type Phase string

// The phases.
const (
	NotBegun Phase = "not begun"
	Setting  Phase = "being set up"
	Doing    Phase = "doing"
	Done     Phase = "passed"
)

// StepStatus is a step. Of one that is not begun only ID and Title are known.
type StepStatus struct {
	ID     string        `json:"id"`
	Title  string        `json:"title"`
	Task   string        `json:"task,omitempty"` // Markdown
	Passed bool          `json:"passed"`
	Asks   []AskStatus   `json:"asks,omitempty"`
	Checks []CheckStatus `json:"checks,omitempty"`
	Hints  []string      `json:"hints,omitempty"` // that were given
	// HintsLeft is how many hints there are beside these.
	HintsLeft int       `json:"hintsLeft"`
	Remark    string    `json:"remark,omitempty"` // drawn from what is observed
	Began     time.Time `json:"began,omitzero"`
	// Within is how long it should take in nanoseconds, and Overdue that it takes longer.
	Within  time.Duration `json:"within,omitempty"`
	Overdue bool          `json:"overdue,omitempty"`
}

// AskStatus is a question.
type AskStatus struct {
	ID      string             `json:"id"`
	Text    string             `json:"text"`
	Kind    exercises.Kind     `json:"kind"`
	Choices []exercises.Choice `json:"choices,omitempty"`
	Unit    string             `json:"unit,omitempty"`
	Pick    []string           `json:"pick,omitempty"`
	// Predicts says that the answer is compared with what happens.
	Predicts bool `json:"predicts,omitempty"`
	// Answer is nil while there is none. Its Value is nil when the question was passed over.
	Answer *progress.Answer `json:"answer,omitempty"`
}

// CheckStatus is a check.
type CheckStatus struct {
	ID       string    `json:"id"`
	Says     string    `json:"says"`
	Passed   bool      `json:"passed"`
	At       time.Time `json:"at,omitzero"`        // when it was passed
	Observed string    `json:"observed,omitempty"` // what is the case instead
}

// Status is how far it is now.
func (s *Session) Status(ctx context.Context) Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.Exercise
	out := Status{
		Exercise: e.ID, Title: e.Title, Objective: e.Objective, Minutes: e.Minutes, Phase: s.phase(), Current: s.record.Step,
		Began: s.record.Began, Passed: s.record.Passed, Debrief: s.record.Debrief, Notice: s.notice,
	}
	values := map[string]any{}
	if s.Lab.Snapshot() != nil {
		values = s.world().Variables()
	}
	out.Task = e.Task.Render(ctx, values)
	for i := range e.Steps {
		step := &e.Steps[i]
		st := StepStatus{ID: step.ID, Title: step.Title, Passed: s.began() && i < s.record.Step, HintsLeft: len(step.Hints)}
		if s.began() && i <= s.record.Step {
			s.fill(ctx, &st, step, values)
		}
		if s.current() == step {
			st.Task, st.Remark = step.Task.Render(ctx, values), s.remark
			st.Began, st.Within = s.record.StepBegan, step.Within
			st.Overdue = s.Now().Sub(st.Began) > st.Within
		}
		out.Steps = append(out.Steps, st)
	}
	return out
}

func (s *Session) phase() Phase {
	switch {
	case s.setting:
		return Setting
	case !s.began():
		return NotBegun
	case s.current() == nil:
		return Done
	}
	return Doing
}

// fill fills in what is known of a step that was begun.
func (s *Session) fill(ctx context.Context, st *StepStatus, step *exercises.Step, values map[string]any) {
	for _, q := range step.Ask {
		a := AskStatus{ID: q.ID, Text: q.Text, Kind: q.Kind, Choices: q.Choices, Unit: q.Unit, Pick: q.Pick, Predicts: q.Right != ""}
		if given, ok := s.record.Answers[q.ID]; ok {
			a.Answer = &given
		}
		st.Asks = append(st.Asks, a)
	}
	for _, c := range step.Checks {
		at := s.record.Checks[step.ID][c.ID]
		one := CheckStatus{ID: c.ID, Says: c.Says, Passed: !at.IsZero(), At: at}
		if !one.Passed && s.current() == step {
			one.Observed = s.observed[c.ID]
		}
		st.Checks = append(st.Checks, one)
	}
	for i := range min(s.record.Hints[step.ID], len(step.HintsOf)) {
		st.Hints = append(st.Hints, step.HintsOf[i].Render(ctx, values))
	}
	st.HintsLeft = len(step.Hints) - len(st.Hints)
}
