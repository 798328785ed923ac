package session

import (
	"context"

	"kubelab/core/view"
	"kubelab/exercises/progress"
)

// Hint is a hint to the current step.
type Hint struct {
	Level int    `json:"level"` // from 1
	Of    int    `json:"of"`
	Text  string `json:"text"`
	// Remark is drawn from what is observed now; empty when there is nothing to say.
	Remark string `json:"remark,omitempty"`
}

// Hint is the hint of a level, from 1, or the next one for 0: after the last the last again. That it was given is kept.
func (s *Session) Hint(ctx context.Context, level int) (Hint, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	step := s.current()
	switch {
	case step == nil:
		return Hint{}, view.Fail(view.Usage, "exercise %s is not being done: begin it first", s.Exercise.ID)
	case len(step.HintsOf) == 0:
		return Hint{Remark: s.remark}, nil
	case level < 0 || level > len(step.HintsOf):
		return Hint{}, view.Fail(view.Usage, "there is no hint %d: step %s has %d", level, step.ID, len(step.HintsOf))
	case level == 0:
		level = min(s.record.Hints[step.ID]+1, len(step.HintsOf))
	}
	if level > s.record.Hints[step.ID] {
		s.change(func(r *progress.Record) { put(&r.Hints, step.ID, level) })
	}
	return Hint{level, len(step.HintsOf), step.HintsOf[level-1].Render(ctx, s.world().Variables()), s.remark}, nil
}
