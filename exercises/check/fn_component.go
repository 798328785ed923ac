package check

import (
	"strings"

	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func componentFunction() expr.Function {
	return expr.Function{
		Name: "component", Of: varLab,
		Forms: ofSnapshot("part", expr.Struct("Status"), func(s *view.Snapshot, part string) any {
			machine, name, _ := strings.Cut(part, "/")
			return s.Components(machine)[name]
		}),
		Doc:     "What is known of a component: its state, since when, its PID, how often it was restarted. All is empty if there is none.",
		Example: `now - component("node-2/kubelet").since > duration("15s")`,
	}
}
