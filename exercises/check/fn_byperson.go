package check

import (
	"github.com/google/cel-go/common/types/ref"

	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func byPersonFunction() expr.Function {
	return expr.Function{
		Name: "byPerson",
		Forms: []expr.Form{{
			Params: []expr.Param{{Name: "request", Type: requestType}}, Result: expr.Bool,
			Call: func(args []ref.Val) any { return byPerson(args[0].Value().(*view.Request)) },
		}},
		Doc:     "Whether a person has sent a request, with kubectl, curl or the lab's own screen, and not a component of the cluster or the lab's stopwatch.",
		Example: `!audit("create pods/demo/*").exists(r, byPerson(r))`,
	}
}
