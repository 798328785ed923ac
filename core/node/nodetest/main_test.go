// Package nodetest tries nodes with the real containerd, kubelet and kube-proxy, in real namespaces. It is a package of
// its own so that the other tests of a node need not be linked with all of these. It needs root and the assets that
// make builds; without either it skips.
package nodetest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"kubelab/core/assets"
	"kubelab/core/network"
	"kubelab/core/node"
	"kubelab/core/node/applet"
	"kubelab/core/pki"
	"kubelab/core/store"
	"kubelab/core/topology"
)

const (
	labName = "node-test"

	// engineEnv makes the test binary an engine with one node, for tests that kill engines; its value is the
	// directory with assets and labs.
	engineEnv = "LAB_NODE_TEST_ENGINE"
)

// shared is where all tests find the assets: too many megabytes to unpack for each.
var shared string

func TestMain(m *testing.M) {
	if name := filepath.Base(os.Args[0]); applet.Is(name) {
		os.Exit(applet.Run(name))
	}
	if dir := os.Getenv(engineEnv); dir != "" {
		os.Exit(engine(dir))
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if os.Getuid() != 0 || !assets.Present() {
		fmt.Println("skipped: these tests need root, and the assets that make builds")
		return 0
	}
	var err error
	if shared, err = os.MkdirTemp("", "lab-node-test-"); err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(shared)
	if err := unpack(shared); err != nil {
		fmt.Println(err)
		return 1
	}
	return m.Run()
}

// unpack lays out the helper binaries, with this test binary as the daemons and a node init of today's source.
func unpack(dir string) error {
	ctx := context.Background()
	a, err := assets.Unpack(ctx, filepath.Join(dir, "cache"))
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if _, err := assets.Link(a, self); err != nil {
		return err
	}
	build := exec.Command("go", "build", "-o", filepath.Join(a.Bin, "node-init"), "kubelab/core/node/cmd/node-init")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build node-init: %w: %s", err, out)
	}
	return nil
}

// unpacked is what unpack has laid out. To assets.Unpack it looks damaged, because of the node init.
func unpacked(dir string) (a assets.Dir, err error) {
	bins, err := filepath.Glob(filepath.Join(dir, "cache", "*", "bin"))
	if err != nil || len(bins) != 1 {
		return a, fmt.Errorf("assets are at %q: %v", bins, err)
	}
	a.Root, a.Bin = filepath.Dir(bins[0]), bins[0]
	a.Images, err = filepath.Glob(filepath.Join(a.Root, "images", "*.tar"))
	return a, err
}

// world is a lab's network with nodes that are off.
type world struct {
	spec    topology.Spec
	dir     store.Dir
	network *network.Network
	nodes   []*node.Node
}

// build makes a world below dir, with the assets that unpack has put there.
func build(ctx context.Context, dir, labs string, nodes int, log *slog.Logger) (*world, error) {
	a, err := unpacked(dir)
	if err != nil {
		return nil, err
	}
	subnet, err := network.FreeSubnet(nil)
	if err != nil {
		return nil, err
	}
	w := &world{spec: topology.New(labName, subnet, 1, nodes)}
	w.spec.NodeCPU = 5 // more than most machines have that this runs on
	if w.dir, err = store.Open(labs, labName); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(w.dir.Path(), 0o700); err != nil {
		return nil, err
	}
	ca, err := pki.Open(w.dir, w.spec)
	if err != nil {
		return nil, err
	}
	w.network = network.New(w.spec, log)
	images := node.NewImageStore(a.Root, a.Images)
	for _, m := range w.spec.Nodes {
		if err := ca.Node(m); err != nil {
			return nil, err
		}
		w.nodes = append(w.nodes, node.New(node.Config{
			Spec: w.spec, Machine: m, Dir: w.dir, Network: w.network, Bin: a.Bin, Images: images, Log: log,
		}))
	}
	return w, w.network.Up(ctx)
}

// engine is a lab's engine that boots a node and then waits to be killed.
func engine(dir string) int {
	ctx := context.Background()
	w, err := build(ctx, dir, filepath.Join(dir, "engine"), 1, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err == nil {
		err = w.nodes[0].Boot(ctx)
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(w.nodes[0].PID())
	select {}
}
