package check

import (
	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func eventsFunction() expr.Function {
	return expr.Function{
		Name: "events", Of: varHistory,
		Forms:   ofHistory(expr.ListOf(eventType), func(found []*view.Event) any { return found }),
		Doc:     "The events that `happened` looks for, the oldest first.",
		Example: `events("container", "node-2").exists(e, e.container.topic == "/tasks/exit" && e.container.exitCode == 137)`,
	}
}
