package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// process is one line of /proc.
type process struct {
	pid, parent int
	argv0       string
	// ticks is the processor time of the process and of the children it has waited for, in 1/100 s. Summed
	// over a whole tree it loses nothing when a child ends: its time moves to its parent's.
	ticks int
}

const ticksPerSecond = 100 // USER_HZ, the same on every Linux that Go runs on

// processes lists all processes. One that ends meanwhile is left out.
func processes() (map[int]process, error) {
	paths, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	all := map[int]process{}
	for _, path := range paths {
		pid, _ := strconv.Atoi(filepath.Base(path)) // the pattern lets digits through only
		p, err := readProcess(pid)
		if gone(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all[pid] = p
	}
	return all, nil
}

func readProcess(pid int) (process, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, err
	}
	// Fields count from the name, which is in parentheses and may hold anything: proc_pid_stat(5).
	f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	p := process{pid: pid}
	if len(f) < 15 {
		return p, fmt.Errorf("/proc/%d/stat: %q", pid, stat)
	}
	p.parent, _ = strconv.Atoi(f[1])
	for _, field := range f[11:15] { // utime, stime, cutime, cstime
		n, _ := strconv.Atoi(field)
		p.ticks += n
	}
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	argv0, _, _ := strings.Cut(string(cmdline), "\x00")
	p.argv0 = filepath.Base(argv0)
	return p, err
}

// tree is root and everything below it. With pods false it stops at the shims: what a shim started is a
// container of a pod.
func tree(all map[int]process, root int, pods bool) []process {
	var list []process
	var walk func(pid int)
	walk = func(pid int) {
		p := all[pid]
		list = append(list, p)
		if !pods && strings.HasPrefix(p.argv0, "containerd-shim") {
			return
		}
		for _, child := range all {
			if child.parent == pid {
				walk(child.pid)
			}
		}
	}
	walk(root)
	return list
}

func ticks(list []process) int {
	sum := 0
	for _, p := range list {
		sum += p.ticks
	}
	return sum
}

// memory is the proportional set size of all processes in list, in bytes: pages that several of them share
// are counted once.
func memory(list []process) (int64, error) {
	var sum int64
	for _, p := range list {
		n, err := pss(p.pid)
		if err != nil && !gone(err) {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

func pss(pid int) (int64, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "Pss:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
			return kib << 10, err
		}
	}
	return 0, lines.Err() // none: the process is ending
}

// gone tells whether err means that the process has ended: the file is away, or reading it says ESRCH.
func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) }
