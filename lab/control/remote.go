package control

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"kubelab/core/view"
)

// Remote is the lab of an engine in another process. It is a view.Lab.
type Remote struct {
	client   *Client
	snapshot atomic.Pointer[view.Snapshot]

	mu  sync.Mutex // guards err
	err error      // why no Snapshots come any more
}

var _ view.Lab = (*Remote)(nil)

// Attach follows the engine's lab until ctx ends, and returns once it has a Snapshot.
func Attach(ctx context.Context, c *Client) (*Remote, error) {
	r := &Remote{client: c}
	first, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		// Events are followed by those who watch.
		err := c.Follow(ctx, Following{Query: view.Query{Kinds: []view.EventKind{view.Dropped}}, Snapshots: true}, func(l Line) error {
			if l.Snapshot != nil && r.snapshot.Swap(l.Snapshot) == nil {
				close(first)
			}
			return nil
		})
		r.mu.Lock()
		defer r.mu.Unlock()
		r.err = err
	}()
	select {
	case <-first:
		return r, nil
	case <-ended:
		return nil, r.Err()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Err is why nothing comes from the engine any more, nil while it does.
func (r *Remote) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if errors.Is(r.err, context.Canceled) || errors.Is(r.err, context.DeadlineExceeded) {
		return nil
	}
	return r.err
}

// Snapshot is the lab as the engine last told.
func (r *Remote) Snapshot() *view.Snapshot { return r.snapshot.Load() }

// Watch tells what happens from now on, until ctx or the engine ends.
func (r *Remote) Watch(ctx context.Context) <-chan view.Event {
	out := make(chan view.Event)
	read, err := r.client.follow(ctx, Following{})
	if err != nil {
		close(out)
		return out // why is known to Err
	}
	go func() {
		defer close(out)
		_ = read(func(l Line) error {
			select {
			case out <- *l.Event:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	return out
}

// Events are those that the engine remembers; none when it cannot be asked.
func (r *Remote) Events(q view.Query) []view.Event {
	list, err := r.client.Events(context.Background(), q)
	if err != nil {
		return nil
	}
	return list
}

// Ask has the engine look something up.
func (r *Remote) Ask(ctx context.Context, q view.Question) (view.Answer, error) {
	return r.client.Ask(ctx, q)
}

// Do has the engine do what is asked.
func (r *Remote) Do(ctx context.Context, a view.Action, report view.Report) (view.Outcome, error) {
	return r.client.Do(ctx, a, report)
}
