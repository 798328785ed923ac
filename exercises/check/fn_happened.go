package check

import (
	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func happenedFunction() expr.Function {
	return expr.Function{
		Name: "happened", Of: varHistory,
		Forms:   ofHistory(expr.Bool, func(found []*view.Event) any { return len(found) > 0 }),
		Doc:     "Whether there was such an event since the step began. " + kindsDoc,
		Example: `happened("container", "pod/demo/web-*", "has ended")`,
	}
}
