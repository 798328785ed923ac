package node

import (
	"context"
	"errors"
	"fmt"

	"kubelab/core/component"
)

// PowerOn switches the node on with no component running. Whatever an earlier run has left is removed; the disk
// is kept. On error the node is off.
func (n *Node) PowerOn(ctx context.Context) error { return n.on(ctx, n.powerOn) }

// Boot switches the node on and returns when containerd serves and has the images. On error the node is off.
// Kubelet and kube-proxy, which need an API server, are left to Join.
func (n *Node) Boot(ctx context.Context) error {
	return n.on(ctx, func(ctx context.Context) error {
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
	})
}

// Join starts kube-proxy and kubelet on a node that was booted.
func (n *Node) Join(ctx context.Context) error {
	for _, name := range []string{component.Kubelet, component.KubeProxy} {
		if err := (Component{n, name}).Start(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (n *Node) on(ctx context.Context, f func(context.Context) error) error {
	n.power.Lock()
	defer n.power.Unlock()
	if n.current() != nil {
		return nil
	}
	n.setAll(component.Starting, "")
	if err := f(ctx); err != nil {
		return errors.Join(fmt.Errorf("start %s: %w", n.Machine, err), n.powerLoss())
	}
	return nil
}
