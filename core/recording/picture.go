package recording

import (
	"encoding/json"
	"sort"
	"time"

	"kubelab/core/view"
)

// picture is the snapshot of the state that was shown last, and what it was made of, so that the next one costs only
// what has changed.
type picture struct {
	state    int
	doc      any // plain JSON
	snapshot *view.Snapshot
}

// of is the snapshot at a moment. The first state is at 0.
func (p *picture) of(states []state, at time.Duration) *view.Snapshot {
	want := sort.Search(len(states), func(i int) bool { return states[i].at > at }) - 1
	if p.snapshot != nil && want == p.state {
		return p.snapshot
	}
	from := want
	for !states[from].full && (p.snapshot == nil || from != p.state+1) {
		from--
	}
	for _, s := range states[from : want+1] {
		// It was decoded once, when the file was read.
		part, _ := decode(s.raw)
		if s.full {
			p.doc = part
		} else {
			p.doc = merge(p.doc, part)
		}
	}
	p.state, p.snapshot = want, typed(p.doc)
	return p.snapshot
}

// typed leaves out what does not fit into a Snapshot. There is nothing of that in a recorder's file; in another one
// the rest is still worth showing.
func typed(doc any) *view.Snapshot {
	s := new(view.Snapshot)
	if raw, err := json.Marshal(doc); err == nil {
		_ = json.Unmarshal(raw, s) // an error says what was left out
	}
	return s
}
