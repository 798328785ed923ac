package byhand

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"kubelab/core/component"
	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// actionOf is what a fault was injected by, read from how it is shown: see view.Action.String.
func actionOf(f view.Fault) view.Action {
	a := view.Action{Verb: f.Kind}
	words := strings.Fields(f.What)
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch percent, isPercent := strings.CutSuffix(w, "%"); {
		case w == "--one-way":
			a.OneWay = true
		case w == "--every" && i+1 < len(words):
			i++
			a.Every, _ = time.ParseDuration(words[i]) // what is wrong with it, breakLink says
		case a.Verb == view.Loss && isPercent:
			a.Percent, _ = strconv.Atoi(percent)
		case a.Verb == view.Delay && len(a.Targets) == 2:
			a.Delay, _ = time.ParseDuration(w)
		default:
			a.Targets = append(a.Targets, w)
		}
	}
	return a
}

// heal are the lines that undo faults: links first, because what is started must reach its peers, then the last one first.
func (l lab) heal(a view.Action) []string {
	healed, lines := l.toHeal(a)
	left := l.injected()
	var rest []view.Action
	for _, f := range slices.Backward(healed) {
		fault := actionOf(f)
		if !isLink(f.Kind) {
			rest = append(rest, fault)
			continue
		}
		if i := slices.IndexFunc(left, func(o view.Action) bool { return o.String() == fault.String() }); i >= 0 {
			left = slices.Delete(left, i, i+1)
		}
		lines = append(lines, l.cables(fault, "up")...)
	}
	lines = append(lines, l.relink(l.injected(), left)...)
	for _, fault := range rest {
		lines = append(lines, l.undo(fault)...)
	}
	return lines
}

// toHeal are the faults that are meant: those that are named, all, or the only one.
func (l lab) toHeal(a view.Action) (list []view.Fault, lines []string) {
	switch {
	case a.All:
		return l.Faults, nil
	case len(a.Targets) == 0 && len(l.Faults) > 1:
		return nil, []string{comment("which one of %d faults?", len(l.Faults))}
	case len(a.Targets) == 0:
		return l.Faults, nil
	}
	for _, f := range l.Faults {
		if slices.Contains(a.Targets, f.ID) {
			list = append(list, f)
		}
	}
	for _, id := range a.Targets {
		if !slices.ContainsFunc(list, func(f view.Fault) bool { return f.ID == id }) {
			lines = append(lines, comment("there is no fault %q", id))
		}
	}
	return list, lines
}

// undo are the lines that undo what is no fault of links.
func (l lab) undo(a view.Action) []string {
	switch a.Verb {
	case view.Kill, view.Stop, view.PowerLoss, view.Pause:
		return l.undoParts(a)
	case view.Cordon, view.Drain:
		return l.each(view.Action{Verb: view.Uncordon, Targets: a.Targets})
	case view.DiskPressure:
		return l.undoDiskPressure(a)
	case view.LoseQuorum:
		var lines []string
		for _, m := range l.spec.Masters {
			if !l.runs(m, component.Etcd) {
				lines = append(lines, inEngine(view.Start, target.Target{Machine: m, Component: component.Etcd})...)
			}
		}
		return lines
	case view.FillQuota:
		return l.freeQuota()
	case view.WipeData:
		return l.eachMaster(a, l.replaceMember)
	}
	return []string{comment("%s leaves nothing to undo", a.Verb)}
}

func (l lab) undoParts(a view.Action) []string {
	back := view.Start
	if a.Verb == view.Pause {
		back = view.Resume
	}
	var lines []string
	for _, text := range a.Targets {
		t, err := target.Parse(l.spec, text)
		switch {
		case err != nil:
			lines = append(lines, comment("%v", err))
		case t.Pod != "" && back == view.Start:
			lines = append(lines, comment("%s is for its controller to replace, or for kubelet to start again", t))
		case t.Component != "" && back == view.Start && l.nodeOf(t.Machine).Components[t.Component].State == component.Running:
			lines = append(lines, comment("%s runs again: node-init, the first process of %s, has seen to it", t, t.Machine))
		default:
			if a.Verb == view.PowerLoss && t.Machine.Kind == topology.Master {
				lines = append(lines, l.masterAddress("add", t.Machine))
			}
			lines = append(lines, l.part(back, t)...)
		}
	}
	return lines
}

func (l lab) undoDiskPressure(a view.Action) []string {
	var lines []string
	for _, text := range a.Targets {
		m, err := target.Machine(l.spec, text)
		switch {
		case err != nil:
			lines = append(lines, comment("%v", err))
		case l.nodeOf(m).PID == 0:
			lines = append(lines, comment("%s is off; its next start ends it", m))
		default:
			lines = append(lines, l.freeDisk(m, "100Mi")...)
		}
	}
	return lines
}
