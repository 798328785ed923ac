package course

import (
	"context"
	"slices"

	"kubelab/core/view"
	"kubelab/exercises/session"
)

// Verb is what can be done with an exercise.
type Verb string

// The verbs.
const (
	Open   Verb = "open"   // Exercise is to be shown; nothing is done to the lab
	Begin  Verb = "begin"  // Exercise begins, or begins anew: the lab is brought into shape
	Again  Verb = "again"  // back to the beginning of the step
	Answer Verb = "answer" // Text answers Question
	Hint   Verb = "hint"   // the next hint is wanted
)

// Deed is something that a person wants of the exercises.
type Deed struct {
	Verb     Verb
	Exercise string // its id. It has to be the open one for what is not Open or Begin: another may have been opened meanwhile
	Question string // an Answer's
	Text     string
}

// Do does it. What goes wrong with a setup is in the Look as well.
func (c *Course) Do(ctx context.Context, d Deed) error {
	if c.Why != "" && d.Verb != Open {
		return view.Fail(view.Failed, "%s", c.Why)
	}
	open, err := c.find(d)
	if err != nil {
		return err
	}
	switch d.Verb {
	case Begin:
		return c.set(func(report view.Report) error { return open.Start(ctx, report) })
	case Again:
		return c.set(func(report view.Report) error { return open.ResetStep(ctx, report) })
	case Answer:
		return open.Answer(d.Question, d.Text)
	case Hint:
		_, err := open.Hint(ctx, 0)
		return err
	}
	return nil
}

// find is the exercise that a Deed is about. It is the open one then.
func (c *Course) find(d Deed) (*session.Session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open != nil && c.open.Exercise.ID == d.Exercise {
		return c.open, nil
	}
	switch {
	case d.Verb != Open && d.Verb != Begin:
		return nil, view.Fail(view.Usage, "exercise %s is not open any more", d.Exercise)
	case c.setting:
		return nil, view.Fail(view.Usage, "exercise %s is being set up: wait until it can be begun", c.open.Exercise.ID)
	}
	e, err := c.exercise(d.Exercise)
	if err != nil {
		return nil, err
	}
	if err := c.openIt(e); err != nil {
		return nil, err
	}
	return c.open, nil
}

// set has the lab brought into shape, and keeps how that goes.
func (c *Course) set(do func(view.Report) error) error {
	c.mu.Lock()
	if c.setting {
		c.mu.Unlock()
		return view.Fail(view.Usage, "the exercise is being set up already")
	}
	c.setting, c.setup, c.failed = true, nil, ""
	c.mu.Unlock()
	c.tell()
	err := do(c.report)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setting = false
	if err != nil {
		c.failed = err.Error()
	}
	c.tell()
	return err
}

// report takes a step of a setup.
func (c *Course) report(s view.Step) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Several may be under way at once, and a name may come again later.
	i := slices.IndexFunc(c.setup, func(one SetupStep) bool { return one.Name == s.Name && !one.Done && one.Error == "" })
	if i < 0 {
		c.setup = append(c.setup, SetupStep{Step: s, Began: c.Now()})
	} else {
		c.setup[i].Step = s
	}
	c.tell()
}
