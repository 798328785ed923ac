package brain

import (
	"strconv"

	"kubelab/core/view"
	"kubelab/tui/panel"
)

// stream is a list of events, the newest first. While the cursor is on the newest it follows; elsewhere it stands still, so that what is
// read does not run away.
type stream struct {
	list
	events []*view.Event // the rows
	until  uint64        // Seq of the newest that is shown; 0 follows
	newer  int           // that came since, and are not shown
}

// take makes rows of the events that are wanted.
func (f *stream) take(all []view.Event, want func(*view.Event) bool) {
	f.events, f.newer = nil, 0
	for i := len(all) - 1; i >= 0; i-- {
		e := &all[i]
		switch {
		case !want(e):
		case f.until != 0 && e.Seq > f.until:
			f.newer++
		default:
			f.events = append(f.events, e)
		}
	}
	if f.until != 0 && len(f.events) == 0 { // what was read is forgotten
		f.until = 0
		f.take(all, want)
		return
	}
	ids := make([]string, len(f.events))
	for i, e := range f.events {
		ids[i] = strconv.FormatUint(e.Seq, 10)
	}
	f.set(ids)
	if f.until == 0 {
		f.table.Move(-len(ids))
	}
}

// moved is called when the cursor may have moved.
func (f *stream) moved() {
	switch i := f.index(); {
	case i <= 0:
		f.until = 0
	case f.until == 0:
		f.until = f.events[0].Seq
	}
}

// selected is the event with the cursor, nil without events.
func (f *stream) selected() *view.Event {
	if i := f.index(); i >= 0 && i < len(f.events) {
		return f.events[i]
	}
	return nil
}

// note says that the stream stands still.
func (f *stream) note(otherwise string) string {
	if f.until == 0 {
		return otherwise
	}
	text := "❚ stands still while you read, g follows again"
	if f.newer > 0 {
		text += ": " + panel.Plural(f.newer, "newer one")
	}
	return text
}

// rate is how many events a second there were in the last ten seconds of those that are remembered.
func rate(s *panel.State, all []view.Event, want func(*view.Event) bool) float64 {
	const over = 10
	n := 0
	for i := len(all) - 1; i >= 0; i-- {
		age := s.Now.Sub(all[i].Time).Seconds()
		if age > over {
			break
		}
		if age >= 0 && want(&all[i]) {
			n++
		}
	}
	return float64(n) / over
}
