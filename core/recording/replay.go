package recording

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"kubelab/core/view"
)

// Source is the source of events that are about the recording and not about the lab: a view.Dropped when noise came
// faster than it could be written or read, and a view.SourceChanged when the replay has jumped.
const Source = "recording"

// Lab is the replay of a Recording. It shows the lab as of its position, which moves as Play says and as Seek and Step
// set it; at first it is at the beginning and stands. Time passes by itself: there is nothing to close.
//
// After a jump the Snapshot may be older than the one before. Events are those up to the new position then, and Watch
// tells only what is played from there on, after an Event of kind view.SourceChanged and of this package's Source.
// That one has the Seq of the latest event before the position, and the position's Time.
type Lab struct {
	// Story makes the Story of an object of the events up to the position, which it must not change; the last parameter
	// is since when there are any. It is set before the Lab is used. Without it there are no stories.
	Story func([]view.Event, view.Object, time.Time) view.Story

	rec *Recording

	mu      sync.Mutex // guards what follows
	at      time.Duration
	since   time.Time     // when the position was at
	speed   float64       // of the lab's time to ours; 0 while it stands
	jumps   int           // counts them
	changed chan struct{} // is closed, and replaced, when any of the above changes
	picture picture
}

var _ view.Lab = (*Lab)(nil)

// Replay makes a Lab of a recording.
func Replay(r *Recording) *Lab {
	return &Lab{rec: r, since: time.Now(), changed: make(chan struct{})}
}

// Recording is what is replayed.
func (l *Lab) Recording() *Recording { return l.rec }

// Snapshot is the lab as it was at the position. After a jump it may take some milliseconds.
func (l *Lab) Snapshot() *view.Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.picture.of(l.rec.states, l.position())
}

// Events are those up to the position.
func (l *Lab) Events(q view.Query) []view.Event {
	list := []view.Event{}
	for _, e := range slices.Backward(l.played()) {
		if q.Selects(e) {
			list = append(list, e)
		}
		if q.Last > 0 && len(list) == q.Last {
			break
		}
	}
	slices.Reverse(list)
	return list
}

// played are all events up to the position. They belong to the Recording.
func (l *Lab) played() []view.Event {
	n := l.rec.until(l.Position())
	return l.rec.events[:n:n]
}

// Ask answers what can be known of events: stories.
func (l *Lab) Ask(_ context.Context, q view.Question) (view.Answer, error) {
	if q.Story == nil || l.Story == nil {
		return view.Answer{}, view.Fail(view.Failed, "%s is not in a recording: ask a running lab", asked(q))
	}
	since := l.rec.info.Began
	if len(l.rec.events) > 0 && l.rec.events[0].Time.Before(since) {
		since = l.rec.events[0].Time
	}
	s := l.Story(l.played(), *q.Story, since)
	return view.Answer{Story: &s}, nil
}

// asked is what a Question is about.
func asked(q view.Question) string {
	switch {
	case q.Story != nil:
		return "the story of " + q.Story.String()
	case q.Keys != nil:
		return "what etcd held"
	case q.Reads != "":
		return "how members read a key"
	case q.WhatIf != "":
		return "where the scheduler would put a pod"
	case q.Queue:
		return "the scheduler's queue"
	case q.Controllers:
		return "how busy controllers were"
	case q.Node != "":
		return "what kubelet and containerd of " + q.Node + " said"
	case q.Proxy != nil:
		return "what kube-proxy of " + q.Proxy.Node + " made of " + q.Proxy.Service.String()
	}
	return "this"
}

// Do refuses: what is over cannot be changed.
func (l *Lab) Do(_ context.Context, a view.Action, _ view.Report) (view.Outcome, error) {
	return view.Outcome{}, view.Fail(view.Failed, "%s: this is a recording, nothing can be done to it; do it to a running lab (lab start)", a)
}

// jumped is what watchers are told after a jump.
func (l *Lab) jumped(to time.Duration) view.Event {
	e := view.Event{Time: l.rec.info.Began.Add(to), Kind: view.SourceChanged, Source: Source}
	if n := l.rec.until(to); n > 0 {
		e.Seq = l.rec.events[n-1].Seq
	}
	e.Text = fmt.Sprintf("The replay goes on at %s, %s after the beginning.", e.Time.Local().Format(time.TimeOnly), to.Round(time.Second/10))
	return e
}
