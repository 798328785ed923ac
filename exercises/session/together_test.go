package session_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"kubelab/exercises/labtest"
	"kubelab/exercises/progress"
	"kubelab/exercises/session"
)

// On the screen and on the command line at once: what comes about is seen by both, and counts once. Who is faster depends on when each began.
func TestTwoSessionsPassAStepOnce(t *testing.T) {
	e := builtin(t, "kubelet-off")
	for i := range 6 {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			lab := labtest.New(1, 2)
			lab.AddPod("unit-3", "clock-1", "clock", "node-2")
			book, err := progress.Open(dir, "somebody")
			if err != nil {
				t.Fatal(err)
			}
			run(t, lab, e, book, func(ctx context.Context, a *session.Session) {
				start(t, ctx, a)
				time.Sleep(time.Duration(i) * 166 * time.Millisecond)
				run(t, lab, e, book, func(ctx context.Context, b *session.Session) {
					// at fails unless both are at that step after a while, and were never further.
					at := func(step int, after time.Duration) {
						t.Helper()
						for range after / (50 * time.Millisecond) {
							time.Sleep(50 * time.Millisecond)
							if one, other := a.Status(ctx).Current, b.Status(ctx).Current; max(one, other) > step {
								t.Fatalf("begun %d: they are at %d and %d, want %d", i, one, other, step)
							}
						}
						if one, other := a.Status(ctx).Current, b.Status(ctx).Current; min(one, other) < step {
							t.Fatalf("begun %d: they stay at %d and %d, want %d", i, one, other, step)
						}
					}
					if err := a.Answer("containers", "run"); err != nil {
						t.Fatal(err)
					}
					at(0, 2*time.Second)
					lab.SetState("node-2", "kubelet", "stopped")
					at(1, 20*time.Second)
					lab.SetState("node-2", "kubelet", "running")
					at(2, 5*time.Second)
				})
			})
		})
	}
}
