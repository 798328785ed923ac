package etcd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"kubelab/core/pki"
	"kubelab/core/store"
	"kubelab/core/topology"
)

const (
	dialTimeout = 2 * time.Second
	// retry is how long to wait before asking again for what etcd will allow soon: it takes learners a few
	// milliseconds to catch up.
	retry = 20 * time.Millisecond
)

// insist asks f until it succeeds, fails for good, or ctx ends.
func insist(ctx context.Context, f func() error, passes func(error) bool) error {
	for {
		err := f()
		if err == nil || !passes(err) {
			return err
		}
		select {
		case <-time.After(retry):
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

// healing reports whether err means that members have not been connected to each other for five seconds yet
// (HealthInterval in etcdserver/server.go): then etcd refuses to change its membership.
func healing(err error) bool { return errors.Is(err, rpctypes.ErrUnhealthy) }

// Client connects to the members on the machines at, with the lab administrator's certificate.
func Client(d store.Dir, s topology.Spec, at ...topology.Machine) (*clientv3.Client, error) {
	config, err := ClientConfig(d, s, at...)
	if err != nil {
		return nil, err
	}
	return clientv3.New(config)
}

// ClientConfig is what Client connects with.
func ClientConfig(d store.Dir, s topology.Spec, at ...topology.Machine) (clientv3.Config, error) {
	config, err := clientTLS(d)
	if err != nil {
		return clientv3.Config{}, fmt.Errorf("load the certificate for etcd: %w", err)
	}
	var endpoints []string
	for _, m := range at {
		endpoints = append(endpoints, s.EtcdClientURL(m))
	}
	return clientv3.Config{Endpoints: endpoints, TLS: config, DialTimeout: dialTimeout, Logger: zap.NewNop()}, nil
}

func clientTLS(d store.Dir) (*tls.Config, error) {
	files, ca := pki.AdminFilesOf(d).EtcdClient, pki.SharedFilesOf(d).EtcdCA
	return transport.TLSInfo{CertFile: files.Cert, KeyFile: files.Key, TrustedCAFile: ca.Cert}.ClientConfig()
}

// AddLearner announces machine m to the cluster as a learner, which does not count for the majority, and
// returns how its member is to be started. A learner that was announced before, by a start that failed, is
// kept. In the first five seconds of a cluster, and of its members' connections, it waits until etcd agrees.
func AddLearner(ctx context.Context, c *clientv3.Client, s topology.Spec, m topology.Machine) (Initial, error) {
	list, err := c.MemberList(ctx)
	if err != nil {
		return Initial{}, fmt.Errorf("list etcd's members: %w", err)
	}
	members := list.Members
	if find(members, s, m) == nil {
		err := insist(ctx, func() error {
			added, err := c.MemberAddAsLearner(ctx, []string{s.EtcdPeerURL(m)})
			if err == nil {
				members = added.Members
			}
			return err
		}, healing)
		if err != nil {
			return Initial{}, fmt.Errorf("add %s to etcd's members: %w", m, err)
		}
	}
	in := Initial{Cluster: map[string]string{}, Existing: true}
	for _, o := range s.With(m).Masters {
		// Not by name: a member has none before it was started.
		if found := find(members, s, o); found != nil {
			in.Cluster[o.Name()] = found.PeerURLs[0]
		}
	}
	return in, nil
}

// Promote makes the learner on machine m a full member as soon as it has caught up.
func Promote(ctx context.Context, c *clientv3.Client, s topology.Spec, m topology.Machine) error {
	// It has not caught up, or the leader changes just now, or the member that was asked does not know it
	// yet: all pass.
	passes := func(error) bool { return true }
	if err := insist(ctx, func() error { return promote(ctx, c, s, m) }, passes); err != nil {
		return fmt.Errorf("promote %s to a full member of etcd: %w", m, err)
	}
	return nil
}

func promote(ctx context.Context, c *clientv3.Client, s topology.Spec, m topology.Machine) error {
	list, err := c.MemberList(ctx)
	if err != nil {
		return err
	}
	switch found := find(list.Members, s, m); {
	case found == nil:
		return errors.New("it is no member")
	case !found.IsLearner:
		return nil
	default:
		_, err := c.MemberPromote(ctx, found.ID)
		if errors.Is(err, rpctypes.ErrMemberNotLearner) {
			return nil
		}
		return err
	}
}

// Remove takes the member on machine m out of the cluster. It is no error when it is none.
func Remove(ctx context.Context, c *clientv3.Client, s topology.Spec, m topology.Machine) error {
	list, err := c.MemberList(ctx)
	if err != nil {
		return fmt.Errorf("list etcd's members: %w", err)
	}
	found := find(list.Members, s, m)
	if found == nil {
		return nil
	}
	err = insist(ctx, func() error {
		_, err := c.MemberRemove(ctx, found.ID)
		return err
	}, healing)
	if err != nil && !errors.Is(err, rpctypes.ErrMemberNotFound) {
		return fmt.Errorf("remove %s from etcd's members: %w", m, err)
	}
	return nil
}

// MoveLeader has the member on machine to lead. The client must be connected to the leader only.
func MoveLeader(ctx context.Context, c *clientv3.Client, s topology.Spec, to topology.Machine) error {
	list, err := c.MemberList(ctx)
	if err != nil {
		return fmt.Errorf("list etcd's members: %w", err)
	}
	found := find(list.Members, s, to)
	if found == nil {
		return fmt.Errorf("move etcd's leader to %s: it is no member", to)
	}
	if _, err := c.MoveLeader(ctx, found.ID); err != nil {
		return fmt.Errorf("move etcd's leader to %s: %w", to, err)
	}
	return nil
}

func find(members []*etcdserverpb.Member, s topology.Spec, m topology.Machine) *etcdserverpb.Member {
	for _, o := range members {
		if len(o.PeerURLs) > 0 && o.PeerURLs[0] == s.EtcdPeerURL(m) {
			return o
		}
	}
	return nil
}
