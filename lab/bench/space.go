package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// space is a network namespace without a name: the kernel removes it, and what is in it, when the last
// process in it is gone, however the benchmark ends. It belongs to one thread that lives as long as the
// space, so that processes started in it die with the benchmark (the parent-death signal goes by thread).
type space struct {
	calls chan func() // read by the thread, closed by close
	done  chan struct{}
	path  string // the namespace's file, for other threads to join
}

// newSpace makes a namespace whose loopback link holds addrs.
func newSpace(addrs []netip.Addr) (*space, error) {
	s := &space{calls: make(chan func()), done: make(chan struct{})}
	made := make(chan error)
	go func() {
		defer close(s.done)
		// Never unlocked: the thread ends with the goroutine and no other goroutine gets to see it.
		runtime.LockOSThread()
		err := s.enter(addrs)
		made <- err
		if err != nil {
			return
		}
		for call := range s.calls {
			call()
		}
	}()
	if err := <-made; err != nil {
		return nil, fmt.Errorf("make a network namespace: %w", err)
	}
	return s, nil
}

func (s *space) enter(addrs []netip.Addr) error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return err
	}
	s.path = fmt.Sprintf("/proc/%d/task/%d/ns/net", os.Getpid(), unix.Gettid())
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	for _, a := range addrs {
		ip := &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(32, 32)}
		if err := netlink.AddrAdd(lo, &netlink.Addr{IPNet: ip}); err != nil {
			return fmt.Errorf("add address %s: %w", a, err)
		}
	}
	return netlink.LinkSetUp(lo)
}

// do runs f on the space's thread and waits for it.
func (s *space) do(f func()) {
	finished := make(chan struct{})
	s.calls <- func() { f(); close(finished) }
	<-finished
}

// dial connects from inside the space. Sockets belong to the namespace of the thread that made them.
func (s *space) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	got := make(chan result, 1)
	go func() {
		runtime.LockOSThread() // never unlocked, as above
		var r result
		if r.err = joinNetwork(s.path); r.err == nil {
			r.conn, r.err = new(net.Dialer).DialContext(ctx, network, addr)
		}
		got <- r
	}()
	r := <-got
	return r.conn, r.err
}

func joinNetwork(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Setns(int(f.Fd()), unix.CLONE_NEWNET)
}

// close ends the thread, and with it every process that was started on it.
func (s *space) close() {
	close(s.calls)
	<-s.done
}
