package check

import (
	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func nodeFunction() expr.Function {
	return expr.Function{
		Name: "node", Of: varLab,
		Forms: ofSnapshot("name", expr.Struct("Node"), func(s *view.Snapshot, name string) any {
			return first(s.Nodes, name, func(n *view.Node) string { return n.Name })
		}),
		Doc: "A node: whether it is ready, when its kubelet has last renewed its Lease (`heartbeat`), " +
			"its taints and what it has room for. All is empty if there is none.",
		Example: `!node("node-2").ready && node("node-2").heartbeat == start.node("node-2").heartbeat`,
	}
}
