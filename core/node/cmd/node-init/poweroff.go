package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"kubelab/core/component"
)

// daemonGrace bounds the end of one daemon at power off.
const daemonGrace = 2 * time.Second

// powerOff stops kubelet, so that nothing is started again, then the containers, then the rest, and ends the node.
func (s *supervisor) powerOff(grace time.Duration) {
	// The engine may go while we are at it; then there is nobody to be graceful for.
	go func() {
		for range s.requests {
		}
		os.Exit(1)
	}()
	for _, d := range s.daemons {
		d.goal = down
		d.stopTimer()
	}
	s.stopDaemon(component.Kubelet)
	stopContainers()
	s.waitFor(grace, func() bool { return len(containerProcesses()) == 0 })
	for _, d := range s.daemons {
		s.stopDaemon(d.Name)
	}
	os.Exit(0)
}

func (s *supervisor) stopDaemon(name string) {
	d := s.find(name)
	if d == nil || d.status.PID == 0 {
		return
	}
	d.signal(unix.SIGTERM)
	d.signal(unix.SIGCONT)
	s.waitFor(daemonGrace, func() bool { return d.status.PID == 0 })
	d.signal(unix.SIGKILL)
}

// stopContainers asks every container to end. Only the first process of each is asked, as by any runtime; the
// sandboxes' too, as nothing waits for them here.
func stopContainers() {
	for _, pid := range containerProcesses() {
		// It may have ended meanwhile. What pays no heed is killed with the node.
		_ = unix.Kill(pid, unix.SIGTERM)
	}
}

// containerProcesses lists the first process of every cgroup below kubelet's "kubepods", which each container has
// one of. Their ids are of the node's PID namespace.
func containerProcesses() []int {
	var pids []int
	// Errors are of cgroups that vanish while we look, with their processes.
	_ = filepath.WalkDir(kubepods(), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() != "cgroup.procs" {
			return nil
		}
		b, _ := os.ReadFile(path)
		first, _, _ := strings.Cut(string(b), "\n")
		if pid, err := strconv.Atoi(first); err == nil {
			pids = append(pids, pid)
		}
		return nil
	})
	return pids
}

func kubepods() string {
	const top, name = "/sys/fs/cgroup", "kubepods"
	if _, err := os.Stat(filepath.Join(top, name)); err == nil {
		return filepath.Join(top, name) // version 2
	}
	found, _ := filepath.Glob(filepath.Join(top, "*", name)) // the pattern is well-formed
	if len(found) == 0 {
		return filepath.Join(top, name)
	}
	return found[0]
}
