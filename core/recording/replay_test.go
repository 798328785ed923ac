package recording

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kubelab/core/component"
	"kubelab/core/view"
)

// script is a lab to which something happens every second, 100 ms after it is full, and what a test has to know of that.
type script struct {
	raw    []byte
	states []stateThen
	events []eventThen
}

type stateThen struct {
	at   time.Duration
	json string
}

type eventThen struct {
	at time.Duration
	view.Event
}

// played records the script in fake time. It lasts that many seconds.
func played(t *testing.T, seconds int) (s script) {
	synctest.Test(t, func(t *testing.T) {
		lab := newFake(&view.Snapshot{Revision: 1, Time: time.Now(), Name: "school", State: view.Starting, Pods: []view.Pod{}})
		began := time.Now()
		note := func(e view.Event) {
			s.events = append(s.events, eventThen{time.Since(began), e})
			lab.tell(e)
		}
		// What is remembered is there from the beginning; news that come at that very moment are there once.
		note(view.Event{Kind: view.Acted, Source: "lab", Text: "before it was recorded"})
		lab.watched = func() { note(view.Event{Kind: view.Changed, Source: "lab", Text: "as it began"}) }
		s.states = append(s.states, stateThen{0, asJSON(t, lab.Snapshot())})
		s.raw = recorded(t, lab, Options{Program: "v1.2.3"}, func() {
			time.Sleep(100 * time.Millisecond)
			for n := range seconds {
				for k := range n % 4 {
					note(view.Event{Kind: view.Requested, Request: &view.Request{ID: fmt.Sprint(n, k), Verb: "get", Path: "/<&>"}})
				}
				if n%3 == 0 {
					note(view.Event{Kind: view.PodChanged, Object: &view.Object{Resource: "pods", Name: fmt.Sprint("p", n%5)}, Text: fmt.Sprint("second ", n)})
				}
				lab.show(func(v *view.Snapshot) { happen(v, n) })
				s.states = append(s.states, stateThen{time.Since(began), asJSON(t, lab.Snapshot())})
				time.Sleep(time.Second)
			}
		})
		lab.mu.Lock()
		defer lab.mu.Unlock()
		for i := range s.events {
			s.events[i].Event = lab.events[i]
		}
	})
	return s
}

// happen changes a snapshot in each way in which one can change: figures, words, maps, lists that grow, shrink, are
// emptied and are not there, in the order of their elements too.
func happen(v *view.Snapshot, n int) {
	v.UptimeSeconds = n
	v.State = []view.State{view.Healthy, view.Degraded, view.Down}[n%3]
	v.Reason = strings.Repeat("why ", n%2)
	v.Etcd.Revision += 1 << 53 // more than a float can count
	switch n % 4 {
	case 0:
		v.Leases, v.Holders, v.Faults, v.Stale = nil, nil, nil, nil
	case 1:
		v.Leases = map[string]string{component.Scheduler: fmt.Sprint("master-", n%3)}
		v.Holders = map[string]view.Lease{component.Scheduler: {Holder: "master-1", Renewed: time.Now(), Transitions: n}}
		v.Faults = []view.Fault{}
		v.Stale = []view.Stale{{Source: "objects", Since: time.Now()}}
	case 2:
		v.Leases[component.ControllerManager] = "master-2"
		delete(v.Leases, component.Scheduler)
		v.Faults = append(v.Faults, view.Fault{ID: "f1", Kind: view.Cut, Expected: []string{"one", "two"}})
	case 3:
		v.Holders = map[string]view.Lease{}
		v.Faults[0].Expected = []string{"two", "three"}
	}
	v.Pods = append(v.Pods, view.Pod{Namespace: "demo", Name: fmt.Sprint("p", n), Status: "Pending"})
	for i := range v.Pods {
		if (i+n)%3 == 0 {
			v.Pods[i].Status, v.Pods[i].Ready = fmt.Sprint("Running ", n), !v.Pods[i].Ready
		}
	}
	if n%5 == 4 {
		slices.Reverse(v.Pods)
	}
	if n%7 == 6 {
		v.Pods = v.Pods[3:]
	}
	v.Nodes = make([]view.Node, n%3)
	for i := range v.Nodes {
		v.Nodes[i] = view.Node{Name: fmt.Sprint("node-", i), Heartbeat: time.Now(), Taints: slices.Repeat([]string{"a=b:NoExecute"}, n%2),
			Components: map[string]component.Status{component.Kubelet: {State: component.Running, PID: n}}}
	}
}

// check compares what the replay shows with what the lab showed at that moment.
func (s script) check(t *testing.T, l *Lab, at time.Duration) {
	t.Helper()
	if got := l.Position(); got != at {
		t.Fatalf("the position is %v, want %v", got, at)
	}
	i := sort.Search(len(s.states), func(i int) bool { return s.states[i].at > at }) - 1
	// A change may come up to 250 ms late.
	if got := asJSON(t, l.Snapshot()); got != s.states[i].json && (i == 0 || at-s.states[i].at >= defaultEvery || got != s.states[i-1].json) {
		t.Errorf("at %v the snapshot is\n%s, want\n%s", at, got, s.states[i].json)
	}
	if got, want := asJSON(t, l.Events(view.Query{})), asJSON(t, s.between(-1, at)); got != want {
		t.Errorf("at %v there are the events\n%s, want\n%s", at, got, want)
	}
}

// between are the events after one moment up to and with another.
func (s script) between(after, until time.Duration) []view.Event {
	list := []view.Event{}
	for _, e := range s.events {
		if e.at > after && e.at <= until {
			list = append(list, e.Event)
		}
	}
	return list
}

const ms = time.Millisecond

func TestAReplayShowsWhatTheLabShowed(t *testing.T) {
	s := played(t, 150) // two whole snapshots are in the middle
	r := read(t, s.raw)
	if i := r.Info(); i.Lab != "school" || i.Program != "v1.2.3" || i.Began.IsZero() || r.Length() != 150*time.Second+100*ms {
		t.Fatalf("it is of %+v and lasts %v", i, r.Length())
	}
	for _, speed := range []float64{1, 10, 0.5} {
		t.Run(fmt.Sprint("speed ", speed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := Replay(r)
				s.check(t, l, 0)
				if err := l.Play(speed); err != nil {
					t.Fatal(err)
				}
				at, end := time.Duration(0), 75*time.Second
				for _, step := range []time.Duration{50 * ms, 50 * ms, 249 * ms, ms, 500 * ms, 10 * time.Second} {
					for range 3 {
						at += step
						time.Sleep(time.Duration(float64(step) / speed))
						s.check(t, l, at)
					}
				}
				for ; at < end; at += 500 * ms {
					s.check(t, l, at)
					time.Sleep(time.Duration(float64(500*ms) / speed))
				}
				l.Pause()
				time.Sleep(time.Hour)
				s.check(t, l, at)
				_ = l.Play(speed)
				time.Sleep(time.Hour)
				s.check(t, l, r.Length())
			})
		})
	}
	t.Run("seek", func(t *testing.T) {
		l := Replay(r)
		for n := range 400 {
			at := time.Duration(n*n*7919%150_100) * ms
			l.Seek(at)
			s.check(t, l, at)
		}
		for at := r.Length(); at >= 0; at -= 700 * ms {
			l.SeekTime(r.Info().Began.Add(at))
			s.check(t, l, at)
		}
		l.Seek(-time.Second)
		s.check(t, l, 0)
		l.Seek(time.Hour)
		s.check(t, l, r.Length())
	})
	t.Run("on from a jump", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := Replay(r)
			_ = l.Play(2)
			time.Sleep(time.Hour)
			l.Seek(30 * time.Second)
			time.Sleep(5 * time.Second)
			s.check(t, l, 40*time.Second)
		})
	})
}

// TestASnapshotIsNotChanged holds on to snapshots while the replay goes on.
func TestASnapshotIsNotChanged(t *testing.T) {
	r := read(t, played(t, 20).raw)
	l := Replay(r)
	var kept []*view.Snapshot
	var was []string
	for at := time.Duration(0); at <= r.Length(); at += 500 * ms {
		l.Seek(at)
		kept, was = append(kept, l.Snapshot()), append(was, asJSON(t, l.Snapshot()))
	}
	for i := range kept {
		if got := asJSON(t, kept[i]); got != was[i] {
			t.Errorf("snapshot %d is %s, and was %s", i, got, was[i])
		}
	}
}

func TestWatchTellsWhatIsPlayed(t *testing.T) {
	s := played(t, 70)
	r := read(t, s.raw)
	synctest.Test(t, func(t *testing.T) {
		l := Replay(r)
		ctx, stop := context.WithCancel(t.Context())
		events := l.Watch(ctx)
		var got []view.Event
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for e := range events {
				got = append(got, e)
			}
		}()
		expect := func(what string, want []view.Event) {
			t.Helper()
			synctest.Wait()
			if asJSON(t, got) != asJSON(t, want) {
				t.Errorf("%s it told\n%s, want\n%s", what, asJSON(t, got), asJSON(t, want))
			}
			got = nil
		}
		expect("standing", nil)
		_ = l.Play(4)
		time.Sleep(2500 * ms)
		expect("playing", s.between(0, 10*time.Second))
		_ = l.Play(0.25) // the timer for the next event is another one now
		time.Sleep(4 * time.Second)
		expect("playing slowly", s.between(10*time.Second, 11*time.Second))

		l.Seek(50 * time.Second)
		synctest.Wait()
		if len(got) != 1 || got[0].Kind != view.SourceChanged || got[0].Kind.Noise() || got[0].Source != Source || !got[0].Time.Equal(l.Now()) ||
			got[0].Seq != l.Events(view.Query{Last: 1})[0].Seq {
			t.Errorf("after a jump it told %s", asJSON(t, got))
		}
		got = nil
		time.Sleep(8 * time.Second)
		expect("after a jump", s.between(50*time.Second, 52*time.Second))

		l.Seek(0)
		l.Seek(5 * time.Second)
		synctest.Wait()
		if len(got) == 0 || got[len(got)-1].Source != Source || !got[len(got)-1].Time.Equal(r.Info().Began.Add(5*time.Second)) {
			t.Errorf("after two jumps it told %s", asJSON(t, got))
		}
		got = nil
		if !l.Step(true) {
			t.Fatal("there is no next event")
		}
		expect("after a step", s.between(5*time.Second, l.Position()))
		time.Sleep(time.Hour)
		expect("standing after a step", nil)
		stop()
		<-ended
	})
}

// TestWatchToASlowReader: what is no noise is told however late he is.
func TestWatchToASlowReader(t *testing.T) {
	var raw []byte
	synctest.Test(t, func(t *testing.T) {
		lab := newFake(&view.Snapshot{Name: "busy"})
		raw = recorded(t, lab, Options{}, func() {
			for n := range 3 * lag {
				time.Sleep(ms)
				lab.tell(view.Event{Kind: view.KeyChanged})
				if n%lag == 0 {
					lab.tell(view.Event{Kind: view.Elected})
				}
			}
		})
	})
	synctest.Test(t, func(t *testing.T) {
		l := Replay(read(t, raw))
		ctx, stop := context.WithCancel(t.Context())
		events := l.Watch(ctx)
		_ = l.Play(1000)
		time.Sleep(time.Minute)
		counts := map[view.EventKind]int{}
		dropped := 0
		for done := false; !done; {
			synctest.Wait()
			select {
			case e := <-events:
				counts[e.Kind]++
				dropped += e.Count
			default:
				done = true
			}
		}
		if counts[view.Elected] != 3 || counts[view.Dropped] == 0 || counts[view.KeyChanged]+dropped != 3*lag || counts[view.KeyChanged] > lag+1 {
			t.Errorf("it told %v, and that %d were dropped", counts, dropped)
		}
		stop()
		synctest.Wait()
	})
}

func TestStep(t *testing.T) {
	s := played(t, 20)
	l := Replay(read(t, s.raw))
	moments := func(forward bool, kinds ...view.EventKind) (at []time.Duration) {
		for l.Step(forward, kinds...) {
			at = append(at, l.Position())
			s.check(t, l, l.Position())
		}
		return at
	}
	want := []time.Duration{}
	for n := 0; n < 20; n += 3 {
		want = append(want, 100*ms+time.Duration(n)*time.Second)
	}
	if got := moments(true); !slices.Equal(got, want) {
		t.Errorf("forward it stops at %v, want %v", got, want)
	}
	last := l.Position()
	if l.Step(true); l.Position() != last || l.Speed() != 0 {
		t.Errorf("without a next event it went from %v to %v", last, l.Position())
	}
	// What was remembered is at the beginning.
	slices.Reverse(want)
	if got := moments(false); !slices.Equal(got, append(want[1:], 0)) {
		t.Errorf("back it stops at %v, want %v", got, append(want[1:], 0))
	}
	if got := moments(true, view.Requested); len(got) != 15 {
		t.Errorf("by requests it stops at %v, want each second that has some", got)
	}
}

func TestQueries(t *testing.T) {
	s := played(t, 40)
	l := Replay(read(t, s.raw))
	l.Seek(30 * time.Second)
	all := s.between(-1, 30*time.Second)
	object := &view.Object{Resource: "pods", Name: "p1"}
	for name, q := range map[string]view.Query{
		"all": {}, "last": {Last: 3}, "more than there are": {Last: 1000}, "after": {After: 20}, "none": {After: 1000}, "object": {Object: object},
		"kinds": {Kinds: []view.EventKind{view.PodChanged, view.Acted}}, "last of a kind": {Kinds: []view.EventKind{view.Requested}, Last: 2},
	} {
		want := slices.DeleteFunc(slices.Clone(all), func(e view.Event) bool { return !q.Selects(e) })
		if q.Last > 0 {
			want = want[max(0, len(want)-q.Last):]
		}
		if got := l.Events(q); got == nil || asJSON(t, got) != asJSON(t, want) {
			t.Errorf("%s: %s, want %s", name, asJSON(t, got), asJSON(t, want))
		}
	}
}

func TestQuestions(t *testing.T) {
	s := played(t, 40)
	l := Replay(read(t, s.raw))
	l.Seek(10 * time.Second)
	pod := view.Object{Resource: "pods", Name: "p3"}
	if _, err := l.Ask(t.Context(), view.Question{Story: &pod}); view.CodeOf(err) != view.Failed {
		t.Errorf("a story that nobody tells: %v", err)
	}
	l.Story = func(events []view.Event, o view.Object, since time.Time) view.Story {
		if len(events) != len(s.between(-1, 10*time.Second)) || o != pod || since.IsZero() {
			t.Errorf("the story of %v is made of %d events since %v", o, len(events), since)
		}
		return view.Story{Object: o, Since: since}
	}
	if a, err := l.Ask(t.Context(), view.Question{Story: &pod}); err != nil || a.Story == nil || a.Story.Object != pod {
		t.Errorf("the story is %+v, %v", a, err)
	}
	for _, q := range []view.Question{
		{}, {Keys: &view.KeyQuestion{Prefix: "/"}}, {Reads: "/registry"}, {WhatIf: "kind: Pod"}, {Queue: true}, {Controllers: true}, {Node: "node-1"},
		{Proxy: &view.ProxyRequest{Node: "node-1", Service: view.Object{Resource: "services", Namespace: "demo", Name: "web"}}},
	} {
		_, err := l.Ask(t.Context(), q)
		if view.CodeOf(err) != view.Failed || !strings.Contains(err.Error(), "is not in a recording") || strings.Contains(err.Error(), "\n") {
			t.Errorf("Ask(%+v): %v", q, err)
		}
	}
	_, err := l.Do(t.Context(), view.Action{Verb: view.Kill, Targets: []string{"master-1"}}, nil)
	if view.CodeOf(err) != view.Failed || !strings.HasPrefix(err.Error(), "kill master-1: this is a recording") {
		t.Errorf("Do: %v", err)
	}
	for _, speed := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if err := l.Play(speed); view.CodeOf(err) != view.Usage || l.Speed() != 0 {
			t.Errorf("Play(%v): %v", speed, err)
		}
	}
}
