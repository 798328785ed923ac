package fault

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kubelab/core/network"
	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// linkKinds are what can be done to links. What is lost or late is derived from the faults that are injected: each
// change sets all of it anew.
func linkKinds() []kind {
	pair := []string{"two machines"}
	one := kind{undone: "lab heal", inject: injectLink, undo: undoLink, holds: linkHolds}
	of := func(v view.Verb, does string, to []string, read func(*Faults, *deed) error) kind {
		k := one
		k.verb, k.does, k.to, k.read, k.check = v, does, to, read, linkCheck
		return k
	}
	delay := of(view.Delay, "make everything between two machines late", pair, readPair)
	delay.available = func(f *Faults, _ *deed) error { return f.lab.Network().DelayAvailable() }
	return []kind{
		of(view.Cut, "let nothing pass between two machines", pair, readPair),
		of(view.Loss, "lose a share of what passes between two machines", pair, readPair),
		delay,
		of(view.Flap, "cut and restore the link between two machines by turns", pair, readPair),
		of(view.Isolate, "cut all links of a machine", []string{string(topology.Master), string(topology.Node)}, readTargets),
		of(view.Split, "cut all links between groups of machines", []string{"groups of machines, such as master-1 master-2,master-3"}, readGroups),
	}
}

// Bounds of what a link can be made to do.
const (
	maxDelay              = 10 * time.Second
	minEvery, maxEvery    = 100 * time.Millisecond, 10 * time.Minute
	allPercent, usualFlap = 100, 2 * time.Second
)

func readPair(f *Faults, d *deed) error {
	if d.Verb == view.Flap && d.Every == 0 {
		d.Every = usualFlap
	}
	switch {
	case len(d.Targets) != 2:
		return view.Fail(view.Usage, "%s needs two machines, for example: lab %s master-1 master-2", d.Verb, d.Verb)
	case d.Verb == view.Loss && (d.Percent < 1 || d.Percent > allPercent):
		return view.Fail(view.Usage, "a loss of %d %%: use 1 to 100", d.Percent)
	case d.Verb == view.Delay && (d.Delay < time.Millisecond || d.Delay > maxDelay):
		return view.Fail(view.Usage, "a delay of %s: use 1ms to %s", d.Delay, maxDelay)
	case d.Verb == view.Flap && (d.Every < minEvery || d.Every > maxEvery):
		return view.Fail(view.Usage, "flapping every %s: use %s to %s", d.Every, minEvery, maxEvery)
	}
	if err := f.readMachines(d, d.Targets); err != nil {
		return err
	}
	if d.targets[0] == d.targets[1] {
		return view.Fail(view.Usage, "%s has no link to itself; to cut it off: lab isolate %s", d.targets[0], d.targets[0])
	}
	return nil
}

func (f *Faults) readMachines(d *deed, names []string) error {
	spec := f.lab.Spec()
	for _, name := range names {
		m, err := target.Machine(spec, name)
		if err != nil {
			return err
		}
		d.targets = append(d.targets, target.Target{Machine: m})
	}
	return nil
}

func readGroups(f *Faults, d *deed) error {
	if len(d.Targets) < 2 {
		return view.Fail(view.Usage, "a split needs two groups or more, for example: lab split master-1 master-2,master-3")
	}
	for _, text := range d.Targets {
		n := len(d.targets)
		if err := f.readMachines(d, strings.Split(text, ",")); err != nil {
			return err
		}
		var group []topology.Machine
		for _, t := range d.targets[n:] {
			if slices.Contains(d.targets[:n], t) {
				return view.Fail(view.Usage, "%s is in two groups", t)
			}
			group = append(group, t.Machine)
		}
		d.groups = append(d.groups, group)
	}
	return nil
}

// linkCheck refuses what is so already.
func linkCheck(f *Faults, d *deed) error {
	for _, other := range f.active(func(o *deed) bool { return isLink(o.Verb) }) {
		if other.Verb == d.Verb && other.what() == d.what() {
			return view.Fail(view.Failed, "that is so already, by fault %s; undo it: lab heal %s", other.id, other.id)
		}
	}
	if d.Verb != view.Isolate {
		return nil
	}
	return d.every(func(t target.Target) error {
		if !f.lab.Powered(t.Machine) {
			return view.Fail(view.Failed, "%s is off; start it: lab start %s", t, t)
		}
		return nil
	})
}

func isLink(v view.Verb) bool {
	return slices.Contains([]view.Verb{view.Cut, view.Loss, view.Delay, view.Flap, view.Isolate, view.Split}, v)
}

func injectLink(ctx context.Context, f *Faults, d *deed, _ view.Report) error {
	if err := f.setLinks(ctx, d, ""); err != nil {
		return err
	}
	return f.plugNodes(d, false)
}

func undoLink(ctx context.Context, f *Faults, d *deed, _ view.Report) error {
	f.stopFlapping(d.id)
	if err := f.setLinks(ctx, nil, d.id); err != nil {
		return err
	}
	return f.plugNodes(d, true)
}

// linkHolds is so until it is undone, but for a node that was switched off and on: it has a new cable.
func linkHolds(f *Faults, d *deed) bool {
	if d.Verb != view.Isolate {
		return true
	}
	return slices.ContainsFunc(d.machines(), func(m topology.Machine) bool {
		return m.Kind == topology.Master || f.lab.Powered(m) && !f.lab.Network().Linked(m)
	})
}

// plugNodes pulls or plugs the cables of the nodes that are isolated.
func (f *Faults) plugNodes(d *deed, in bool) error {
	if d.Verb != view.Isolate {
		return nil
	}
	for _, m := range d.machines() {
		if m.Kind != topology.Node || in && !f.lab.Powered(m) {
			continue
		}
		if err := f.lab.Network().SetLink(m, in); err != nil {
			return err
		}
	}
	return nil
}

// setLinks sets what is lost and late to what the injected faults say, with one more or without one of them.
func (f *Faults) setLinks(ctx context.Context, more *deed, without string) error {
	f.links.Lock()
	defer f.links.Unlock()
	all := f.active(func(o *deed) bool { return isLink(o.Verb) && o.id != without })
	if more != nil {
		all = append(all, more)
	}
	var losses []network.Loss
	var delays []network.Delay
	for _, d := range all {
		if f.isWhole(d.id) {
			continue
		}
		for _, p := range d.ways() {
			switch d.Verb {
			case view.Delay:
				delays = append(delays, network.Delay{From: p[0], To: p[1], By: d.Delay})
			case view.Loss:
				losses = append(losses, network.Loss{From: p[0], To: p[1], Percent: d.Percent})
			default:
				losses = append(losses, network.Loss{From: p[0], To: p[1], Percent: allPercent})
			}
		}
	}
	net := f.lab.Network()
	if err := net.SetLosses(ctx, losses); err != nil {
		return err
	}
	return net.SetDelays(delays)
}

// ways are the directions that the deed is about, each from a machine to another. Nodes that are isolated have none:
// their cable is pulled.
func (d *deed) ways() [][2]topology.Machine {
	var list [][2]topology.Machine
	both := func(a, b topology.Machine) { list = append(list, [2]topology.Machine{a, b}, [2]topology.Machine{b, a}) }
	switch d.Verb {
	case view.Isolate:
		for _, m := range d.machines() {
			if m.Kind == topology.Master {
				both(m, topology.Machine{})
			}
		}
	case view.Split:
		for i, group := range d.groups {
			for _, other := range d.groups[:i] {
				for _, a := range group {
					for _, b := range other {
						both(a, b)
					}
				}
			}
		}
	default:
		m := d.machines()
		if d.OneWay {
			return [][2]topology.Machine{{m[0], m[1]}}
		}
		both(m[0], m[1])
	}
	return list
}

// flap cuts and restores the link of the fault by turns until it is healed.
func (f *Faults) flap(d *deed) {
	ctx, cancel := context.WithCancel(f.running)
	f.mu.Lock()
	f.flaps[d.id] = cancel
	f.mu.Unlock()
	f.work.Go(func() {
		tick := time.NewTicker(d.Every)
		defer tick.Stop()
		for whole := true; ; whole = !whole {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			f.mu.Lock()
			f.whole[d.id] = whole
			f.mu.Unlock()
			if err := f.setLinks(ctx, nil, ""); err != nil && ctx.Err() == nil {
				f.log.Error("flap", "fault", d.id, "err", err)
			}
		}
	})
}

func (f *Faults) stopFlapping(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if cancel := f.flaps[id]; cancel != nil {
		cancel()
	}
	delete(f.flaps, id)
	delete(f.whole, id)
}

func (f *Faults) isWhole(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.whole[id]
}

// lostShare says in words how bad a link fault is.
func lostShare(d *deed) string {
	switch d.Verb {
	case view.Loss:
		return fmt.Sprintf("%d %% of the packets are lost", d.Percent)
	case view.Delay:
		return fmt.Sprintf("every packet is %s late", d.Delay)
	case view.Flap:
		return fmt.Sprintf("nothing passes for %s, then everything for %s, and so on", d.Every, d.Every)
	}
	return "nothing passes"
}
