package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing/fstest"
	"time"

	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/check"
	"kubelab/exercises/session"
	"kubelab/lab/control"
	"kubelab/lab/exercise"
)

// This file measures the exercises: how soon it shows that something is passed, what judging costs, and how long all solutions take.

// latencyRounds is how often something is passed to see how soon it shows.
const latencyRounds = 10

// learning is what was measured.
type learning struct {
	shown     figure // ms
	judging   figure // ms of processor time in a second, of the unit that costs most
	costliest string
	resets    figure
	solutions figure // minutes
	count     int
}

func newLearning() learning {
	return learning{
		shown:     figure{what: "a condition holds → its check is passed", unit: millis, bound: 500},
		judging:   figure{what: "judging all checks of a step, in a lab of 50 nodes and 500 pods, ten times a second", unit: percent, bound: 1},
		resets:    figure{what: "back to the start of a step", unit: seconds, bound: 10},
		solutions: figure{what: "all solutions together", unit: seconds, bound: 15 * 60},
	}
}

func (b *measurement) learn(ctx context.Context) error {
	l := &b.figures.learning
	if err := b.judging(ctx, l); err != nil {
		return err
	}
	if _, err := b.lab.startTo(ctx, "start", "--masters", "3", "--nodes", "3", "--detach"); err != nil {
		return err
	}
	if err := b.latency(ctx, l); err != nil {
		return err
	}
	out, err := b.lab.command(ctx, "exercise", "test", "--here", "--json").Output()
	if err != nil {
		return fmt.Errorf("exercises: %w\n%s", err, out)
	}
	var proved []exercise.Proved
	if err := json.Unmarshal(out, &proved); err != nil {
		return err
	}
	sum := time.Duration(0)
	for _, p := range proved {
		sum += p.Solution
		for _, s := range p.Steps {
			if s.Wrong {
				l.resets.addTime(s.Reset)
			}
		}
	}
	l.count = len(proved)
	l.solutions.addTime(sum)
	return b.lab.run(ctx, "delete")
}

// judging runs the measurement of package session, in which checks are judged as often as they may be.
func (b *measurement) judging(ctx context.Context, l *learning) error {
	c := exec.CommandContext(ctx, "go", "test", "-tags", "no_btrfs,no_devmapper,no_zfs", "-v", "-count", "1", "-run", "WhatJudgingCosts", "./exercises/session")
	c.Env = append(c.Environ(), "CGO_ENABLED=0", "FIGURES=1")
	out, err := c.CombinedOutput()
	var most time.Duration
	for line := range strings.Lines(string(out)) {
		m := regexp.MustCompile(`: (\S+), step (\S+): (\S+) a second`).FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if d, err := time.ParseDuration(m[3]); err == nil && d > most {
			most, l.costliest = d, m[1]+", step "+m[2]
		}
	}
	if most == 0 {
		return fmt.Errorf("what judging costs: no figures: %w\n%s", err, out)
	}
	l.judging.add(100 * most.Seconds())
	return nil
}

// latency stops and starts a component, and compares since when it is stopped with when its check was passed.
func (b *measurement) latency(ctx context.Context, l *learning) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	e, err := stopping()
	if err != nil {
		return err
	}
	lab, err := control.Attach(ctx, control.Dial(b.lab.dir.Socket()))
	if err != nil {
		return err
	}
	s, err := session.Open(session.Config{Lab: lab, Exercise: e})
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(running) }()
	for range latencyRounds {
		if err = s.Start(ctx, func(view.Step) {}); err != nil {
			break
		}
		if _, err = lab.Do(ctx, view.Action{Verb: view.Stop, Targets: []string{"node-1/kube-proxy"}, Detach: true}, func(view.Step) {}); err != nil {
			break
		}
		var at time.Time
		err = poll(ctx, "the check to pass", func(context.Context) error {
			if at = s.Status(ctx).Steps[0].Checks[0].At; at.IsZero() {
				return errors.New("it has not passed")
			}
			return nil
		})
		if err != nil {
			break
		}
		for _, n := range lab.Snapshot().Nodes {
			if n.Name == "node-1" {
				l.shown.add(at.Sub(n.Components["kube-proxy"].Since).Seconds() * 1000)
			}
		}
	}
	stop()
	return errors.Join(err, <-ended)
}

// stopping is an exercise that is passed when a component is stopped.
func stopping() (*exercises.Exercise, error) {
	env, err := check.Language()
	if err != nil {
		return nil, err
	}
	e, problems := exercises.Read(env, fstest.MapFS{"task.md": {}, "exercise.yaml": {Data: []byte(`{id: stop, title: Stop, objective: To measure., minutes: 1,
  lab: {masters: 1, nodes: 1}, steps: [{id: stop, title: Stop, task: Stop it., checks: [
    {id: stopped, says: It is stopped., if: state("node-1/kube-proxy") == "stopped", notYet: It runs.}]}]}`)}}, ".")
	if e == nil {
		return nil, problems
	}
	return e, nil
}

func (l *learning) rows() string {
	return rows([]*figure{&l.shown, &l.judging, &l.resets, &l.solutions})
}

func (b *measurement) learned() string {
	l := &b.figures.learning
	if !l.solutions.measured() {
		return ""
	}
	return b.circumstances("") + "| what | " + columns + l.rows() + fmt.Sprintf(`
How it is measured:

- A kube-proxy is stopped %d times on a real lab; the time ends when the check that waits for it is passed.
- Judging costs most in %s. It is processor time of a process that judges that step's checks, and takes a hundred events a second.
- All %d built-in exercises are proved on one lab of 3 masters and 3 nodes, wrong paths included. Only the solutions count, and the setting up does not.
`, latencyRounds, l.costliest, l.count)
}
