// Package all gathers every screen, in the order in which digits lead to them.
package all

import (
	"slices"

	"kubelab/tui/panel"
	"kubelab/tui/panel/brain"
	"kubelab/tui/panel/lesson"
	"kubelab/tui/panel/objects"
	"kubelab/tui/panel/topo"
	"kubelab/tui/panel/trouble"
)

// order are names of screens; those that are not in it come last.
var order = []string{"map", "etcd", "api", "scheduler", "controllers", "nodes", "pods", "workloads", "services", "faults",
	"events", "stopwatch", "story", "logs", "commands", "leases", "pod", "list", "timeline", "exercises"}

// Panels makes all screens, for one program. The first one is home.
func Panels() []panel.Panel {
	list := slices.Concat(topo.Panels(), brain.Panels(), objects.Panels(), trouble.Panels(), lesson.Panels())
	place := func(p panel.Panel) int {
		if i := slices.Index(order, p.Name()); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(list, func(a, b panel.Panel) int { return place(a) - place(b) })
	return list
}
