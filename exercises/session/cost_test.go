package session

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"kubelab/core/component"
	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/check"
	"kubelab/exercises/labtest"
	"kubelab/exercises/progress"
)

// TestWhatJudgingCosts holds the checks of each built-in unit to one percent of a core, when they are judged as often as
// they may be, in a lab of 50 nodes and 500 pods where 100 events a second matter. CPU time of this process is measured.
func TestWhatJudgingCosts(t *testing.T) {
	if os.Getenv("FIGURES") == "" {
		t.Skip("figures are for a quiet machine: FIGURES=1 go test -run WhatJudgingCosts ./exercises/session")
	}
	const (
		rounds = 300
		most   = time.Second / 100 // CPU time in a second
	)
	env, err := check.Language()
	if err != nil {
		t.Fatal(err)
	}
	units, err := exercises.Builtin(env)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range units {
		lab := labtest.New(3, 50)
		for i := range 497 {
			lab.AddPod("many", fmt.Sprint("pod-", i), "web", fmt.Sprintf("node-%d", i%50+1))
		}
		lab.SetState("node-2", component.Kubelet, component.Stopped) // or it would pass a step
		for step := range e.Steps {
			now := time.Now() // moves on from round to round
			s, err := Open(Config{Lab: lab, Exercise: e, Now: func() time.Time { return now }})
			if err != nil {
				t.Fatal(err)
			}
			s.record.Began = time.Now()
			s.begin(step)
			for i := range e.Steps { // answers, so that expressions get to the end
				for _, q := range e.Steps[i].Ask {
					switch q.Kind {
					case exercises.ByNumber:
						put(&s.record.Answers, q.ID, progress.Answer{Value: 1.0})
					case exercises.ByPick:
						put(&s.record.Answers, q.ID, progress.Answer{Value: "pod/demo/web-6c7-a"})
					}
				}
			}
			var spent time.Duration
			for i := range rounds {
				for j := range int(100 * judgeEvery / time.Second) {
					o := view.Object{Resource: "pods", Namespace: "many", Name: fmt.Sprint("pod-", j)}
					s.take(view.Event{Seq: s.seq + 1, Time: time.Now(), Kind: view.KeyChanged, Object: &o, Key: &view.KeyChange{}})
				}
				now = now.Add(judgeEvery)
				before := cpu(t)
				s.judge(t.Context())
				if i >= rounds/3 { // the first ones ask the lab, and fill caches
					spent += cpu(t) - before
				}
			}
			s.asker.Wait()
			if s.record.Step != step {
				t.Errorf("%s: step %d was passed, so nothing was measured", e.ID, step)
			}
			perSecond := spent / (rounds - rounds/3) * time.Duration(time.Second/judgeEvery)
			t.Logf("%s, step %s: %s a second", e.ID, e.Steps[step].ID, perSecond)
			if perSecond > most {
				t.Errorf("%s, step %s: judging takes %s of CPU time a second, more than %s", e.ID, e.Steps[step].ID, perSecond, most)
			}
		}
	}
}

func cpu(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
