package live

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"kubelab/core/view"
)

func event(n int) view.Event {
	return view.Event{Kind: view.FaultInjected, Record: &view.Record{Fault: view.Fault{ID: fmt.Sprint("f", n)}}}
}

// Nobody misses anything, however slow he is, and nobody holds up those who tell.
func TestEverybodyIsToldEverythingInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub()
		ctx, leave := context.WithCancel(t.Context())
		quick, slow := h.watch(t.Context()), h.watch(ctx)
		const events = 1000
		done := make(chan struct{})
		go func() {
			defer close(done)
			for n := range events {
				if e := <-quick; e.Record.ID != event(n).Record.ID {
					t.Errorf("event %d is %s", n, e.Record.ID)
				}
			}
		}()
		for n := range events {
			h.tell(event(n)) // the slow one has not read anything yet
		}
		<-done
		for n := range events / 2 {
			if e := <-slow; e.Record.ID != event(n).Record.ID {
				t.Errorf("event %d is %s for the slow one", n, e.Record.ID)
			}
		}
		leave()
		for range slow { // it is closed, whatever was left
		}
		synctest.Wait()
		h.tell(event(0)) // who has left is not told
		if len(h.watchers) != 1 {
			t.Errorf("%d watchers are left, want 1", len(h.watchers))
		}
		<-quick
	})
}
