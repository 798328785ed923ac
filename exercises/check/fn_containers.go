package check

import (
	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func containersFunction() expr.Function {
	return expr.Function{
		Name: "containers", Of: varAsker,
		Forms: ofAsker(askNode, "node", expr.ListOf(expr.Struct("Container")),
			func(node string) view.Question { return view.Question{Node: node} },
			func(a view.Answer, _ string) any {
				if a.Node == nil {
					return []view.Container{}
				}
				return a.Node.Containers
			}),
		Doc:     "The containers of a node as containerd knows them, whatever kubelet and the API server think: sandboxes have an empty `name`." + askedDoc,
		Example: `containers("node-2").filter(c, c.status == "running").map(c, c.pid)`,
	}
}
