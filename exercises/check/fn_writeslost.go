package check

import (
	"github.com/google/cel-go/common/types/ref"

	"kubelab/exercises/expr"
)

func writesLostFunction() expr.Function {
	return expr.Function{
		Name: "writesLost", Of: varHistory,
		Forms: []expr.Form{{Result: expr.Int, Call: func(args []ref.Val) any { return args[0].Value().(*Span).log.writes.lost() }}},
		Doc: "How many writes of the lab's stopwatch an API server has acknowledged since the exercise began although etcd does not hold them. " +
			"The stopwatch writes while a fault is measured, so ask `faults()` first whether one was.",
		Example: `faults("kill").exists(f, has(f.measured)) && writesLost() == 0`,
	}
}
