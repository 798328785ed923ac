package check

import (
	"fmt"

	"github.com/google/cel-go/common/types/ref"

	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func decisionFunction() expr.Function {
	return expr.Function{
		Name: "decision", Of: varHistory,
		Forms: []expr.Form{{
			Params: []expr.Param{{Name: "pod", Type: expr.String}}, Result: expr.Struct("Decision"),
			Call: func(args []ref.Val) any {
				name := named(expr.Text(args[1]))
				found, err := args[0].Value().(*Span).find(query{kinds: string(view.Decided), about: "pods/" + name})
				if err != nil {
					return err
				}
				for i := len(found) - 1; i >= 0; i-- {
					if d := found[i].Decision; d != nil && !d.WhatIf {
						return d
					}
				}
				return fmt.Errorf("the scheduler has not decided on %s since the step began", name)
			},
		}},
		Doc:     "What the scheduler has decided last on a pod since the step began: which plugin refused which node, and the scores of those that fit.",
		Example: `decision("demo/big").nodes.all(n, n.rejected == "NodeResourcesFit")`,
	}
}
