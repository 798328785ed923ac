package check

import (
	"strings"

	"github.com/google/cel-go/common/types/ref"

	"kubelab/exercises/expr"
)

func machineFunction() expr.Function {
	return expr.Function{
		Name: "machine",
		Forms: []expr.Form{{
			Params: []expr.Param{{Name: "part", Type: expr.String}}, Result: expr.String,
			Call: func(args []ref.Val) any {
				machine, _, _ := strings.Cut(expr.Text(args[0]), "/")
				return machine
			},
		}},
		Doc:     "The machine of a part of the lab: `master-2` of `master-2/etcd`.",
		Example: `machine(answers.leader) == leader()`,
	}
}
