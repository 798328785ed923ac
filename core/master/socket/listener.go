// Package socket ends network connections as a crash does: at once, and without the consent of the servers
// that hold them. It is for components that run as goroutines of the engine, where no kernel cleans up
// after a dead process.
//
// The main parts are Listener, which a server listens with, and Reset, which ends connections.
package socket

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
)

// Listener is a TCP listener that can be abandoned: the address is free at once, yet the server that uses
// it does not notice until it closes the listener itself. kube-apiserver and its kin panic when a listener
// fails before they were asked to stop.
type Listener struct {
	net.Listener

	closed chan struct{} // closed by Close
	once   sync.Once
}

// Listen listens on addr.
func Listen(ctx context.Context, addr netip.AddrPort) (*Listener, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", addr.String())
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return &Listener{Listener: l, closed: make(chan struct{})}, nil
}

// Accept waits for a connection. After Abandon it waits for Close.
func (l *Listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.closed
	}
	return c, err
}

// Abandon stops listening. The server keeps waiting in Accept.
func (l *Listener) Abandon() { _ = l.Listener.Close() } // it can only have been closed before

// Close stops listening and ends Accept.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	_ = l.Listener.Close() // it was closed before when it was abandoned
	return nil
}
