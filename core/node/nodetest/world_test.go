package nodetest

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"kubelab/core/network"
	"kubelab/core/node"
)

// newWorld makes a lab that is gone when the test ends, and checks that nothing of it is left on the host.
func newWorld(t *testing.T, nodes int) *world {
	t.Helper()
	// Not t.TempDir, whose long path leaves no room for the names of sockets below it.
	labs, err := os.MkdirTemp(shared, "labs-")
	if err != nil {
		t.Fatal(err)
	}
	leavesNothing(t, labs)
	w, err := build(t.Context(), shared, labs, nodes, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, n := range w.nodes {
			if err := n.Kill(); err != nil {
				t.Error(err)
			}
		}
	})
	return w
}

// leavesNothing sweeps when the test ends, and compares the host with what it was before. If the test has failed, it
// shows the nodes' logs.
func leavesNothing(t *testing.T, labs string) {
	t.Helper()
	before := host(t)
	t.Cleanup(func() {
		ctx := context.Background()
		for range 2 { // the second finds nothing to do
			if err := node.Sweep(labName); err != nil {
				t.Error(err)
			}
			if err := network.Sweep(ctx, labName); err != nil {
				t.Error(err)
			}
		}
		if after := host(t); !slices.Equal(after, before) {
			t.Errorf("the host was\n%s\nand is\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
		}
		if t.Failed() {
			showLogs(t, labs)
		}
		if err := os.RemoveAll(labs); err != nil {
			t.Error(err)
		}
	})
}

// host is everything on it that could be the lab's: links, namespaces, tables, cgroups, mounts and processes.
func host(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, command := range []string{"ip -o link show type bridge", "ls /run/netns", "nft list tables"} {
		args := strings.Fields(command)
		out, _ := exec.Command(args[0], args[1:]...).Output() // a directory may be missing
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, network.Bridge(labName)) || strings.Contains(line, labName) {
				list = append(list, line)
			}
		}
	}
	for _, top := range hierarchies() {
		if dir := filepath.Join(top, "lab", labName); exists(dir) {
			list = append(list, dir)
		}
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, shared) {
			list = append(list, line)
		}
	}
	return append(list, processes(t)...)
}

// hierarchies are the mount points of the host's cgroups: one on version 2, several on version 1.
func hierarchies() []string {
	const top = "/sys/fs/cgroup"
	if exists(top + "/cgroup.procs") {
		return []string{top}
	}
	dirs, _ := filepath.Glob(top + "/*/cgroup.procs") // the pattern is well-formed
	for i, dir := range dirs {
		dirs[i] = filepath.Dir(dir)
	}
	return dirs
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// processes are those in the lab's cgroups: other labs may run on the machine.
func processes(t *testing.T) []string {
	t.Helper()
	var list []string
	groups, _ := filepath.Glob("/proc/[0-9]*/cgroup") // the pattern is well-formed
	for _, path := range groups {
		b, _ := os.ReadFile(path) // it may have ended
		// Those that have ended and that nobody has collected yet have no program any more.
		exe, err := os.Readlink(filepath.Join(filepath.Dir(path), "exe"))
		if err == nil && strings.Contains(string(b), "/lab/"+labName+"/") {
			list = append(list, path+" "+exe)
		}
	}
	return list
}

func showLogs(t *testing.T, labs string) {
	_ = filepath.WalkDir(labs, func(path string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".log") {
			b, _ := os.ReadFile(path)
			t.Logf("%s:\n%s", path, b[max(0, len(b)-3000):])
		}
		return nil
	})
}

// eventually waits until f holds. The bound is for a machine that is busy with other things.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

func boot(t *testing.T, n *node.Node) {
	t.Helper()
	if err := n.Boot(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// of returns a handle on a component.
func of(t *testing.T, n *node.Node, name string) node.Component {
	t.Helper()
	c, err := n.Component(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// comm is the name of the process, and state the letter of its state.
func comm(pid int) (name, state string) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", ""
	}
	_, rest, _ := strings.Cut(string(b), "(")
	name, rest, _ = strings.Cut(rest, ") ")
	return name, rest[:1]
}

func alive(pid int) bool { return exists("/proc/" + strconv.Itoa(pid)) }
