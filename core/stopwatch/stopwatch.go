// Package stopwatch measures what a failure does to a lab: when each thing came that was expected to come, and how
// long nobody got an answer meanwhile. A writer and a reader of its own send requests through the load balancer while
// something is watched, and a third one asks the demo's Service.
//
// The main types are Stopwatch and Run, which is one thing that is watched.
package stopwatch

import (
	"context"
	"sync"
	"time"

	"kubelab/core/view"
)

// Wait is something that is waited for.
type Wait struct {
	view.Expectation
	// Done reports whether it has come. It is asked every few milliseconds, so it must be cheap. It is nil for
	// view.FirstWrite, which the stopwatch sees itself.
	Done func() bool
}

// Stopwatch watches any number of failures at the same time.
type Stopwatch struct{ traffic *traffic }

// New makes a stopwatch that sends its requests with source.
func New(source Source) *Stopwatch { return &Stopwatch{newTraffic(source)} }

const (
	// look is how often it looks whether something has come: the precision of every mark.
	look = 5 * time.Millisecond
	// warmUp bounds the wait for the first acknowledged write before a failure.
	warmUp = time.Second
	// atLeast is how long anything is watched, so that errors have time to show.
	atLeast = 1500 * time.Millisecond
	// patience is how long after the last expectation it goes on, as a multiple and in addition.
	patience, patienceMore = 2, 3 * time.Second
)

// Run is one failure that is watched, or one recovery.
type Run struct {
	watch *Stopwatch
	waits []Wait

	mu      sync.Mutex // guards the fields below
	samples [kinds][]sample
	began   time.Time // when the deed began; zero before
	did     time.Time // when it was done; zero before
}

// Ready starts the requests and waits until a write was acknowledged, but not for long: there may be nobody to
// acknowledge it. The run must be ended by Measure or Drop.
func (s *Stopwatch) Ready(ctx context.Context) *Run {
	r := &Run{watch: s}
	s.traffic.join(r)
	bound, cancel := context.WithTimeout(ctx, warmUp)
	defer cancel()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for !r.wrote(time.Time{}) && bound.Err() == nil {
		select {
		case <-tick.C:
		case <-bound.Done():
		}
	}
	return r
}

// Begin notes that the deed begins, and what is waited for. Did must follow, unless the run is dropped.
func (r *Run) Begin(waits []Wait) {
	r.waits = waits
	r.mu.Lock()
	defer r.mu.Unlock()
	r.began = time.Now()
}

// Expect changes what is waited for, before Measure.
func (r *Run) Expect(waits []Wait) { r.waits = waits }

// Did notes that the deed is done: from now on a write that is acknowledged is one that survived it.
func (r *Run) Did() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.did = time.Now()
}

// Drop ends a run without a result.
func (r *Run) Drop() { r.watch.traffic.leave(r) }

// Measure waits until everything has come that is waited for, or has not come for far longer than expected, and
// returns what was seen. It calls came with each mark as it comes. When ctx ends it returns what was seen so far.
func (r *Run) Measure(ctx context.Context, came func(view.Mark)) view.Measured {
	defer r.Drop()
	marks := make([]view.Mark, len(r.waits))
	end := atLeast
	for i, w := range r.waits {
		marks[i].Expectation = w.Expectation
		end = max(end, patience*w.Within+patienceMore)
	}
	bound, cancel := context.WithDeadline(ctx, r.began.Add(end))
	defer cancel()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for bound.Err() == nil && !(r.look(marks, came) && time.Since(r.began) >= atLeast) {
		select {
		case <-tick.C:
		case <-bound.Done():
		}
	}
	return r.result(marks)
}

// look notes what has come, and reports whether that is everything.
func (r *Run) look(marks []view.Mark, came func(view.Mark)) (all bool) {
	all = true
	for i, w := range r.waits {
		if marks[i].Seen {
			continue
		}
		took, done := r.done(w)
		if !done {
			all = false
			continue
		}
		marks[i].Seen, marks[i].Took = true, took
		came(marks[i])
	}
	return all
}

func (r *Run) done(w Wait) (took time.Duration, done bool) {
	if w.Done != nil {
		return time.Since(r.began), w.Done()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var first time.Time
	for _, s := range r.samples[writes] {
		if s.err == nil && s.begin.After(r.did) && (first.IsZero() || s.end.Before(first)) {
			first = s.end
		}
	}
	return first.Sub(r.began), !first.IsZero()
}

// wrote reports whether a write that began after since was acknowledged.
func (r *Run) wrote(since time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.samples[writes] {
		if s.err == nil && s.begin.After(since) {
			return true
		}
	}
	return false
}

func (r *Run) take(k kind, s sample) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.samples[k] = append(r.samples[k], s)
}

func (r *Run) result(marks []view.Mark) view.Measured {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	m := view.Measured{
		Marks: marks, For: now.Sub(r.began),
		Writes: summary(r.samples[writes], r.began, now), Reads: summary(r.samples[reads], r.began, now),
	}
	if len(r.samples[service]) > 0 {
		t := summary(r.samples[service], r.began, now)
		m.Service = &t
	}
	return m
}
