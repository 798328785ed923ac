package fault

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// nodeKinds are what can be done to nodes and only to them, and to containers by the demo.
func nodeKinds() []kind {
	nodes := []string{string(topology.Node)}
	uncordon := func(ctx context.Context, f *Faults, d *deed, _ view.Report) error {
		return f.inParallel(ctx, d.targets, func(ctx context.Context, t target.Target) error { return f.lab.Cordon(ctx, t.Machine, false) })
	}
	cordoned := func(f *Faults, d *deed) bool {
		return !f.lab.Heard() || slices.ContainsFunc(d.machines(), f.lab.NodeCordoned)
	}
	return []kind{
		{
			verb: view.Cordon, does: "keep new pods off a node", to: nodes, undone: "lab uncordon",
			read: readTargets, check: notCordoned, undo: uncordon, holds: cordoned,
			inject: func(ctx context.Context, f *Faults, d *deed, _ view.Report) error {
				return f.inParallel(ctx, d.targets, func(ctx context.Context, t target.Target) error { return f.lab.Cordon(ctx, t.Machine, true) })
			},
		},
		{
			verb: view.Uncordon, does: "let pods come to a node again", to: nodes,
			read: readTargets, inject: uncordon,
			check: func(f *Faults, d *deed) error {
				return d.every(func(t target.Target) error {
					if !f.lab.NodeCordoned(t.Machine) {
						return view.Fail(view.Failed, "%s is not cordoned", t)
					}
					return nil
				})
			},
		},
		{
			verb: view.Drain, does: "cordon a node and have its pods leave", to: nodes, undone: "lab uncordon",
			read: readTargets, undo: uncordon, holds: cordoned,
			inject: func(ctx context.Context, f *Faults, d *deed, _ view.Report) error {
				return f.inParallel(ctx, d.targets, func(ctx context.Context, t target.Target) error { return f.lab.Drain(ctx, t.Machine) })
			},
		},
		{
			verb: view.DiskPressure, does: "have a node's kubelet want more free disk than there is", to: nodes, undone: "kubelet's threshold is set back",
			read: readTargets, check: diskCheck,
			inject: func(ctx context.Context, f *Faults, d *deed, _ view.Report) error {
				return f.setDiskPressure(ctx, d, true)
			},
			undo: func(ctx context.Context, f *Faults, d *deed, _ view.Report) error {
				return f.setDiskPressure(ctx, d, false)
			},
			holds: func(f *Faults, d *deed) bool {
				return slices.ContainsFunc(d.machines(), func(m topology.Machine) bool {
					n := f.lab.Node(m)
					return n != nil && n.DiskPressed()
				})
			},
		},
		oomKind(),
	}
}

func notCordoned(f *Faults, d *deed) error {
	return d.every(func(t target.Target) error {
		if f.lab.NodeCordoned(t.Machine) {
			return view.Fail(view.Failed, "%s is cordoned already; undo it: lab uncordon %s", t, t)
		}
		return nil
	})
}

func diskCheck(f *Faults, d *deed) error {
	return d.every(func(t target.Target) error {
		switch {
		case !f.lab.Powered(t.Machine):
			return view.Fail(view.Failed, "%s is off; start it: lab start %s", t, t)
		case f.lab.Node(t.Machine).DiskPressed() || f.lab.NodeHas(t.Machine, corev1.NodeDiskPressure):
			return view.Fail(view.Failed, "%s is under disk pressure already", t)
		}
		return nil
	})
}

func (f *Faults) setDiskPressure(ctx context.Context, d *deed, on bool) error {
	return f.inParallel(ctx, d.targets, func(ctx context.Context, t target.Target) error {
		return f.lab.Node(t.Machine).SetDiskPressure(ctx, on)
	})
}
