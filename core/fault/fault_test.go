package fault

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"kubelab/core/view"
)

// TestWhatFailsHalfWayIsUndone has a deed fail after its first half.
func TestWhatFailsHalfWayIsUndone(t *testing.T) {
	f := &Faults{log: slog.New(slog.DiscardHandler)}
	halfDone, broken := false, errors.New("the second half fails")
	d := &deed{Action: view.Action{Verb: view.Cut}, kind: kind{
		inject: func(context.Context, *Faults, *deed, view.Report) error {
			halfDone = true
			return broken
		},
		undo: func(ctx context.Context, _ *Faults, _ *deed, _ view.Report) error {
			halfDone = false
			return ctx.Err()
		},
	}}
	// Whoever asked for it may have gone away by then: it is undone all the same.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.attempt(ctx, d, func(view.Step) {}); !errors.Is(err, broken) || errors.Is(err, context.Canceled) {
		t.Errorf("attempt = %v, want only %v", err, broken)
	}
	if halfDone {
		t.Error("the first half is not undone")
	}
}

// TestKindsAreWhole finds kinds that could not be healed or not be listed.
func TestKindsAreWhole(t *testing.T) {
	seen := map[view.Verb]bool{}
	for _, k := range kinds() {
		if seen[k.verb] {
			t.Errorf("%s is there twice", k.verb)
		}
		seen[k.verb] = true
		if k.does == "" || len(k.to) == 0 || k.read == nil || k.inject == nil {
			t.Errorf("%s lacks what every kind has", k.verb)
		}
		if k.lasts() != (k.undo != nil) || k.lasts() != (k.holds != nil) {
			t.Errorf("%s: what lasts must be undone, and be seen to hold", k.verb)
		}
		if strings.ContainsAny(string(k.verb), " _") {
			t.Errorf("%q cannot be a command", k.verb)
		}
	}
}
