package check

import (
	"strings"

	"kubelab/core/component"
	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func stateFunction() expr.Function {
	return expr.Function{
		Name: "state", Of: varLab,
		Forms: ofSnapshot("part", expr.String, func(s *view.Snapshot, part string) any { return stateOf(s, part) }),
		Doc: "The state of a component, `running`, `starting`, `stopped`, `crashed` or `paused`, or of a machine: that of its components " +
			"when it is the same of all, otherwise `mixed`. `\"\"` if there is no such part.",
		Example: `state("node-2/kubelet") == "stopped"`,
	}
}

func stateOf(s *view.Snapshot, part string) string {
	machine, name, one := strings.Cut(part, "/")
	components := s.Components(machine)
	if one {
		return string(components[name].State)
	}
	var state component.State
	for _, c := range components {
		switch {
		case state == "":
			state = c.State
		case state != c.State:
			return "mixed"
		}
	}
	return string(state)
}
