package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"kubelab/core/component"
	"kubelab/core/master/etcd"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// MoveLeader has the member of etcd on machine to lead.
func (c *Cluster) MoveLeader(ctx context.Context, to topology.Machine) error {
	spec := c.Spec()
	leader, err := topology.ParseMachine(c.Etcd().Leader)
	if err != nil {
		return errors.New("move etcd's leader: nobody leads")
	}
	client, err := etcd.Client(c.dir, spec, leader) // only the leader can
	if err != nil {
		return err
	}
	defer client.Close()
	return etcd.MoveLeader(ctx, client, spec, to)
}

// Compact throws away all revisions of all keys but the last.
func (c *Cluster) Compact(ctx context.Context) error {
	return c.withEtcd(topology.Machine{}, func(client *clientv3.Client, _ topology.Spec) error {
		_, err := client.Compact(ctx, c.Etcd().Revision, clientv3.WithCompactPhysical())
		if errors.Is(err, rpctypes.ErrCompacted) { // an API server did so a moment ago
			return nil
		}
		return err
	})
}

// Defragment rewrites the database file of every member that runs, one after the other: a member answers nobody
// meanwhile. The leader comes last.
func (c *Cluster) Defragment(ctx context.Context, report view.Report) error {
	spec := c.Spec()
	leader := c.Etcd().Leader
	order := slices.Clone(spec.Masters)
	slices.SortStableFunc(order, func(a, b topology.Machine) int {
		switch leader {
		case a.Name():
			return 1
		case b.Name():
			return -1
		}
		return 0
	})
	return c.withEtcd(topology.Machine{}, func(client *clientv3.Client, _ topology.Spec) error {
		for _, m := range order {
			if c.Master(m).Component(component.Etcd).Status().State != component.Running {
				continue
			}
			err := step(ctx, report, "Defragment etcd of "+m.Name(), startBound, func(ctx context.Context) error {
				_, err := client.Defragment(ctx, spec.EtcdClientURL(m))
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// fillPrefix is where the keys lie that fill etcd; no API server looks there.
const fillPrefix = "/lab/fill/"

// fillValue is as large as etcd takes in one request, with some room (--max-request-bytes is 1.5 MiB).
const fillValue = 1 << 20

// FillQuota writes to etcd until it refuses: the database has reached its quota.
func (c *Cluster) FillQuota(ctx context.Context) error {
	return c.withEtcd(topology.Machine{}, func(client *clientv3.Client, _ topology.Spec) error {
		value := string(make([]byte, fillValue))
		for i := 0; ; i++ {
			_, err := client.Put(ctx, fmt.Sprintf("%s%06d", fillPrefix, i), value)
			if errors.Is(err, rpctypes.ErrNoSpace) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("fill etcd's database: %w", err)
			}
		}
	})
}

// FreeQuota undoes FillQuota: the keys go, their history, their pages in the files, and then the alarm.
func (c *Cluster) FreeQuota(ctx context.Context) error {
	err := c.withEtcd(topology.Machine{}, func(client *clientv3.Client, _ topology.Spec) error {
		if _, err := client.Delete(ctx, fillPrefix, clientv3.WithPrefix()); err != nil {
			return fmt.Errorf("delete what fills etcd: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := c.Compact(ctx); err != nil {
		return fmt.Errorf("compact etcd: %w", err)
	}
	if err := c.Defragment(ctx, func(view.Step) {}); err != nil {
		return err
	}
	return c.withEtcd(topology.Machine{}, func(client *clientv3.Client, _ topology.Spec) error {
		if _, err := client.AlarmDisarm(ctx, &clientv3.AlarmMember{}); err != nil {
			return fmt.Errorf("disarm etcd's alarm: %w", err)
		}
		return nil
	})
}

// NoSpace reports whether a member of etcd has raised the alarm that its quota is used up.
func (c *Cluster) NoSpace() bool {
	masters, _ := c.machines()
	for _, m := range masters {
		if running := m.Etcd(); running != nil {
			for _, a := range running.Server.Alarms() {
				if a.Alarm == etcdserverpb.AlarmType_NOSPACE {
					return true
				}
			}
		}
	}
	return false
}

// Balanced waits until the load balancer sends connections to the master's API server.
func (c *Cluster) Balanced(ctx context.Context, m topology.Machine) error {
	own := netip.AddrPortFrom(c.Spec().Addr(m), topology.APIServerPort)
	ctx, cancel := context.WithTimeout(ctx, balancedBound)
	defer cancel()
	return poll(ctx, func(context.Context) (bool, string) {
		return slices.Contains(c.balancer.Healthy(), own), "the load balancer does not find kube-apiserver of " + m.Name() + " ready"
	})
}

// balancedBound is ten times what the balancer takes to look again.
const balancedBound = 10 * time.Second
