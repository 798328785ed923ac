package stopwatch

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kubelab/core/view"
)

// counting counts the requests that are under way and those that have been sent.
type counting struct {
	Source
	mu         sync.Mutex // guards the fields below
	sent, open int
}

func (c *counting) Write(ctx context.Context) error {
	c.add(1, 1)
	defer c.add(0, -1)
	return c.Source.Write(ctx)
}

func (c *counting) add(sent, open int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent, c.open = c.sent+sent, c.open+open
}

func (c *counting) now() (sent, open int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent, c.open
}

// passed is done a while after begin.
func passed(begin time.Time, d time.Duration) func() bool {
	return func() bool { return time.Since(begin) >= d }
}

func TestAWriteThatBeganBeforeTheDeedDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Writes take far longer than the pause between them, so some are always under way.
		const takes = 300 * time.Millisecond
		r := New(&fake{takes: takes}).Ready(t.Context())
		r.Begin([]Wait{{expect(view.FirstWrite, time.Second), nil}})
		r.Did()
		m := r.Measure(t.Context(), ignore)
		// The first that begins afterwards does so within a beat.
		if took := m.Marks[0].Took; took < takes || took > takes+paces[writes].every+look {
			t.Errorf("the first write took %s, want %s: those before have survived nothing", took, takes)
		}
	})
}

func TestReadyEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		begin := time.Now()
		New(&fake{down: true}).Ready(ctx).Drop()
		if took := time.Since(begin); took != 100*time.Millisecond {
			t.Errorf("ready after %s, want 100ms", took)
		}
	})
}

func TestRequestsAreSharedByAllRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &counting{Source: &fake{takes: time.Millisecond}}
		s := New(source)
		one := s.Ready(t.Context())
		two := s.Ready(t.Context())
		one.Begin(nil)
		two.Begin(nil)
		one.Did()
		two.Did()
		before, _ := source.now()
		m := one.Measure(t.Context(), ignore)
		after, _ := source.now()
		// Two streams would send twice as many.
		if each := int(m.For / paces[writes].every); after-before > each+1 || m.Writes.Sent < each-1 {
			t.Errorf("%d writes were sent and %d counted in %s, want %d", after-before, m.Writes.Sent, m.For, each)
		}
		// They go on for the other one.
		if other := two.Measure(t.Context(), ignore); other.Writes.Sent < m.Writes.Sent {
			t.Errorf("the other run counts %d writes, want those of the first one, too: %d", other.Writes.Sent, m.Writes.Sent)
		}
	})
}

func TestALateRunKnowsNothingOfBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := &fake{takes: time.Millisecond}
		s := New(lab)
		one := s.Ready(t.Context())
		one.Begin(nil)
		one.Did()
		lab.set(true)
		one.Measure(t.Context(), ignore) // all writes fail
		lab.set(false)
		two := s.Ready(t.Context())
		two.Begin(nil)
		two.Did()
		if m := two.Measure(t.Context(), ignore); m.Writes.Failed > 0 || m.Reads.Failed > 0 {
			t.Errorf("writes %+v, reads %+v: they have failed for another run", m.Writes, m.Reads)
		}
	})
}

func TestWhatIsUnderWayEndsWithTheLastRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &counting{Source: &fake{down: true}}
		s := New(source)
		one, two := s.Ready(t.Context()), s.Ready(t.Context())
		one.Drop()
		synctest.Wait()
		if _, open := source.now(); open == 0 {
			t.Error("no request is under way, although a run is left")
		}
		two.Drop()
		synctest.Wait()
		sent, open := source.now()
		if open > 0 {
			t.Errorf("%d requests are under way without a run", open)
		}
		// A beat later there would be more.
		time.Sleep(10 * paces[writes].every)
		if again, _ := source.now(); again != sent {
			t.Errorf("%d requests were sent without a run", again-sent)
		}
	})
}

func TestWhatHangsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &counting{Source: &fake{down: true}}
		r := New(source).Ready(t.Context())
		defer r.Drop()
		time.Sleep(10 * time.Second)
		// One that hangs keeps none of the others waiting, and each has a second.
		want := int(paces[writes].bound / paces[writes].every)
		if _, open := source.now(); open < want-1 || open > want+1 {
			t.Errorf("%d writes are under way, want %d", open, want)
		}
	})
}

func TestExpectReplacesWhatBeginSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(&fake{takes: time.Millisecond}).Ready(t.Context())
		never := func() bool { return false }
		r.Begin([]Wait{{expect(view.Ready, time.Hour), never}})
		r.Did()
		r.Expect(nil)
		if m := r.Measure(t.Context(), ignore); len(m.Marks) > 0 || m.For != atLeast {
			t.Errorf("marks %+v after %s, want none after %s", m.Marks, m.For, atLeast)
		}
	})
}

func TestMeasureEndsWhenAllHasCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, tt := range map[string]struct {
			comes, want time.Duration
		}{
			"early: errors have time to show": {10 * time.Millisecond, atLeast},
			"late":                            {4 * time.Second, 4 * time.Second},
			"later than expected":             {6 * time.Second, 6 * time.Second}, // it is waited for until 7 s
		} {
			r := New(&fake{takes: time.Millisecond, service: nil}).Ready(t.Context())
			begin := time.Now()
			r.Begin([]Wait{{expect(view.Evicted, 2*time.Second), passed(begin, tt.comes)}})
			r.Did()
			var came []view.Mark
			m := r.Measure(t.Context(), func(m view.Mark) { came = append(came, m) })
			if m.For < tt.want || m.For > tt.want+2*look {
				t.Errorf("%s: watched for %s, want %s", name, m.For, tt.want)
			}
			// What is reported as it comes is what is kept, and it comes once.
			if len(came) != 1 || came[0] != m.Marks[0] || came[0].Late() != (tt.comes > 2*time.Second) {
				t.Errorf("%s: came %+v, kept %+v", name, came, m.Marks)
			}
			if m.Service == nil || m.Service.Sent == 0 || m.Service.Failed > 0 {
				t.Errorf("%s: Service = %+v of a demo that answers", name, m.Service)
			}
		}
	})
}

// TestAServiceThatComesLaterIsCounted is about a demo whose address was not known yet.
func TestAServiceThatComesLaterIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		found := passed(begin, time.Second)
		r := New(&late{fake{takes: time.Millisecond}, found}).Ready(t.Context())
		r.Begin([]Wait{{expect(view.Ready, time.Second), passed(begin, 3*time.Second)}})
		r.Did()
		m := r.Measure(t.Context(), ignore)
		if want := int(2 * time.Second / paces[service].every); m.Service == nil || m.Service.Sent < want-1 || m.Service.Sent > want+1 || m.Service.Failed > 0 {
			t.Errorf("Service = %+v, want %d answers", m.Service, want)
		}
	})
}

// late has no Service before it is found.
type late struct {
	fake
	found func() bool
}

func (l *late) Service(context.Context) error {
	if !l.found() {
		return ErrNoService
	}
	return nil
}

func TestSummaryOfGaps(t *testing.T) {
	zero := time.Unix(1000, 0)
	at := func(ms int) time.Time { return zero.Add(time.Duration(ms) * time.Millisecond) }
	const ms = time.Millisecond
	for name, tt := range map[string]struct {
		samples []sample
		want    view.Traffic
	}{
		"under way at the deed": {[]sample{{at(-50), at(50), nil}, {at(900), at(950), nil}}, view.Traffic{Sent: 2, Gap: 900 * ms}},
		"failed before":         {[]sample{{at(-50), at(-10), errors.New("no")}, {at(0), at(990), nil}}, view.Traffic{Sent: 1, Gap: 990 * ms}},
		"a usual pause is no gap at the end": {
			[]sample{{at(0), at(100), nil}, {at(100), at(500), nil}}, view.Traffic{Sent: 2, Gap: 400 * ms}},
		"a longer one is": {
			[]sample{{at(0), at(100), nil}, {at(100), at(499), nil}}, view.Traffic{Sent: 2, Gap: 501 * ms, Open: true}},
		"a longer gap before it": {
			[]sample{{at(0), at(400), nil}, {at(0), at(10), nil}, {at(10), at(400), nil}}, view.Traffic{Sent: 3, Gap: 600 * ms, Open: true}},
		"only failures":       {[]sample{{at(0), at(10), errors.New("a")}, {at(20), at(30), errors.New("b")}}, view.Traffic{Sent: 2, Failed: 2, Gap: 1000 * ms, Open: true, Error: "b"}},
		"a failure is no end": {[]sample{{at(0), at(100), nil}, {at(100), at(990), errors.New("no")}}, view.Traffic{Sent: 2, Failed: 1, Gap: 900 * ms, Open: true, Error: "no"}},
		"the gap that is over is the longest": {
			[]sample{{at(0), at(10), nil}, {at(390), at(400), errors.New("no")}, {at(390), at(995), nil}}, view.Traffic{Sent: 3, Failed: 1, Gap: 985 * ms, Error: "no"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := summary(tt.samples, zero, at(1000)); got != tt.want {
				t.Errorf("summary = %+v, want %+v", got, tt.want)
			}
		})
	}
}
