package cluster

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"kubelab/core/component"
	"kubelab/core/master"
	"kubelab/core/master/etcd"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// withEtcd gives f a client of the members on all masters but one.
func (c *Cluster) withEtcd(but topology.Machine, f func(*clientv3.Client, topology.Spec) error) error {
	spec := c.Spec().Without(but)
	client, err := etcd.Client(c.dir, spec, spec.Masters...)
	if err != nil {
		return fmt.Errorf("connect to etcd: %w", err)
	}
	return errors.Join(f(client, spec), client.Close())
}

// joinEtcd has the master's member join as a learner and become a full member.
func (c *Cluster) joinEtcd(ctx context.Context, m topology.Machine) error {
	return c.withEtcd(m, func(client *clientv3.Client, spec topology.Spec) error {
		initial, err := c.announce(ctx, client, spec, m)
		if err != nil {
			return err
		}
		return c.Master(m).JoinEtcd(ctx, initial, func(ctx context.Context) error { return etcd.Promote(ctx, client, spec, m) })
	})
}

// announce adds the member to the cluster's list. Etcd refuses while any other member has been connected for
// less than five seconds (StrictReconfigCheck in etcdserver), as one that was added just now: that passes.
func (c *Cluster) announce(ctx context.Context, client *clientv3.Client, spec topology.Spec, m topology.Machine) (initial etcd.Initial, err error) {
	waited := poll(ctx, func(ctx context.Context) (bool, string) {
		initial, err = etcd.AddLearner(ctx, client, spec, m)
		return !errors.Is(err, rpctypes.ErrUnhealthy), "a member of etcd is not healthy"
	})
	return initial, errors.Join(err, waited)
}

// leaveEtcd takes the master's member out of the cluster, which goes on without it.
func (c *Cluster) leaveEtcd(ctx context.Context, m topology.Machine) error {
	// Scheduler and controller manager give up their Leases, and the member its leadership, before it goes:
	// nobody has to wait for them to run out.
	for _, name := range []string{component.Scheduler, component.ControllerManager} {
		if err := c.Master(m).Component(name).Stop(ctx); err != nil {
			return err
		}
	}
	return c.dropMember(ctx, m)
}

// dropMember takes the master's member off etcd's list.
func (c *Cluster) dropMember(ctx context.Context, m topology.Machine) error {
	return c.withEtcd(m, func(client *clientv3.Client, spec topology.Spec) error { return etcd.Remove(ctx, client, spec, m) })
}

// forgetMaster ends what runs of the master, and its membership if it got that far.
func (c *Cluster) forgetMaster(ctx context.Context, m topology.Machine) error {
	made := c.Master(m)
	if made == nil {
		return c.network.RemoveMaster(m)
	}
	var errs []error
	if len(c.Spec().Without(m).Masters) > 0 && !c.Spec().Empty {
		errs = append(errs, c.leaveEtcd(ctx, m))
	}
	// The API server may still serve watches through the balancer: they are reset and go elsewhere.
	made.Crash()
	return errors.Join(append(errs, c.network.RemoveMaster(m))...)
}

// etcdOf asks the members themselves, in process: the one that is farthest knows best.
func etcdOf(spec topology.Spec, masters map[topology.Machine]*master.Master) view.Etcd {
	all := view.Etcd{Members: len(spec.Masters)}
	byID := map[string]string{}
	var leader string
	for _, m := range spec.Masters {
		made := masters[m]
		if made == nil {
			continue
		}
		running := made.Etcd()
		if running == nil {
			continue
		}
		server := running.Server
		byID[server.MemberID().String()] = m.Name()
		if term := server.Term(); term > all.Term || term == all.Term && server.Leader() != 0 {
			all.Term, leader = term, server.Leader().String()
		}
		all.Revision = max(all.Revision, server.KV().Rev())
	}
	all.Leader = byID[leader]
	return all
}
