package fault

import (
	"slices"

	"kubelab/core/cluster"
	"kubelab/core/component"
	"kubelab/core/stopwatch"
	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// waits are what the stopwatch waits for.
func (f *Faults) waits(d *deed, p prediction) []stopwatch.Wait {
	var list []stopwatch.Wait
	for _, e := range p.expect {
		list = append(list, stopwatch.Wait{Expectation: e, Done: f.done(d, e.Phase)})
	}
	return list
}

// recovery is what the stopwatch waits for when the deed is undone.
func (f *Faults) recovery(d *deed) []stopwatch.Wait {
	e := view.Expectation{Phase: view.Ready, Within: startTakes(d), Upstream: startTakes(d)}
	switch d.Verb {
	case view.Kill, view.Stop, view.PowerLoss, view.Pause, view.WipeData:
		return []stopwatch.Wait{{Expectation: e, Done: f.done(d, view.Ready)}}
	case view.LoseQuorum, view.FillQuota:
		e.Phase = view.FirstWrite
		return []stopwatch.Wait{{Expectation: e}}
	}
	return nil
}

// done sees that a phase has come, compared with how the lab is now.
func (f *Faults) done(d *deed, phase view.Phase) func() bool {
	switch phase {
	case view.Election:
		before := f.lab.Etcd()
		return func() bool {
			now := f.lab.Etcd()
			return now.Leader != "" && now.Leader != before.Leader && now.Term > before.Term
		}
	case view.SchedulerMove:
		return f.moved(component.Scheduler)
	case view.ManagerMove:
		return f.moved(component.ControllerManager)
	case view.NotReady:
		silent := f.toll(d).silent
		return func() bool {
			return !slices.ContainsFunc(f.lab.Spec().Nodes, func(m topology.Machine) bool {
				return slices.Contains(silent, m.Name()) && f.lab.NodeReady(m)
			})
		}
	case view.Evicted:
		return f.evicted(f.victims(d))
	case view.Replaced:
		return f.replaced(f.victims(d))
	case view.Restarted:
		return f.restarted(d)
	case view.Ready:
		return f.ready(d)
	}
	return nil
}

func (f *Faults) moved(name string) func() bool {
	before := f.lab.Leader(name)
	return func() bool {
		now := f.lab.LeaderBut(name, before)
		return now != ""
	}
}

// victims are the pods that the deed takes with it.
func (f *Faults) victims(d *deed) []cluster.Pod {
	silent := f.toll(d).silent
	var list []cluster.Pod
	for _, p := range f.lab.Pods() {
		named := slices.ContainsFunc(d.targets, func(t target.Target) bool {
			return t.Pod == p.Name && t.Namespace == p.Namespace
		})
		if named || slices.Contains(silent, p.Node) && !p.Tied {
			list = append(list, p)
		}
	}
	return list
}

func (f *Faults) evicted(victims []cluster.Pod) func() bool {
	return func() bool {
		now := map[string]cluster.Pod{}
		for _, p := range f.lab.Pods() {
			now[p.UID] = p
		}
		return !slices.ContainsFunc(victims, func(v cluster.Pod) bool {
			p, there := now[v.UID]
			return there && !p.Deleting
		})
	}
}

// replaced is so when every controller has as many Ready pods again as before, the victims not counted.
func (f *Faults) replaced(victims []cluster.Pod) func() bool {
	gone, want := map[string]bool{}, map[string]int{}
	for _, v := range victims {
		gone[v.UID] = true
		if v.Owner != "" {
			want[v.Owner] = 0
		}
	}
	for _, p := range f.lab.Pods() {
		if _, ours := want[p.Owner]; ours && p.Ready && !p.Deleting {
			want[p.Owner]++
		}
	}
	return func() bool {
		have := map[string]int{}
		for _, p := range f.lab.Pods() {
			if p.Ready && !p.Deleting && !gone[p.UID] {
				have[p.Owner]++
			}
		}
		for owner, n := range want {
			if have[owner] < n {
				return false
			}
		}
		return true
	}
}

// restarted is so when everything has been started once more and runs.
func (f *Faults) restarted(d *deed) func() bool {
	count := func(t target.Target) (restarts int, runs bool) {
		if t.Pod != "" {
			p, err := f.lab.Pod(t.Namespace, t.Pod)
			return int(p.Restarts[t.Container]), err == nil && p.Ready
		}
		s := f.components(t.Machine)[t.Component]
		return s.Restarts, s.State == component.Running
	}
	before := map[target.Target]int{}
	for _, t := range d.targets {
		before[t], _ = count(t)
	}
	return func() bool {
		return !slices.ContainsFunc(d.targets, func(t target.Target) bool {
			restarts, runs := count(t)
			return !runs || restarts <= before[t]
		})
	}
}

// ready is so when all of the targets run, and nodes are called ready.
func (f *Faults) ready(d *deed) func() bool {
	return func() bool {
		return !slices.ContainsFunc(d.targets, func(t target.Target) bool {
			return t.Pod == "" && (!f.allRun(t) || t.Machine.Kind == topology.Node && t.Component == "" && !f.lab.NodeReady(t.Machine))
		})
	}
}
