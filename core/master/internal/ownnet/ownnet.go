// Package ownnet runs a package's tests in a network namespace of their own, where a lab's addresses can be
// put on the loopback link without touching the host. The kernel removes it with the test process.
package ownnet

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
)

const inside = "KUBELAB_TEST_OWN_NETWORK" // set in the process that is in the namespace

// Main is for TestMain: it runs the tests, in a namespace if the user may make one.
func Main(m *testing.M) {
	if os.Getenv(inside) != "" || os.Geteuid() != 0 {
		os.Exit(m.Run())
	}
	// All threads have to be in the namespace, so it takes a new process.
	c := exec.Command("/proc/self/exe", os.Args[1:]...)
	c.Args[0] = os.Args[0]
	c.Env = append(os.Environ(), inside+"=1")
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	err := c.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "run the tests in a network namespace:", err)
		os.Exit(1)
	}
}

// Use puts addrs on the loopback link, or skips the test when it is not in its own namespace.
func Use(t testing.TB, addrs ...netip.Addr) {
	t.Helper()
	if os.Getenv(inside) == "" {
		t.Skip("needs root, for a network namespace of its own")
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		t.Fatal(err)
	}
	for _, addr := range addrs {
		a, err := netlink.ParseAddr(netip.PrefixFrom(addr, addr.BitLen()).String())
		if err != nil {
			t.Fatal(err)
		}
		if err := netlink.AddrReplace(lo, a); err != nil {
			t.Fatalf("add %s to the loopback link: %v", addr, err)
		}
	}
}
