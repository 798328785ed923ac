package master

import (
	"context"
	"errors"
	"sync"
	"testing"

	"kubelab/core/component"
)

// fake is a run that does what it is told.
type fake struct {
	ready    chan error // what Ready returns
	done     chan struct{}
	once     sync.Once
	stopped  bool
	crashed  bool
	leading  bool
	failures func(error)
}

func (f *fake) Ready(ctx context.Context) error {
	select {
	case err := <-f.ready:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
func (f *fake) Stop(context.Context) error { f.stopped = true; f.end(); return nil }
func (f *fake) Crash()                     { f.crashed = true; f.end() }
func (f *fake) Done() <-chan struct{}      { return f.done }
func (f *fake) Leading() bool              { return f.leading }
func (f *fake) end()                       { f.once.Do(func() { close(f.done) }) }

// runs makes fakes and keeps them.
type runs struct {
	list  []*fake
	begun chan *fake
	fail  error
}

func (r *runs) begin(_ context.Context, failed func(error)) (run, error) {
	if r.fail != nil {
		return nil, r.fail
	}
	f := &fake{ready: make(chan error, 1), done: make(chan struct{}), failures: failed}
	r.list = append(r.list, f)
	if r.begun != nil {
		r.begun <- f
	} else {
		f.ready <- nil
	}
	return f, nil
}

func expect(t *testing.T, c *Component, want component.State, restarts int) component.Status {
	t.Helper()
	s := c.Status()
	if s.State != want || s.Restarts != restarts {
		t.Errorf("%s after %d restarts, want %s after %d", s.State, s.Restarts, want, restarts)
	}
	return s
}

func TestComponentLife(t *testing.T) {
	r := &runs{}
	c := newComponent("test", r.begin)
	expect(t, c, component.Stopped, 0)
	c.Crash()
	expect(t, c, component.Stopped, 0) // what does not run cannot crash
	for range 2 {                      // the second start has nothing to do
		if err := c.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, c, component.Running, 0)
	r.list[0].leading = true
	if !c.Status().Leading {
		t.Error("it does not lead")
	}
	if err := c.Stop(t.Context()); err != nil || !r.list[0].stopped || r.list[0].crashed {
		t.Errorf("stopped: %v, %+v", err, r.list[0])
	}
	expect(t, c, component.Stopped, 0)
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.Crash()
	if s := expect(t, c, component.Crashed, 1); !r.list[1].crashed || s.Error != "" || s.Leading {
		t.Errorf("crashed: %+v", s)
	}
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.list[1].failures(errors.New("late")) // of a run that is long gone
	expect(t, c, component.Running, 2)
	r.list[2].failures(errors.New("ouch"))
	if s := expect(t, c, component.Crashed, 2); s.Error != "ouch" {
		t.Errorf("the status says %q", s.Error)
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, c, component.Stopped, 2)
}

func TestComponentStartThatFails(t *testing.T) {
	r := &runs{fail: errors.New("no port")}
	c := newComponent("test", r.begin)
	if err := c.Start(t.Context()); !errors.Is(err, r.fail) {
		t.Errorf("got %v", err)
	}
	if s := expect(t, c, component.Stopped, 0); s.Error != "no port" {
		t.Errorf("the status says %q", s.Error)
	}
	r.fail = nil
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Whatever happens to a component that starts, Start returns and nothing is left.
func TestComponentEndsWhileStarting(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(c *Component, f *fake, cancel func())
		want component.State
	}{
		"cancelled":   {func(_ *Component, _ *fake, cancel func()) { cancel() }, component.Stopped},
		"stopped":     {func(c *Component, _ *fake, _ func()) { _ = c.Stop(context.Background()) }, component.Stopped},
		"crashed":     {func(c *Component, _ *fake, _ func()) { c.Crash() }, component.Crashed},
		"fails":       {func(_ *Component, f *fake, _ func()) { f.failures(errors.New("ouch")) }, component.Crashed},
		"never ready": {func(_ *Component, f *fake, _ func()) { f.ready <- errors.New("no") }, component.Stopped},
	} {
		t.Run(name, func(t *testing.T) {
			r := &runs{begun: make(chan *fake, 1)}
			comp := newComponent("test", r.begin)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			result := make(chan error, 1)
			go func() { result <- comp.Start(ctx) }()
			f := <-r.begun
			c.do(comp, f, cancel)
			if err := <-result; err == nil {
				t.Error("it started")
			}
			expect(t, comp, c.want, 0)
			<-f.done
		})
	}
}
