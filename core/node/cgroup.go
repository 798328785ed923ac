package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"kubelab/core/node/control"
)

const (
	cgroupTop   = "/sys/fs/cgroup"
	cgroupOfAll = "lab" // the cgroup of all labs, below it one for each lab, below that one for each node
)

// hierarchy is one of the host's hierarchies of cgroups: several on version 1, one on version 2.
type hierarchy struct {
	dir     string // its mount point
	unified bool   // version 2, also where it lies beside the others
	options string // of mount, on version 1
}

// hierarchies lists those of the host. On version 2 it is one, mounted at cgroupTop itself.
func hierarchies() ([]hierarchy, error) {
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	list := parseHierarchies(string(b))
	if len(list) == 0 {
		return nil, fmt.Errorf("no cgroups are mounted at %s", cgroupTop)
	}
	return list, nil
}

// parseHierarchies reads mountinfo, see proc_pid_mountinfo(5).
func parseHierarchies(mountinfo string) []hierarchy {
	var list []hierarchy
	for line := range strings.Lines(mountinfo) {
		mount, super, ok := strings.Cut(strings.TrimSpace(line), " - ")
		fields, of := strings.Fields(mount), strings.Fields(super)
		if !ok || len(fields) < 5 || len(of) < 3 {
			continue
		}
		h := hierarchy{dir: fields[4], unified: of[0] == "cgroup2"}
		// Elsewhere lie the copies of containers and the like.
		if of[0] != "cgroup" && !h.unified || h.dir != cgroupTop && filepath.Dir(h.dir) != cgroupTop {
			continue
		}
		if !h.unified {
			h.options = mountOptions(of[2])
		}
		list = append(list, h)
	}
	return list
}

// mountOptions keeps what names a hierarchy of version 1.
func mountOptions(super string) string {
	var keep []string
	for _, o := range strings.Split(super, ",") {
		switch {
		case strings.HasPrefix(o, "name="):
			keep = append(keep, "none", o)
		case o != "rw" && o != "ro" && !strings.Contains(o, "=") && o != "clone_children":
			keep = append(keep, o)
		}
	}
	return strings.Join(keep, ",")
}

// mounts describes hierarchies to the node init, which mounts them again for the node. None means version 2.
func mounts(list []hierarchy) []control.Cgroup {
	if len(list) == 1 && list[0].dir == cgroupTop {
		return nil
	}
	var out []control.Cgroup
	for _, h := range list {
		c := control.Cgroup{Dir: filepath.Base(h.dir), Options: h.options}
		if names := strings.Split(c.Dir, ","); len(names) > 1 { // "cpu,cpuacct" is found as "cpu" too
			c.Links = names
		}
		out = append(out, c)
	}
	return out
}

// cgroup is the cgroup of one node, or of a lab, in all hierarchies.
type cgroup struct {
	path string // below each mount point
	in   []hierarchy
}

func labCgroup(in []hierarchy, lab string) cgroup {
	return cgroup{filepath.Join(cgroupOfAll, lab), in}
}

func nodeCgroup(in []hierarchy, lab, node string) cgroup {
	return cgroup{filepath.Join(cgroupOfAll, lab, node), in}
}

// create makes the cgroup with its limits: memory in bytes, cores as a list such as "0-1".
func (c cgroup) create(memory int64, cores string) error {
	for _, h := range c.in {
		err := c.createIn(h, memory, cores)
		if errors.Is(err, fs.ErrNotExist) {
			// Another engine has removed the cgroup of all labs in between, because it was empty.
			err = c.createIn(h, memory, cores)
		}
		if err != nil {
			return fmt.Errorf("make cgroup %s in %s: %w", c.path, h.dir, err)
		}
	}
	return nil
}

func (c cgroup) createIn(h hierarchy, memory int64, cores string) error {
	parent := h.dir
	for _, name := range strings.Split(c.path, "/") {
		if h.dir == cgroupTop {
			if err := delegate(parent); err != nil {
				return err
			}
		}
		dir := filepath.Join(parent, name)
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		for _, f := range []string{"cpuset.cpus", "cpuset.mems"} {
			if err := inherit(h, parent, dir, f); err != nil {
				return err
			}
		}
		parent = dir
	}
	limits := map[string]string{"cpuset.cpus": cores, "memory.limit_in_bytes": strconv.FormatInt(memory, 10)}
	if h.unified {
		limits = map[string]string{"cpuset.cpus": cores, "memory.max": strconv.FormatInt(memory, 10)}
	}
	for file, value := range limits {
		// A hierarchy has the files of its own controllers only.
		if err := writeExisting(filepath.Join(parent, file), value); err != nil {
			return err
		}
	}
	return nil
}

// inherit fills in what version 1 leaves empty, which no process may enter then.
func inherit(h hierarchy, parent, dir, file string) error {
	if h.unified {
		return nil
	}
	have, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil || len(strings.TrimSpace(string(have))) > 0 {
		return nil // it has no such file, or needs nothing
	}
	b, err := os.ReadFile(filepath.Join(parent, file))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, file), b, 0)
}

func writeExisting(path, value string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return os.WriteFile(path, []byte(value), 0)
}

// delegate makes the controllers of a cgroup of version 2 available below it. Those that cannot be, kubelet will miss
// by name.
func delegate(dir string) error {
	b, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	if err != nil {
		return err
	}
	for _, name := range strings.Fields(string(b)) {
		err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+"+name), 0)
		if errors.Is(err, unix.EBUSY) {
			return fmt.Errorf("%s has processes in it, so its controllers cannot be used below it: "+
				"is this a container? Move its processes into a cgroup below %s first", dir, dir)
		}
	}
	return nil
}

// enter moves the calling thread into the cgroup on version 1. On version 2 only whole processes can be moved: there
// the result is the cgroup's directory, to be given to clone(2), and nil elsewhere.
func (c cgroup) enter() (*os.File, error) {
	var dir *os.File
	for _, h := range c.in {
		at := filepath.Join(h.dir, c.path)
		if h.unified {
			var err error
			if dir, err = os.Open(at); err != nil {
				return nil, err
			}
			continue
		}
		if err := os.WriteFile(filepath.Join(at, "tasks"), []byte(strconv.Itoa(unix.Gettid())), 0); err != nil {
			return nil, errors.Join(fmt.Errorf("enter cgroup %s: %w", at, err), closeFile(dir))
		}
	}
	return dir, nil
}

// hostPID is the id on the host of the process that has the id inside in the node's PID namespace, 0 where there
// is none. Processes of containers, which have namespaces of their own, are not found.
func (c cgroup) hostPID(inside int) int {
	if inside == 0 {
		return 0
	}
	want := strconv.Itoa(inside)
	for _, pid := range (cgroup{c.path, c.in[:1]}).processes() { // they are in every hierarchy
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // it may have ended
		_, rest, _ := strings.Cut(string(b), "\nNSpid:")
		line, _, _ := strings.Cut(rest, "\n")
		// One id for each namespace, ours first: those with a third one are inside of containers.
		if ids := strings.Fields(line); len(ids) == 2 && ids[1] == want {
			return pid
		}
	}
	return 0
}

func closeFile(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

// processes lists everything in the cgroup and below, each process once.
func (c cgroup) processes() []int {
	var pids []int
	for _, h := range c.in {
		// Errors are of cgroups that vanish while we look.
		_ = filepath.WalkDir(filepath.Join(h.dir, c.path), func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && e.Name() == "cgroup.procs" {
				b, _ := os.ReadFile(path)
				for _, f := range strings.Fields(string(b)) {
					if pid, err := strconv.Atoi(f); err == nil {
						pids = append(pids, pid)
					}
				}
			}
			return nil
		})
	}
	slices.Sort(pids)
	return slices.Compact(pids)
}
