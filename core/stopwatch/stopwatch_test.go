package stopwatch

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kubelab/core/view"
)

// fake answers as a lab does: after a while, while it is up, and not at all while it is down.
type fake struct {
	takes   time.Duration
	service error

	mu   sync.Mutex // guards down
	down bool
}

func (f *fake) set(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

func (f *fake) ask(ctx context.Context) error {
	f.mu.Lock()
	down := f.down
	f.mu.Unlock()
	if down {
		<-ctx.Done()
		return ctx.Err()
	}
	select {
	case <-time.After(f.takes):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *fake) Write(ctx context.Context) error { return f.ask(ctx) }
func (f *fake) Read(ctx context.Context) error  { return f.ask(ctx) }
func (f *fake) Service(context.Context) error   { return f.service }

func ignore(view.Mark) {}

func expect(p view.Phase, within time.Duration) view.Expectation {
	return view.Expectation{Phase: p, Within: within}
}

func TestReadyWaitsForOneWriteButNotForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		New(&fake{takes: 30 * time.Millisecond}).Ready(t.Context()).Drop()
		if took := time.Since(begin); took < 30*time.Millisecond || took > 40*time.Millisecond {
			t.Errorf("ready after %s, want after the first write", took)
		}
		begin = time.Now()
		New(&fake{down: true}).Ready(t.Context()).Drop()
		if took := time.Since(begin); took != warmUp {
			t.Errorf("ready after %s of silence, want %s", took, warmUp)
		}
	})
}

func TestMarksComeWhenTheyCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(&fake{takes: time.Millisecond, service: ErrNoService}).Ready(t.Context())
		begin := time.Now()
		since := func(d time.Duration) func() bool { return func() bool { return time.Since(begin) >= d } }
		r.Begin([]Wait{
			{expect(view.SchedulerMove, 5*time.Second), since(4 * time.Second)},
			{expect(view.Election, time.Second), since(300 * time.Millisecond)},
			{expect(view.NotReady, 2*time.Second), func() bool { return false }},
		})
		r.Did()
		var came []view.Phase
		m := r.Measure(t.Context(), func(m view.Mark) { came = append(came, m.Phase) })
		if !slices.Equal(came, []view.Phase{view.Election, view.SchedulerMove}) {
			t.Errorf("came: %v", came)
		}
		if took := m.Marks[1].Took; !m.Marks[1].Seen || took < 300*time.Millisecond || took > 300*time.Millisecond+2*look {
			t.Errorf("the election took %s, want 300ms", took)
		}
		if m.Marks[2].Seen || !m.Marks[2].Late() {
			t.Errorf("what never came is %+v", m.Marks[2])
		}
		// It is given up long after the last one could have come.
		if want := patience*5*time.Second + patienceMore; m.For != want {
			t.Errorf("watched for %s, want %s", m.For, want)
		}
		if m.Service != nil {
			t.Errorf("Service = %+v in a lab that has none", m.Service)
		}
		if m.Writes.Failed > 0 || m.Writes.Sent < 200 || m.Writes.Gap > 60*time.Millisecond {
			t.Errorf("writes: %+v", m.Writes)
		}
	})
}

func TestTheFirstWriteIsOneThatSurvivedTheDeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := &fake{takes: time.Millisecond}
		r := New(lab).Ready(t.Context())
		r.Begin([]Wait{{expect(view.FirstWrite, time.Second), nil}})
		// Writes go on while the deed is being done, until it is.
		time.Sleep(100 * time.Millisecond)
		lab.set(true)
		r.Did()
		time.AfterFunc(400*time.Millisecond, func() { lab.set(false) })
		m := r.Measure(t.Context(), ignore)
		took := m.Marks[0].Took
		if !m.Marks[0].Seen || took < 500*time.Millisecond || took > 560*time.Millisecond {
			t.Errorf("the first write took %s, want 500ms from when the deed began", took)
		}
		if m.Writes.Gap < 400*time.Millisecond || m.Writes.Gap > 480*time.Millisecond || m.Writes.Open {
			t.Errorf("writes: %+v, want a gap of 400ms that is over", m.Writes)
		}
		if m.Writes.Failed == 0 || m.Writes.Error == "" {
			t.Errorf("writes: %+v, want those of the gap to have failed", m.Writes)
		}
	})
}

func TestAnOutageThatLasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := &fake{takes: time.Millisecond, service: errors.New("refused")}
		r := New(lab).Ready(t.Context())
		r.Begin(nil)
		lab.set(true)
		r.Did()
		m := r.Measure(t.Context(), ignore)
		if !m.Writes.Open || m.Writes.Gap != atLeast || m.For != atLeast {
			t.Errorf("writes: %+v, watched for %s; want a gap of %s that is open", m.Writes, m.For, atLeast)
		}
		if m.Service == nil || m.Service.Failed != m.Service.Sent || m.Service.Error != "refused" {
			t.Errorf("Service: %+v", m.Service)
		}
	})
}

// A run that is dropped is the last one: synctest fails the test if a request or a stream goes on.
func TestNothingGoesOnWithoutARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(&fake{takes: time.Hour})
		one, two := s.Ready(t.Context()), s.Ready(t.Context())
		one.Drop()
		two.Drop()
		two.Drop() // more than once is no harm
		synctest.Wait()
	})
}

func TestMeasureEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(&fake{takes: time.Millisecond}).Ready(t.Context())
		r.Begin([]Wait{{expect(view.Evicted, time.Hour), func() bool { return false }}})
		r.Did()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if m := r.Measure(ctx, ignore); m.For != 2*time.Second {
			t.Errorf("watched for %s, want 2s", m.For)
		}
	})
}

func TestSummary(t *testing.T) {
	zero := time.Unix(1000, 0)
	at := func(ms int) time.Time { return zero.Add(time.Duration(ms) * time.Millisecond) }
	failed := errors.New("no")
	for name, tt := range map[string]struct {
		samples []sample
		want    view.Traffic
	}{
		"nothing":               {nil, view.Traffic{Gap: time.Second, Open: true}},
		"before does not count": {[]sample{{at(-20), at(-10), nil}, {at(900), at(990), nil}}, view.Traffic{Sent: 1, Gap: 990 * time.Millisecond}},
		"out of order":          {[]sample{{at(0), at(900), nil}, {at(10), at(300), nil}, {at(20), at(600), nil}}, view.Traffic{Sent: 3, Gap: 300 * time.Millisecond}},
		"failures do not end a gap": {[]sample{{at(0), at(10), nil}, {at(100), at(500), failed}, {at(600), at(710), nil}},
			view.Traffic{Sent: 3, Failed: 1, Gap: 700 * time.Millisecond, Error: "no"}},
		"open at the end": {[]sample{{at(0), at(100), nil}}, view.Traffic{Sent: 1, Gap: 900 * time.Millisecond, Open: true}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := summary(tt.samples, zero, at(1000)); got != tt.want {
				t.Errorf("summary = %+v, want %+v", got, tt.want)
			}
		})
	}
}
