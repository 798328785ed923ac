package check

import (
	"errors"

	"github.com/google/cel-go/common/types/ref"

	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func betweenFunction() expr.Function {
	return expr.Function{
		Name: "between",
		Forms: []expr.Form{{
			Params: []expr.Param{{Name: "first", Type: expr.ListOf(eventType)}, {Name: "then", Type: expr.ListOf(eventType)}}, Result: expr.Duration,
			Call: func(args []ref.Val) any {
				first, then := expr.Items[*view.Event](args[0]), expr.Items[*view.Event](args[1])
				if len(first) == 0 {
					return errors.New("the first of the two has not happened yet")
				}
				for _, e := range then {
					if !e.Time.Before(first[0].Time) {
						return e.Time.Sub(first[0].Time)
					}
				}
				return errors.New("the second of the two has not happened yet")
			},
		}},
		Doc:     "The time from the first of some events to the first of others that came no earlier.",
		Example: `between(events("fault-injected"), events("leader", "*", "leads")) < duration("3s")`,
	}
}
