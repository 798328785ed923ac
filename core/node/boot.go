package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"kubelab/core/component"
	"kubelab/core/node/control"
)

// Bounds of switching a node on. Each is ten times or more what it takes on an idle machine.
const (
	setupBound      = 10 * time.Second
	containerdBound = 20 * time.Second
	importBound     = 60 * time.Second
)

// initName names the node init's binary and its log.
const initName = "node-init"

// Start switches the node on and returns when everything runs on it that should: nothing in a lab that is empty,
// otherwise as after Boot and Join. Whatever an earlier run has left is removed; the disk is kept. On error the
// node is off. A node that is on is left as it is.
func (n *Node) Start(ctx context.Context) error {
	if n.Spec.Empty {
		return n.PowerOn(ctx)
	}
	return n.on(ctx, func(ctx context.Context) error {
		if err := n.boot(ctx); err != nil {
			return err
		}
		return n.Join(ctx)
	})
}

// PowerOn is Start, but no component runs.
func (n *Node) PowerOn(ctx context.Context) error { return n.on(ctx, n.powerOn) }

// Boot is Start, but only containerd runs, and has the images. It needs no API server.
func (n *Node) Boot(ctx context.Context) error { return n.on(ctx, n.boot) }

// Join starts kubelet and kube-proxy on a node that was booted. A pod that kubelet starts before its image is there
// would wait for a pull that cannot succeed, so it must not come before Boot has returned.
func (n *Node) Join(ctx context.Context) error {
	for _, name := range []string{component.Kubelet, component.KubeProxy} {
		if err := (Component{n, name}).Start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// on switches the node on by f.
func (n *Node) on(ctx context.Context, f func(context.Context) error) error {
	n.power.Lock()
	defer n.power.Unlock()
	if n.current() != nil {
		return nil
	}
	began := time.Now()
	if err := f(ctx); err != nil {
		return errors.Join(fmt.Errorf("start %s: %w", n.Machine, err), n.powerLoss())
	}
	n.log.Info("node is on", "took", time.Since(began))
	return nil
}

func (n *Node) boot(ctx context.Context) error {
	n.setAll(component.Starting, "")
	if err := n.powerOn(ctx); err != nil {
		return err
	}
	if err := (Component{n, component.Containerd}).Start(ctx); err != nil {
		return err
	}
	if err := n.awaitContainerd(ctx); err != nil {
		return err
	}
	return n.importAll(ctx)
}

// powerOn makes the machine and waits for its init.
func (n *Node) powerOn(ctx context.Context) error {
	in, err := hierarchies()
	if err != nil {
		return err
	}
	group := nodeCgroup(in, n.Spec.Name, n.Machine.Name())
	if err := errors.Join(group.kill(), group.remove()); err != nil {
		return err
	}
	if err := group.create(n.Spec.NodeMemory, n.cores()); err != nil {
		return err
	}
	boot, err := n.prepare(in)
	if err != nil {
		return err
	}
	if err := n.installImages(ctx); err != nil {
		return err
	}
	namespace, err := n.Network.AttachNode(n.Machine)
	if err != nil {
		return err
	}
	r, err := spawn(spawnConfig{boot: boot, init: n.initPath(), namespace: namespace, cgroup: group, log: n.Dir.Log(n.Machine, initName)})
	if err != nil {
		return err
	}
	n.mu.Lock()
	n.run, n.paused, n.done = r, false, make(chan struct{})
	n.mu.Unlock()
	go n.watch(r)
	return n.awaitUp(ctx, r)
}

func (n *Node) awaitUp(ctx context.Context, r *run) error {
	ctx, cancel := context.WithTimeout(ctx, setupBound)
	defer cancel()
	select {
	case err := <-r.up:
		if err != nil {
			return err
		}
	case <-r.exited:
		return fmt.Errorf("node-init has ended: %s", n.Dir.LogTail(n.Machine, initName, 5))
	case <-ctx.Done():
		return fmt.Errorf("wait for node-init: %w", ctx.Err())
	}
	return r.conn.ask(ctx, control.Request{Verb: control.Leash})
}

// awaitContainerd waits until containerd serves kubelet's interface, which it does a little later than others.
func (n *Node) awaitContainerd(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, containerdBound)
	defer cancel()
	// Before there is anything to connect to, grpc would wait for a second after its first try.
	if err := n.retry(ctx, func() error {
		c, err := net.Dial("unix", n.Socket())
		if err != nil {
			return err
		}
		return c.Close()
	}); err != nil {
		return fmt.Errorf("connect to containerd: %w", err)
	}
	conn, err := grpc.NewClient("unix://"+n.Socket(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	client := cri.NewRuntimeServiceClient(conn)
	if err := n.retry(ctx, func() error {
		_, err := client.Version(ctx, &cri.VersionRequest{})
		return err
	}); err != nil {
		return fmt.Errorf("wait for containerd: %w", err)
	}
	return nil
}

// retryPause is short against the 0.1 s that containerd takes to start.
const retryPause = 5 * time.Millisecond

// retry calls f until it succeeds, the node ends, or ctx does.
func (n *Node) retry(ctx context.Context, f func() error) error {
	r := n.current()
	if r == nil {
		return errOff
	}
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-r.exited:
			return errOff
		case <-time.After(retryPause):
		}
	}
}
