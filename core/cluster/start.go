package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kubelab/core/component"
	"kubelab/core/master"
	"kubelab/core/master/etcd"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// Bounds of the steps of a start: several times what a slow machine takes.
const (
	networkBound  = 10 * time.Second
	etcdBound     = 60 * time.Second
	apiBound      = 90 * time.Second
	leadersBound  = 60 * time.Second
	bootBound     = 60 * time.Second
	nodesBound    = 90 * time.Second
	workloadBound = 60 * time.Second
	answerBound   = 90 * time.Second
)

// Start brings the lab up: for the first time, or again from what is on disk. It returns once pods can be
// made, every node is ready and the demo answers. On error what was started still runs: Abandon it.
func (c *Cluster) Start(ctx context.Context, report view.Report) error {
	done, err := c.changing.alone(ctx)
	if err != nil {
		return err
	}
	defer done()
	return c.dir.WhileRoom(ctx, func(ctx context.Context) error { return c.start(ctx, report) })
}

func (c *Cluster) start(ctx context.Context, report view.Report) error {
	spec := c.Spec()
	begin := time.Now()
	if err := step(ctx, report, "Network", networkBound, c.networkUp); err != nil {
		return err
	}
	if spec.Empty {
		if err := master.Form(c.inOrder()); err != nil {
			return err
		}
		if err := step(ctx, report, "Empty machines", bootBound, c.powerOnNodes(spec.Nodes)); err != nil {
			return err
		}
		c.setState(view.Healthy)
		return nil
	}
	if err := c.startComponents(ctx, report, spec, begin); err != nil {
		return err
	}
	if spec.Demo {
		if err := step(ctx, report, "Service web answers", answerBound, c.demoAnswers); err != nil {
			return err
		}
	}
	c.setState(view.Healthy)
	return nil
}

// startComponents starts everything that can be started at the same time: masters beside nodes, kubelets and
// the workload as soon as the first API server serves.
func (c *Cluster) startComponents(ctx context.Context, report view.Report, spec topology.Spec, begin time.Time) error {
	// A restore that the engine did not live to finish did not happen.
	if err := c.eachMaster(func(m topology.Machine) error { return etcd.Revert(c.dir, m) }); err != nil {
		return err
	}
	if err := c.regain(ctx, report); err != nil {
		return err
	}
	defer master.EaseGC()()
	serving := make(chan struct{}) // closed when the first API server is ready
	whole, wiped := c.wiped(c.inOrder())
	err := inParallel(ctx,
		func(ctx context.Context) error {
			return c.explainMasters(master.Bootstrap(ctx, whole, func() { close(serving) }))
		},
		func(ctx context.Context) error {
			return step(ctx, report, "etcd, "+members(len(whole)), etcdBound, allRunning(whole, component.Etcd))
		},
		func(ctx context.Context) error {
			return step(ctx, report, "kube-apiserver on "+count(machinesOf(whole)), apiBound, allRunning(whole, component.APIServer))
		},
		func(ctx context.Context) error { return c.startNodes(ctx, report, spec, serving, begin) },
		func(ctx context.Context) error {
			if err := errors.Join(until(serving)(ctx), c.balanced(ctx)); err != nil {
				return err
			}
			if c.fresh {
				if err := c.applyWorkload(ctx, false); err != nil {
					return err
				}
			}
			return step(ctx, report, "Scheduler and controller manager lead", leadersBound, c.podsCanBeMade)
		})
	if err == nil {
		err = c.eachMaster(func(m topology.Machine) error { return etcd.Settle(c.dir, m) })
	}
	for _, m := range wiped {
		if err != nil {
			return err
		}
		err = step(ctx, report, m.Machine().Name()+" gets a new etcd member", joinBound, func(ctx context.Context) error {
			if err := c.ReplaceMember(ctx, m.Machine()); err != nil {
				return err
			}
			return c.explainMaster(m.Machine(), "", m.Start(ctx))
		})
	}
	return err
}

// inOrder lists the masters by number.
func (c *Cluster) inOrder() []*master.Master {
	masters, _ := c.machines()
	var list []*master.Master
	for _, m := range c.Spec().Masters {
		list = append(list, masters[m])
	}
	return list
}

func machinesOf(masters []*master.Master) []topology.Machine {
	var list []topology.Machine
	for _, m := range masters {
		list = append(list, m.Machine())
	}
	return list
}

// startNodes boots the nodes, has them join once an API server serves, and puts the workload of a new lab on
// them.
func (c *Cluster) startNodes(ctx context.Context, report view.Report, spec topology.Spec, serving <-chan struct{}, begin time.Time) error {
	if len(spec.Nodes) > 0 {
		if err := step(ctx, report, "containerd and images on "+count(spec.Nodes), bootBound, c.bootNodes(spec.Nodes)); err != nil {
			return err
		}
	}
	if err := errors.Join(until(serving)(ctx), c.balanced(ctx)); err != nil {
		return err
	}
	c.caches.run()
	if len(spec.Nodes) > 0 {
		err := step(ctx, report, count(spec.Nodes)+" ready", nodesBound, func(ctx context.Context) error {
			return c.joinNodes(ctx, spec.Nodes, begin)
		})
		if err != nil {
			return err
		}
	}
	if !c.fresh {
		return nil
	}
	return step(ctx, report, "Cluster DNS and demo applied", workloadBound, func(ctx context.Context) error {
		return c.applyWorkload(ctx, true)
	})
}

// allRunning waits until the component runs on every one of masters.
func allRunning(masters []*master.Master, name string) func(context.Context) error {
	return func(ctx context.Context) error {
		return poll(ctx, func(context.Context) (bool, string) {
			for _, m := range masters {
				if s := m.Status()[name]; s.State != component.Running {
					return false, fmt.Sprintf("%s/%s is %s", m.Machine(), name, s.State)
				}
			}
			return true, ""
		})
	}
}

// balanced waits until the balancer has found an API server that is ready. Before that it resets connections.
func (c *Cluster) balanced(ctx context.Context) error {
	return poll(ctx, func(context.Context) (bool, string) {
		return len(c.balancer.Healthy()) > 0, "the load balancer sees no API server that is ready"
	})
}

// until waits until done is closed.
func until(done <-chan struct{}) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *Cluster) networkUp(ctx context.Context) error {
	if err := c.network.Up(ctx); err != nil {
		return err
	}
	c.balancer.SetBackends(c.backends())
	return c.balancer.Start(ctx)
}

// bootNodes starts the nodes' first processes, containerd, and brings the images in.
func (c *Cluster) bootNodes(nodes []topology.Machine) func(context.Context) error {
	return func(ctx context.Context) error {
		return inParallel(ctx, forEach(nodes, func(ctx context.Context, m topology.Machine) error {
			return c.explain(m, component.Containerd, c.Node(m).Boot(ctx))
		})...)
	}
}

// powerOnNodes starts the nodes with nothing on them.
func (c *Cluster) powerOnNodes(nodes []topology.Machine) func(context.Context) error {
	return func(ctx context.Context) error {
		return inParallel(ctx, forEach(nodes, func(ctx context.Context, m topology.Machine) error { return c.Node(m).PowerOn(ctx) })...)
	}
}

// joinNodes starts kubelet and kube-proxy and waits until the cluster calls the nodes ready.
func (c *Cluster) joinNodes(ctx context.Context, nodes []topology.Machine, since time.Time) error {
	err := inParallel(ctx, forEach(nodes, func(ctx context.Context, m topology.Machine) error {
		return c.explain(m, component.Kubelet, c.Node(m).Join(ctx))
	})...)
	if err != nil {
		return err
	}
	if err := c.nodesReady(ctx, nodes, since); err != nil {
		for _, m := range nodes {
			if !ready(c.caches.node(m), since) {
				return c.explain(m, component.Kubelet, err)
			}
		}
		return err
	}
	return nil
}

// lastLines of a component's log are shown when it fails.
const lastLines = 5

// explain adds the last lines of the component's log to the error of starting it.
func (c *Cluster) explain(m topology.Machine, name string, err error) error {
	if err == nil {
		return nil
	}
	if tail := c.dir.LogTail(m, name, lastLines); tail != "" {
		return fmt.Errorf("%s/%s: %w; the last lines of its log:\n%s", m, name, err, tail)
	}
	return fmt.Errorf("%s/%s: %w", m, name, err)
}

// explainMasters adds to the error of starting all masters the last lines of what failed first.
func (c *Cluster) explainMasters(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	masters, _ := c.machines()
	for _, name := range component.OfMaster {
		for m, made := range masters {
			if made.Status()[name].Error != "" {
				return c.explain(m, name, err)
			}
		}
	}
	return err
}

func members(n int) string {
	if n == 1 {
		return "1 member"
	}
	return fmt.Sprintf("%d members", n)
}

func count(ms []topology.Machine) string {
	if len(ms) == 1 {
		return "1 " + string(ms[0].Kind)
	}
	return fmt.Sprintf("%d %ss", len(ms), ms[0].Kind)
}
