package observe

import (
	"context"
	"testing"
	"testing/synctest"

	"kubelab/core/view"
)

func request1(verb, resource string) view.Event {
	return view.Event{Kind: view.Requested, Request: &view.Request{Verb: verb, Object: view.Object{Resource: resource}}}
}

// Nobody misses what is no noise, however slow he is, and nobody holds up those who tell.
func TestEverybodyIsToldEverythingInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJournal()
		ctx, leave := context.WithCancel(t.Context())
		quick, slow := j.watch(t.Context()), j.watch(ctx)
		const events = 2 * backlog
		done := make(chan struct{})
		go func() {
			defer close(done)
			for n := range uint64(events) {
				if e := <-quick; e.Seq != n+1 {
					t.Errorf("event %d is %d", n+1, e.Seq)
				}
			}
		}()
		for range events {
			j.tell(view.Event{Kind: view.PodChanged}) // the slow one has not read anything yet
		}
		<-done
		for n := range uint64(events / 2) {
			if e := <-slow; e.Seq != n+1 {
				t.Errorf("event %d is %d for the slow one", n+1, e.Seq)
			}
		}
		leave()
		for range slow { // it is closed, whatever was left
		}
		synctest.Wait()
		j.tell(view.Event{Kind: view.PodChanged}) // who has left is not told
		if len(j.watchers) != 1 {
			t.Errorf("%d watchers are left, want 1", len(j.watchers))
		}
		<-quick
	})
}

func TestNoiseIsDroppedWithACount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJournal()
		events := j.watch(t.Context())
		j.tell(view.Event{Kind: view.PodChanged})
		synctest.Wait() // the first one is on its way to the reader, and out of the queue
		for range backlog + 100 {
			j.tell(request1("get", "pods"))
		}
		j.tell(view.Event{Kind: view.Elected})
		noise, rare, dropped := 0, 0, 0
		for range backlog + 3 {
			switch e := <-events; {
			case e.Kind == view.Dropped:
				dropped += e.Count
			case e.Kind.Noise():
				noise++
			default:
				rare++
			}
		}
		if noise != backlog || rare != 2 || dropped != 100 {
			t.Errorf("%d of noise, %d that must not be lost, %d dropped; want %d, 2, 100", noise, rare, dropped, backlog)
		}
	})
}

// What happens often does not push out what stories are made of.
func TestMemory(t *testing.T) {
	j := newJournal()
	j.tell(view.Event{Kind: view.Elected})
	j.tell(request1("create", "pods"))
	for range 3 * remembered[chatter] {
		j.tell(request1("update", "leases"))
		j.tell(request1("list", "pods"))
	}
	kinds := func(q view.Query) (n int) {
		last := uint64(0)
		for _, e := range j.events(q) {
			if e.Seq <= last {
				t.Fatalf("event %d follows event %d", e.Seq, last)
			}
			last = e.Seq
			n++
		}
		return n
	}
	for name, tt := range map[string]struct {
		q    view.Query
		want int
	}{
		"all":             {view.Query{}, remembered[chatter] + 2},
		"one kind":        {view.Query{Kinds: []view.EventKind{view.Elected}}, 1},
		"the last":        {view.Query{Last: 5}, 5},
		"after":           {view.Query{After: uint64(2 + 6*remembered[chatter] - 7)}, 7},
		"after the end":   {view.Query{After: 1 << 40}, 0},
		"about an object": {view.Query{Object: &view.Object{Resource: "pods", Name: "none"}}, 0},
	} {
		if got := kinds(tt.q); got != tt.want {
			t.Errorf("%s: %d events, want %d", name, got, tt.want)
		}
	}
}
