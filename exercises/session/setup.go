package session

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kubelab/core/target"
	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/check"
	"kubelab/exercises/expr"
	"kubelab/exercises/progress"
)

// setupBound is how long it may take to bring a lab into shape: machines may have to be added.
const setupBound = 10 * time.Minute

// seenWithin is how soon a lab shows what was done to it, also to whom it is shown from afar.
const seenWithin = 500 * time.Millisecond

// insistBound is how long objects are tried to be changed.
const insistBound = 20 * time.Second

// pollEvery is how often it is looked whether something is as it is wanted.
const pollEvery = 200 * time.Millisecond

// Start begins the exercise, or begins it anew: the lab is brought into shape, and what was answered and passed is
// forgotten, except that it was once passed as a whole.
func (s *Session) Start(ctx context.Context, report view.Report) error {
	err := s.set(ctx, report, s.Exercise.Setup)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setting = false
	now := s.Now()
	s.change(func(r *progress.Record) { *r = progress.Record{Began: now, Passed: r.Passed} })
	s.unit = s.log.From()
	s.begin(0)
	return nil
}

// ResetStep goes back to the beginning of the current step, with the lab in the shape that it had then.
func (s *Session) ResetStep(ctx context.Context, report view.Report) error {
	s.mu.Lock()
	step, number := s.current(), s.record.Step
	s.mu.Unlock()
	if step == nil {
		return view.Fail(view.Usage, "exercise %s is in no step: begin it anew", s.Exercise.ID)
	}
	if err := s.set(ctx, report, s.Exercise.Setup, step.Setup); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setting = false
	s.change(func(r *progress.Record) {
		delete(r.Checks, step.ID)
		for _, q := range step.Ask {
			delete(r.Answers, q.ID)
		}
		for _, k := range step.Keep {
			delete(r.Kept, k.Name)
		}
	})
	s.begin(number)
	return nil
}

// set brings the lab into shape. No check is judged from then on until its caller has set setting to false; on error it
// has done that itself.
func (s *Session) set(ctx context.Context, report view.Report, setups ...exercises.Setup) error {
	s.mu.Lock()
	if s.setting {
		s.mu.Unlock()
		return view.Fail(view.Usage, "exercise %s is being set up already", s.Exercise.ID)
	}
	s.setting = true
	s.mu.Unlock()
	s.tell()
	ctx, cancel := context.WithTimeout(ctx, setupBound)
	defer cancel()
	err := s.shape(ctx, report, setups)
	if err != nil {
		s.mu.Lock()
		s.setting = false
		s.mu.Unlock()
		s.tell()
		return fmt.Errorf("set up exercise %s: %w", s.Exercise.ID, err)
	}
	return nil
}

func (s *Session) shape(ctx context.Context, report view.Report, setups []exercises.Setup) error {
	lab := s.Lab.Snapshot()
	if lab == nil {
		return view.Fail(view.Failed, "the lab cannot be seen: see lab status")
	}
	if want := s.Exercise.Lab.Timing; want != "" && want != lab.Timing {
		return view.Fail(view.Failed, "it needs a lab with timing %s, and this one has %s: lab delete, then lab start --timing %s", want, lab.Timing, want)
	}
	if err := s.mend(ctx, report); err != nil {
		return err
	}
	if err := s.tidy(ctx, report, setups); err != nil {
		return err
	}
	for i, setup := range setups { // each as a whole: a step's begins where the exercise's has ended
		var running []string
		for _, later := range setups[i+1:] {
			running = append(running, later.Start...)
		}
		if err := s.objects(ctx, report, setup); err != nil {
			return err
		}
		if err := s.stop(ctx, report, setup.Stop, running); err != nil {
			return err
		}
		if err := s.await(ctx, report, setup.Wait, setup.Until, setup.Within); err != nil {
			return err
		}
		if err := s.deeds(ctx, report, setup); err != nil {
			return err
		}
	}
	if len(setups[len(setups)-1].Deeds) == 0 { // deeds end when they are seen
		pause(ctx, seenWithin)
	}
	return ctx.Err()
}

// pause lets some time pass.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// do has the lab do something.
func (s *Session) do(ctx context.Context, report view.Report, a view.Action) error {
	if _, err := s.Lab.Do(ctx, a, report); err != nil {
		return fmt.Errorf("lab %s: %w", a, err)
	}
	return nil
}

// objects empties, deletes, applies and scales what is said.
func (s *Session) objects(ctx context.Context, report view.Report, setup exercises.Setup) error {
	for _, namespace := range setup.Empty {
		if err := s.insist(ctx, report, view.Action{Verb: view.Empty, Targets: []string{namespace}}); err != nil {
			return err
		}
	}
	for _, name := range setup.Delete {
		if err := s.delete(ctx, report, name); err != nil {
			return err
		}
	}
	for _, manifest := range setup.Manifests {
		if err := s.insist(ctx, report, view.Action{Verb: view.Apply, Manifest: manifest}); err != nil {
			return err
		}
	}
	for _, c := range setup.Scale {
		o, err := target.Object(c.Object)
		if err != nil {
			return err
		}
		if err := s.insist(ctx, report, view.Action{Verb: view.Scale, Targets: []string{o.String()}, Replicas: c.Replicas}); err != nil {
			return err
		}
	}
	return nil
}

// delete deletes an object if there is one, and waits until it is gone.
func (s *Session) delete(ctx context.Context, report view.Report, name string) error {
	o, err := target.Object(name)
	if err != nil {
		return err
	}
	var there bool
	err = s.retry(ctx, insistBound, func() (err error) {
		there, err = s.exists(ctx, o)
		return err
	})
	if err != nil || !there {
		return err
	}
	if err := s.insist(ctx, report, view.Action{Verb: view.Delete, Targets: []string{o.String()}}); err != nil {
		return err
	}
	return s.wait(ctx, report, o.String()+" is gone", setupBound, func(ctx context.Context) (bool, string, error) {
		there, err := s.exists(ctx, o)
		if err != nil {
			return false, err.Error(), nil // it is asked again
		}
		return !there, "it is still there", nil
	})
}

// insist has the lab do something with objects, again when it fails: API servers that have just been mended do not answer at once.
func (s *Session) insist(ctx context.Context, report view.Report, a view.Action) error {
	return s.retry(ctx, insistBound, func() error { return s.do(ctx, report, a) })
}

func (s *Session) exists(ctx context.Context, o view.Object) (bool, error) {
	answer, err := s.Lab.Ask(ctx, view.Question{List: &view.ListQuestion{Resource: o.Resource, Namespace: o.Namespace}})
	if err != nil {
		return false, fmt.Errorf("look for %s: %w", o, err)
	}
	return answer.List != nil && slices.ContainsFunc(answer.List.Rows, func(r view.ListRow) bool { return r.Object.Name == o.Name }), nil
}

// stop stops what fits patterns, except what fits others.
func (s *Session) stop(ctx context.Context, report view.Report, patterns, except []string) error {
	var targets []string
	for _, p := range patterns {
		list, err := matching(s.Lab.Snapshot(), p)
		if err != nil {
			return err
		}
		targets = append(targets, list...)
	}
	for _, p := range except {
		list, err := matching(s.Lab.Snapshot(), p)
		if err != nil {
			return err
		}
		targets = slices.DeleteFunc(targets, func(t string) bool { return slices.Contains(list, t) })
	}
	if len(targets) == 0 {
		return nil
	}
	slices.Sort(targets)
	return s.do(ctx, report, view.Action{Verb: view.Stop, Targets: slices.Compact(targets), Detach: true})
}

// await waits for a condition of a setup, if there is one.
func (s *Session) await(ctx context.Context, report view.Report, condition *expr.Expr, source string, within time.Duration) error {
	if condition == nil {
		return nil
	}
	asker := check.NewAsker(s.Lab)
	ctx, cancel := context.WithCancel(ctx)
	defer asker.Wait() // after cancel
	defer cancel()
	log := &check.Log{}
	return s.wait(ctx, report, "The lab is as the exercise needs it", within, func(ctx context.Context) (bool, string, error) {
		holds, err := condition.Holds(ctx, s.shown(asker, log).Variables())
		asker.Serve(ctx, func() {})
		why := strings.Join(strings.Fields(source), " ") + " does not hold"
		if err != nil {
			why += ": " + err.Error()
		}
		return holds, why, nil
	})
}

// wait waits until something is so, within a bound, and reports that as a step.
func (s *Session) wait(ctx context.Context, report view.Report, name string, bound time.Duration,
	is func(context.Context) (ok bool, why string, err error),
) error {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	began := time.Now()
	step := view.Step{Name: name, Bound: bound}
	report(step)
	fail := func(err error) error {
		step.Error, step.Took = err.Error(), time.Since(began)
		report(step)
		return err
	}
	for {
		ok, why, err := is(ctx)
		switch {
		case err != nil:
			return fail(err)
		case ok:
			step.Done, step.Took = true, time.Since(began)
			report(step)
			return nil
		}
		select {
		case <-time.After(pollEvery):
		case <-ctx.Done():
			return fail(view.Fail(view.TimedOut, "%s within %s: %s", name, bound, why))
		}
	}
}
