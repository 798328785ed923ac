package recording

import (
	"context"
	"math"
	"time"

	"kubelab/core/view"
)

// lag is by how many events a reader may be behind before it misses noise, as the reader of a running lab does.
const lag = 4 << 10

// maxWait is how long is waited before it is looked again how long to wait: a slow replay may be slower than a
// time.Duration can say.
const maxWait = time.Hour

// watcher is one reader's place in a replay.
type watcher struct {
	next    int // the first event that it has not been told
	jumps   int // that it knows of
	jumped  *view.Event
	dropped int
}

// Watch tells what is played from now on, until ctx ends. See Lab for what happens after a jump.
func (l *Lab) Watch(ctx context.Context) <-chan view.Event {
	out := make(chan view.Event)
	l.mu.Lock()
	w := watcher{next: l.rec.until(l.position()), jumps: l.jumps}
	l.mu.Unlock()
	go func() {
		defer close(out)
		for l.tell(ctx, &w, out) {
		}
	}()
	return out
}

// tell tells a reader one event, or waits for the next. It reports false when ctx has ended.
func (l *Lab) tell(ctx context.Context, w *watcher, out chan<- view.Event) bool {
	l.mu.Lock()
	at, speed, changed := l.position(), l.speed, l.changed
	if w.jumps != l.jumps {
		e := l.jumped(at)
		*w = watcher{next: l.rec.until(at), jumps: l.jumps, jumped: &e}
	}
	l.mu.Unlock()

	e, told := l.pick(w, at)
	var to chan<- view.Event
	var due <-chan time.Time
	if told != nil {
		to = out
	} else if speed > 0 && w.next < len(l.rec.events) {
		timer := time.NewTimer(until(l.rec.times[w.next]-at, speed))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case to <- e:
		told()
	case <-due:
	case <-changed:
	case <-ctx.Done():
		return false
	}
	return true
}

// pick is what a reader is to be told next, and what to do when that was done; nil if nothing is due.
func (l *Lab) pick(w *watcher, at time.Duration) (e view.Event, told func()) {
	if w.jumped != nil {
		return *w.jumped, func() { w.jumped = nil }
	}
	due := l.rec.until(at)
	for due-w.next > lag && l.rec.events[w.next].Kind.Noise() {
		w.next++
		w.dropped++
	}
	switch {
	case w.dropped > 0 && due-w.next <= lag:
		last := l.rec.events[w.next-1]
		return view.Event{Seq: last.Seq, Time: last.Time, Kind: view.Dropped, Source: Source, Count: w.dropped}, func() { w.dropped = 0 }
	case w.next < due:
		return l.rec.events[w.next], func() { w.next++ }
	}
	return e, nil
}

// until is how long the replay takes to get that much further, at least a nanosecond.
func until(further time.Duration, speed float64) time.Duration {
	return time.Duration(min(math.Ceil(float64(further)/speed), float64(maxWait)))
}
