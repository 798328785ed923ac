// Package workertest tries what package worker reads on a real node of a real lab. It is a package of its own so that the
// other tests of package worker need not be linked with all of Kubernetes. It needs root and the assets that make
// builds; without either it skips.
package workertest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kubelab/core/assets"
	"kubelab/core/cluster"
	"kubelab/core/master/logs"
	"kubelab/core/network"
	"kubelab/core/node"
	"kubelab/core/node/applet"
	"kubelab/core/store"
	"kubelab/core/topology"
	"kubelab/core/view"
)

const labName = "worker-test"

// TestMain makes the test binary containerd, kubelet and kube-proxy where it is called so.
func TestMain(m *testing.M) {
	if name := filepath.Base(os.Args[0]); applet.Is(name) {
		os.Exit(applet.Run(name))
	}
	os.Exit(m.Run())
}

// lab is a lab with one master, one node and the demo.
type lab struct {
	cluster *cluster.Cluster
	node    *node.Node
	machine topology.Machine // the node
	master  topology.Machine
}

// start starts the lab, which is gone when the test ends.
func start(t *testing.T) *lab {
	t.Helper()
	if os.Getuid() != 0 || !assets.Present() {
		t.Skip("needs root, and the assets that make builds")
	}
	// Not t.TempDir, whose long path leaves no room for the names of sockets below it.
	root, err := os.MkdirTemp("", "lab-worker-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(root); err != nil {
			t.Error(err)
		}
	})
	a := unpack(t, root)
	subnet, err := network.FreeSubnet(nil)
	if err != nil {
		t.Fatal(err)
	}
	spec := topology.New(labName, subnet, 1, 1)
	dir, err := store.Open(root, labName)
	if err != nil {
		t.Fatal(err)
	}
	if err := dir.Begin(spec); err != nil {
		t.Fatal(err)
	}
	router := logs.NewRouter(dir, os.Stderr)
	if err := router.Install(); err != nil {
		t.Fatal(err)
	}
	c, err := cluster.New(cluster.Config{
		Spec: spec, Fresh: true, Dir: dir, Assets: a, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})), Logs: router,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Abandon()
		if err := cluster.Sweep(context.Background(), labName); err != nil {
			t.Error(err)
		}
		nothingIsLeft(t)
	})
	if err := c.Start(t.Context(), func(view.Step) {}); err != nil {
		t.Fatal(err)
	}
	return &lab{cluster: c, node: c.Node(spec.Nodes[0]), machine: spec.Nodes[0], master: spec.Masters[0]}
}

// unpack lays out the helper binaries, with this test binary as the daemons.
func unpack(t *testing.T, root string) assets.Dir {
	t.Helper()
	a, err := assets.Unpack(t.Context(), filepath.Join(root, "cache"))
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := assets.Link(a, self); err != nil {
		t.Fatal(err)
	}
	return a
}

func nothingIsLeft(t *testing.T) {
	t.Helper()
	for _, command := range []string{"ip -o link show type bridge", "ip netns", "nft list tables", "cat /proc/self/mountinfo"} {
		args := strings.Fields(command)
		out, err := exec.Command(args[0], args[1:]...).Output()
		if err != nil {
			t.Errorf("%s: %v", command, err)
		}
		if strings.Contains(string(out), labName) || strings.Contains(string(out), network.Bridge(labName)) {
			t.Errorf("%s shows that something is left:\n%s", command, out)
		}
	}
	if left, _ := filepath.Glob("/sys/fs/cgroup/*/lab/" + labName); len(left) > 0 {
		t.Errorf("cgroups are left: %q", left)
	}
}

// The bound is for a machine that is busy with other things.
const bound = 60 * time.Second

// eventually waits until f has no error.
func eventually(t *testing.T, what string, f func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(bound); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err = f(); err == nil {
			return
		}
	}
	t.Fatalf("not within %s: %s: %v", bound, what, err)
}

// followed is what a follower tells.
type followed struct {
	events chan view.Event
	health chan error
}

// follow starts a follower, which ends with the test.
func follow(t *testing.T, n *node.Node, f func(context.Context, *node.Node, func(view.Event), func(error))) followed {
	t.Helper()
	out := followed{make(chan view.Event, 10_000), make(chan error, 1000)}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f(ctx, n, func(e view.Event) { out.events <- e }, func(err error) { out.health <- err })
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case <-ended:
		case <-time.After(bound):
			t.Error("a follower does not end")
		}
	})
	out.healthy(t)
	return out
}

// healthy waits until all is well.
func (f followed) healthy(t *testing.T) {
	t.Helper()
	f.awaitHealth(t, func(err error) bool { return err == nil })
}

// cutOff waits until something is not, and says what.
func (f followed) cutOff(t *testing.T) {
	t.Helper()
	f.awaitHealth(t, func(err error) bool { return err != nil })
}

func (f followed) awaitHealth(t *testing.T, is func(error) bool) {
	t.Helper()
	end := time.After(bound)
	for {
		select {
		case err := <-f.health:
			if t.Logf("health: %v", err); is(err) {
				return
			}
		case <-end:
			t.Fatal("health does not change as it should")
		}
	}
}

// find waits for an event.
func (f followed) find(t *testing.T, what string, is func(view.Event) bool) view.Event {
	t.Helper()
	end := time.After(bound)
	for {
		select {
		case e := <-f.events:
			if t.Log(fmt.Sprint(e.Source, ": ", e.Text)); is(e) {
				return e
			}
		case <-end:
			t.Fatalf("not within %s: %s", bound, what)
		}
	}
}
