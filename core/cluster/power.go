package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kubelab/core/component"
	"kubelab/core/master"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// PowerLoss ends everything on the machine at once, and its network with it: its address answers nobody any more.
func (c *Cluster) PowerLoss(m topology.Machine) error {
	if m.Kind == topology.Node {
		return c.Node(m).Kill()
	}
	// The address first: a machine whose power has gone refuses no connection.
	err := c.network.RemoveMaster(m)
	c.Master(m).Crash()
	return err
}

// Powered reports whether the machine has power: a node that is switched on, a master whose address is there.
func (c *Cluster) Powered(m topology.Machine) bool {
	if m.Kind == topology.Node {
		return c.Node(m).Running()
	}
	return c.network.HasMaster(m)
}

const (
	// startBound is how long one machine or component may take to start.
	startBound = 60 * time.Second
	// loneliness is how long a start waits before it asks whether what it waits for can come at all.
	loneliness = 2 * time.Second
)

// StartMaster starts what does not run of a master, or one component of it. When etcd has no majority yet, what
// needs it goes on starting by itself, as the real thing would: then waiting says what is waited for.
func (c *Cluster) StartMaster(ctx context.Context, m topology.Machine, name string) (waiting string, err error) {
	made := c.Master(m)
	start := made.Start
	if name != "" {
		if !c.Powered(m) {
			return "", view.Fail(view.Failed, "%s has no power; start the machine: lab start %s", m, m)
		}
		start = made.Component(name).Start
	} else if err := c.network.AddMaster(m); err != nil {
		return "", err
	}
	// It outlives the one who asked for it only when it waits for others.
	running, abandon := context.WithCancelCause(c.running)
	started := make(chan error, 1)
	go func() {
		defer abandon(nil)
		started <- start(running)
	}()
	bound := time.NewTimer(startBound)
	defer bound.Stop()
	look := time.NewTicker(loneliness)
	defer look.Stop()
	for {
		select {
		case err := <-started:
			if cause := context.Cause(running); err != nil && cause != nil && !errors.Is(cause, context.Canceled) {
				err = fmt.Errorf("%w: %w", cause, err)
			}
			if err == nil && made.Component(component.APIServer).Status().State == component.Running {
				c.caches.run() // in an empty lab it is the first
			}
			return "", c.explainMaster(m, name, err)
		case <-look.C:
			if up, majority := c.membersUp(); up < majority {
				return fmt.Sprintf("it goes on once a majority of etcd's members runs: %d of %d do", up, majority), nil
			}
		case <-bound.C:
			abandon(fmt.Errorf("gave up after %s: %w", startBound, context.DeadlineExceeded))
		case <-ctx.Done():
			abandon(context.Cause(ctx))
		}
	}
}

// membersUp counts etcd members that run or start, and how many are a majority.
func (c *Cluster) membersUp() (up, majority int) {
	masters, _ := c.machines()
	for _, m := range masters {
		switch m.Component(component.Etcd).Status().State {
		case component.Running, component.Starting:
			up++
		}
	}
	return up, len(masters)/2 + 1
}

// explainMaster adds to the error of starting a master the last lines of what failed.
func (c *Cluster) explainMaster(m topology.Machine, name string, err error) error {
	if err == nil {
		return nil
	}
	for _, n := range component.OfMaster {
		if n == name || name == "" && c.Master(m).Component(n).Status().Error != "" {
			return c.explain(m, n, err)
		}
	}
	return fmt.Errorf("start %s: %w", m, err)
}

// StartNode switches a node on, with everything on it that should run, and waits until the cluster calls it ready.
func (c *Cluster) StartNode(ctx context.Context, m topology.Machine) error {
	begin := time.Now()
	ctx, cancel := context.WithTimeout(ctx, startBound)
	defer cancel()
	if err := c.Node(m).Start(ctx); err != nil || c.Spec().Empty {
		return c.explain(m, component.Containerd, err)
	}
	if len(c.balancer.Healthy()) == 0 {
		return nil // nobody could call it ready
	}
	return c.explain(m, component.Kubelet, c.nodesReady(ctx, []topology.Machine{m}, begin))
}

// WipeMember loses the data of the master's etcd member.
func (c *Cluster) WipeMember(ctx context.Context, m topology.Machine) error {
	return c.Master(m).WipeEtcd(ctx)
}

// ReplaceMember takes a member that has lost its data out of the cluster and has a new one join in its place, as a
// learner that is promoted.
func (c *Cluster) ReplaceMember(ctx context.Context, m topology.Machine) error {
	if err := c.dropMember(ctx, m); err != nil {
		return err
	}
	return c.explain(m, component.Etcd, c.joinEtcd(ctx, m))
}

// wiped lists the masters that have lost the data of their etcd member, where others have kept theirs.
func (c *Cluster) wiped(masters []*master.Master) (whole, wiped []*master.Master) {
	for _, m := range masters {
		if m.EtcdWiped() {
			wiped = append(wiped, m)
		} else {
			whole = append(whole, m)
		}
	}
	if len(whole) == 0 {
		return masters, nil // a new cluster
	}
	return whole, wiped
}
