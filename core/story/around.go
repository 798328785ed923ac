package story

import (
	"cmp"
	"net"
	"slices"
	"sort"
	"time"

	"kubelab/core/view"
)

// teller tells one story.
type teller struct {
	events []view.Event
	family *family

	keys      []bool            // by the place of an event: it is the change of a key that is told
	histories map[name]*history // of the family, and of EndpointSlices that list pods of it
	claims    map[string]claims // by address
	nodes     map[string]bool   // that the family's pods were on, or that belong to it
}

// newTeller learns what has to do with an object.
func newTeller(events []view.Event, of view.Object) *teller {
	t := &teller{
		events: events, family: familyOf(events, of), keys: make([]bool, len(events)),
		histories: map[name]*history{}, claims: map[string]claims{}, nodes: map[string]bool{},
	}
	if of.Resource == nodes {
		t.nodes[of.Name] = true
	}
	others := map[name]*history{} // EndpointSlices outside of the family
	for i := range events {
		e := &events[i]
		if e.Key == nil || e.Object == nil {
			continue
		}
		ours := t.family.has(*e.Object)
		if e.Object.Resource == pods {
			t.learnPod(e, ours)
		}
		switch {
		case e.Kind != view.KeyChanged:
		case ours:
			t.keys[i] = e.Text != "" // without one, nothing changed that people could see
			remember(t.histories, i, e)
		case e.Object.Resource == endpointSlices:
			t.keys[i] = slices.ContainsFunc(e.Key.Refers, t.podOfOurs)
			remember(others, i, e)
		}
	}
	for _, h := range t.histories {
		h.sort()
	}
	for n, h := range others {
		if h.sort(); t.tellSlice(h) {
			t.histories[n] = h
		}
	}
	for _, c := range t.claims {
		slices.SortFunc(c, claim.compare)
	}
	return t
}

func (t *teller) podOfOurs(o view.Object) bool { return o.Resource == pods && t.family.has(o) }

// tellSlice has those changes told by which an EndpointSlice listed a pod of the family, and the one by which it did not
// any more. It reports whether there is one.
func (t *teller) tellSlice(h *history) (any bool) {
	listed := false
	for _, c := range h.changes {
		lists := t.keys[c.event]
		t.keys[c.event] = lists || listed
		any, listed = any || lists, lists
	}
	return any
}

// learnPod notes the address of a pod, and the node of one of ours.
func (t *teller) learnPod(e *view.Event, ours bool) {
	for _, o := range e.Key.Refers {
		switch {
		case o.Resource == nodes && ours:
			t.nodes[o.Name] = true
		case o.Resource == addresses:
			t.claims[o.Name] = t.claims[o.Name].with(claim{nameOf(*e.Object), ours, e.Time, e.Seq})
		}
	}
}

// claims are who had an address. Addresses are used again.
type claims []claim

type claim struct {
	pod  name
	ours bool      // it belongs to the family
	from time.Time // when the pod was first seen with it
	seq  uint64    // of the event that said so
}

func (c claims) with(more claim) claims {
	i := slices.IndexFunc(c, func(o claim) bool { return o.pod == more.pod && o.ours == more.ours })
	if i < 0 {
		return append(c, more)
	}
	if more.compare(c[i]) < 0 {
		c[i] = more
	}
	return c
}

func (c claim) compare(o claim) int { return cmp.Or(c.from.Compare(o.from), cmp.Compare(c.seq, o.seq)) }

// ours reports whether the one who had the address then belongs to the family.
func (c claims) ours(at time.Time) bool {
	later := sort.Search(len(c), func(i int) bool { return c[i].from.After(at) })
	return later > 0 && c[later-1].ours
}

// leads reports whether a rule leads to a pod of ours, or has led to it.
func (t *teller) leads(r *view.RuleChange, at time.Time) bool {
	address, _, err := net.SplitHostPort(r.Endpoint)
	return err == nil && t.claims[address].ours(at)
}
