package stopwatch

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"kubelab/core/view"
)

// Source sends single requests. Each has a bound by its ctx.
type Source interface {
	Write(ctx context.Context) error
	Read(ctx context.Context) error
	// Service asks the demo's Service. It returns ErrNoService when there is none.
	Service(ctx context.Context) error
}

// ErrNoService is the answer of a Source in a lab that has no demo.
var ErrNoService = errors.New("there is no demo")

type kind int

const (
	writes kind = iota
	reads
	service
	kinds
)

// sample is one request.
type sample struct {
	begin, end time.Time
	err        error
}

// pace is how requests of a kind are sent: one every so often, each given up after its bound. A new one does not wait
// for an old one: who hangs learns nothing. API servers remember each write for 75 s (k8s.io/apiserver, watch_cache_history.go),
// so more of them would cost memory.
type pace struct{ every, bound time.Duration }

var paces = [kinds]pace{
	writes:  {50 * time.Millisecond, time.Second},
	reads:   {50 * time.Millisecond, time.Second},
	service: {50 * time.Millisecond, time.Second},
}

// traffic sends requests as long as there is a run that wants to know what becomes of them.
type traffic struct {
	source Source

	mu     sync.Mutex // guards the fields below
	runs   map[*Run]struct{}
	cancel context.CancelFunc // of the streams, nil while there are none
}

func newTraffic(s Source) *traffic { return &traffic{source: s, runs: map[*Run]struct{}{}} }

func (t *traffic) join(r *Run) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.runs[r] = struct{}{}
	if t.cancel != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.cancel = cancel
	for k, send := range [kinds]func(context.Context) error{t.source.Write, t.source.Read, t.source.Service} {
		go t.stream(ctx, kind(k), send)
	}
}

func (t *traffic) leave(r *Run) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.runs, r)
	if len(t.runs) == 0 && t.cancel != nil {
		t.cancel()
		t.cancel = nil
	}
}

// stream sends requests of one kind until ctx ends. Those under way then are given up.
func (t *traffic) stream(ctx context.Context, k kind, send func(context.Context) error) {
	tick := time.NewTicker(paces[k].every)
	defer tick.Stop()
	for {
		go t.one(ctx, k, send)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (t *traffic) one(ctx context.Context, k kind, send func(context.Context) error) {
	bounded, cancel := context.WithTimeout(ctx, paces[k].bound)
	defer cancel()
	s := sample{begin: time.Now()}
	s.err = send(bounded)
	s.end = time.Now()
	if ctx.Err() != nil || errors.Is(s.err, ErrNoService) {
		return
	}
	t.mu.Lock()
	runs := slices.Collect(maps.Keys(t.runs))
	t.mu.Unlock()
	for _, r := range runs {
		r.take(k, s)
	}
}

// summary is what became of the requests that were under way at or after from.
func summary(all []sample, from, to time.Time) view.Traffic {
	var t view.Traffic
	answered := []time.Time{from}
	for _, s := range all {
		if s.end.Before(from) {
			continue
		}
		t.Sent++
		if s.err != nil {
			t.Failed++
			t.Error = s.err.Error()
			continue
		}
		answered = append(answered, s.end)
	}
	slices.SortFunc(answered, time.Time.Compare)
	for i := 1; i < len(answered); i++ {
		t.Gap = max(t.Gap, answered[i].Sub(answered[i-1]))
	}
	// The last answer is always a little while ago; a gap is open when it is longer than all others.
	if rest := to.Sub(answered[len(answered)-1]); rest > t.Gap && rest > usual {
		t.Gap, t.Open = rest, true
	}
	return t
}

// usual is how long ago the last answer may be without anything being wrong.
const usual = 500 * time.Millisecond
