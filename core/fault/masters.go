package fault

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"kubelab/core/component"
	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// rollBound is how long it may take to restart all masters.
const rollBound = 10 * time.Minute

// masterKinds are the loss of power, and the restart of all masters as in an upgrade.
func masterKinds() []kind {
	return []kind{
		{
			verb: view.PowerLoss, does: "end everything on a machine at once, its network with it",
			to: []string{string(topology.Master), string(topology.Node)}, undone: "lab start",
			read: readTargets, check: partsCheck, undo: undoParts,
			inject: func(ctx context.Context, f *Faults, d *deed, _ view.Report) error {
				return f.inParallel(ctx, d.targets, func(_ context.Context, t target.Target) error { return f.lab.PowerLoss(t.Machine) })
			},
			holds: func(f *Faults, d *deed) bool {
				return partsHold(f, d) || slices.ContainsFunc(d.machines(), func(m topology.Machine) bool { return !f.lab.Powered(m) })
			},
		},
		{
			verb: view.RollingRestart, does: "restart all masters, one after the other, as an upgrade does", to: []string{"all masters"},
			read: readNone, bound: rollBound, inject: roll,
			check: func(f *Faults, _ *deed) error {
				for _, m := range f.lab.Spec().Masters {
					if !f.allRun(target.Target{Machine: m}) {
						return view.Fail(view.Failed, "%s does not run as a whole; heal or start it first, see lab status", m)
					}
				}
				return nil
			},
		},
	}
}

// roll restarts the masters one after the other. The one that leads etcd comes last, so that the lead moves once.
func roll(ctx context.Context, f *Faults, _ *deed, report view.Report) error {
	order := slices.Clone(f.lab.Spec().Masters)
	leader := f.lab.Etcd().Leader
	slices.SortStableFunc(order, func(a, b topology.Machine) int {
		return boolToInt(a.Name() == leader) - boolToInt(b.Name() == leader)
	})
	for _, m := range order {
		name := "Restart " + m.Name()
		began := time.Now()
		report(view.Step{Name: name, Bound: bound})
		err := f.rollOne(ctx, m)
		end := view.Step{Name: name, Done: true, Took: time.Since(began)}
		if err != nil {
			end.Error = err.Error()
		}
		report(end)
		if err != nil {
			return fmt.Errorf("restart %s: %w", m, err)
		}
	}
	return nil
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// rollOne takes the master out of the load balancer, stops it in good order, and brings it back.
func (f *Faults) rollOne(ctx context.Context, m topology.Machine) error {
	spec := f.lab.Spec()
	own := netip.AddrPortFrom(spec.Addr(m), topology.APIServerPort)
	made := f.lab.Master(m)
	f.lab.Balancer().Drain(own)
	defer f.lab.Balancer().Undrain(own)
	made.DrainAPIServer()
	if err := sleep(ctx, leave); err != nil {
		return err
	}
	for _, name := range []string{component.ControllerManager, component.Scheduler, component.APIServer} {
		if err := made.Component(name).Stop(ctx); err != nil {
			return err
		}
	}
	if len(spec.Masters) > 1 && f.lab.Etcd().Leader == m.Name() {
		if err := f.handOver(ctx, m); err != nil {
			return err
		}
	}
	if err := made.Component(component.Etcd).Stop(ctx); err != nil {
		return err
	}
	if _, err := f.lab.StartMaster(ctx, m, ""); err != nil {
		return err
	}
	f.lab.Balancer().Undrain(own)
	return f.lab.Balanced(ctx, m)
}

const (
	// leave is how long clients have to come back on another connection. Whoever asks nothing meanwhile loses nothing.
	leave = time.Second
	// settle is how long what is under way may take to be committed before the lead moves.
	settle = 30 * time.Millisecond
)

// handOver has some other member lead etcd before m's is stopped. A leader that is about to go drops what it is asked
// to write, without a word to whoever asked: so nobody is let to ask for that moment.
func (f *Faults) handOver(ctx context.Context, m topology.Machine) error {
	for _, o := range f.lab.Spec().Masters {
		if o == m || !f.allRun(target.Target{Machine: o, Component: component.Etcd}) {
			continue
		}
		release := f.lab.Balancer().Hold()
		defer release()
		if err := sleep(ctx, settle); err != nil {
			return err
		}
		return f.lab.MoveLeader(ctx, o)
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
