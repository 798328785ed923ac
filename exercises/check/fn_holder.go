package check

import (
	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func holderFunction() expr.Function {
	return expr.Function{
		Name: "holder", Of: varLab,
		Forms:   ofSnapshot("component", expr.String, func(s *view.Snapshot, name string) any { return s.Leases[name] }),
		Doc:     "The master that leads as `kube-scheduler` or `kube-controller-manager`, by the Lease of that name; `\"\"` while none does.",
		Example: `holder("kube-scheduler") == machine(answers.scheduler)`,
	}
}
