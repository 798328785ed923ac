package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"kubelab/core/view"
	"kubelab/exercises/solution"
)

// Bounds of a trial.
const (
	knownBound = 20 * time.Second // until all that checks ask the lab is answered
	notBound   = 20 * time.Second // until a check says what it is expected to say
	saidFor    = 1500 * time.Millisecond
)

// Tried is a step of an exercise that was tried.
type Tried struct {
	Step string `json:"step"`
	// Wrong says that a wrong path was played, and has not passed; Reset is how long it then took to go back to the step's start.
	Wrong bool          `json:"wrong"`
	Reset time.Duration `json:"reset,omitempty"` // nanoseconds
	// Solved is how long the solution took until the step was passed.
	Solved time.Duration `json:"solved"` // nanoseconds
}

// Try proves the exercise on the Session's lab, while the Session runs: for each step no check has passed when it begins, none that a
// wrong path names has passed by that, and all have by the solution. What is otherwise is an error. The exercise is begun anew.
func (s *Session) Try(ctx context.Context, run Runner, setup view.Report, played func(Played), tried func(Tried)) error {
	if s.Exercise.Solution == nil {
		return view.Fail(view.NotFound, "exercise %s has no solution", s.Exercise.ID)
	}
	if err := s.Start(ctx, setup); err != nil {
		return err
	}
	for _, step := range s.Exercise.Steps {
		one := Tried{Step: step.ID}
		if err := s.nothingPassed(ctx, step.ID); err != nil {
			return err
		}
		if wrong := s.Exercise.Wrong.Step(step.ID); wrong != nil {
			one.Wrong = true
			if err := s.playStep(ctx, run, "wrong path", s.Exercise.Wrong, *wrong, played); err != nil {
				return err
			}
			began := time.Now()
			if err := s.ResetStep(ctx, setup); err != nil {
				return err
			}
			one.Reset = time.Since(began)
			if err := s.nothingPassed(ctx, step.ID); err != nil {
				return err
			}
		}
		solved := s.Exercise.Solution.Step(step.ID)
		if solved == nil {
			return view.Fail(view.Failed, "the solution of %s skips step %s", s.Exercise.ID, step.ID)
		}
		began := time.Now()
		if err := s.solveStep(ctx, run, *solved, played); err != nil {
			return err
		}
		one.Solved = time.Since(began)
		tried(one)
	}
	return nil
}

// nothingPassed waits until all checks of a step are judged, and complains of one that holds although nothing was done.
func (s *Session) nothingPassed(ctx context.Context, step string) error {
	err := s.retry(ctx, knownBound, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.judged.IsZero() || s.unwritten || s.asker.Busy() {
			return errors.New("the lab has not yet said all that checks ask")
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s, step %s: %w", s.Exercise.ID, step, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.current(); now == nil || now.ID != step {
		return fmt.Errorf("%s, step %s: it is passed although nothing was done", s.Exercise.ID, step)
	}
	for _, c := range s.current().Checks {
		if _, holds := s.holds[c.ID]; holds || !s.record.Checks[step][c.ID].IsZero() {
			return fmt.Errorf("%s, step %s: check %s holds although nothing was done", s.Exercise.ID, step, c.ID)
		}
	}
	return nil
}

// notPassed waits until a check has said for a while what it is expected to say, and complains when it passes.
func (s *Session) notPassed(ctx context.Context, step string, c solution.Command) error {
	var passed error
	var since time.Time
	err := s.retry(ctx, notBound, func() error {
		says, has := s.says(ctx, step, c.Check)
		switch {
		case has:
			passed = fmt.Errorf("check %s is passed by that", c.Check)
			return nil
		case !strings.Contains(says, c.Words):
			since = time.Time{}
			return fmt.Errorf("check %s says %q, and not %q", c.Check, says, c.Words)
		case since.IsZero():
			since = time.Now()
		}
		if time.Since(since) < saidFor {
			return fmt.Errorf("check %s has only just begun to say %q", c.Check, says)
		}
		return nil
	})
	return errors.Join(passed, err)
}

// says is what a check of a step says instead of having passed.
func (s *Session) says(ctx context.Context, step, id string) (says string, passed bool) {
	for _, of := range s.Status(ctx).Steps {
		for _, check := range of.Checks {
			if of.ID == step && check.ID == id {
				return check.Observed, check.Passed
			}
		}
	}
	return "", false
}
