package recording

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"kubelab/core/view"
)

// fake is a view.Lab that does what a test says, and keeps what view.Lab promises: noise is told too, to everybody, as
// long as readers read.
type fake struct {
	mu       sync.Mutex // guards what follows
	snapshot *view.Snapshot
	events   []view.Event
	watchers []*watching
	// watched is told when somebody begins to watch.
	watched func()
}

type watching struct {
	ctx context.Context
	ch  chan view.Event
}

func newFake(s *view.Snapshot) *fake { return &fake{snapshot: s, watched: func() {}} }

func (f *fake) Snapshot() *view.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.snapshot
}

func (f *fake) Watch(ctx context.Context) <-chan view.Event {
	w := &watching{ctx, make(chan view.Event, 16)}
	f.mu.Lock()
	f.watchers = append(f.watchers, w)
	f.mu.Unlock()
	context.AfterFunc(ctx, func() { f.end(w) })
	f.watched()
	return w.ch
}

func (f *fake) end(w *watching) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := slices.Index(f.watchers, w); i >= 0 {
		f.watchers = slices.Delete(f.watchers, i, i+1)
		close(w.ch)
	}
}

// stop is the end of the lab.
func (f *fake) stop() {
	for _, w := range slices.Clone(f.watchers) {
		f.end(w)
	}
}

func (f *fake) Events(q view.Query) []view.Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := []view.Event{}
	for _, e := range f.events {
		if q.Selects(e) {
			list = append(list, e)
		}
	}
	return list
}

func (f *fake) Ask(context.Context, view.Question) (view.Answer, error) {
	return view.Answer{}, view.Fail(view.Failed, "nobody asks this lab")
}

func (f *fake) Do(context.Context, view.Action, view.Report) (view.Outcome, error) {
	return view.Outcome{}, view.Fail(view.Failed, "nobody does anything to this lab")
}

// tell makes something happen now.
func (f *fake) tell(e view.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e.Seq = uint64(len(f.events) + 1)
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	f.events = append(f.events, e)
	for _, w := range f.watchers {
		select {
		case w.ch <- e:
		case <-w.ctx.Done():
		}
	}
}

// show makes the snapshot another one.
func (f *fake) show(change func(*view.Snapshot)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	raw, err := json.Marshal(f.snapshot)
	if err != nil {
		panic(err)
	}
	s := new(view.Snapshot)
	if err := json.Unmarshal(raw, s); err != nil {
		panic(err)
	}
	s.Revision++
	s.Time = time.Now()
	change(s)
	f.snapshot = s
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func read(t testing.TB, raw []byte) *Recording {
	t.Helper()
	r, err := Read("lab.rec", bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return r
}
