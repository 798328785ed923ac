package election

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/record"

	"kubelab/core/master/logs"
	"kubelab/core/store"
	"kubelab/core/topology"
)

// lease is a Lease in memory, with the API server's promise: an update that does not know the last one fails.
type lease struct {
	mu      sync.Mutex
	version int
	record  *resourcelock.LeaderElectionRecord
	down    bool // there is no API server
}

func (l *lease) as(identity string) *view { return &view{lease: l, identity: identity} }

// view is how one candidate sees a lease.
type view struct {
	*lease
	identity string
	seen     int
}

var errDown = apierrors.NewServiceUnavailable("down")

func (v *view) Get(context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.down:
		return nil, nil, errDown
	case v.record == nil:
		return nil, nil, apierrors.NewNotFound(schema.GroupResource{Resource: "leases"}, "test")
	}
	v.seen = v.version
	raw, err := json.Marshal(v.record)
	r := *v.record
	return &r, raw, err
}

func (v *view) Create(ctx context.Context, r resourcelock.LeaderElectionRecord) error {
	return v.Update(ctx, r)
}

func (v *view) Update(_ context.Context, r resourcelock.LeaderElectionRecord) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.down:
		return errDown
	case v.seen != v.version:
		return apierrors.NewConflict(schema.GroupResource{Resource: "leases"}, "test", nil)
	}
	v.version++
	v.seen = v.version
	v.record = &r
	return nil
}

func (v *view) RecordEvent(string) {}
func (v *view) Identity() string   { return v.identity }
func (v *view) Describe() string   { return "test" }
func (l *lease) setDown(down bool) { l.mu.Lock(); defer l.mu.Unlock(); l.down = down }
func (l *lease) holder() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.record == nil {
		return ""
	}
	return l.record.HolderIdentity
}

// race is two candidates for one lease, in fake time.
type race struct {
	t       *testing.T
	lease   lease
	timing  topology.Timing
	router  *logs.Router
	mu      sync.Mutex // guards running
	running map[string]int
	slow    time.Duration // how long a component takes to end
}

func (r *race) stand(name string, number int) *Candidate {
	c := stand(Config{
		Lease: "test", Machine: topology.Machine{Kind: topology.Master, Number: number}, Timing: r.timing,
		Log:    r.router.For(topology.Machine{Kind: topology.Master, Number: number}, name),
		Serve:  netip.MustParseAddrPort("127.0.0.1:0"),
		Failed: func(error) {},
		Lead: func(ctx context.Context, _ net.Listener) error {
			r.count(name, +1)
			defer r.count(name, -1)
			<-ctx.Done()
			time.Sleep(r.slow)
			if h := r.lease.holder(); ctx.Err() != nil && h == "" {
				r.t.Errorf("%s runs although the lease was given up", name)
			}
			return nil
		},
	}, r.lease.as(name), record.NewBroadcaster())
	r.t.Cleanup(func() { c.Crash(); <-c.Done() })
	return c
}

func (r *race) count(name string, by int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running[name] += by
}

// after waits and says who runs.
func (r *race) after(d time.Duration) (a, b int) {
	time.Sleep(d)
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.running["a"], r.running["b"]
}

func run(t *testing.T, f func(t *testing.T, r *race)) {
	synctest.Test(t, func(t *testing.T) {
		d, err := store.Open(t.TempDir(), "test")
		if err != nil {
			t.Fatal(err)
		}
		timing, err := topology.Workshop.Values()
		if err != nil {
			t.Fatal(err)
		}
		f(t, &race{t: t, timing: timing, router: logs.NewRouter(d, os.Stderr), running: map[string]int{}})
	})
}

func TestStopHandsOver(t *testing.T) {
	run(t, func(t *testing.T, r *race) {
		a := r.stand("a", 1)
		if x, y := r.after(time.Second); x != 1 || y != 0 {
			t.Fatalf("running: %d, %d", x, y)
		}
		r.stand("b", 2)
		if x, y := r.after(10 * time.Second); x != 1 || y != 0 {
			t.Fatalf("running: %d, %d", x, y)
		}
		r.slow = 300 * time.Millisecond
		if err := a.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		// A Lease that was given up is taken by the next try.
		if x, y := r.after(3 * r.timing.Retry); x != 0 || y != 1 {
			t.Errorf("running: %d, %d", x, y)
		}
	})
}

func TestStopOfOneThatDoesNotLead(t *testing.T) {
	run(t, func(t *testing.T, r *race) {
		r.stand("a", 1)
		r.after(time.Second)
		b := r.stand("b", 2)
		r.after(time.Second)
		begin := time.Now()
		if err := b.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("it took %s", took)
		}
		if h := r.lease.holder(); h != "a" {
			t.Errorf("%q holds the lease", h)
		}
	})
}

func TestCrashKeepsTheLease(t *testing.T) {
	run(t, func(t *testing.T, r *race) {
		a := r.stand("a", 1)
		r.after(time.Second)
		r.stand("b", 2)
		r.after(time.Second)
		a.Crash()
		if x, y := r.after(r.timing.Lease - r.timing.Retry); x != 0 || y != 0 || r.lease.holder() != "a" {
			t.Errorf("running: %d, %d; the lease is held by %q", x, y, r.lease.holder())
		}
		if x, y := r.after(2 * r.timing.Lease); x != 0 || y != 1 {
			t.Errorf("running: %d, %d", x, y)
		}
	})
}

func TestLossEndsTheComponent(t *testing.T) {
	run(t, func(t *testing.T, r *race) {
		r.stand("a", 1)
		r.after(time.Second)
		r.lease.setDown(true)
		if x, _ := r.after(2 * r.timing.RenewDeadline); x != 0 {
			t.Error("it runs without its lease")
		}
		r.lease.setDown(false)
		if x, _ := r.after(2 * r.timing.Lease); x != 1 {
			t.Error("it does not stand again")
		}
	})
}

// TestServersAreToldBeforeTheirListenerCloses has a component return by itself while a server of it runs on.
func TestServersAreToldBeforeTheirListenerCloses(t *testing.T) {
	d, err := store.Open(t.TempDir(), "test")
	if err != nil {
		t.Fatal(err)
	}
	timing, err := topology.Workshop.Values()
	if err != nil {
		t.Fatal(err)
	}
	var l lease
	told := make(chan bool, 10)
	machine := topology.Machine{Kind: topology.Master, Number: 1}
	c := stand(Config{
		Lease: "test", Machine: machine, Timing: timing, Log: logs.NewRouter(d, os.Stderr).For(machine, "test"),
		Serve: netip.MustParseAddrPort("127.0.0.1:0"), Failed: func(error) {},
		Lead: func(ctx context.Context, serve net.Listener) error {
			go func() {
				_, _ = serve.Accept() // until it is closed
				told <- ctx.Err() != nil
			}()
			return errors.New("no API server answers")
		},
	}, l.as("a"), record.NewBroadcaster())
	t.Cleanup(func() { c.Crash(); <-c.Done() })
	select {
	case first := <-told:
		if !first {
			t.Error("the listener was closed before the server was told to end")
		}
	case <-time.After(10 * time.Second):
		t.Error("the listener was not closed")
	}
}
