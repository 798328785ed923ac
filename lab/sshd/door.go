package sshd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"charm.land/ssh"
	"charm.land/wish/v2"
	gossh "golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"
)

// door is one listener with the SSH server behind it.
type door struct {
	listener net.Listener
	ssh      *ssh.Server
	who      func(ssh.Session) (name string, role Role, err error)
	sessions int // open ones; the Server's mutex guards it

	mu     sync.Mutex // guards the following
	conns  map[*conn]struct{}
	closed bool
}

// newDoor makes a server that lets everybody in, without forwarding anything; the caller closes that down.
func (s *Server) newDoor(l net.Listener, host gossh.Signer, who func(ssh.Session) (string, Role, error)) (*door, error) {
	d := &door{listener: l, who: who, conns: map[*conn]struct{}{}}
	pem := func(srv *ssh.Server) error { srv.AddHostKey(host); return nil }
	var err error
	d.ssh, err = wish.NewServer(pem, wish.WithVersion("lab"), func(srv *ssh.Server) error {
		srv.HandshakeTimeout = s.bounds.handshake
		srv.ConnCallback = func(_ ssh.Context, c net.Conn) net.Conn { return d.admit(c, 2*s.bounds.sessions) }
		srv.ConnectionFailedCallback = func(c net.Conn, err error) {
			if !errors.Is(err, io.EOF) { // somebody who only looked whether the port is open
				s.cfg.Log.Info("not let in over SSH", "remote", remote(c.RemoteAddr()), "err", err)
			}
		}
		// Sessions only: no tunnels, agents, X11 or files. Said here, because the library's defaults are variables that others may change.
		srv.ChannelHandlers = map[string]ssh.ChannelHandler{
			"session": func(srv *ssh.Server, c *gossh.ServerConn, ch gossh.NewChannel, ctx ssh.Context) {
				s.session(d, srv, c, ch, ctx)
			},
		}
		srv.RequestHandlers = map[string]ssh.RequestHandler{}
		srv.SubsystemHandlers = map[string]ssh.SubsystemHandler{}
		srv.PtyCallback = func(ctx ssh.Context, p ssh.Pty) bool {
			ctx.(*channel).resize(p.Window.Width, p.Window.Height)
			return true
		}
		srv.SessionRequestCallback = begins
		srv.Handler = func(sess ssh.Session) { s.run(d, sess) }
		return nil
	})
	return d, err
}

// serve lets people in until the listener is closed.
func (s *Server) serve(d *door) {
	if err := d.ssh.Serve(d.listener); !errors.Is(err, net.ErrClosed) {
		s.cfg.Log.Error("let people in over SSH", "address", d.listener.Addr().String(), "err", err)
	}
}

// conn is a connection that its door knows.
type conn struct {
	net.Conn
	door *door
}

// admit lets a connection in unless there are most already, most of them without a session.
func (d *door) admit(c net.Conn, most int) net.Conn {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || len(d.conns) >= most {
		return nil // closes it
	}
	known := &conn{c, d}
	d.conns[known] = struct{}{}
	return known
}

// Close may be called more than once.
func (c *conn) Close() error {
	c.door.mu.Lock()
	delete(c.door.conns, c)
	c.door.mu.Unlock()
	return c.Conn.Close()
}

// hangUp closes all connections for good.
func (d *door) hangUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for c := range d.conns {
		_ = c.Conn.Close() // whatever it says, it is closed
	}
}

// keepAlive asks the peer again and again whether it is there, until ctx ends, and closes the connection when it is not. A peer
// that does not read is noticed too, because then the question cannot be sent.
func (s *Server) keepAlive(ctx context.Context, c *gossh.ServerConn) {
	tick := time.NewTicker(s.bounds.keepAlive)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		dead := time.AfterFunc(s.bounds.answer, func() { _ = c.Close() })
		// Any answer will do, a refusal too; without one the connection has ended.
		_, _, err := c.SendRequest("keepalive@openssh.com", true, nil)
		dead.Stop()
		if err != nil {
			return
		}
	}
}

// listenUnix makes the socket for its owner only from the first moment on.
func listenUnix(path string) (net.Listener, error) {
	// The lab's lock is held, so a socket that is there belongs to an engine that died.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("serve SSH on the lab's socket: %w", err)
	}
	cfg := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		// On Linux the mode of an unbound socket is that of the file that bind makes.
		return errors.Join(c.Control(func(fd uintptr) { err = unix.Fchmod(int(fd), 0o600) }), err)
	}}
	l, err := cfg.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, fmt.Errorf("serve SSH on the lab's socket: %w", err)
	}
	return l, nil
}

// loopback completes an address that is a port only.
func loopback(address string) string {
	if !strings.Contains(address, ":") {
		address = ":" + address
	}
	if strings.HasPrefix(address, ":") {
		address = "127.0.0.1" + address
	}
	return address
}

func remote(a net.Addr) string {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.String()
	}
	return "local"
}
