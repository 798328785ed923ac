// Package objects holds the panels about what Kubernetes keeps: nodes, pods, workloads, Services, Leases, events, and lists of any resource. They show
// what is; they do nothing to it. What they know beside the Snapshot they ask for, and say so while there is no answer.
//
// The main types are grid, a table that can be sorted and narrowed down, and pager and doc, text that is scrolled.
package objects

import "kubelab/tui/panel"

// Panels makes one of each.
func Panels() []panel.Panel {
	return []panel.Panel{newNodes(), newPods(), newPod(), newWorkloads(), newServices(), newEvents(), newLeases(), newList()}
}
