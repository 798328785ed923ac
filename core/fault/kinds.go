package fault

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// kind is one way to break something, or to mend it by name.
type kind struct {
	verb   view.Verb
	does   string   // what it does, in a line
	to     []string // kinds of target, for people
	undone string   // how it is undone; empty for what leaves nothing to undo
	bound  time.Duration

	// read turns the action's targets into the deed's. It refuses what does not exist.
	read func(*Faults, *deed) error
	// available says why it cannot be done on this machine, or to these things at all.
	available func(*Faults, *deed) error
	// check says why it cannot be done now.
	check func(*Faults, *deed) error
	// inject does it. On error it may have done a part: undo is called.
	inject func(context.Context, *Faults, *deed, view.Report) error
	// undo undoes it, all of it or what was done. It must not mind what is undone already.
	undo func(context.Context, *Faults, *deed, view.Report) error
	// holds reports whether what was done is still so.
	holds func(*Faults, *deed) bool
}

// lasts reports whether the kind leaves something to undo.
func (k kind) lasts() bool { return k.undone != "" }

// deed is one action of a kind, with what it is done to. It can be made again from the action alone.
type deed struct {
	view.Action
	kind    kind
	targets []target.Target
	groups  [][]topology.Machine // of Split
	id      string               // of its fault, once it is one
	waiting atomic.Bool          // something that was started waits for others, so it will not be ready soon
}

func (d *deed) what() string {
	words := strings.SplitN(d.String(), " ", 2)
	if len(words) < 2 {
		return ""
	}
	return words[1]
}

// kinds are all of them, in the order in which they are shown.
func kinds() []kind {
	return slices.Concat(partKinds(), nodeKinds(), linkKinds(), etcdKinds(), masterKinds())
}

func kindOf(v view.Verb) (kind, bool) {
	all := kinds()
	i := slices.IndexFunc(all, func(k kind) bool { return k.verb == v })
	if i < 0 {
		return kind{}, false
	}
	return all[i], true
}

// Possibilities lists what can be done to a lab.
func (f *Faults) Possibilities() []view.Possible {
	var list []view.Possible
	for _, k := range kinds() {
		p := view.Possible{Verb: k.verb, Does: k.does, To: k.to, Heal: k.undone}
		if k.available != nil {
			if err := k.available(f, nil); err != nil {
				p.Why = err.Error()
			}
		}
		list = append(list, p)
	}
	return list
}

// readTargets reads one or more targets of the kinds that k takes.
func readTargets(f *Faults, d *deed) error {
	if len(d.Targets) == 0 {
		return view.Fail(view.Usage, "%s what? Use: lab %s TARGET…, with %s", d.Verb, d.Verb, strings.Join(d.kind.to, ", "))
	}
	spec := f.lab.Spec()
	for _, text := range d.Targets {
		t, err := target.Parse(spec, text)
		if err != nil {
			return err
		}
		if !slices.Contains(d.kind.to, t.Kind()) && !(t.Component != "" && slices.Contains(d.kind.to, componentOf(t.Machine.Kind))) {
			if err := f.part(t).can(d.Verb); err != nil {
				return view.Fail(view.Usage, "%s cannot be done to %s: %w", d.Verb, t, err)
			}
			return view.Fail(view.Usage, "%s cannot be done to %s: use %s", d.Verb, t, strings.Join(d.kind.to, ", "))
		}
		if slices.Contains(d.targets, t) {
			return view.Fail(view.Usage, "%s is named twice", t)
		}
		d.targets = append(d.targets, t)
	}
	return nil
}

// readNone reads an action that takes no target.
func readNone(_ *Faults, d *deed) error {
	if len(d.Targets) > 0 {
		return view.Fail(view.Usage, "%s is done to the whole lab: it takes no target", d.Verb)
	}
	return nil
}

// componentOf is the kind of target that stands for any component of a machine of that kind.
func componentOf(k topology.Kind) string { return "a component of a " + string(k) }

// every collects the first error that f has about a target.
func (d *deed) every(f func(target.Target) error) error {
	for _, t := range d.targets {
		if err := f(t); err != nil {
			return err
		}
	}
	return nil
}

// machines are the machines among the targets.
func (d *deed) machines() []topology.Machine {
	var list []topology.Machine
	for _, t := range d.targets {
		list = append(list, t.Machine)
	}
	return list
}
