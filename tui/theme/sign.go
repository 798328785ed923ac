package theme

import (
	"charm.land/lipgloss/v2"

	"kubelab/core/component"
	"kubelab/core/view"
)

// Sign is a state as one cell, one word and one colour.
type Sign struct {
	Mark  string // one cell wide
	Word  string
	Style lipgloss.Style
}

// String is the mark in its colour.
func (s Sign) String() string { return s.Style.Render(s.Mark) }

// Component is how a component is doing.
func (t *Theme) Component(c component.Status) Sign {
	switch {
	case c.State == component.Running && c.Leading:
		return Sign{"★", "leads", t.Leads}
	case c.State == component.Running:
		return Sign{"●", "running", t.Good}
	case c.State == component.Starting:
		return Sign{"◐", "starting", t.Warn}
	case c.State == component.Paused:
		return Sign{"❚", "paused", t.Warn}
	case c.State == component.Stopped:
		return Sign{"○", "stopped", t.Muted}
	case c.State == component.Crashed:
		return Sign{"✗", "crashed", t.Bad}
	}
	return Sign{"·", "unknown", t.Muted}
}

// Pod is a pod as a cell.
func (t *Theme) Pod(p view.Pod) Sign {
	switch {
	case p.Status == "Terminating":
		return Sign{"T", "terminating", t.Muted}
	case p.Status == "Running" && p.Ready:
		return Sign{"R", "running", t.Good}
	case p.Status == "Running":
		return Sign{"r", "running, not ready", t.Warn}
	case p.Status == "Pending":
		return Sign{"P", "pending", t.Warn}
	case p.Status == "ContainerCreating" || p.Status == "PodInitializing":
		return Sign{"C", "creating", t.Warn}
	case p.Status == "Succeeded" || p.Status == "Completed":
		return Sign{"D", "done", t.Muted}
	}
	return Sign{"F", "failing", t.Bad}
}

// Lab is the verdict over a whole lab.
func (t *Theme) Lab(s view.State) Sign {
	switch s {
	case view.Healthy:
		return Sign{"●", "HEALTHY", t.Good}
	case view.Degraded:
		return Sign{"▲", "DEGRADED", t.Warn}
	case view.Down:
		return Sign{"✗", "DOWN", t.Bad}
	case view.Starting:
		return Sign{"◐", "STARTING", t.Warn}
	case view.Stopping:
		return Sign{"◑", "STOPPING", t.Warn}
	case view.Stopped:
		return Sign{"○", "STOPPED", t.Muted}
	}
	return Sign{"·", "UNKNOWN", t.Muted}
}

// Legend are the signs with what they mean, for help.
func (t *Theme) Legend() []Sign {
	of := func(s component.State, leads bool) Sign {
		return t.Component(component.Status{State: s, Leading: leads})
	}
	return []Sign{
		of(component.Running, false), of(component.Running, true), of(component.Starting, false), of(component.Paused, false), of(component.Stopped, false), of(component.Crashed, false),
		{"R", "pod running and ready", t.Good}, {"r", "pod running, not ready", t.Warn}, {"P", "pod pending", t.Warn}, {"C", "pod's containers are being created", t.Warn},
		{"T", "pod terminating", t.Muted}, {"D", "pod done", t.Muted}, {"F", "pod failing", t.Bad},
	}
}
