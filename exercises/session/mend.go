package session

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"kubelab/core/component"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// Bounds of mending.
const (
	mendBound = 3 * time.Minute
	triedFor  = 3 * time.Second // until what did not come up is started again
	// deafFor is how long a master that runs may not answer until it is started anew.
	deafFor = 1500 * time.Millisecond
)

// mend heals faults, adds machines that are missing, starts what is down, uncordons nodes, and waits until the lab is healthy.
func (s *Session) mend(ctx context.Context, report view.Report) error {
	if len(s.Lab.Snapshot().Faults) > 0 {
		if err := s.insist(ctx, report, view.Action{Verb: view.Heal, All: true, Detach: true}); err != nil {
			return err
		}
		pause(ctx, seenWithin)
	}
	lab := s.Lab.Snapshot()
	for _, m := range []struct {
		kind topology.Kind
		more int
	}{{topology.Master, s.Exercise.Lab.Masters - len(lab.Masters)}, {topology.Node, s.Exercise.Lab.Nodes - len(lab.Nodes)}} {
		for range max(m.more, 0) {
			if err := s.do(ctx, report, view.Action{Verb: view.Add, Targets: []string{string(m.kind)}}); err != nil {
				return err
			}
		}
	}
	if lab := s.Lab.Snapshot(); whole(lab) {
		return nil
	}
	began, tried, failed := time.Now(), time.Time{}, error(nil)
	var anew []string // masters that were restarted: once each, for a slow machine needs its time
	return s.wait(ctx, report, "Everything runs", mendBound, func(ctx context.Context) (bool, string, error) {
		lab := s.Lab.Snapshot()
		if whole(lab) {
			return true, "", nil
		}
		if time.Since(tried) > triedFor { // what is healed comes up by itself, and a Snapshot is a moment old
			tried, failed = time.Now(), s.startDown(ctx, lab)
		}
		if time.Since(began) > deafFor {
			list := slices.DeleteFunc(deaf(lab), func(name string) bool { return slices.Contains(anew, name) })
			if len(list) > 0 {
				anew, tried = append(anew, list...), time.Now()
				failed = errors.Join(failed, s.startAnew(ctx, list))
			}
		}
		why := "the lab is " + string(lab.State) + ": " + lab.Reason
		if failed != nil {
			why += "; " + failed.Error()
		}
		return false, why, nil
	})
}

// deaf are the masters of which all runs, and whose API servers do not answer: connections through a link that was cut, or to an etcd that was
// down, are tried again at intervals that double, so they can take as long once more to come back as they were broken.
func deaf(lab *view.Snapshot) (names []string) {
	for _, m := range lab.Masters {
		running := !slices.ContainsFunc(component.OfMaster, func(name string) bool { return m.Components[name].State != component.Running })
		answers := slices.ContainsFunc(lab.Balancer.Healthy, func(address string) bool { return strings.HasPrefix(address, m.IP+":") })
		if running && !answers {
			names = append(names, m.Name)
		}
	}
	return names
}

// startAnew has masters die and start: one that hears nobody would take its time to stop, for etcd has something to say to the others first.
func (s *Session) startAnew(ctx context.Context, masters []string) error {
	for _, verb := range []view.Verb{view.Kill, view.Start} {
		if err := s.do(ctx, func(view.Step) {}, view.Action{Verb: verb, Targets: masters, Detach: true}); err != nil {
			return err
		}
	}
	return nil
}

// whole reports whether nothing is broken or down.
func whole(lab *view.Snapshot) bool {
	paused, down := partsDown(lab)
	return len(paused) == 0 && len(down) == 0 && len(cordoned(lab)) == 0 && len(lab.Faults) == 0 && lab.State == view.Healthy
}

// cordoned are nodes that take no new pods because somebody said so, with lab or with kubectl.
func cordoned(lab *view.Snapshot) (names []string) {
	for _, n := range lab.Nodes {
		if slices.Contains(n.Taints, cordonTaint) {
			names = append(names, n.Name)
		}
	}
	return names
}

// cordonTaint is what the node lifecycle controller gives to a node that is cordoned.
const cordonTaint = "node.kubernetes.io/unschedulable:NoSchedule"

// startDown has what hangs go on, starts what is down, and uncordons nodes.
func (s *Session) startDown(ctx context.Context, lab *view.Snapshot) error {
	var errs []error
	paused, down := partsDown(lab)
	for _, a := range []view.Action{{Verb: view.Resume, Targets: paused, Detach: true}, {Verb: view.Start, Targets: down, Detach: true}, {Verb: view.Uncordon, Targets: cordoned(lab)}} {
		if len(a.Targets) > 0 {
			errs = append(errs, s.do(ctx, func(view.Step) {}, a))
		}
	}
	return errors.Join(errs...)
}

// partsDown are what hangs and what does not run: machines of which nothing runs, and components of others.
func partsDown(lab *view.Snapshot) (paused, down []string) {
	look := func(machine string, order []string, components map[string]component.Status) {
		var here []string
		for _, name := range order {
			switch components[name].State {
			case component.Paused:
				paused = append(paused, machine+"/"+name)
			case component.Stopped, component.Crashed:
				here = append(here, machine+"/"+name)
			}
		}
		if len(here) == len(order) {
			here = []string{machine}
		}
		down = append(down, here...)
	}
	for _, m := range lab.Masters {
		look(m.Name, component.OfMaster, m.Components)
	}
	for _, n := range lab.Nodes {
		look(n.Name, component.OfNode, n.Components)
	}
	return paused, down
}
