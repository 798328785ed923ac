// Package balancer is the load balancer in front of a lab's API servers: what HAProxy or a cloud's load
// balancer is to a cluster that kubeadm made. It forwards TCP connections and looks into none of them.
//
// The main types are Config, Balancer and Backend.
//
// A new connection goes to the ready API server with the fewest connections, and to the next one when that
// refuses. When an API server stops being ready while another is, its connections are reset, so that
// clients come back and get a better one, unless it is drained. When none is ready, as when etcd has lost its majority, all are
// tried: an answer that says what is wrong is better than none.
package balancer

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/inetaf/tcpproxy"
)

// Config says what to balance.
type Config struct {
	Listen netip.AddrPort
	Source netip.Addr     // connections to API servers come from here, so that links can be cut
	Roots  *x509.CertPool // signs what the API servers serve with
	Log    *slog.Logger
}

// dialBound is how long one API server may take to accept a connection; all of them are on the same host.
const dialBound = time.Second

// Balancer is one load balancer. Start it once.
type Balancer struct {
	cfg   Config
	proxy *tcpproxy.Proxy

	running context.Context // ends with Close
	end     context.CancelFunc
	work    sync.WaitGroup // probes, and connections from their acceptance to their end

	gate sync.RWMutex // held for writing while nothing of clients' is passed on

	mu       sync.Mutex // guards the fields below
	closed   bool
	backends []*backend
	waiting  map[net.Conn]struct{} // clients whose connection has no backend yet
	turn     int                   // breaks ties between backends with as many connections
}

// New makes a balancer without backends.
func New(cfg Config) *Balancer {
	b := &Balancer{cfg: cfg, waiting: map[net.Conn]struct{}{}}
	b.running, b.end = context.WithCancel(context.Background())
	return b
}

// Start listens. Connections are served until Close.
func (b *Balancer) Start(ctx context.Context) error {
	b.proxy = &tcpproxy.Proxy{ListenFunc: func(network, addr string) (net.Listener, error) {
		var c net.ListenConfig
		return c.Listen(ctx, network, addr)
	}}
	b.proxy.AddRoute(b.cfg.Listen.String(), target{b})
	if err := b.proxy.Start(); err != nil {
		b.proxy = nil // it would be waited for, and never ends
		return fmt.Errorf("start the load balancer on %s: %w", b.cfg.Listen, err)
	}
	return nil
}

// Close stops listening, resets all connections and waits until nothing is left.
func (b *Balancer) Close() error {
	b.mu.Lock()
	b.closed = true
	backends := b.backends
	b.backends = nil
	for c := range b.waiting {
		reset(c)
	}
	b.mu.Unlock()
	b.end()
	for _, be := range backends {
		be.remove()
	}
	var err error
	if b.proxy != nil {
		err = b.proxy.Close()
		_ = b.proxy.Wait() // it says that its listener is closed
	}
	b.work.Wait()
	return err
}

// SetBackends says which API servers there are. New ones get connections at once, removed ones lose theirs.
func (b *Balancer) SetBackends(addrs []netip.AddrPort) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	var next []*backend
	for _, be := range b.backends {
		if slices.Contains(addrs, be.addr) {
			next = append(next, be)
		} else {
			be.remove()
		}
	}
	for _, addr := range addrs {
		if !slices.ContainsFunc(next, func(be *backend) bool { return be.addr == addr }) {
			be := newBackend(b, addr)
			next = append(next, be)
			b.work.Go(be.watch)
		}
	}
	b.backends = next
}

// Drain sends no more connections to an API server while others take them, and leaves the present ones to it to end:
// it is about to be stopped in good order. Undrain ends that.
func (b *Balancer) Drain(addr netip.AddrPort) { b.setDraining(addr, true) }

// Undrain has an API server get connections again.
func (b *Balancer) Undrain(addr netip.AddrPort) { b.setDraining(addr, false) }

// Hold passes nothing on of what clients send until it is released, which must be soon: they notice only that answers
// take longer. Answers pass.
func (b *Balancer) Hold() (release func()) {
	b.gate.Lock()
	return b.gate.Unlock
}

func (b *Balancer) setDraining(addr netip.AddrPort, on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, be := range b.backends {
		if be.addr == addr {
			be.mu.Lock()
			be.draining = on
			be.mu.Unlock()
		}
	}
}

// Backend is what is known of one API server.
type Backend struct {
	Addr        netip.AddrPort `json:"addr"`
	Ready       bool           `json:"ready"`
	Draining    bool           `json:"draining,omitempty"`
	Connections int            `json:"connections"` // now
	Total       int            `json:"total"`       // since the balancer started
	Error       string         `json:"error,omitempty"`
}

// Status lists the backends, sorted by address.
func (b *Balancer) Status() []Backend {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]Backend, 0, len(b.backends))
	for _, be := range b.backends {
		list = append(list, be.status())
	}
	slices.SortFunc(list, func(x, y Backend) int { return x.Addr.Compare(y.Addr) })
	return list
}

// Healthy lists the backends that are ready, sorted by address.
func (b *Balancer) Healthy() []netip.AddrPort {
	list := []netip.AddrPort{}
	for _, be := range b.Status() {
		if be.Ready {
			list = append(list, be.Addr)
		}
	}
	return list
}

// candidates are the backends to try, the best first.
func (b *Balancer) candidates() []*backend {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn++
	type ranked struct {
		be         *backend
		down, busy int
	}
	list := make([]ranked, 0, len(b.backends))
	for i := range b.backends {
		be := b.backends[(i+b.turn)%len(b.backends)]
		s := be.status()
		r := ranked{be: be, busy: s.Connections}
		switch {
		case !s.Ready:
			r.down = 2
		case s.Draining:
			r.down = 1
		}
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(x, y ranked) int {
		return cmp.Or(cmp.Compare(x.down, y.down), cmp.Compare(x.busy, y.busy))
	})
	all := make([]*backend, len(list))
	for i, r := range list {
		all[i] = r.be
	}
	return all
}

// othersReady reports whether a backend other than be is ready.
func (b *Balancer) othersReady(be *backend) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.backends, func(o *backend) bool { return o != be && o.status().Ready })
}

// resetUseless resets the connections of all backends that are not ready. One has just become so.
func (b *Balancer) resetUseless() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, be := range b.backends {
		if s := be.status(); !s.Ready && !s.Draining {
			be.reset()
		}
	}
}

// target serves accepted connections.
type target struct{ b *Balancer }

// HandleConn is called by tcpproxy, on a goroutine for each connection.
func (t target) HandleConn(client net.Conn) {
	b := t.b
	if !b.accept(client) {
		client.Close()
		return
	}
	defer b.work.Done()
	proxy := tcpproxy.DialProxy{
		DialTimeout: -1, // dial has its own
		DialContext: func(context.Context, string, string) (net.Conn, error) { return b.dial(client) },
		OnDialError: func(client net.Conn, err error) {
			b.cfg.Log.Warn("a connection ends", "client", client.RemoteAddr(), "error", err)
			reset(client)
		},
	}
	proxy.HandleConn(client)
}

// accept counts a connection as work, unless the balancer is closed.
func (b *Balancer) accept(client net.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.work.Add(1)
	b.waiting[client] = struct{}{}
	return true
}

var errNone = errors.New("no API server takes it")

// dial connects a client to the best backend that takes it.
func (b *Balancer) dial(client net.Conn) (net.Conn, error) {
	defer func() {
		b.mu.Lock()
		delete(b.waiting, client)
		b.mu.Unlock()
	}()
	errs := []error{errNone}
	for _, be := range b.candidates() {
		c, err := be.dial(b.running, client)
		if err == nil {
			return c, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// reset closes c so that the other side sees a reset and not an orderly end.
func reset(c net.Conn) {
	if tcp, ok := tcpproxy.UnderlyingConn(c).(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // it may have ended already
	}
	_ = c.Close()
}
