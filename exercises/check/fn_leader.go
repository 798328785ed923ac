package check

import (
	"github.com/google/cel-go/common/types/ref"

	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func leaderFunction() expr.Function {
	return expr.Function{
		Name: "leader", Of: varLab,
		Forms:   []expr.Form{{Result: expr.String, Call: func(args []ref.Val) any { return args[0].Value().(*view.Snapshot).Etcd.Leader }}},
		Doc:     "The master whose etcd leads, `\"\"` while none does.",
		Example: `leader() != "" && leader() != start.leader()`,
	}
}
