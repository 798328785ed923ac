package check

import (
	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func readsFunction() expr.Function {
	return expr.Function{
		Name: "reads", Of: varAsker,
		Forms: ofAsker(askReads, "key", expr.ListOf(expr.Struct("Read")),
			func(key string) view.Question { return view.Question{Reads: key} },
			func(a view.Answer, _ string) any { return a.Reads }),
		Doc:     "How each member of etcd reads a key: `linearizable`, with a majority's consent, and `serializable`, from what it has itself." + askedDoc,
		Example: `reads("/registry/namespaces/demo").all(r, r.linearizable.error != "")`,
	}
}
