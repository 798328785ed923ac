package worker

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"kubelab/core/node"
)

// processesOf finds a container's processes. Inside is the id that containerd has for the container's first process: it
// is one of the node's PID namespace. First is the same process's id on the host, 0 if it has ended, and all are
// those of everything in the container.
func processesOf(n *node.Node, inside uint32) (first int, all []int) {
	if inside == 0 {
		return 0, nil
	}
	// The node's /proc, read from here: the process is under its id in the node, but its cgroup is named as on the host.
	b, err := os.ReadFile(n.Path(fmt.Sprintf("/proc/%d/cgroup", inside)))
	if err != nil {
		return 0, nil
	}
	_ = filepath.WalkDir(cgroupDir(string(b)), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Name() == "cgroup.procs" {
			b, _ := os.ReadFile(path) // the cgroup may have gone meanwhile
			for _, f := range strings.Fields(string(b)) {
				if pid, err := strconv.Atoi(f); err == nil {
					all = append(all, pid)
				}
			}
		}
		return nil
	})
	slices.Sort(all)
	for _, pid := range all {
		if isInside(pid, inside) {
			first = pid
		}
	}
	return first, all
}

// isInside reports whether the process that is pid on the host is inside in the namespace one below, the node's.
func isInside(pid int, inside uint32) bool {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // it may have ended
	_, rest, _ := strings.Cut(string(b), "\nNSpid:")
	line, _, _ := strings.Cut(rest, "\n")
	ids := strings.Fields(line) // one for each namespace, ours first
	return len(ids) > 1 && ids[1] == strconv.FormatUint(uint64(inside), 10)
}

// cgroupDir is the directory of a process's cgroup, by its /proc/PID/cgroup. Where there are several hierarchies, a
// container need not have a group of its own in each, so the deepest is taken.
func cgroupDir(list string) (dir string) {
	const top = "/sys/fs/cgroup"
	deepest := ""
	for line := range strings.Lines(list) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) < 3 || len(f[2]) <= len(deepest) {
			continue
		}
		for _, mount := range []string{strings.TrimPrefix(f[1], "name="), "unified"} {
			at := filepath.Join(top, mount, f[2])
			if _, err := os.Stat(filepath.Join(at, "cgroup.procs")); err == nil {
				deepest, dir = f[2], at
				break
			}
		}
	}
	return dir
}
