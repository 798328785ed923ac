// Package election has a component of several masters run on one of them at a time, by client-go's leader
// election on the Leases that upstream uses. Upstream's scheduler and controller manager can do it
// themselves, but end the process when they lose or give up the lead; here only their run ends, and they
// stand again.
//
// The main types are Config and Candidate.
package election

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/record"

	"kubelab/core/master/logs"
	"kubelab/core/master/socket"
	"kubelab/core/topology"
)

// Config says who stands for what.
type Config struct {
	Lease      string // its name, in kube-system
	Machine    topology.Machine
	Kubeconfig string // of the component; its events and its Lease go through it
	Timing     topology.Timing
	Log        *logs.Log
	Serve      netip.AddrPort // where the component listens while it leads
	// Lead runs the component until ctx ends. It is called on a goroutine of the component, never twice at
	// the same time. When it returns before ctx ends the candidate gives the lead up and stands again.
	Lead func(ctx context.Context, serve net.Listener) error
	// Failed is called, on any goroutine, when the component panics or means to exit.
	Failed func(error)
}

// Candidate stands for election until it is stopped.
type Candidate struct {
	cfg    Config
	lock   *lock
	events record.EventBroadcaster

	standing context.Context    // ends when the Lease is to be given up, by order
	withdraw context.CancelFunc // ends standing
	leading  context.Context    // ends when the component is to end, by order
	resign   context.CancelFunc // ends leading

	leads atomic.Bool
	done  chan struct{} // closed when nothing of the candidate is left
	once  sync.Once     // for ending it

	mu       sync.Mutex       // guards the fields below
	err      error            // why the candidate crashed
	listener *socket.Listener // of the term under way
}

// Start stands for election. It needs no API server: without one the candidate keeps trying.
func Start(cfg Config) (*Candidate, error) {
	config, err := clientcmd.BuildConfigFromFlags("", cfg.Kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", cfg.Kubeconfig, err)
	}
	events := record.NewBroadcaster()
	lease, err := cfg.lease(config, events)
	if err != nil {
		events.Shutdown()
		return nil, fmt.Errorf("stand for %s on %s: %w", cfg.Lease, cfg.Machine, err)
	}
	return stand(cfg, lease, events), nil
}

func stand(cfg Config, lease resourcelock.Interface, events record.EventBroadcaster) *Candidate {
	c := &Candidate{cfg: cfg, lock: &lock{Interface: lease}, events: events, done: make(chan struct{})}
	c.standing, c.withdraw = context.WithCancel(context.Background())
	c.leading, c.resign = context.WithCancel(c.standing)
	cfg.Log.OnFailure(c.crash)
	ended := cfg.Log.Go(c.run)
	go func() {
		<-ended
		c.withdraw()
		c.events.Shutdown()
		close(c.done)
	}()
	return c
}

// lease makes the Lease that is stood for, and has events sent to the API server.
func (cfg Config) lease(config *rest.Config, events record.EventBroadcaster) (resourcelock.Interface, error) {
	client, err := kubernetes.NewForConfig(rest.AddUserAgent(config, cfg.Lease))
	if err != nil {
		return nil, err
	}
	// The election's own client has a timeout, so that a server that hangs costs one try and not the lead.
	config = rest.AddUserAgent(config, "leader-election")
	config.Timeout = cfg.Timing.RenewDeadline / 2
	leases, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	<-cfg.Log.Go(func() { // its goroutines belong to the component
		events.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events("")})
	})
	return &resourcelock.LeaseLock{
		LeaseMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: cfg.Lease},
		Client:    leases.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{
			// As upstream's: the host's name, and something that no second process on it has.
			Identity:      cfg.Machine.Name() + "_" + string(uuid.NewUUID()),
			EventRecorder: events.NewRecorder(scheme.Scheme, corev1.EventSource{Component: cfg.Lease}),
		},
	}, nil
}

func (c *Candidate) run() {
	for c.leading.Err() == nil {
		err := c.term()
		if err == nil || c.leading.Err() != nil {
			continue
		}
		fmt.Fprintf(c.cfg.Log, "the component ended: %v\n", err)
		select { // a component that cannot run must not spin
		case <-time.After(c.cfg.Timing.Retry):
		case <-c.leading.Done():
		}
	}
}

// Ready is immediate: a candidate that does not lead is as ready as one that does.
func (c *Candidate) Ready(context.Context) error { return nil }

// Leading reports whether the candidate holds the Lease and its component runs.
func (c *Candidate) Leading() bool { return c.leads.Load() }

// Stop ends the component, then gives the Lease up, so that somebody else can take it at once. When ctx ends
// first the rest is done as in a crash.
func (c *Candidate) Stop(ctx context.Context) error {
	c.once.Do(func() {
		c.cfg.Log.OnFailure(nil)
		c.resign()
	})
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		c.abandon()
		return fmt.Errorf("stop %s of %s: %w", c.cfg.Lease, c.cfg.Machine, ctx.Err())
	}
}

// Crash ends the candidate as a power failure would, and returns at once: it keeps the Lease until that
// expires. What is left of it winds down in the background; Done tells when it has.
func (c *Candidate) Crash() { c.crash(nil) }

func (c *Candidate) crash(err error) {
	c.once.Do(func() {
		c.cfg.Log.OnFailure(nil)
		c.abandon()
		if err != nil {
			c.mu.Lock()
			c.err = err
			c.mu.Unlock()
			c.cfg.Failed(err)
		}
	})
}

func (c *Candidate) abandon() {
	c.lock.shut.Store(true)
	c.mu.Lock()
	if c.listener != nil {
		c.listener.Abandon()
	}
	c.mu.Unlock()
	c.resign()
	c.withdraw()
	_, _ = socket.Reset(func(local, _ netip.AddrPort) bool { return local == c.cfg.Serve }) // it fails only without /proc
}

// Done is closed when nothing of the candidate is left. A new one can stand before that.
func (c *Candidate) Done() <-chan struct{} { return c.done }

// Err is why the candidate crashed, nil when it was asked to.
func (c *Candidate) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}
