package view

import (
	"context"
	"time"
)

// Lab is a lab as front ends see it: a running one, or the recording of one. Its methods may be called from any
// goroutine.
type Lab interface {
	// Snapshot is the lab as it was last seen; it must not be changed. It asks nobody, and costs nothing.
	Snapshot() *Snapshot
	// Watch tells what happens from now on, until ctx ends. The channel is closed then. Events that are not noise
	// are never lost; noise is, when the reader is slow, and an Event of kind Dropped says how much.
	Watch(ctx context.Context) <-chan Event
	// Events are those that are remembered and that q selects, the oldest first.
	Events(q Query) []Event
	// Ask looks something up that is not in the Snapshot, at its source. It may take as long as ctx allows.
	Ask(ctx context.Context, q Question) (Answer, error)
	// Do does what is asked and reports its steps. Unless the Action says otherwise it returns when the effect
	// has been measured. When ctx ends before the deed is done the deed is undone; when it ends later, only
	// the waiting does.
	Do(ctx context.Context, a Action, report Report) (Outcome, error)
}

// Outcome is what an Action has come to.
type Outcome struct {
	// Text says it in a line for people; empty where there is nothing to say.
	Text string `json:"text,omitempty"`
	// Record is of the fault that was injected or healed, if one was.
	Record *Record `json:"record,omitempty"`
	// Snapshots are those of etcd that were asked for.
	Snapshots []EtcdSnapshot `json:"snapshots,omitempty"`
	// Commands are what does the same by hand.
	Commands []string `json:"commands,omitempty"`
}

// SnapshotDone is what was done with a snapshot of etcd, and has not failed.
type SnapshotDone struct {
	Verb Verb         `json:"verb"` // SaveSnapshot, VerifySnapshot or RestoreSnapshot
	Of   EtcdSnapshot `json:"of"`
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
