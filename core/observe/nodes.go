package observe

import (
	"context"
	"slices"

	"kubelab/core/component"
	"kubelab/core/node"
	"kubelab/core/observe/worker"
	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// followNodes follows the components of nodes that have joined, and leaves those alone that are gone.
func (o *Observer) followNodes(ctx context.Context) {
	spec := o.cluster.Spec()
	for m, end := range o.followed {
		if !slices.Contains(spec.Nodes, m) {
			end()
			delete(o.followed, m)
			o.health.forget(m.Name())
			for _, name := range component.OfNode {
				o.health.forget(m.Name() + "/" + name)
			}
		}
	}
	for _, m := range spec.Nodes {
		n := o.cluster.Node(m)
		if o.followed[m] != nil || n == nil {
			continue
		}
		ctx, end := context.WithCancel(ctx)
		o.followed[m] = end
		go worker.Follow(ctx, n, o.journal.tell, o.healthOf(ctx, m, component.Containerd))
		go worker.FollowRules(ctx, n, o.journal.tell, o.healthOf(ctx, m, component.KubeProxy))
	}
}

// healthOf says how the component of the machine can be heard, while ctx lasts.
func (o *Observer) healthOf(ctx context.Context, m topology.Machine, name string) func(error) {
	return func(err error) {
		if ctx.Err() == nil {
			o.health.set(m.Name()+"/"+name, err)
		}
	}
}

// nodeOf is the node of that name.
func (o *Observer) nodeOf(name string) (*node.Node, error) {
	m, err := target.Machine(o.cluster.Spec(), name)
	if err != nil {
		return nil, err
	}
	n := o.cluster.Node(m)
	if n == nil {
		return nil, view.Fail(view.Usage, "%s is no node", name)
	}
	if !n.Running() {
		return nil, view.Fail(view.Failed, "%s is off; start it: lab start %s", name, name)
	}
	return n, nil
}

// askNode asks kubelet and containerd of a node.
func (o *Observer) askNode(ctx context.Context, name string) (*view.NodeDetail, error) {
	n, err := o.nodeOf(name)
	if err != nil {
		return nil, err
	}
	spec := o.cluster.Spec()
	d := &view.NodeDetail{Node: name}
	if len(spec.Masters) > 0 {
		d.Kubelet = worker.Kubelet(ctx, n, spec.Masters[0])
	}
	d.Containers, d.Images, d.Snapshots, err = worker.Containers(ctx, n)
	if err != nil {
		return nil, view.Fail(view.Failed, "ask containerd of %s: %w", name, err)
	}
	return d, nil
}

// askProxy looks at what a node's kube-proxy has made of a Service.
func (o *Observer) askProxy(ctx context.Context, q view.ProxyRequest) (*view.Proxy, error) {
	n, err := o.nodeOf(q.Node)
	if err != nil {
		return nil, err
	}
	for _, s := range o.Snapshot().Services {
		if s.Namespace == q.Service.Namespace && s.Name == q.Service.Name {
			p, err := worker.Proxy(ctx, n, s, q.Try)
			if err != nil {
				return nil, view.Fail(view.Failed, "look at the rules of %s: %w", q.Node, err)
			}
			return &p, nil
		}
	}
	return nil, view.Fail(view.NotFound, "there is no %s%s", q.Service, hint(q.Service, o.catalogue))
}
