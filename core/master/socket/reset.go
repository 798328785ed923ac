package socket

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// Reset ends, at once and with a TCP reset, those of this process's connections that match. Whoever reads
// or writes on them, here or on the other side, sees "connection reset by peer".
//
// It works on the process's file descriptors and not on net.Conn values, because upstream servers hide
// their connections behind TLS, HTTP/2, gRPC and multiplexers: this finds all of them. connect(AF_UNSPEC)
// is how Linux dissolves a connection without closing its descriptor, which belongs to the Go runtime.
func Reset(match func(local, remote netip.AddrPort) bool) (reset int, err error) {
	return each(dissolve, func(fd int) bool {
		local, remote, ok := ends(fd)
		return ok && match(local, remote)
	})
}

// Deafen ends listening at the addresses, so that somebody else in this process or another can listen there. It is for
// listeners that their owner has lost and will not close; they fail with an error from then on.
func Deafen(addrs ...netip.AddrPort) (deaf int, err error) {
	shut := func(fd int) error { return unix.Shutdown(fd, unix.SHUT_RDWR) } // wakes up who accepts, which dissolve does not
	return each(shut, func(fd int) bool {
		at, ok := listens(fd)
		return ok && slices.Contains(addrs, at)
	})
}

// each does something to those of this process's descriptors that match, and counts those with which it went well.
func each(do func(fd int) error, match func(fd int) bool) (done int, err error) {
	dir, err := os.Open("/proc/self/fd")
	if err != nil {
		return 0, fmt.Errorf("list open connections: %w", err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return 0, fmt.Errorf("list open connections: %w", err)
	}
	for _, name := range names {
		if fd, err := strconv.Atoi(name); err == nil && one(fd, do, match) {
			done++
		}
	}
	return done, nil
}

// one does something to the socket behind fd if it is one and matches. Every error means that it is none, or
// none any more.
func one(fd int, do func(fd int) error, match func(fd int) bool) bool {
	// Before the costly copy: most descriptors are files or the wrong connections.
	if !match(fd) {
		return false
	}
	// The runtime may close fd and give its number to another connection at any moment. A copy stays what
	// it is, so look again through the copy.
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(own)
	return match(own) && do(own) == nil
}

// listens is where a socket listens.
func listens(fd int) (at netip.AddrPort, ok bool) {
	if on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err != nil || on == 0 {
		return at, false
	}
	l, err := unix.Getsockname(fd)
	if err != nil {
		return at, false
	}
	return addrPort(l)
}

func ends(fd int) (local, remote netip.AddrPort, ok bool) {
	l, err := unix.Getsockname(fd)
	if err != nil {
		return local, remote, false
	}
	local, ok = addrPort(l)
	if !ok {
		return local, remote, false
	}
	r, err := unix.Getpeername(fd)
	if err != nil { // it listens, or is not connected
		return local, remote, false
	}
	remote, ok = addrPort(r)
	return local, remote, ok
}

func addrPort(sa unix.Sockaddr) (netip.AddrPort, bool) {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port)), true
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port)), true
	}
	return netip.AddrPort{}, false
}
