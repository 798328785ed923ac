package observe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/etcdserver"
	"go.etcd.io/etcd/server/v3/storage/mvcc"

	"kubelab/core/topology"
)

// All that the API servers keep is read from etcd itself, in process, from the member that knows best: so what is shown of
// the cluster's objects does not depend on any API server.

// keyHandler takes what is in etcd.
type keyHandler interface {
	// reset starts anew: all is what there is at the revision.
	reset(all []*mvccpb.KeyValue, revision int64)
	// change is told one change after the other.
	change(e *mvccpb.Event)
}

// follower follows etcd's keys, from member to member.
type follower struct {
	o        *Observer
	to       keyHandler
	revision int64  // up to which everything was told
	cluster  uint64 // whose revisions they are; a restored cluster is another one
}

const (
	// leaderless is how long a member may be without a leader before another one is followed that has one.
	leaderless = 500 * time.Millisecond
	// lookAgain is how often it is looked whether the member that is followed is still the best.
	lookAgain = 200 * time.Millisecond
)

// run follows until ctx ends.
func (f *follower) run(ctx context.Context) {
	for ctx.Err() == nil {
		m, server := f.o.bestMember()
		if server == nil {
			f.o.health.set(objects, errors.New("no member of etcd runs"))
		} else if err := f.follow(ctx, m, server); err != nil && ctx.Err() == nil {
			f.o.log.Info("follow etcd", "member", m.Name(), "err", err)
		}
		select {
		case <-time.After(lookAgain):
		case <-ctx.Done():
		}
	}
}

// follow follows one member until that is no good any more.
func (f *follower) follow(ctx context.Context, m topology.Machine, server *etcdserver.EtcdServer) (err error) {
	// A member that is crashed closes its database while it may be read here.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the member ended: %v", p)
		}
	}()
	kv := server.KV()
	if id := uint64(server.Cluster().ID()); id != f.cluster || kv.Rev() < f.revision && f.lost(server) {
		f.cluster, f.revision = id, 0
	}
	if f.revision == 0 {
		all, err := kv.Range(ctx, []byte(registry), []byte("/registry0"), mvcc.RangeOptions{})
		if err != nil {
			return fmt.Errorf("list all keys: %w", err)
		}
		f.to.reset(all.KVs, all.Rev)
		f.revision = all.Rev
	}
	stream := kv.NewWatchStream()
	defer stream.Close()
	if _, err := stream.Watch(ctx, clientv3.AutoWatchID, []byte(registry), []byte("/registry0"), f.revision+1); err != nil {
		return fmt.Errorf("watch all keys: %w", err)
	}
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	bad := time.Time{}
	for {
		select {
		case r, ok := <-stream.Chan():
			if !ok {
				return nil
			}
			if r.CompactRevision != 0 {
				f.revision = 0 // what was missed is gone
				return nil
			}
			for _, e := range r.Events {
				f.to.change(e)
			}
			f.revision = max(f.revision, r.Revision)
		case <-tick.C:
			best, _ := f.o.bestMember()
			if best == m && server.Leader() != 0 {
				f.o.health.set(objects, nil)
				bad = time.Time{}
				continue
			}
			if bad.IsZero() {
				bad = time.Now()
			}
			if time.Since(bad) < leaderless {
				continue
			}
			if best != m {
				return nil
			}
			f.o.health.set(objects, fmt.Errorf("%s hears no leader of etcd: what it has may be old", m))
		case <-server.StopNotify():
			return nil
		case <-server.StoppingNotify():
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// lost reports whether what the member has can never become what was told: its whole cluster went back.
func (f *follower) lost(server *etcdserver.EtcdServer) bool {
	return server.Leader() != 0 && server.AppliedIndex() == server.CommittedIndex()
}

// bestMember is the member that knows best what etcd holds: one that hears a leader, in the latest term, that has applied
// most.
func (o *Observer) bestMember() (best topology.Machine, server *etcdserver.EtcdServer) {
	better := func(a, b *etcdserver.EtcdServer) bool {
		switch {
		case (a.Leader() != 0) != (b.Leader() != 0):
			return a.Leader() != 0
		case a.Leader() != 0 && a.Term() != b.Term():
			return a.Term() > b.Term()
		}
		return a.AppliedIndex() > b.AppliedIndex()+farBehind
	}
	for _, m := range o.cluster.Spec().Masters {
		running := o.etcdOf(m)
		if running == nil {
			continue
		}
		if server == nil || better(running.Server, server) {
			best, server = m, running.Server
		}
	}
	return best, server
}

// farBehind is by how many entries a member must be better to be followed instead of another: they all are a few behind
// now and then.
const farBehind = 1000
