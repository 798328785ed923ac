package story

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"kubelab/core/view"
)

const (
	// settle is how much later than the answer to a request the change may be told that it made in etcd. As a rule it is
	// told before the answer.
	settle = 200 * time.Millisecond
	// blur is how far two clocks may be apart that tell of the same thing.
	blur = time.Millisecond
)

// history is when the key of one object has changed.
type history struct{ changes []change }

type change struct {
	at    time.Time
	seq   uint64
	event int // its place among the events
}

// remember adds a change to the history of its object.
func remember(all map[name]*history, event int, e *view.Event) {
	n := nameOf(*e.Object)
	h := all[n]
	if h == nil {
		h = &history{}
		all[n] = h
	}
	h.changes = append(h.changes, change{e.Time, e.Seq, event})
}

func (h *history) sort() {
	slices.SortFunc(h.changes, func(a, b change) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.seq, b.seq))
	})
}

// of is the change that a request has made; ok is false where none was seen.
func (h *history) of(r *view.Request) (c change, ok bool) {
	const failed = 300 // and above
	if h == nil || r.Code >= failed {
		return c, false
	}
	next := sort.Search(len(h.changes), func(i int) bool { return !h.changes[i].at.Before(r.Began) })
	if next < len(h.changes) && !h.changes[next].at.After(r.Began.Add(r.Took+settle)) {
		return h.changes[next], true
	}
	if next > 0 && r.Began.Sub(h.changes[next-1].at) <= blur {
		return h.changes[next-1], true
	}
	return c, false
}
