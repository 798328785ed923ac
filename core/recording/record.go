package recording

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"kubelab/core/view"
)

// Options say how to record.
type Options struct {
	// Program is the version of the program that records.
	Program string
	// Every is how often a change of the snapshot is written at most, 10 ms to 1 s; 0 is 250 ms. Of several changes in
	// between only the latest is. So a snapshot is shown up to that much later than it was there.
	Every time.Duration
	// Progress is told about once a second and at the end, if it is set. It must return soon.
	Progress func(Progress)
}

// Progress is how far a recording is.
type Progress struct {
	For       time.Duration
	Bytes     int64 // in the file
	Events    int
	Snapshots int // whole ones and changes
	Dropped   int // events of noise that came faster than they could be written
}

const (
	minEvery     = 10 * time.Millisecond
	defaultEvery = 250 * time.Millisecond
	// flushEvery is how much may be lost when the program or the machine dies.
	flushEvery = time.Second
)

// RecordFile records to a new file, which only its owner may read. See Record.
func RecordFile(ctx context.Context, lab view.Lab, path string, o Options) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, os.ErrExist):
		return view.Fail(view.Usage, "record to %s: it exists already; name a new file, or remove it", path)
	case err != nil:
		return fmt.Errorf("record: %w", err)
	}
	if err := errors.Join(Record(ctx, lab, f, o), f.Close()); err != nil {
		return fmt.Errorf("record to %s: %w", path, err)
	}
	return nil
}

// Record writes what the lab shows now, what it remembers, and then what happens in it, until ctx ends; that is no
// error. It is one when the lab itself ends before, but the recording is whole then too, and so it is when there is
// no room for more in one (some nine hours of an idle lab). When w fails, what was written until a second before
// can be replayed.
//
// The lab does not wait for w: what w cannot take at once is kept, and beyond a bound noise is dropped and counted.
func Record(ctx context.Context, lab view.Lab, w io.Writer, o Options) error {
	if o.Every == 0 {
		o.Every = defaultEvery
	}
	o.Every = min(max(o.Every, minEvery), flushEvery)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	began := time.Now()
	r := &recorder{lab: lab, options: o, began: began, inbox: inbox{began: began}}
	received := make(chan struct{}) // closed when nothing comes any more
	events := lab.Watch(ctx)
	go func() {
		defer close(received)
		for e := range events {
			r.inbox.put(e)
		}
	}()
	defer func() {
		stop()
		<-received
	}()
	if err := r.begin(w); err != nil {
		return err
	}
	err := r.follow(received)
	switch {
	case err != nil && !errors.Is(err, errFull):
		return err
	case err == nil && ctx.Err() == nil:
		err = view.Fail(view.Failed, "the lab ended, and the recording with it")
	}
	err = errors.Join(err, r.out.close(time.Since(began)))
	r.tell()
	return err
}

// recorder is one recording that is being made.
type recorder struct {
	lab     view.Lab
	options Options
	began   time.Time
	inbox   inbox
	out     *writer

	seen      uint64         // Seq of the latest event that was remembered
	shown     *view.Snapshot // that was written last, and as plain JSON
	doc       any
	key       time.Duration // when the last whole snapshot was written
	told      time.Duration
	snapshots int
	dropped   int
}

// begin writes what is known already. It takes all of it before it writes anything, which may last.
func (r *recorder) begin(w io.Writer) (err error) {
	s, remembered := r.lab.Snapshot(), r.lab.Events(view.Query{})
	if r.out, err = newWriter(w, Info{Lab: s.Name, Began: r.began, Program: r.options.Program}); err != nil {
		return err
	}
	if err := r.full(0, s); err != nil {
		return err
	}
	for _, e := range remembered {
		r.seen = max(r.seen, e.Seq)
		if err := r.out.write(0, line{Event: &e}); err != nil {
			return err
		}
	}
	return r.out.flush()
}

// follow writes what happens, until nothing comes any more.
func (r *recorder) follow(received <-chan struct{}) error {
	tick := time.NewTicker(r.options.Every)
	defer tick.Stop()
	for {
		ended := false
		select {
		case <-tick.C:
		case <-received:
			ended = true
		}
		if err := r.round(); err != nil || ended {
			return err
		}
	}
}

// round writes what has happened since the last one.
func (r *recorder) round() error {
	now := time.Since(r.began)
	shown := r.lab.Snapshot()
	events, dropped := r.inbox.take()
	for _, e := range events {
		if e.Seq <= r.seen {
			continue // it was remembered, and came as news too
		}
		if err := r.out.write(e.at, line{Event: &e.Event}); err != nil {
			return err
		}
	}
	if dropped > 0 {
		r.dropped += dropped
		e := view.Event{Seq: events[len(events)-1].Seq, Time: time.Now(), Kind: view.Dropped, Source: Source, Count: dropped}
		if err := r.out.write(now, line{Event: &e}); err != nil {
			return err
		}
	}
	if err := r.snapshot(now, shown); err != nil {
		return err
	}
	if now-r.told >= flushEvery {
		r.tell()
	}
	if now-r.out.flushed+r.options.Every > flushEvery {
		return r.out.flush()
	}
	return nil
}

// snapshot writes what is new in s.
func (r *recorder) snapshot(now time.Duration, s *view.Snapshot) error {
	if now-r.key >= keyEvery {
		if err := r.out.next(); err != nil {
			return err
		}
		return r.full(now, s)
	}
	if s == r.shown {
		return nil
	}
	doc, err := plainly(s)
	if err != nil {
		return err
	}
	patch, changed := diff(r.doc, doc)
	r.shown, r.doc = s, doc
	if !changed {
		return nil
	}
	raw, err := compact(patch)
	if err != nil {
		return err
	}
	r.snapshots++
	return r.out.write(now, line{Patch: raw})
}

func (r *recorder) full(now time.Duration, s *view.Snapshot) error {
	doc, err := plainly(s)
	if err != nil {
		return err
	}
	raw, err := compact(doc)
	if err != nil {
		return err
	}
	r.shown, r.doc, r.key = s, doc, now
	r.snapshots++
	return r.out.write(now, line{Full: raw})
}

// compact is v as JSON, as short as it gets.
func compact(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

func (r *recorder) tell() {
	r.told = time.Since(r.began)
	if r.options.Progress != nil {
		r.options.Progress(Progress{
			For: r.told, Bytes: r.out.to.bytes, Events: r.out.events, Snapshots: r.snapshots, Dropped: r.dropped,
		})
	}
}
