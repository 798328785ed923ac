package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kubelab/core/component"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// Bounds of adding and removing machines.
const (
	joinBound  = 60 * time.Second
	leaveBound = 30 * time.Second
	undoBound  = 30 * time.Second
)

// Add adds a master or a node to the running lab. When it fails the lab is as it was.
func (c *Cluster) Add(ctx context.Context, kind topology.Kind, report view.Report) (m topology.Machine, err error) {
	done, err := c.changing.alone(ctx)
	if err != nil {
		return m, err
	}
	defer done()
	before := c.Spec()
	m = before.Next(kind)
	after := before.With(m)
	if err := after.Validate(); err != nil {
		return m, &view.Failure{Code: view.Usage, Err: err}
	}
	defer func() {
		if err == nil {
			return
		}
		// What ended the addition must not end its undoing.
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoBound)
		defer cancel()
		err = errors.Join(err, c.forget(undo, m))
	}()
	if kind == topology.Master {
		err = c.addMaster(ctx, m, report)
	} else {
		err = c.addNode(ctx, m, report)
	}
	if err != nil {
		return m, err
	}
	return m, c.dir.Save(c.Spec())
}

func (c *Cluster) addMaster(ctx context.Context, m topology.Machine, report view.Report) error {
	if err := c.network.AddMaster(m); err != nil {
		return err
	}
	if err := c.makeMaster(m); err != nil {
		return err
	}
	made := c.Master(m)
	if c.Spec().Empty {
		c.setSpec(c.Spec().With(m))
		return nil
	}
	err := step(ctx, report, m.Name()+" joins etcd as a learner and is promoted", joinBound, func(ctx context.Context) error {
		return c.explain(m, component.Etcd, c.joinEtcd(ctx, m))
	})
	if err != nil {
		return err
	}
	c.setSpec(c.Spec().With(m))
	for _, name := range []string{component.APIServer, component.Scheduler, component.ControllerManager} {
		err := step(ctx, report, name+" on "+m.Name(), joinBound, func(ctx context.Context) error {
			return c.explain(m, name, made.Component(name).Start(ctx))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) addNode(ctx context.Context, m topology.Machine, report view.Report) error {
	begin := time.Now()
	if err := c.makeNode(m); err != nil {
		return err
	}
	c.setSpec(c.Spec().With(m))
	if c.Spec().Empty {
		return step(ctx, report, m.Name()+" powered on", bootBound, c.powerOnNodes([]topology.Machine{m}))
	}
	err := step(ctx, report, "containerd and images on "+m.Name(), bootBound, c.bootNodes([]topology.Machine{m}))
	if err != nil {
		return err
	}
	return step(ctx, report, m.Name()+" ready", nodesBound, func(ctx context.Context) error {
		return c.joinNodes(ctx, []topology.Machine{m}, begin)
	})
}

// Remove takes a machine out of the running lab: a node is drained first, a member leaves etcd.
func (c *Cluster) Remove(ctx context.Context, m topology.Machine, report view.Report) error {
	done, err := c.changing.alone(ctx)
	if err != nil {
		return err
	}
	defer done()
	spec := c.Spec()
	switch {
	case !spec.Has(m):
		return view.Fail(view.NotFound, "there is no %s in lab %q; there is: %s", m, spec.Name, namesOf(spec.Machines()))
	case m.Kind == topology.Master && len(spec.Masters) == 1:
		return view.Fail(view.Failed, "%s is the last master: without it there is no cluster; to remove the lab: lab delete", m)
	}
	if !spec.Empty {
		if err := c.leave(ctx, m, report); err != nil {
			return err
		}
	}
	return step(ctx, report, m.Name()+" removed", leaveBound, func(ctx context.Context) error {
		if err := c.forget(ctx, m); err != nil {
			return err
		}
		return c.dir.Save(c.Spec())
	})
}

// leave takes the machine's part out of the cluster while both still run.
func (c *Cluster) leave(ctx context.Context, m topology.Machine, report view.Report) error {
	if m.Kind == topology.Master {
		return step(ctx, report, m.Name()+" leaves etcd", leaveBound, func(ctx context.Context) error { return c.leaveEtcd(ctx, m) })
	}
	if err := step(ctx, report, m.Name()+" drained", drainBound+leaveBound, func(ctx context.Context) error { return c.drain(ctx, m) }); err != nil {
		return err
	}
	return step(ctx, report, m.Name()+" powered off", leaveBound, func(ctx context.Context) error {
		if err := c.Node(m).Stop(ctx); err != nil {
			return err
		}
		err := c.client.CoreV1().Nodes().Delete(ctx, m.Name(), metav1.DeleteOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	})
}

// forget removes whatever the engine holds of a machine, however far it came.
func (c *Cluster) forget(ctx context.Context, m topology.Machine) error {
	var errs []error
	if m.Kind == topology.Master {
		errs = append(errs, c.forgetMaster(ctx, m))
	} else {
		errs = append(errs, c.forgetNode(ctx, m))
	}
	c.mu.Lock()
	c.spec = c.spec.Without(m)
	delete(c.masters, m)
	delete(c.nodes, m)
	c.mu.Unlock()
	c.balancer.SetBackends(c.backends())
	errs = append(errs, c.authority.Remove(m), c.dir.RemoveMachine(m))
	return errors.Join(errs...)
}

func (c *Cluster) setSpec(s topology.Spec) {
	c.mu.Lock()
	c.spec = s
	c.mu.Unlock()
	c.balancer.SetBackends(c.backends())
}

func namesOf(ms []topology.Machine) string {
	var names []string
	for _, m := range ms {
		names = append(names, m.Name())
	}
	return strings.Join(names, ", ")
}

func (c *Cluster) forgetNode(ctx context.Context, m topology.Machine) error {
	n := c.Node(m)
	if n == nil {
		return nil
	}
	if err := n.Kill(); err != nil {
		return fmt.Errorf("power %s off: %w", m, err)
	}
	// The node may have registered before it failed.
	if err := c.client.CoreV1().Nodes().Delete(ctx, m.Name(), metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		c.log.Warn("delete the Node object", "node", m.Name(), "err", err)
	}
	return nil
}
