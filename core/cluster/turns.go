package cluster

import (
	"context"
	"fmt"

	"golang.org/x/sync/semaphore"
)

// turns lets any number of failures happen at the same time, but none while the lab is started, stopped or
// made of other machines, and only one such change at a time.
type turns struct{ s *semaphore.Weighted }

// everybody is more than there will ever be at the same time.
const everybody = 1 << 20

func newTurns() turns { return turns{semaphore.NewWeighted(everybody)} }

// alone waits until nobody else changes anything, and keeps it so until done is called.
func (t turns) alone(ctx context.Context) (done func(), err error) { return t.take(ctx, everybody) }

// beside waits until nobody is alone.
func (t turns) beside(ctx context.Context) (done func(), err error) { return t.take(ctx, 1) }

func (t turns) take(ctx context.Context, n int64) (done func(), err error) {
	if err := t.s.Acquire(ctx, n); err != nil {
		return nil, fmt.Errorf("wait until another change of the lab has ended: %w", context.Cause(ctx))
	}
	return func() { t.s.Release(n) }, nil
}

// Beside keeps the lab from being started, stopped or made of other machines until done is called. Whoever
// breaks or mends something holds it meanwhile.
func (c *Cluster) Beside(ctx context.Context) (done func(), err error) { return c.changing.beside(ctx) }
