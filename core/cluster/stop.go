package cluster

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"kubelab/core/master"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// Bounds of a graceful stop.
const (
	nodesStopBound   = 45 * time.Second // pods' grace periods are cut off after it
	mastersStopBound = 30 * time.Second
)

// Stop stops the lab gracefully: pods are asked to end, Leases are released, etcd is closed. What does not
// end within its bound is ended as by a power cut, so that Stop leaves nothing running.
func (c *Cluster) Stop(ctx context.Context, report view.Report) error {
	done, err := c.changing.alone(ctx)
	if err != nil {
		return err
	}
	defer done()
	c.end()
	c.setState(view.Stopping)
	spec := c.Spec()
	masters, nodes := c.machines()
	var errs []error
	if len(nodes) > 0 {
		errs = append(errs, step(ctx, report, count(spec.Nodes)+" powered off", nodesStopBound, func(ctx context.Context) error {
			return inParallel(ctx, forEach(spec.Nodes, func(ctx context.Context, m topology.Machine) error { return nodes[m].Stop(ctx) })...)
		}))
	}
	c.caches.close()
	errs = append(errs, step(ctx, report, count(spec.Masters)+" stopped", mastersStopBound, func(ctx context.Context) error {
		return master.StopAll(ctx, slices.Collect(maps.Values(masters)))
	}))
	if err := errors.Join(errs...); err != nil {
		c.log.Error("stop", "err", err)
	}
	c.crashAll()
	c.setState(view.Stopped)
	return nil
}

// Abandon ends everything at once, as a power cut would.
func (c *Cluster) Abandon() {
	if done, err := c.changing.alone(context.Background()); err == nil { // it has no reason to fail
		defer done()
	}
	c.end()
	c.caches.close()
	c.crashAll()
}

func (c *Cluster) crashAll() {
	masters, nodes := c.machines()
	bound, cancel := context.WithTimeout(context.Background(), undoBound)
	defer cancel()
	for m, n := range nodes {
		if err := n.Kill(); err != nil {
			c.log.Error("power off", "node", m.Name(), "err", err)
		}
	}
	for _, m := range masters {
		m.Crash()
	}
	if err := errors.Join(c.balancer.Close(), c.network.Down(bound)); err != nil {
		c.log.Error("take the network down", "err", err)
	}
}
