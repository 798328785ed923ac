package check

import (
	"time"

	"github.com/google/cel-go/common/types/ref"

	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func inOrderFunction() expr.Function {
	return expr.Function{
		Name: "inOrder",
		Forms: []expr.Form{{
			Params: []expr.Param{{Name: "stages", Type: expr.ListOf(expr.ListOf(eventType))}}, Result: expr.Bool,
			Call: func(args []ref.Val) any { return inOrder(expr.Items[ref.Val](args[0])) },
		}},
		Doc:     "Whether there is an event in each of some lists of events so that none came before that of the list before.",
		Example: `inOrder([events("node", "node-2", "NotReady"), events("node", "node-2", "NoExecute"), events("pod", "pod/demo/web-*", "is gone")])`,
	}
}

func inOrder(stages []ref.Val) bool {
	var last time.Time
next:
	for _, stage := range stages {
		for _, e := range expr.Items[*view.Event](stage) {
			if !e.Time.Before(last) {
				last = e.Time
				continue next
			}
		}
		return false
	}
	return true
}
