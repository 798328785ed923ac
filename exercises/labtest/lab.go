// Package labtest has a lab for tests of exercises: a view.Lab in memory whose few parts behave as those of a real lab do,
// as far as exercises look at them. It tells events in the words of the real observers.
//
// The main type is Lab. What can be done to it by a learner, or by a test behind everybody's back, is in effects.go.
package labtest

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"kubelab/core/view"
)

// Lab is a lab in memory.
type Lab struct {
	mu       sync.Mutex // guards what follows
	snapshot *view.Snapshot
	events   []view.Event
	watchers []*watcher
	pids     int // the latest that was given
	running  map[string][]view.Container
	done     []view.Action
}

type watcher struct {
	queue []view.Event
	more  chan struct{}
}

var _ view.Lab = (*Lab)(nil)

// Snapshot is the lab now.
func (l *Lab) Snapshot() *view.Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.snapshot
}

// Watch tells what happens from now on.
func (l *Lab) Watch(ctx context.Context) <-chan view.Event {
	w := &watcher{more: make(chan struct{}, 1)}
	l.mu.Lock()
	l.watchers = append(l.watchers, w)
	l.mu.Unlock()
	out := make(chan view.Event)
	go func() {
		defer close(out)
		defer l.forget(w)
		for {
			select {
			case <-w.more:
			case <-ctx.Done():
				return
			}
			l.mu.Lock()
			queue := w.queue
			w.queue = nil
			l.mu.Unlock()
			for _, e := range queue {
				select {
				case out <- e:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return out
}

func (l *Lab) forget(w *watcher) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watchers = slices.DeleteFunc(l.watchers, func(o *watcher) bool { return o == w })
}

// Events are all that q selects.
func (l *Lab) Events(q view.Query) []view.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := []view.Event{}
	for _, e := range l.events {
		if q.Selects(e) {
			list = append(list, e)
		}
	}
	if q.Last > 0 && len(list) > q.Last {
		list = list[len(list)-q.Last:]
	}
	return list
}

// Ask answers what containers a node has, and which objects there are.
func (l *Lab) Ask(_ context.Context, q view.Question) (view.Answer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case q.Node != "":
		return view.Answer{Node: &view.NodeDetail{Node: q.Node, Containers: slices.Clone(l.running[q.Node])}}, nil
	case q.List != nil:
		return view.Answer{List: &view.List{Resource: q.List.Resource}}, nil
	}
	return view.Answer{}, view.Fail(view.Failed, "nobody answers that here")
}

// Do does what effects.go can, and else only notes what was asked for.
func (l *Lab) Do(_ context.Context, a view.Action, _ view.Report) (view.Outcome, error) {
	l.mu.Lock()
	l.done = append(l.done, a)
	l.mu.Unlock()
	l.Tell(view.Event{Kind: view.Acted, Source: "lab", Text: a.Command()})
	for _, t := range a.Targets {
		l.act(a.Verb, t)
	}
	if a.Verb == view.Heal {
		l.Show(func(s *view.Snapshot) { s.Faults = nil })
	}
	return view.Outcome{}, nil
}

// Done are the actions that were asked for.
func (l *Lab) Done() []view.Action {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.done)
}

// Tell makes something happen now.
func (l *Lab) Tell(e view.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tell(e)
}

func (l *Lab) tell(e view.Event) {
	e.Seq = uint64(len(l.events) + 1)
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	l.events = append(l.events, e)
	for _, w := range l.watchers {
		w.queue = append(w.queue, e)
		select {
		case w.more <- struct{}{}:
		default:
		}
	}
}

// Show makes the lab another one. The Snapshot that was shown before is not changed.
func (l *Lab) Show(change func(*view.Snapshot)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.show(change)
}

func (l *Lab) show(change func(*view.Snapshot)) {
	raw, err := json.Marshal(l.snapshot)
	if err != nil {
		panic(err) // it is plain data
	}
	s := new(view.Snapshot)
	if err := json.Unmarshal(raw, s); err != nil {
		panic(err)
	}
	change(s)
	s.Revision++
	s.Time = time.Now()
	l.snapshot = s
}

// Live renews the Leases of nodes every second, as long as their kubelets run, until ctx ends.
func (l *Lab) Live(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			l.Show(func(s *view.Snapshot) { beat(s) })
		case <-ctx.Done():
			return
		}
	}
}
