package session

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kubelab/core/component"
	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/check"
)

// deeds does what a setup says is done when the lab is as it is to be.
func (s *Session) deeds(ctx context.Context, report view.Report, setup exercises.Setup) error {
	seen := true // the lab shows what was done
	for _, d := range setup.Deeds {
		if !seen && looks(d) {
			pause(ctx, seenWithin)
			seen = true
		}
		var err error
		if d.Until != nil {
			err = s.await(ctx, report, d.Until, d.Source, setup.Within)
		} else {
			err, seen = s.deed(ctx, report, d), false
		}
		if err != nil {
			return err
		}
	}
	if !seen {
		pause(ctx, seenWithin)
	}
	return nil
}

// looks reports whether it depends on what the lab shows what a deed does.
func looks(d exercises.Deed) bool {
	return d.Until != nil || strings.Contains(d.Source, "{{") || d.Verb == view.Start && strings.Contains(d.Source, "*")
}

func (s *Session) deed(ctx context.Context, report view.Report, d exercises.Deed) error {
	asker, log := check.NewAsker(s.Lab), &check.Log{}
	a := view.Action{Verb: d.Verb, Detach: true}
	for _, t := range d.Targets {
		target, err := t.Fill(ctx, s.shown(asker, log).Variables())
		if err != nil {
			return fmt.Errorf("%s: %w", d.Source, err)
		}
		if !strings.Contains(target, "*") {
			a.Targets = append(a.Targets, target)
			continue
		}
		list, err := matching(s.Lab.Snapshot(), target)
		if err != nil {
			return err
		}
		if d.Verb == view.Start { // a star means those that are down
			list = slices.DeleteFunc(list, func(name string) bool { return !isDown(s.Lab.Snapshot(), name) })
		}
		a.Targets = append(a.Targets, list...)
	}
	return s.insist(ctx, report, a)
}

// isDown reports whether a component does not run.
func isDown(lab *view.Snapshot, name string) bool {
	machine, part, _ := strings.Cut(name, "/")
	state := lab.Components(machine)[part].State
	return state == component.Stopped || state == component.Crashed
}

// shown is what expressions of a setup see: the lab, and nothing that was answered or has happened.
func (s *Session) shown(asker *check.Asker, log *check.Log) check.World {
	lab := s.Lab.Snapshot()
	return check.World{
		Now: s.Now(), Lab: lab, Start: lab, Answers: map[string]any{}, Kept: map[string]any{}, Step: log.From(), Unit: log.From(), Asker: asker,
	}
}
