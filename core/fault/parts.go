package fault

import (
	"context"
	"errors"
	"fmt"

	"kubelab/core/component"
	"kubelab/core/node"
	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// part is something that can be ended and started: a machine, a component, a pod, a container.
type part interface {
	// can says why the verb is impossible for this part, whatever its state is.
	can(view.Verb) error
	// state is how it is, and of a machine whether anything on it runs. Of pods and containers it is only
	// whether there is one.
	state() component.State
	// do does it. Start may leave a word on what it still waits for.
	do(context.Context, view.Verb) (waiting string, err error)
}

func (f *Faults) part(t target.Target) part {
	switch {
	case t.Pod != "":
		return podPart{f, t}
	case t.Machine.Kind == topology.Master:
		return masterPart{f, t}
	}
	return nodePart{f, t}
}

// partKinds are what can be done to parts.
func partKinds() []kind {
	all := []string{string(topology.Master), string(topology.Node), componentOf(topology.Master), componentOf(topology.Node), "pod", "container"}
	startable := all[:4]
	of := func(v view.Verb, does, undone string, to []string) kind {
		k := kind{verb: v, does: does, to: to, undone: undone, read: readTargets,
			available: partsAvailable, check: partsCheck, inject: doParts}
		if undone != "" {
			k.undo, k.holds = undoParts, partsHold
		}
		return k
	}
	return []kind{
		of(view.Kill, "end it at once, without a farewell", "lab start", all),
		of(view.Stop, "end it in good order; it stays down", "lab start", all[:5]),
		of(view.Start, "start what is down", "", startable),
		of(view.Restart, "stop it in good order and start it again", "", startable),
		of(view.Pause, "have it hang (SIGSTOP, or the freezer for a whole node)", "lab resume", []string{all[1], all[3], all[5]}),
		of(view.Resume, "let it go on after a pause", "", []string{all[1], all[3], all[5]}),
	}
}

func partsAvailable(f *Faults, d *deed) error {
	if d == nil {
		return nil
	}
	return d.every(func(t target.Target) error { return f.part(t).can(d.Verb) })
}

// partsCheck refuses what would change nothing.
func partsCheck(f *Faults, d *deed) error {
	return d.every(func(t target.Target) error {
		if t.Component != "" && t.Machine.Kind == topology.Node && !f.lab.Powered(t.Machine) {
			return view.Fail(view.Failed, "%s is off, and %s with it; start the machine: lab start %s", t.Machine, t, t.Machine)
		}
		if t.Pod != "" {
			return f.part(t).(podPart).exists()
		}
		state := f.part(t).state()
		down := state == component.Stopped || state == component.Crashed
		switch d.Verb {
		case view.Start:
			if f.wiped(t) {
				return view.Fail(view.Failed, "etcd of %s has lost its data, and the others still count on what it knew: heal the fault, which replaces the member", t.Machine)
			}
			whole := t.Component != "" || f.allRun(t) || t.Machine.Kind == topology.Node
			if whole && (state == component.Running || state == component.Starting || state == component.Paused) {
				return view.Fail(view.Failed, "%s is %s already", t, state)
			}
		case view.Resume:
			if state != component.Paused {
				return view.Fail(view.Failed, "%s is not paused, it is %s", t, state)
			}
		case view.Stop:
			if state == component.Stopped {
				return view.Fail(view.Failed, "%s is stopped already; start it: lab start %s", t, t)
			}
		case view.Pause:
			if state != component.Running {
				return view.Fail(view.Failed, "%s is %s; only what runs can be paused", t, state)
			}
		default:
			if down {
				return view.Fail(view.Failed, "%s is %s already; start it: lab start %s", t, state, t)
			}
		}
		return nil
	})
}

func doParts(ctx context.Context, f *Faults, d *deed, report view.Report) error {
	return f.inParallel(ctx, d.targets, func(ctx context.Context, t target.Target) error {
		waiting, err := f.part(t).do(ctx, d.Verb)
		if waiting != "" {
			d.waiting.Store(true)
			report(view.Step{Name: t.String(), Note: waiting})
		}
		return err
	})
}

func undoParts(ctx context.Context, f *Faults, d *deed, report view.Report) error {
	return f.inParallel(ctx, d.targets, func(ctx context.Context, t target.Target) error {
		p := f.part(t)
		verb := view.Start
		if d.Verb == view.Pause {
			verb = view.Resume
		}
		switch state := p.state(); {
		case t.Container != "" && d.Verb == view.Pause:
			if p.(podPart).exists() != nil {
				return nil // it is gone, and its pause with it
			}
		case t.Pod != "", verb == view.Start && f.allRun(t), verb == view.Resume && state != component.Paused:
			return nil
		}
		waiting, err := p.do(ctx, verb)
		if waiting != "" {
			report(view.Step{Name: t.String(), Note: waiting})
		}
		if errors.Is(err, errNotRunning) {
			return nil // its process is gone, and the pause with it
		}
		return err
	})
}

func partsHold(f *Faults, d *deed) bool {
	for _, t := range d.targets {
		switch p := f.part(t); {
		case t.Container != "" && d.Verb == view.Pause:
			if p.(podPart).exists() == nil {
				return true
			}
		case t.Pod != "":
		case d.Verb == view.Pause:
			if p.state() == component.Paused {
				return true
			}
		case !f.allRun(t):
			return true
		}
	}
	return false
}

// wiped reports whether starting the target would start a member of etcd that has lost its data.
func (f *Faults) wiped(t target.Target) bool {
	return t.Machine.Kind == topology.Master && (t.Component == "" || t.Component == component.Etcd) &&
		!f.lab.Spec().Empty && f.lab.Master(t.Machine).EtcdWiped()
}

// allRun reports whether the target runs, of a machine every component of it.
func (f *Faults) allRun(t target.Target) bool {
	all := f.components(t.Machine)
	for name, s := range all {
		if (t.Component == "" || t.Component == name) && s.State != component.Running {
			return false
		}
	}
	return true
}

func (f *Faults) components(m topology.Machine) map[string]component.Status {
	if m.Kind == topology.Master {
		if made := f.lab.Master(m); made != nil {
			return made.Status()
		}
	} else if made := f.lab.Node(m); made != nil {
		return made.Status()
	}
	return nil // it has left the lab
}

// stateOf is how a component is, or of a machine how the most alive of its components is.
func (f *Faults) stateOf(t target.Target) component.State {
	all := f.components(t.Machine)
	if t.Component != "" {
		return all[t.Component].State
	}
	for _, s := range []component.State{component.Running, component.Starting, component.Paused, component.Crashed} {
		for _, name := range target.Components(t.Machine) {
			if all[name].State == s {
				return s
			}
		}
	}
	return component.Stopped
}

type masterPart struct {
	f *Faults
	t target.Target
}

var errGoroutines = errors.New("a master's components are goroutines of the engine, which the kernel cannot stop one by one; " +
	"to have it hang, as others see it: lab isolate")

func (p masterPart) can(v view.Verb) error {
	if v == view.Pause || v == view.Resume {
		return errGoroutines
	}
	return nil
}

func (p masterPart) state() component.State { return p.f.stateOf(p.t) }

func (p masterPart) do(ctx context.Context, v view.Verb) (string, error) {
	m := p.f.lab.Master(p.t.Machine)
	crash, stop := m.Crash, m.Stop
	if p.t.Component != "" {
		crash, stop = m.Component(p.t.Component).Crash, m.Component(p.t.Component).Stop
	}
	switch v {
	case view.Kill:
		crash()
		return "", nil
	case view.Stop:
		return "", stop(ctx)
	case view.Restart:
		if err := stop(ctx); err != nil {
			return "", err
		}
	}
	return p.f.lab.StartMaster(ctx, p.t.Machine, p.t.Component)
}

type nodePart struct {
	f *Faults
	t target.Target
}

func (p nodePart) can(view.Verb) error { return nil }

func (p nodePart) state() component.State {
	if p.t.Component == "" && p.f.lab.Spec().Empty && p.f.lab.Powered(p.t.Machine) {
		return component.Running // a machine with nothing on it
	}
	return p.f.stateOf(p.t)
}

func (p nodePart) do(ctx context.Context, v view.Verb) (string, error) {
	n := p.f.lab.Node(p.t.Machine)
	if p.t.Component != "" {
		c, err := n.Component(p.t.Component)
		if err != nil {
			return "", err
		}
		return "", map[view.Verb]func(node.Component, context.Context) error{
			view.Kill: node.Component.Kill, view.Stop: node.Component.Stop, view.Start: node.Component.Start,
			view.Restart: node.Component.Restart, view.Pause: node.Component.Pause, view.Resume: node.Component.Resume,
		}[v](c, ctx)
	}
	switch v {
	case view.Kill:
		return "", n.Kill()
	case view.Stop:
		return "", n.Stop(ctx)
	case view.Pause:
		return "", n.Pause()
	case view.Resume:
		return "", n.Resume()
	case view.Restart:
		if err := n.Stop(ctx); err != nil {
			return "", err
		}
	}
	return "", p.f.lab.StartNode(ctx, p.t.Machine)
}

// inParallel does f for all targets at the same time and joins the errors.
func (f *Faults) inParallel(ctx context.Context, targets []target.Target, do func(context.Context, target.Target) error) error {
	results := make(chan error, len(targets))
	for _, t := range targets {
		go func() {
			err := do(ctx, t)
			if err != nil && len(targets) > 1 {
				err = fmt.Errorf("%s: %w", t, err)
			}
			results <- err
		}()
	}
	var errs []error
	for range targets {
		errs = append(errs, <-results)
	}
	return errors.Join(errs...)
}
