package check

import (
	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func podsFunction() expr.Function {
	return expr.Function{
		Name: "pods", Of: varLab,
		Forms: ofSnapshot("pattern", expr.ListOf(expr.Struct("Pod")), func(s *view.Snapshot, pattern string) any {
			found, err := byName(s.Pods, named(pattern), podName)
			if err != nil {
				return err
			}
			return found
		}),
		Doc:     "Pods whose `namespace/name` fits a pattern. A star stands for any letters but a slash.",
		Example: `pods("demo/web-*").filter(p, p.ready).size() == 3`,
	}
}
