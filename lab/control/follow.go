package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"kubelab/core/view"
)

// Following says what is followed.
type Following struct {
	Query      view.Query `json:"query"`      // which events
	Remembered bool       `json:"remembered"` // beginning with those that are remembered
	Snapshots  bool       `json:"snapshots"`  // and Snapshots, the present one first
}

// Line is one thing that was followed.
type Line struct {
	Event    *view.Event    `json:"event,omitempty"`
	Snapshot *view.Snapshot `json:"snapshot,omitempty"`
}

// snapshotsEvery is how far apart Snapshots are that are followed.
const snapshotsEvery = 250 * time.Millisecond

// follow tells the client that it has begun, and then sends until ctx ends or nobody reads any more.
func follow(ctx context.Context, w flushing, lab view.Lab, f Following) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events := lab.Watch(ctx)      // before the remembered ones are read, so that none is missed
	if w.control.Flush() != nil { // the headers
		return
	}
	out := json.NewEncoder(w)
	sent := uint64(0)
	event := func(e view.Event) error {
		if e.Seq <= sent && e.Kind != view.Dropped || e.Kind != view.Dropped && !f.Query.Selects(e) {
			return nil
		}
		sent = max(sent, e.Seq)
		return out.Encode(Line{Event: &e})
	}
	if f.Remembered {
		for _, e := range lab.Events(f.Query) {
			if event(e) != nil {
				return
			}
		}
	}
	var tick <-chan time.Time
	shown := uint64(0)
	if f.Snapshots {
		t := time.NewTicker(snapshotsEvery)
		defer t.Stop()
		tick = t.C
		shown = lab.Snapshot().Revision
		if out.Encode(Line{Snapshot: lab.Snapshot()}) != nil {
			return
		}
	}
	for {
		var err error
		select {
		case e, ok := <-events:
			if !ok {
				return
			}
			err = event(e)
		case <-tick:
			if s := lab.Snapshot(); s.Revision != shown {
				shown = s.Revision
				err = out.Encode(Line{Snapshot: s})
			}
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// Follow hands to f what happens, until ctx ends or f returns an error, which is returned. It is ErrCutOff when the engine ends.
func (c *Client) Follow(ctx context.Context, what Following, f func(Line) error) error {
	follow, err := c.follow(ctx, what)
	if err != nil {
		return err
	}
	return follow(f)
}

// follow returns when the engine has begun to follow: what happens from then on is not missed.
func (c *Client) follow(ctx context.Context, what Following) (read func(func(Line) error) error, err error) {
	b, err := json.Marshal(what)
	if err != nil {
		return nil, err
	}
	body, err := c.do(ctx, http.MethodPost, "/follow", bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return func(f func(Line) error) error {
		defer body.Close()
		lines := bufio.NewScanner(body)
		lines.Buffer(nil, maxLine)
		for lines.Scan() {
			var l Line
			if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
				return fmt.Errorf("read the engine's answer: %w", err)
			}
			if err := f(l); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return errors.Join(ErrCutOff, lines.Err())
	}, nil
}
