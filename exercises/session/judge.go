package session

import (
	"context"
	"fmt"
	"time"

	"kubelab/exercises"
	"kubelab/exercises/check"
	"kubelab/exercises/expr"
	"kubelab/exercises/progress"
)

// judge judges the checks of the current step, and goes to the next one when all have passed and all is answered.
func (s *Session) judge(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	step := s.current()
	if step == nil || s.setting || s.Lab.Snapshot() == nil {
		return
	}
	at := placeIn(s.record) // as it is now: any change of the record may find that another session has gone on
	w := s.world()
	s.revision, s.judged, s.unwritten = w.Lab.Revision, s.Now(), false
	values := w.Variables()
	s.keep(ctx, step, values)
	done := true
	for i := range step.Checks {
		done = s.judgeOne(ctx, step, &step.Checks[i], values) && done
	}
	s.remarkOn(ctx, step, values)
	s.asker.Serve(ctx, s.answeredByLab)
	if done && s.answered(step) {
		s.pass(ctx, at, step, values)
	}
}

// answeredByLab has checks judged again: the lab has answered what one of them wants to know.
func (s *Session) answeredByLab() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.judged = time.Time{}
	clear(s.written)
	s.soon()
}

// world is what expressions see now.
func (s *Session) world() check.World {
	w := check.World{
		Now: s.Now(), Lab: s.Lab.Snapshot(), Start: s.record.Start,
		Answers: map[string]any{}, Kept: s.record.Kept, Step: s.step, Unit: s.unit, Asker: s.asker,
	}
	if w.Start == nil {
		w.Start = w.Lab
	}
	if w.Kept == nil {
		w.Kept = map[string]any{}
	}
	for id, a := range s.record.Answers {
		if a.Value != nil {
			w.Answers[id] = a.Value
		}
	}
	return w
}

// keep notes values that are to be kept and can be had.
func (s *Session) keep(ctx context.Context, step *exercises.Step, values map[string]any) {
	for _, k := range step.Keep {
		if _, known := s.record.Kept[k.Name]; known {
			continue
		}
		v, err := k.Expr.Eval(ctx, values)
		if err != nil {
			continue // it cannot be had yet; what reads it says so
		}
		value, err := expr.Plain(v)
		if err != nil {
			s.notice = fmt.Sprintf("keep %s: %v", k.Name, err)
			continue
		}
		s.change(func(r *progress.Record) { put(&r.Kept, k.Name, value) })
		values["kept"] = s.record.Kept
	}
}

// judgeOne reports whether a check has passed, now or before.
func (s *Session) judgeOne(ctx context.Context, step *exercises.Step, c *exercises.Check, values map[string]any) bool {
	if !s.record.Checks[step.ID][c.ID].IsZero() {
		return true
	}
	observed := ""
	if missing := s.unanswered(c.Condition.Fields("answers")); missing != nil {
		observed = "Answer first: " + missing.Text
	} else if holds, err := c.Condition.Holds(ctx, values); err != nil || !holds {
		delete(s.holds, c.ID)
		if s.written[c.ID].After(s.Now().Add(-writeEvery)) {
			s.unwritten = true
			return false
		}
		s.written[c.ID] = s.Now()
		observed = c.Observed.Render(ctx, values)
		if err != nil {
			observed += " (" + expr.Clean(err.Error()) + ")"
		}
	} else if left := s.left(c); left > 0 {
		observed = fmt.Sprintf("So it is now; it has to stay so for %s, %s more.", c.For, left.Round(time.Second))
	} else {
		delete(s.holds, c.ID)
		delete(s.observed, c.ID)
		at := s.Now()
		s.change(func(r *progress.Record) {
			if r.Checks == nil {
				r.Checks = map[string]map[string]time.Time{}
			}
			if r.Checks[step.ID] == nil {
				r.Checks[step.ID] = map[string]time.Time{}
			}
			r.Checks[step.ID][c.ID] = at
		})
		return true
	}
	if s.observed[c.ID] != observed {
		s.observed[c.ID] = observed
		s.tell()
	}
	return false
}

// left is how long a condition that holds has still to do so.
func (s *Session) left(c *exercises.Check) time.Duration {
	since, ok := s.holds[c.ID]
	if !ok {
		since = s.Now()
		s.holds[c.ID] = since
	}
	return c.For - s.Now().Sub(since)
}

// unanswered is the first question of some ids that has no answer.
func (s *Session) unanswered(ids []string) *exercises.Ask {
	for _, id := range ids {
		if s.record.Answers[id].Value == nil {
			return s.ask(id)
		}
	}
	return nil
}

// answered reports whether all questions of a step are answered or passed over.
func (s *Session) answered(step *exercises.Step) bool {
	for _, q := range step.Ask {
		if _, ok := s.record.Answers[q.ID]; !ok {
			return false
		}
	}
	return true
}

// remarkOn finds what is to be said about what is observed.
func (s *Session) remarkOn(ctx context.Context, step *exercises.Step, values map[string]any) {
	remark := ""
	for _, m := range step.Remarks {
		if holds, err := m.Condition.Holds(ctx, values); err == nil && holds { // what cannot be known is no reason for a remark
			remark = m.Text.Render(ctx, values)
			break
		}
	}
	if remark != s.remark {
		s.remark = remark
		s.tell()
	}
}

// place is a step of one attempt at an exercise.
type place struct {
	step  int
	began time.Time // the attempt
}

func placeIn(r progress.Record) place { return place{r.Step, r.Began} }

func (p place) is(r progress.Record) bool { return p.step == r.Step && p.began.Equal(r.Began) }

// pass ends the step at a place, which is passed: predictions are compared with what has happened, and the next step begins.
func (s *Session) pass(ctx context.Context, at place, step *exercises.Step, values map[string]any) {
	compared := map[string]progress.Answer{}
	for _, q := range step.Ask {
		a := s.record.Answers[q.ID]
		if q.IsRight != nil && a.Value != nil {
			if right, err := q.IsRight.Holds(ctx, values); err == nil { // otherwise nobody can say
				a.Right = &right
			}
		}
		if q.Was != "" {
			a.Was = q.Truth.Render(ctx, values)
		}
		compared[q.ID] = a
	}
	last := at.step+1 == len(s.Exercise.Steps)
	debrief, now, lab := "", s.Now(), s.Lab.Snapshot()
	if last && s.Exercise.Debrief != nil {
		debrief = s.Exercise.Debrief.Render(ctx, values)
	}
	passed := false
	s.change(func(r *progress.Record) {
		if !at.is(*r) {
			return // another session of the same person has seen the same, and was faster
		}
		passed = true
		for id, a := range compared {
			put(&r.Answers, id, a)
		}
		r.Step++
		switch {
		case !last:
			r.StepBegan, r.Start = now, lab
			return
		case r.Passed.IsZero():
			r.Passed = now
		}
		r.Debrief = debrief
	})
	switch {
	case !passed:
		s.remember()
		s.asker.Forget()
	case !last:
		s.stepBegins()
	}
}

// begin begins a step.
func (s *Session) begin(step int) {
	now, lab := s.Now(), s.Lab.Snapshot()
	s.change(func(r *progress.Record) { r.Step, r.StepBegan, r.Start = step, now, lab })
	s.stepBegins()
}

// stepBegins forgets what belongs to the step before.
func (s *Session) stepBegins() {
	s.step = s.log.From()
	s.fresh()
	s.asker.Forget()
	s.soon()
}

// fresh forgets what was judged of the step before.
func (s *Session) fresh() {
	s.holds, s.observed, s.written = map[string]time.Time{}, map[string]string{}, map[string]time.Time{}
	s.remark, s.judged = "", time.Time{}
}

func put[T any](m *map[string]T, key string, value T) {
	if *m == nil {
		*m = map[string]T{}
	}
	(*m)[key] = value
}
