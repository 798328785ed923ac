package master

import (
	"context"

	"golang.org/x/sync/errgroup"

	"kubelab/core/component"
	"kubelab/core/master/etcd"
)

// JoinEtcd starts the master's etcd member as in says, a learner of a running cluster, and calls promote
// beside it: a learner is ready only once it has been promoted. It returns when both are done.
func (m *Master) JoinEtcd(ctx context.Context, in etcd.Initial, promote func(context.Context) error) error {
	m.Join(in)
	ready, err := m.components[component.Etcd].open(ctx)
	if err != nil {
		return err
	}
	both, ctx := errgroup.WithContext(ctx)
	both.Go(ready)
	both.Go(func() error { return promote(ctx) })
	return both.Wait()
}
