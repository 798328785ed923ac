package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kubelab/core/view"
	"kubelab/exercises/expr"
	"kubelab/exercises/solution"
)

// findBound is how long a command of a solution waits for a value in it that the lab is asked for.
const findBound = 20 * time.Second

// Runner runs a command of a solution.
type Runner interface {
	// Lab runs lab with arguments, on the lab of the Session and in a folder with the solution's files. What it has
	// printed is returned with the error that says how it has failed.
	Lab(ctx context.Context, folder string, args []string) (output string, err error)
}

// Played is a command of a solution. It is told twice: when it begins, and when it has ended.
type Played struct {
	Step    string `json:"step"`
	Command string `json:"command"` // with values in place of expressions
	Ended   bool   `json:"ended"`
	Output  string `json:"output,omitempty"`
	Error   string `json:"error,omitempty"`
}

// Play plays the exercise's solution from the current step on, while the Session runs, and waits after each step until it is
// passed. A command that fails, or a step that is not passed within its time, is an error that says at which line of the
// solution, and what was observed instead.
func (s *Session) Play(ctx context.Context, run Runner, report func(Played)) error {
	if s.Exercise.Solution == nil {
		return view.Fail(view.NotFound, "exercise %s has no solution", s.Exercise.ID)
	}
	for _, step := range s.Exercise.Solution.Steps {
		if s.isPassed(step.ID) {
			continue
		}
		if err := s.solveStep(ctx, run, step, report); err != nil {
			return err
		}
	}
	return nil
}

// solveStep plays a step of the solution, and waits until the step is passed.
func (s *Session) solveStep(ctx context.Context, run Runner, step solution.Step, report func(Played)) error {
	if err := s.playStep(ctx, run, "solution", s.Exercise.Solution, step, report); err != nil {
		return err
	}
	if err := s.awaitStep(ctx, step.ID); err != nil {
		return fmt.Errorf("solution of %s, step %s: %w", s.Exercise.ID, step.ID, err)
	}
	return nil
}

// playStep plays the commands of a step in a folder with the files of their script.
func (s *Session) playStep(ctx context.Context, run Runner, what string, script *solution.Solution, step solution.Step, report func(Played)) error {
	folder, err := os.MkdirTemp("", "lab-solution-")
	if err != nil {
		return fmt.Errorf("play the %s: %w", what, err)
	}
	defer os.RemoveAll(folder)
	for _, f := range script.Files {
		if err := os.WriteFile(filepath.Join(folder, f.Name), []byte(f.Text), 0o600); err != nil {
			return fmt.Errorf("play the %s: %w", what, err)
		}
	}
	for _, c := range step.Commands {
		if err := s.play(ctx, run, folder, step.ID, c, report); err != nil {
			return fmt.Errorf("%s of %s, line %d: %w", what, s.Exercise.ID, c.Line, err)
		}
	}
	return nil
}

func (s *Session) play(ctx context.Context, run Runner, folder, step string, c solution.Command, report func(Played)) error {
	switch c.Verb {
	case solution.Until:
		return s.until(ctx, step, c.Until)
	case solution.Not:
		return s.notPassed(ctx, step, c)
	}
	args := make([]string, len(c.Args))
	for i, a := range c.Args {
		err := s.retry(ctx, findBound, func() (err error) {
			args[i], err = s.fillIn(ctx, a)
			return err
		})
		if err != nil {
			return err
		}
	}
	p := Played{Step: step, Command: string(c.Verb) + " " + strings.Join(args, " ")}
	report(p)
	var err error
	if c.Verb == solution.Answer {
		err = s.Answer(args[0], args[1])
	} else {
		p.Output, err = run.Lab(ctx, folder, args)
		switch {
		case c.Fails && err == nil:
			err = errors.New("it should have failed")
		case c.Fails:
			err = nil
		}
	}
	p.Ended = true
	if err != nil {
		p.Error = err.Error()
		err = fmt.Errorf("%s: %w", p.Command, err)
	}
	report(p)
	return err
}

// fillIn is an argument with values in place of expressions.
func (s *Session) fillIn(ctx context.Context, t *expr.Template) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, err := t.Fill(ctx, s.world().Variables())
	s.soon() // which asks the lab what was wanted and is not known
	return text, err
}

func (s *Session) until(ctx context.Context, step string, x *expr.Expr) error {
	return s.retry(ctx, s.within(step), func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		holds, err := x.Holds(ctx, s.world().Variables())
		s.soon()
		if err == nil && !holds {
			err = fmt.Errorf("%s does not hold", x)
		}
		return err
	})
}

// retry tries until there is no error, within a bound.
func (s *Session) retry(ctx context.Context, bound time.Duration, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-time.After(judgeEvery):
		case <-ctx.Done():
			return view.Fail(view.TimedOut, "within %s: %w", bound, err)
		}
	}
}

func (s *Session) awaitStep(ctx context.Context, step string) error {
	return s.retry(ctx, s.within(step), func() error {
		if s.isPassed(step) {
			return nil
		}
		return errors.New("it is not passed: " + s.missing(ctx, step))
	})
}

// missing says which checks and questions are left of a step.
func (s *Session) missing(ctx context.Context, id string) string {
	var list []string
	for _, step := range s.Status(ctx).Steps {
		if step.ID != id {
			continue
		}
		for _, c := range step.Checks {
			if !c.Passed {
				list = append(list, c.ID+" ("+c.Observed+")")
			}
		}
		for _, q := range step.Asks {
			if q.Answer == nil {
				list = append(list, q.ID+" is not answered")
			}
		}
	}
	return strings.Join(list, "; ")
}

func (s *Session) isPassed(step string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, one := range s.Exercise.Steps {
		if one.ID == step {
			return s.began() && i < s.record.Step
		}
	}
	return false
}

func (s *Session) within(step string) time.Duration {
	for _, one := range s.Exercise.Steps {
		if one.ID == step {
			return one.Within
		}
	}
	return findBound
}
