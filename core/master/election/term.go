package election

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"kubelab/core/master/socket"
)

// term waits for the lead, leads, and returns when the lead is lost or given up and the component has ended.
func (c *Candidate) term() error {
	standing, withdraw := context.WithCancel(c.standing)
	defer withdraw()
	t := &term{c: c, ended: make(chan struct{}), withdraw: withdraw}
	// Whoever does not lead gives up nothing when it is asked to stop, so it need not wait for anything.
	defer context.AfterFunc(c.leading, func() {
		if t.closeUnlessBegun() {
			withdraw()
		}
	})()
	timing := c.cfg.Timing
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: c.lock, Name: c.cfg.Lease, ReleaseOnCancel: true,
		LeaseDuration: timing.Lease, RenewDeadline: timing.RenewDeadline, RetryPeriod: timing.Retry,
		Callbacks: leaderelection.LeaderCallbacks{OnStartedLeading: t.lead, OnStoppedLeading: func() {}},
	})
	if err != nil {
		return err
	}
	elector.Run(standing)
	if !t.closeUnlessBegun() {
		<-t.ended
	}
	return t.err
}

// term is one try to lead.
type term struct {
	c        *Candidate
	withdraw context.CancelFunc
	ended    chan struct{} // closed when a component that began has ended
	err      error         // why; written before ended is closed

	mu            sync.Mutex // guards the fields below
	begun, closed bool
}

// lead is called by client-go, on a goroutine of its own that may be late.
func (t *term) lead(elected context.Context) {
	if !t.begin() {
		return
	}
	// The Lease is given up only after the component has ended.
	defer t.withdraw()
	defer close(t.ended)
	leading, end := context.WithCancel(elected)
	defer end()
	defer context.AfterFunc(t.c.leading, end)()
	t.err = t.c.lead(leading)
}

func (t *term) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.begun = true
	return true
}

// closeUnlessBegun makes sure that the component does not run any more, if it does not run now.
func (t *term) closeUnlessBegun() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.begun {
		return false
	}
	t.closed = true
	return true
}

func (c *Candidate) lead(ctx context.Context) (err error) {
	listener, err := socket.Listen(ctx, c.cfg.Serve)
	if err != nil {
		return err
	}
	defer listener.Close()
	c.mu.Lock()
	c.listener = listener
	c.mu.Unlock()
	c.leads.Store(true)
	defer c.leads.Store(false)
	// It leads no more as soon as it is told so, however long it takes to end.
	defer context.AfterFunc(ctx, func() { c.leads.Store(false) })()
	if c.lock.shut.Load() { // it crashed before it could know of the listener
		return nil
	}
	// A component that returns by itself has servers that still run: upstream's panic when their listener fails before
	// they were told to end, so they are told before it is closed.
	serving, end := context.WithCancel(ctx)
	defer end()
	err = c.cfg.Lead(serving, listener)
	if ctx.Err() != nil {
		return nil // it was to end
	}
	if err == nil {
		err = errors.New("it returned")
	}
	return err
}

// lock is the Lease, until the candidate crashes: who is dead renews nothing and gives nothing up.
type lock struct {
	resourcelock.Interface
	shut atomic.Bool
}

var errShut = errors.New("the component crashed")

// Get reads the Lease.
func (l *lock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	if l.shut.Load() {
		return nil, nil, errShut
	}
	return l.Interface.Get(ctx)
}

// Create makes the Lease.
func (l *lock) Create(ctx context.Context, r resourcelock.LeaderElectionRecord) error {
	if l.shut.Load() {
		return errShut
	}
	return l.Interface.Create(ctx, r)
}

// Update renews the Lease or gives it up.
func (l *lock) Update(ctx context.Context, r resourcelock.LeaderElectionRecord) error {
	if l.shut.Load() {
		return errShut
	}
	return l.Interface.Update(ctx, r)
}
