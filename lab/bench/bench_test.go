package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestMedianAndWorst(t *testing.T) {
	for _, c := range []struct {
		got           []float64
		median, worst float64
	}{
		{[]float64{3}, 3, 3}, {[]float64{5, 1, 3}, 3, 5}, {[]float64{4, 1, 2, 9}, 3, 9},
	} {
		f := figure{got: c.got}
		if f.median() != c.median || f.worst() != c.worst {
			t.Errorf("%v: median %v and worst %v, want %v and %v", c.got, f.median(), f.worst(), c.median, c.worst)
		}
	}
}

func TestTables(t *testing.T) {
	f := newFigures()
	if f.tables() != "" || f.missed() != 0 {
		t.Errorf("of nothing: %q, %d missed", f.tables(), f.missed())
	}
	f.start.got, f.scale.got = []float64{6, 7, 12}, []float64{2.6}
	f.ready.lab.got, f.ready.upstream.got = []float64{4}, []float64{8}
	f.masterMemory.lab.got, f.masterMemory.upstream.got = []float64{900}, []float64{800}
	f.masterIdle.upstream.got = []float64{13}
	for _, line := range []string{
		"| 7.00 s | 12.00 s | 9.00 s | ✓ |", "| 2.60 s | 2.60 s | 2.50 s | ✗ |",
		"| 4.00 s (4.00 s) | 8.00 s (8.00 s) | 0.50, bound 1 ✓ |", "| 1.12, bound 1 ✗ |", "| – | 13.0 % (13.0 %) | – |",
	} {
		if !strings.Contains(f.tables(), line) {
			t.Errorf("no %q in\n%s", line, f.tables())
		}
	}
	if f.missed() != 2 {
		t.Errorf("%d missed, want the pods and the memory", f.missed())
	}
}

func TestTreeStopsAtPods(t *testing.T) {
	all := map[int]process{}
	for _, p := range []process{
		{pid: 1, argv0: "init", ticks: 1000}, {pid: 10, parent: 1, argv0: "lab", ticks: 1},
		{pid: 11, parent: 10, argv0: "node-init", ticks: 2}, {pid: 12, parent: 11, argv0: "kubelet", ticks: 4},
		{pid: 13, parent: 11, argv0: "containerd-shim-runc-v2", ticks: 8}, {pid: 14, parent: 13, argv0: "pause", ticks: 16},
		{pid: 15, parent: 13, argv0: "web", ticks: 32}, {pid: 16, parent: 15, argv0: "child", ticks: 64},
	} {
		all[p.pid] = p
	}
	if got := ticks(tree(all, 10, false)); got != 15 {
		t.Errorf("without pods: %d ticks, want 15", got)
	}
	if got := ticks(tree(all, 10, true)); got != 127 {
		t.Errorf("with pods: %d ticks, want 127", got)
	}
}

func TestProcesses(t *testing.T) {
	child := exec.CommandContext(t.Context(), "sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var all map[int]process
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := poll(ctx, "the child to have a name", func(context.Context) (err error) {
		// A process that is just being executed has no command line for a moment.
		if all, err = processes(); err == nil && all[child.Process.Pid].argv0 != "sleep" {
			err = fmt.Errorf("it is %+v", all[child.Process.Pid])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if p := all[child.Process.Pid]; p.argv0 != "sleep" || p.parent != os.Getpid() {
		t.Errorf("the child is %+v", p)
	}
	if n, err := memory([]process{all[os.Getpid()], all[child.Process.Pid]}); err != nil || n < 1<<20 {
		t.Errorf("memory: %d bytes, %v", n, err)
	}
	_, _ = child.Process.Kill(), child.Wait()
	if n, err := memory([]process{all[child.Process.Pid]}); err != nil || n != 0 {
		t.Errorf("memory of a process that is gone: %d bytes, %v", n, err)
	}
}

func TestSpaceIsPrivate(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a network namespace needs root")
	}
	addr := netip.MustParseAddr("10.255.0.11")
	s, err := newSpace([]netip.Addr{addr})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^$")
	s.do(func() { err = startAs("master-1", cmd) })
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	// Nobody listens there, but the address is known inside: refused, not unreachable.
	if _, err := s.dial(ctx, "tcp", netip.AddrPortFrom(addr, 1).String()); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("dial inside: %v, want a refusal", err)
	}
	if name, _ := os.Hostname(); name == "master-1" {
		t.Error("the machine itself was renamed")
	}
}
