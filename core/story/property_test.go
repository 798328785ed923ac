package story

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"kubelab/core/view"
)

// random makes events that need not make sense: some with nothing in them, times that go to and fro, owners in circles.
func random(r *rand.Rand, n int) []view.Event {
	kinds := []view.EventKind{
		view.Requested, view.KeyChanged, view.KeyChanged, view.PodChanged, view.NodeChanged, view.Decided, view.ContainerDone, view.RuleChanged,
		view.KubeEvent, view.FaultInjected, view.FaultHealed, view.Changed, view.Dropped,
	}
	anything := func() view.Object {
		return view.Object{
			Resource:  []string{pods, "replicasets", "deployments", nodes, leases, services, endpointSlices, kubeEvents}[r.IntN(8)],
			Namespace: []string{"", "demo"}[r.IntN(2)], Name: string(rune('a' + r.IntN(6))), UID: []string{"", "1", "2", "3", "4", "5", "6"}[r.IntN(7)],
		}
	}
	address := func() string { return []string{"10.0.0.1", "10.0.0.2", ""}[r.IntN(3)] }
	var list []view.Event
	for i := range n {
		o := anything()
		e := view.Event{Seq: uint64(i), Kind: kinds[r.IntN(len(kinds))], Time: began.Add(time.Duration(r.IntN(1000)) * time.Millisecond), Text: "text"}
		if r.IntN(10) > 0 {
			e.Object = &o
		}
		if r.IntN(10) > 0 {
			switch e.Kind {
			case view.Requested:
				e.Request = &view.Request{Verb: []string{"create", "get", "delete"}[r.IntN(3)], Object: o, Began: e.Time.Add(-time.Duration(r.IntN(50)) * time.Millisecond)}
			case view.KeyChanged, view.PodChanged:
				e.Key = &view.KeyChange{Owners: []view.Object{anything()}, Refers: []view.Object{anything(), {Resource: addresses, Name: address()}}}
			case view.Decided:
				e.Decision = &view.Decision{Pod: o, Took: time.Duration(r.IntN(50)) * time.Millisecond}
			case view.ContainerDone:
				e.Container = &view.ContainerChange{Pod: o}
			case view.RuleChanged:
				e.Rule = &view.RuleChange{Service: anything(), Endpoint: address() + ":80"}
			case view.FaultInjected, view.FaultHealed:
				e.Record = &view.Record{Action: view.Action{Targets: []string{anything().Name, "pod/demo/a"}}}
			}
		}
		list = append(list, e)
	}
	return list
}

func TestWhateverIsTold(t *testing.T) {
	entries := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		events := random(r, 60)
		before := slices.Clone(events)
		of := view.Object{Resource: pods, Namespace: "demo", Name: "a", UID: "1"}
		if r.IntN(2) == 0 {
			of = view.Object{Resource: services, Namespace: "demo", Name: "b"}
		}
		s := Tell(events, of, began)
		if !reflect.DeepEqual(events, before) {
			t.Fatalf("seed %d: the events were changed", seed)
		}
		f := familyOf(events, of)
		for i, e := range s.Entries {
			if e.After < 0 {
				t.Fatalf("seed %d: entry %d comes %s after the one before", seed, i, e.After)
			}
			if i > 0 && s.Entries[i-1].Time.Add(e.After) != e.Time {
				t.Fatalf("seed %d: entry %d is at %s, %s after %s", seed, i, e.Time, e.After, s.Entries[i-1].Time)
			}
			if !belongs(f, events, e.Event) {
				t.Fatalf("seed %d: entry %d does not belong to %s: %+v", seed, i, of, e)
			}
		}
		entries += len(s.Entries)
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		if again := Tell(events, of, began); !reflect.DeepEqual(s, again) {
			t.Fatalf("seed %d: in another order the story is another one", seed)
		}
	}
	if entries < 1000 {
		t.Errorf("only %d entries were looked at", entries)
	}
}

// belongs reports whether e may be in the story of the family at all: it is about a member, or of a kind that tells what is
// around one.
func belongs(f *family, events []view.Event, e view.Event) bool {
	switch e.Kind {
	case view.FaultInjected, view.FaultHealed:
		return true
	case view.RuleChanged:
		address, _, _ := strings.Cut(e.Rule.Endpoint, ":")
		return f.has(e.Rule.Service) || slices.ContainsFunc(events, func(o view.Event) bool {
			return o.Key != nil && o.Object != nil && f.has(*o.Object) && slices.Contains(o.Key.Refers, view.Object{Resource: addresses, Name: address})
		})
	case view.Requested:
		return e.Request.Write() && (f.has(e.Request.Object) || e.Request.Object.Resource == endpointSlices)
	case view.Decided:
		return f.has(e.Decision.Pod)
	case view.ContainerDone:
		return f.has(e.Container.Pod)
	case view.KeyChanged:
		return f.has(*e.Object) || e.Object.Resource == endpointSlices
	}
	return f.has(*e.Object)
}

// A journal that is full: 20,000 events, most of them of other objects.
func BenchmarkTell(b *testing.B) {
	s := create()
	s.replace()
	for len(s.events) < 20_000 {
		if s.noise(); len(s.events)%7 == 0 {
			s.pod(pod2, "node-2", address2, "Running")
		}
	}
	events := s.shuffled(1)[:20_000]
	for name, of := range map[string]view.Object{"deployment": deployment, "pod": pod1, "service": service, "nobody": object(pods, "nobody", "")} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Tell(events, of, began)
			}
		})
	}
}
