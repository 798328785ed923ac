// Package story tells what happened to one object of Kubernetes, across all that was watched: the request that made it, what
// etcd kept of it, what controllers, the scheduler, kubelet and containerd did next, and what kube-proxy made of it. It
// selects and orders what is remembered; it asks nobody, and how a story is printed is not its subject.
//
// Tell is all there is to call. family.go finds the objects that belong to a story, around.go what has to do with them,
// history.go the changes that requests have made, select.go the events that are told.
package story

import (
	"cmp"
	"slices"
	"time"

	"kubelab/core/view"
)

// Tell is the story of an object, told from events, which may come in any order and are not changed. since is when
// they began to be remembered.
//
// The story is about the object and all that it owns, and all that these own; about the EndpointSlices that list its
// pods, and the rules that lead to them. A Service has its EndpointSlices and its rules. Faults of the nodes that its
// pods are on are told too, where they came meanwhile. Reads are left out, and so is what says only that somebody is
// alive. Of an object that nothing was heard of there are no entries.
//
// What takes time is told where it began: the Time of an entry with a request is that of Request.Began, and that of one
// with a decision lies Decision.Took before the event's. What happened in admission is in Request.Stages.
func Tell(events []view.Event, of view.Object, since time.Time) view.Story {
	t := newTeller(events, of)
	s := view.Story{Object: of, Since: since, Entries: []view.Entry{}}
	var last time.Time
	for _, m := range t.moments() {
		e := view.Entry{Event: events[m.event]}
		e.Time = m.at
		if len(s.Entries) > 0 {
			e.After = m.at.Sub(last)
		}
		last = m.at
		s.Entries = append(s.Entries, e)
	}
	return s
}

// moment is an event of the story, and when what it tells of began.
type moment struct {
	at      time.Time
	request bool
	seq     uint64
	event   int // its place among the events
}

// compare orders moments. Where clocks do not tell a request from what it did, the request comes first.
func (m moment) compare(o moment) int {
	switch {
	case !m.at.Equal(o.at):
		return m.at.Compare(o.at)
	case m.request != o.request && m.request:
		return -1
	case m.request != o.request:
		return 1
	}
	return cmp.Or(cmp.Compare(m.seq, o.seq), cmp.Compare(m.event, o.event))
}

// echo is how long after the change of a key it may be told what that means for the pod or node behind it.
const echo = 10 * time.Millisecond

// moments are those of the story in order.
func (t *teller) moments() []moment {
	var list []moment
	for i := range t.events {
		if t.tells(i) {
			list = append(list, t.moment(i))
		}
	}
	slices.SortFunc(list, moment.compare)
	list = t.withoutRepeats(list)
	if len(list) == 0 {
		return nil
	}
	first, last := list[0].at, list[len(list)-1].at
	for i := range t.events {
		e := &t.events[i]
		if t.touched(e) && !e.Time.Before(first) && !e.Time.After(last) {
			list = append(list, t.moment(i))
		}
	}
	slices.SortFunc(list, moment.compare)
	return list
}

// withoutRepeats leaves out what tells once more what was just told: the end of a request that lasts, and what follows from
// a change of a pod's or node's key.
func (t *teller) withoutRepeats(list []moment) []moment {
	requests := map[string]bool{}   // by their ids
	changed := map[name]time.Time{} // when each key has last changed
	return slices.DeleteFunc(list, func(m moment) bool {
		switch e := &t.events[m.event]; e.Kind {
		case view.Requested:
			id := e.Request.ID
			again := id != "" && requests[id]
			requests[id] = true
			return again
		case view.KeyChanged:
			changed[nameOf(*e.Object)] = m.at
		case view.PodChanged, view.NodeChanged:
			at, ok := changed[nameOf(*e.Object)]
			return ok && m.at.Sub(at) <= echo
		}
		return false
	})
}
