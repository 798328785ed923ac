package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Bounds of the end of a node's processes and cgroups. Both take a tenth of a second as a rule.
const (
	killBound   = 5 * time.Second
	removeBound = 2 * time.Second
	sweepPause  = 5 * time.Millisecond
)

// kill ends everything in the cgroup and below and returns when nothing is left of it.
func (c cgroup) kill() error {
	for end := time.Now().Add(killBound); ; time.Sleep(sweepPause) {
		c.thaw()
		pids := c.processes()
		if len(pids) == 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("processes %v of cgroup %s do not end", pids, c.path)
		}
		for _, pid := range pids {
			c.killProcess(pid)
		}
	}
}

// killProcess makes sure that the process is still the one that was seen in the cgroup: ids are used again quickly.
func (c cgroup) killProcess(pid int) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return // it has ended
	}
	defer unix.Close(fd)
	of, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil || !c.holds(string(of)) {
		return
	}
	_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) // or it has ended by now
}

// holds reads a process's /proc/PID/cgroup.
func (c cgroup) holds(list string) bool {
	for line := range strings.Lines(list) {
		// number:controllers:path
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		// Before it may come the cgroup that holds the engine's whole world, when that is a container.
		if len(parts) == 3 && strings.Contains(parts[2]+"/", "/"+c.path+"/") {
			return true
		}
	}
	return false
}

// thaw lets frozen processes run, or they could not end.
func (c cgroup) thaw() {
	for _, h := range c.in {
		for _, dir := range tree(filepath.Join(h.dir, c.path)) {
			_ = freezeIn(h, dir, false) // the directory may have vanished
		}
	}
}

// freeze stops or continues everything in the cgroup and below, as one.
func (c cgroup) freeze(frozen bool) error {
	for _, h := range c.in {
		if err := freezeIn(h, filepath.Join(h.dir, c.path), frozen); err != nil {
			return err
		}
	}
	return nil
}

// freezeIn does nothing in a hierarchy that cannot freeze.
func freezeIn(h hierarchy, dir string, frozen bool) error {
	file, value := "freezer.state", "THAWED"
	if frozen {
		value = "FROZEN"
	}
	if h.dir == cgroupTop { // version 2; beside version 1, its freezer does the work
		if file, value = "cgroup.freeze", "0"; frozen {
			value = "1"
		}
	}
	return writeExisting(filepath.Join(dir, file), value)
}

// remove removes the cgroup and those below it. No process may be left in them.
func (c cgroup) remove() error {
	var errs []error
	for _, h := range c.in {
		dirs := tree(filepath.Join(h.dir, c.path))
		slices.Reverse(dirs) // the deepest first
		for _, dir := range dirs {
			errs = append(errs, removeCgroup(dir))
		}
	}
	return errors.Join(errs...)
}

// removeCgroup waits for the kernel to forget the processes that were in it.
func removeCgroup(dir string) error {
	for end := time.Now().Add(removeBound); ; time.Sleep(sweepPause) {
		err := unix.Rmdir(dir)
		if err == nil || err == unix.ENOENT {
			return nil
		}
		if err != unix.EBUSY || time.Now().After(end) {
			return fmt.Errorf("remove cgroup %s: %w", dir, err)
		}
	}
}

// tree lists dir and the directories below it, parents first. It is empty where there is no dir.
func tree(dir string) []string {
	var dirs []string
	// Errors are of directories that are not there, or vanish.
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			dirs = append(dirs, path)
		}
		return nil
	})
	return dirs
}
