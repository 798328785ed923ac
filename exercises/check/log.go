package check

import (
	"slices"
	"sort"

	"kubelab/core/view"
)

// maxEvents is how many events a Log keeps: some 50 MB. A workshop's unit has 2,000.
const maxEvents = 50_000

// Log keeps what may matter to a check of what has happened to a lab: everything that is no noise, changes, refusals,
// and what people asked for. That components renew their Leases, watch and read is left out, so that an hour fits. It is not
// safe for use by several goroutines.
type Log struct {
	list []logged // in the order in which they came
	next uint64
	// Writes counts what the lab's stopwatch was promised and got.
	writes tally
}

// logged is an event and its place among all that came.
type logged struct {
	number uint64
	event  *view.Event
}

// Add takes an event, and reports whether it may matter to a check.
func (l *Log) Add(e view.Event) bool {
	l.writes.add(e)
	if !matters(e) {
		return false
	}
	l.next++
	l.list = append(l.list, logged{l.next, &e})
	if len(l.list) > maxEvents {
		l.shorten()
	}
	return true
}

// shorten forgets the older half of the noise, and then of all when there is hardly any.
func (l *Log) shorten() {
	half := l.next - maxEvents/2
	l.list = slices.DeleteFunc(l.list, func(e logged) bool { return e.number < half && e.event.Kind.Noise() })
	if len(l.list) > maxEvents*3/4 {
		l.list = slices.Delete(l.list, 0, maxEvents/2)
	}
}

func matters(e view.Event) bool {
	switch {
	case e.Kind == view.Requested:
		r := e.Request
		return r.Code >= 400 && byPerson(r) || r.Write() && !r.Object.Routine() || byPerson(r) && r.Agent != labAgent
	case e.Kind == view.KeyChanged:
		return e.Object == nil || !e.Object.Routine()
	}
	return true
}

// after are the events with greater numbers.
func (l *Log) after(number uint64) []logged {
	return l.list[sort.Search(len(l.list), func(i int) bool { return l.list[i].number > number }):]
}
