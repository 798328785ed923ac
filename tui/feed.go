package tui

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"kubelab/core/view"
	"kubelab/tui/panel"
)

// feed brings what happens in the lab to the program, in portions: a program that is slow gets larger ones, and holds nobody up.
type feed struct {
	lab    view.Lab
	events <-chan view.Event
	seen   uint64 // revision of the Snapshot that was last brought
	calm   time.Duration
}

// fed is what happened since the last time.
type fed struct {
	snapshot *view.Snapshot // nil if it is the same
	events   []view.Event
	ended    bool
}

const (
	// soon is how long a portion is gathered once something has happened: a frame.
	soon = 33 * time.Millisecond
	// calm is how far apart portions are in which nothing but noise and figures changed: who only looks on at an idle lab gets
	// one picture a second.
	calm = time.Second
	// playing is the same for a recording, in which time passes faster, and which nobody looks at over a slow line.
	playing = time.Second / 4
	// portion is how many events come at once at most.
	portion = 2000
)

func newFeed(lab view.Lab, calm time.Duration) *feed { return &feed{lab: lab, calm: calm} }

// run waits for the next portion. It is called again after each.
func (f *feed) run(ctx context.Context) tea.Cmd {
	if f.events == nil {
		f.events = f.lab.Watch(ctx)
	}
	return func() tea.Msg {
		out := fed{}
		ring := time.NewTimer(f.calm)
		defer ring.Stop()
		hurry := false
		for len(out.events) < portion {
			select {
			case e, ok := <-f.events:
				if !ok {
					out.ended = true
					return out
				}
				out.events = append(out.events, e)
				if !hurry && !e.Kind.Noise() {
					hurry = true
					ring.Reset(soon)
				}
				continue
			case <-ring.C:
			case <-ctx.Done():
				out.ended = true
			}
			break
		}
		if s := f.lab.Snapshot(); s != nil && s.Revision != f.seen {
			f.seen, out.snapshot = s.Revision, s
		}
		return out
	}
}

// fed takes a portion.
func (m *Model) fed(f fed) tea.Cmd {
	if f.snapshot != nil {
		m.state.Lab = f.snapshot
	}
	m.state.Now = m.now()
	m.remember(f.events)
	if f.ended {
		m.end()
		return tea.Quit
	}
	return tea.Batch(m.feed.run(m.ctx), m.standing())
}

// remember keeps events by kind, and what is known of each fault.
func (m *Model) remember(events []view.Event) {
	for _, e := range events {
		if e.Source == "recording" && e.Kind == view.SourceChanged { // it jumped: what is remembered may not have happened yet
			m.forget()
			continue
		}
		list := append(m.state.Events[e.Kind], e)
		if len(list) > panel.Remembered+panel.Remembered/4 {
			list = slices.Clone(list[len(list)-panel.Remembered:])
		}
		m.state.Events[e.Kind] = list
		if e.Record != nil {
			i := slices.IndexFunc(m.state.Records, func(r view.Record) bool { return r.ID == e.Record.ID })
			if i >= 0 {
				m.state.Records[i] = *e.Record
			} else {
				m.state.Records = append(m.state.Records, *e.Record)
			}
		}
	}
}

// forget begins anew, from what the lab says now.
func (m *Model) forget() {
	m.state.Events, m.state.Records = map[view.EventKind][]view.Event{}, nil
	for _, e := range m.cfg.Lab.Events(view.Query{}) {
		if e.Source != "recording" {
			m.remember([]view.Event{e})
		}
	}
}
