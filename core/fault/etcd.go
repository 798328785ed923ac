package fault

import (
	"context"
	"fmt"
	"time"

	"kubelab/core/component"
	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// fillBound is how long it may take to fill etcd, or to empty it: some hundred MiB on every member.
const fillBound = 5 * time.Minute

// etcdKinds are what can be done to etcd as a whole, and to the data of a member.
func etcdKinds() []kind {
	cluster := []string{"etcd"}
	master := []string{string(topology.Master)}
	return []kind{
		{
			verb: view.LoseQuorum, does: "crash a majority of etcd's members", to: cluster, undone: "lab start the members",
			read: readNone, check: hasQuorum, inject: loseQuorum, undo: startMembers,
			holds: func(f *Faults, _ *deed) bool { up, majority := f.members(); return up < majority },
		},
		{
			verb: view.MoveLeader, does: "have another member of etcd lead, or the one that is named", to: master,
			read: readMoveLeader, check: hasQuorum,
			inject: func(ctx context.Context, f *Faults, d *deed, _ view.Report) error {
				return f.lab.MoveLeader(ctx, d.targets[0].Machine)
			},
		},
		{
			verb: view.Compact, does: "throw the history of all keys away", to: cluster,
			read: readNone, check: hasQuorum,
			inject: func(ctx context.Context, f *Faults, _ *deed, _ view.Report) error { return f.lab.Compact(ctx) },
		},
		{
			verb: view.Defragment, does: "give free pages of etcd's files back to the disk", to: cluster,
			read: readNone, check: hasQuorum,
			inject: func(ctx context.Context, f *Faults, _ *deed, report view.Report) error {
				return f.lab.Defragment(ctx, report)
			},
		},
		{
			verb: view.FillQuota, does: "fill etcd's database to its quota (alarm NOSPACE)", to: cluster,
			undone: "keys deleted, compacted, defragmented, alarm disarmed", bound: fillBound,
			read: readNone, check: hasQuorum,
			inject: func(ctx context.Context, f *Faults, _ *deed, _ view.Report) error { return f.lab.FillQuota(ctx) },
			undo:   func(ctx context.Context, f *Faults, _ *deed, _ view.Report) error { return f.lab.FreeQuota(ctx) },
			holds:  func(f *Faults, _ *deed) bool { return f.lab.NoSpace() },
		},
		{
			verb: view.WipeData, does: "crash a member of etcd and delete its data", to: master,
			undone: "the member is replaced by a new one; if no majority has its data, the newest snapshot is restored",
			read:   readTargets, check: wipeCheck,
			inject: func(ctx context.Context, f *Faults, d *deed, _ view.Report) error {
				return f.inParallel(ctx, d.targets, func(ctx context.Context, t target.Target) error { return f.lab.WipeMember(ctx, t.Machine) })
			},
			undo: func(ctx context.Context, f *Faults, d *deed, _ view.Report) error {
				if f.lab.DataLost() {
					return view.Fail(view.Failed, "no majority of etcd's members has its data: restore a snapshot, see lab snapshot list")
				}
				for _, m := range d.machines() { // one after the other: each must count before the next is replaced
					if !f.lab.Master(m).EtcdWiped() {
						continue
					}
					if err := f.lab.ReplaceMember(ctx, m); err != nil {
						return err
					}
				}
				return nil
			},
			holds: func(f *Faults, d *deed) bool {
				for _, m := range d.machines() {
					if made := f.lab.Master(m); made != nil && made.EtcdWiped() {
						return true
					}
				}
				return false
			},
		},
	}
}

// members counts those of etcd that run, and how many are a majority.
func (f *Faults) members() (up, majority int) {
	spec := f.lab.Spec()
	for _, m := range spec.Masters {
		if f.components(m)[component.Etcd].State == component.Running {
			up++
		}
	}
	return up, len(spec.Masters)/2 + 1
}

func hasQuorum(f *Faults, d *deed) error {
	if up, majority := f.members(); up < majority {
		return view.Fail(view.Failed, "%d of etcd's members run, a majority is %d: start more of them first, see lab faults", up, majority)
	}
	return nil
}

// loseQuorum crashes as few members as it takes, the leader first.
func loseQuorum(_ context.Context, f *Faults, _ *deed, _ view.Report) error {
	up, majority := f.members()
	leader := f.lab.Etcd().Leader
	crash := func(isLeader bool) {
		for _, m := range f.lab.Spec().Masters {
			c := f.lab.Master(m).Component(component.Etcd)
			if up < majority || (m.Name() == leader) != isLeader || c.Status().State != component.Running {
				continue
			}
			c.Crash()
			up--
		}
	}
	crash(true)
	crash(false)
	return nil
}

// startMembers starts all members that do not run, at the same time: alone, none of them gets ready.
func startMembers(ctx context.Context, f *Faults, _ *deed, report view.Report) error {
	var down []target.Target
	for _, m := range f.lab.Spec().Masters {
		if t := (target.Target{Machine: m, Component: component.Etcd}); !f.allRun(t) && f.lab.Powered(m) {
			down = append(down, t)
		}
	}
	return f.inParallel(ctx, down, func(ctx context.Context, t target.Target) error {
		waiting, err := f.lab.StartMaster(ctx, t.Machine, t.Component)
		if waiting != "" {
			report(view.Step{Name: t.String(), Note: waiting})
		}
		return err
	})
}

// readMoveLeader reads the member that is to lead, or finds one.
func readMoveLeader(f *Faults, d *deed) error {
	leader := f.lab.Etcd().Leader
	if len(d.Targets) == 0 {
		for _, m := range f.lab.Spec().Masters {
			if m.Name() != leader && f.allRun(target.Target{Machine: m, Component: component.Etcd}) {
				d.targets = []target.Target{{Machine: m}}
				return nil
			}
		}
		return view.Fail(view.Failed, "there is no other member of etcd that runs")
	}
	if err := readTargets(f, d); err != nil {
		return err
	}
	switch t := d.targets[0]; {
	case len(d.targets) > 1:
		return view.Fail(view.Usage, "only one member can lead")
	case t.Machine.Name() == leader:
		return view.Fail(view.Failed, "%s leads etcd already", t)
	case !f.allRun(target.Target{Machine: t.Machine, Component: component.Etcd}):
		return view.Fail(view.Failed, "etcd of %s does not run; start it: lab start %s/%s", t, t, component.Etcd)
	}
	return nil
}

// wipeCheck refuses to delete what nobody else has, and no snapshot either.
func wipeCheck(f *Faults, d *deed) error {
	up, majority := f.members()
	for _, t := range d.targets {
		if f.lab.Master(t.Machine).EtcdWiped() {
			return view.Fail(view.Failed, "%s has no data any more", t)
		}
		if f.allRun(target.Target{Machine: t.Machine, Component: component.Etcd}) {
			up--
		}
	}
	if up >= majority {
		return nil
	}
	if _, err := f.lab.NewestSnapshot(); err != nil {
		return view.Fail(view.Failed, "that would leave %d of etcd's members, and a majority is %d: the data would be lost for good. "+
			"Keep it first, so that it can be restored: lab snapshot save", up, majority)
	}
	return nil
}

// describeQuota is what people have to know of the quota.
func describeQuota() string {
	return fmt.Sprintf("etcd takes no more writes once its database has %d MiB (upstream's default quota is 2 GiB): "+
		"Leases are not renewed, so scheduler and controller manager stop", topology.EtcdQuota>>20)
}
