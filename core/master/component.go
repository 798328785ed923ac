package master

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"kubelab/core/component"
)

// Component is one of a master's four components. Its methods may be called at any time, from anywhere.
type Component struct {
	name  string
	begin begin

	starting sync.Mutex // held while a start or a stop is under way

	mu      sync.Mutex // guards the fields below
	status  component.Status
	starts  int
	current run                // nil unless running or starting
	cancel  context.CancelFunc // ends the start under way, nil when there is none
}

// run is one run of a component, from its start to its end.
type run interface {
	// Ready waits until the run serves.
	Ready(ctx context.Context) error
	// Stop ends it in good order, or as good as ctx allows.
	Stop(ctx context.Context) error
	// Crash ends it at once.
	Crash()
	// Done is closed when nothing of it is left.
	Done() <-chan struct{}
	// Leading reports whether it leads its peers.
	Leading() bool
}

// begin begins a run of a component, which calls failed when it ends without being asked to.
type begin func(ctx context.Context, failed func(error)) (run, error)

func newComponent(name string, b begin) *Component {
	c := &Component{name: name, begin: b}
	c.status = component.Status{State: component.Stopped, Since: time.Now()}
	return c
}

// errCrashed is why a start ends during which the component was crashed.
var errCrashed = errors.New("crashed while starting")

// Start starts the component and returns when it is ready. It does nothing when the component runs. When ctx
// ends first, or the component crashes, it undoes what it did.
func (c *Component) Start(ctx context.Context) error {
	ready, err := c.open(ctx)
	if err != nil {
		return err
	}
	return ready()
}

// open begins a start. The component serves nobody before ready returns; ready must be called.
func (c *Component) open(ctx context.Context) (ready func() error, err error) {
	c.starting.Lock()
	ctx, cancel := context.WithCancel(ctx)
	start, ok := c.enterStarting(cancel)
	if !ok {
		cancel()
		c.starting.Unlock()
		return func() error { return nil }, nil
	}
	r, err := c.begin(ctx, func(why error) { c.failed(start, why) })
	if err == nil && !c.adopt(r) {
		r.Crash()
		err = errCrashed
	}
	if err != nil {
		defer c.starting.Unlock()
		defer cancel()
		return nil, c.failedStart(err)
	}
	return func() error {
		defer c.starting.Unlock()
		defer cancel()
		if err := r.Ready(ctx); err != nil {
			r.Crash()
			return c.failedStart(err)
		}
		return c.enterRunning(r)
	}, nil
}

// Stop ends the component in good order. When ctx ends first it crashes what is left, and returns an error.
func (c *Component) Stop(ctx context.Context) error {
	c.mu.Lock()
	if c.cancel != nil {
		c.cancel()
	}
	c.mu.Unlock()
	c.starting.Lock()
	defer c.starting.Unlock()
	c.mu.Lock()
	r := c.current
	c.current = nil
	c.enter(component.Stopped, nil)
	c.mu.Unlock()
	if r == nil {
		return nil
	}
	return r.Stop(ctx)
}

// Crash ends the component as a power failure would, and returns at once.
func (c *Component) Crash() {
	c.mu.Lock()
	r := c.current
	if r != nil || c.cancel != nil {
		c.crashed(nil)
	}
	c.mu.Unlock()
	if r != nil {
		r.Crash()
	}
}

// failed notes that a run ended by itself; older runs than the last are of no interest.
func (c *Component) failed(start int, why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if start == c.starts && (c.current != nil || c.cancel != nil) {
		c.crashed(why)
	}
}

// crashed is called with mu held.
func (c *Component) crashed(why error) {
	c.current = nil
	c.enter(component.Crashed, why)
	if c.cancel != nil {
		c.cancel()
	}
}

// Status tells how the component is doing.
func (c *Component) Status() component.Status {
	c.mu.Lock()
	s, r := c.status, c.current
	c.mu.Unlock()
	s.Leading = s.State == component.Running && r != nil && r.Leading()
	return s
}

// underWay is the run under way, nil when there is none.
func (c *Component) underWay() run {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

func (c *Component) enterStarting(cancel context.CancelFunc) (start int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.status.State == component.Running {
		return 0, false
	}
	c.enter(component.Starting, nil)
	c.cancel = cancel
	c.starts++
	c.status.Restarts = c.starts - 1
	return c.starts, true
}

// adopt makes r the current run, unless the component was crashed meanwhile.
func (c *Component) adopt(r run) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.status.State != component.Starting {
		return false
	}
	c.current = r
	return true
}

func (c *Component) enterRunning(r run) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cancel = nil
	if c.current != r {
		return fmt.Errorf("start %s: %w", c.name, errCrashed)
	}
	c.enter(component.Running, nil)
	return nil
}

func (c *Component) failedStart(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cancel, c.current = nil, nil
	if c.status.State == component.Starting {
		c.enter(component.Stopped, err)
	}
	return err
}

func (c *Component) enter(s component.State, why error) {
	c.status.State, c.status.Since, c.status.Error = s, time.Now(), ""
	if why != nil {
		c.status.Error = why.Error()
	}
}
