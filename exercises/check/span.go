package check

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"kubelab/core/target"
	"kubelab/core/view"
)

// maxQueries is how many different questions a Span remembers the answers of.
const maxQueries = 256

// Span is the part of a Log from a moment on. What was asked once is answered from then on by looking at new events only,
// so checks can ask the same ten times a second. It is not safe for use by several goroutines.
type Span struct {
	log   *Log
	from  uint64 // number of the latest event that is not in it
	known map[query]*found
}

// query selects events. All that is set has to fit.
type query struct {
	kinds string // with commas
	about string // a part of the lab, or an object; with stars
	text  string // is part of the event's text
	verb  string // of a request
}

type found struct {
	until  uint64 // number of the latest event that was looked at
	events []*view.Event
}

// From is the Span of what is told from now on.
func (l *Log) From() *Span { return &Span{log: l, from: l.next, known: map[query]*found{}} }

// Since is the Span of what has happened since a time. Events do not come strictly in the order of their times: it begins
// with the first that is not before.
func (l *Log) Since(t time.Time) *Span {
	s := l.From()
	if i := slices.IndexFunc(l.list, func(e logged) bool { return !e.event.Time.Before(t) }); i >= 0 {
		s.from = l.list[i].number - 1
	}
	return s
}

// find are the events of the span that q selects. They must not be changed.
func (s *Span) find(q query) ([]*view.Event, error) {
	if _, err := path.Match(q.about, ""); err != nil {
		return nil, fmt.Errorf("%q: a star stands for any letters but a slash; write [*] for a star itself", q.about)
	}
	f := s.known[q]
	if f == nil {
		if len(s.known) >= maxQueries {
			clear(s.known)
		}
		f = &found{until: s.from}
		s.known[q] = f
	}
	for _, e := range s.log.after(f.until) {
		if q.selects(e.event) {
			f.events = append(f.events, e.event)
		}
	}
	f.until = s.log.next
	return f.events, nil
}

func (q query) selects(e *view.Event) bool {
	return (q.kinds == "" || slices.Contains(strings.Split(q.kinds, ","), string(e.Kind))) &&
		(q.verb == "" || e.Request != nil && e.Request.Verb == q.verb) &&
		(q.text == "" || strings.Contains(e.Text, q.text)) &&
		(q.about == "" || about(e, q.about))
}

// about reports whether e is about what people call by that name: node-2, node-2/kubelet, pod/demo/web-*.
func about(e *view.Event, name string) bool {
	fits := func(s string) bool {
		ok, _ := path.Match(name, s) // it was tried in find
		return ok
	}
	machine, _, _ := strings.Cut(e.Source, "/")
	if fits(e.Source) || fits(machine) {
		return true
	}
	for _, o := range objectsOf(e) {
		if kind, rest, ok := strings.Cut(name, "/"); ok {
			if fit, _ := path.Match(target.Resource(kind)+"/"+rest, o.String()); fit {
				return true
			}
		}
		if o.Resource == "nodes" && fits(o.Name) {
			return true
		}
	}
	return e.Record != nil && slices.ContainsFunc(e.Record.Action.Targets, func(t string) bool {
		machine, _, _ := strings.Cut(t, "/")
		return fits(t) || fits(machine)
	})
}

// objectsOf are the objects that an event is about.
func objectsOf(e *view.Event) []view.Object {
	var list []view.Object
	if e.Object != nil {
		list = append(list, *e.Object)
	}
	if e.Container != nil {
		list = append(list, e.Container.Pod)
	}
	if e.Decision != nil {
		list = append(list, e.Decision.Pod)
	}
	if e.Rule != nil {
		list = append(list, e.Rule.Service)
	}
	return list
}
