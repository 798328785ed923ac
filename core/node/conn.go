package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"kubelab/core/node/control"
)

// errOff is the answer to what is asked of a node that is not running.
var errOff = errors.New("the node is off")

// conn is the engine's end of the connection to a node's init. Closing it ends the node.
type conn struct {
	c    net.Conn
	done chan struct{} // closed by read, when nothing more comes

	mu      sync.Mutex
	next    uint64
	waiting map[uint64]chan<- control.Message // closed by nobody: done says that no answer comes
}

// newConn makes both ends. The caller gives the second one to the init and closes it.
func newConn() (*conn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make socket pair: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "node"), os.NewFile(uintptr(fds[1]), "engine")
	defer ours.Close()
	c, err := net.FileConn(ours)
	if err != nil {
		return nil, nil, errors.Join(err, theirs.Close())
	}
	return &conn{c: c, done: make(chan struct{}), waiting: map[uint64]chan<- control.Message{}}, theirs, nil
}

// read gives every message that is no answer to f, until the init has ended.
func (c *conn) read(f func(control.Message)) {
	defer close(c.done)
	for dec := json.NewDecoder(c.c); ; {
		var m control.Message
		if err := dec.Decode(&m); err != nil {
			return
		}
		if m.ID == 0 {
			f(m)
			continue
		}
		c.mu.Lock()
		answer := c.waiting[m.ID]
		delete(c.waiting, m.ID)
		c.mu.Unlock()
		if answer != nil {
			answer <- m
		}
	}
}

// ask sends a request and waits for its answer.
func (c *conn) ask(ctx context.Context, r control.Request) error {
	answer := make(chan control.Message, 1)
	c.mu.Lock()
	c.next++
	r.ID = c.next
	c.waiting[r.ID] = answer
	err := json.NewEncoder(c.c).Encode(r)
	c.mu.Unlock()
	if err != nil {
		return errOff
	}
	select {
	case m := <-answer:
		if m.Error != "" {
			return errors.New(m.Error)
		}
		return nil
	case <-c.done:
		return errOff
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *conn) close() error { return c.c.Close() }
