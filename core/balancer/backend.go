package balancer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"
)

const (
	// probeEvery is short because an answer costs an API server less than a millisecond, and long because
	// a crash shows itself without a probe: connections break.
	probeEvery = 500 * time.Millisecond
	probeDown  = 100 * time.Millisecond // while it does not even listen, which costs nothing
	probeBound = time.Second
	// patience is how many probes in a row may time out: a busy machine is late now and then.
	patience = 2
)

// backend is one API server.
type backend struct {
	b      *Balancer
	addr   netip.AddrPort
	dialer net.Dialer

	running context.Context // ends when the backend is removed
	remove  context.CancelFunc
	again   chan struct{} // asks for a probe at once

	mu       sync.Mutex // guards the fields below
	ready    bool
	draining bool
	err      error // why it is not ready
	total    int
	conns    map[*conn]struct{} // nil once it was removed
}

func newBackend(b *Balancer, addr netip.AddrPort) *backend {
	be := &backend{
		b: b, addr: addr, again: make(chan struct{}, 1), conns: map[*conn]struct{}{},
		err: errors.New("not asked yet"),
		dialer: net.Dialer{
			Timeout: dialBound, LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(b.cfg.Source, 0)),
		},
	}
	be.running, be.remove = context.WithCancel(b.running)
	return be
}

func (be *backend) status() Backend {
	be.mu.Lock()
	defer be.mu.Unlock()
	s := Backend{Addr: be.addr, Ready: be.ready, Draining: be.draining, Connections: len(be.conns), Total: be.total}
	if !be.ready {
		s.Error = be.err.Error()
	}
	return s
}

// watch probes the backend until it is removed.
func (be *backend) watch() {
	transport := &http.Transport{
		DialContext: be.dialer.DialContext, TLSClientConfig: &tls.Config{RootCAs: be.b.cfg.Roots},
		MaxIdleConns: 1, DisableCompression: true,
	}
	client := &http.Client{Transport: transport, Timeout: probeBound}
	defer be.end(transport)
	timeouts := 0
	for {
		err := be.probe(client)
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
			timeouts++
		} else {
			timeouts = 0
		}
		if timeouts == 0 || timeouts >= patience {
			be.set(err)
		}
		wait := probeEvery
		if err != nil {
			wait = probeDown
		}
		select {
		case <-time.After(wait):
		case <-be.again:
		case <-be.running.Done():
			return
		}
	}
}

func (be *backend) end(transport *http.Transport) {
	transport.CloseIdleConnections()
	be.mu.Lock()
	conns := be.conns
	be.conns = nil
	be.mu.Unlock()
	for c := range conns {
		c.resetBoth()
	}
}

func (be *backend) probe(client *http.Client) error {
	req, err := http.NewRequestWithContext(be.running, http.MethodGet, "https://"+be.addr.String()+"/readyz", nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("/readyz: %s", resp.Status)
	}
	return nil
}

// set notes whether the backend is ready, nil meaning that it is, and moves clients to where they are served.
func (be *backend) set(err error) {
	be.mu.Lock()
	changed := be.ready != (err == nil)
	be.ready, be.err = err == nil, err
	be.mu.Unlock()
	switch {
	case !changed || be.running.Err() != nil:
	case err == nil:
		be.b.cfg.Log.Info("an API server is ready", "backend", be.addr)
		be.b.resetUseless()
	default:
		be.b.cfg.Log.Info("an API server is not ready", "backend", be.addr, "error", err)
		if !be.status().Draining && be.b.othersReady(be) {
			be.reset()
		}
	}
}

// reset resets the backend's connections.
func (be *backend) reset() {
	be.mu.Lock()
	conns := make([]*conn, 0, len(be.conns))
	for c := range be.conns {
		conns = append(conns, c)
	}
	be.mu.Unlock()
	for _, c := range conns {
		c.resetBoth()
	}
}

// dial makes a connection to the backend on behalf of client.
func (be *backend) dial(ctx context.Context, client net.Conn) (net.Conn, error) {
	tcp, err := be.dialer.DialContext(ctx, "tcp", be.addr.String())
	if err != nil {
		be.set(err)
		select {
		case be.again <- struct{}{}:
		default:
		}
		return nil, err
	}
	c := &conn{TCPConn: tcp.(*net.TCPConn), be: be, client: client}
	be.mu.Lock()
	defer be.mu.Unlock()
	if be.conns == nil {
		reset(c.TCPConn)
		return nil, fmt.Errorf("%s was removed", be.addr)
	}
	be.conns[c] = struct{}{}
	be.total++
	return c, nil
}

// conn is a connection to a backend, and the client it is for.
type conn struct {
	*net.TCPConn
	be     *backend
	client net.Conn
}

// ReadFrom passes on what the client sends, unless the balancer holds it back. Package io prefers it to Write, and to
// the kernel's splice, which would not let itself be held.
func (c *conn) ReadFrom(client io.Reader) (n int64, err error) {
	b := make([]byte, readSize)
	for {
		got, readErr := client.Read(b)
		if got > 0 {
			c.be.b.gate.RLock()
			put, err := c.TCPConn.Write(b[:got])
			c.be.b.gate.RUnlock()
			n += int64(put)
			if err != nil {
				return n, err
			}
		}
		if errors.Is(readErr, io.EOF) {
			return n, nil
		}
		if readErr != nil {
			return n, readErr
		}
	}
}

// readSize is enough for most requests at once.
const readSize = 16 << 10

// Close closes the connection to the backend.
func (c *conn) Close() error {
	c.be.mu.Lock()
	delete(c.be.conns, c)
	c.be.mu.Unlock()
	return c.TCPConn.Close()
}

func (c *conn) resetBoth() {
	reset(c.client)
	reset(c.TCPConn)
}
