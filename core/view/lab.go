package view

import (
	"context"
	"time"
)

// Lab is a running lab as front ends see it. Its methods may be called from any goroutine.
type Lab interface {
	// Snapshot is the lab as it is now. It asks nobody over the network.
	Snapshot() Snapshot
	// Watch tells what happens from now on, until ctx ends. The channel is closed then.
	Watch(ctx context.Context) <-chan Event
	// Do does what is asked and reports its steps. Unless the Action says otherwise it returns when the effect
	// has been measured. When ctx ends before the deed is done the deed is undone; when it ends later, only
	// the waiting does.
	Do(ctx context.Context, a Action, report Report) (Outcome, error)
}

// EventKind says what an Event is about.
type EventKind string

// The kinds of events.
const (
	FaultInjected EventKind = "fault-injected"
	FaultMeasured EventKind = "fault-measured"
	FaultHealed   EventKind = "fault-healed"
)

// Event is something that has happened.
type Event struct {
	Time   time.Time `json:"time"`
	Kind   EventKind `json:"kind"`
	Record *Record   `json:"record,omitempty"` // the fault as it is known then
}

// Outcome is what an Action has come to.
type Outcome struct {
	// Text says it in a line for people; empty where there is nothing to say.
	Text string `json:"text,omitempty"`
	// Record is of the fault that was injected or healed, if one was.
	Record *Record `json:"record,omitempty"`
	// Snapshots are those of etcd that were asked for.
	Snapshots []EtcdSnapshot `json:"snapshots,omitempty"`
}

// EtcdSnapshot is a file with all that etcd held at a moment.
type EtcdSnapshot struct {
	Name     string    `json:"name"`
	Path     string    `json:"path"`
	Time     time.Time `json:"time"`
	Revision int64     `json:"revision"` // of etcd
	Keys     int       `json:"keys"`
	Size     int64     `json:"size"` // bytes of the file
	Error    string    `json:"error,omitempty"`
}
