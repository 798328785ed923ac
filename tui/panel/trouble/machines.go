package trouble

import (
	"strings"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// machine is a master or a node as a row of a matrix.
type machine struct {
	name       string
	ip         string
	names      []string // of its components, in the order of the columns
	components map[string]component.Status
	node       *view.Node // nil for a master
}

// machinesOf are all machines of the lab, masters first.
func machinesOf(s *panel.State) []machine {
	list := make([]machine, 0, len(s.Lab.Masters)+len(s.Lab.Nodes))
	for _, m := range s.Lab.Masters {
		list = append(list, machine{m.Name, m.IP, component.OfMaster, m.Components, nil})
	}
	for i, n := range s.Lab.Nodes {
		list = append(list, machine{n.Name, n.IP, component.OfNode, n.Components, &s.Lab.Nodes[i]})
	}
	return list
}

func namesOf(list []machine) []string {
	names := make([]string, len(list))
	for i, m := range list {
		names[i] = m.name
	}
	return names
}

// short is a machine's name in few cells: m1, n12.
func (m machine) short() string {
	kind, number, ok := strings.Cut(m.name, "-")
	if !ok || kind == "" {
		return plain.Line(m.name)
	}
	return plain.Line(kind[:1] + number)
}

// runs counts the components that run, paused ones not among them.
func (m machine) runs() (n int) {
	for _, name := range m.names {
		if st := m.components[name].State; st == component.Running {
			n++
		}
	}
	return n
}

// down reports whether nothing of it runs or could go on.
func (m machine) down() bool {
	for _, name := range m.names {
		if !down(m.components[name].State) {
			return false
		}
	}
	return true
}

// paused reports whether something of it hangs and nothing runs.
func (m machine) paused() bool {
	any := false
	for _, name := range m.names {
		switch m.components[name].State {
		case component.Paused:
			any = true
		case component.Running, component.Starting:
			return false
		}
	}
	return any
}

func down(s component.State) bool { return s == component.Stopped || s == component.Crashed }
