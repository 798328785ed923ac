// Package brain holds the screens of the control plane: etcd, the API servers, the scheduler and the controller manager. It only shows; what
// is wanted of the lab, the root does.
//
// The main types are Etcd, API, Scheduler and Controllers. What they share is list, a table with fixed columns, stream, a list of events that
// stands still while somebody reads it, and deck, several lists with one cursor.
package brain

import "kubelab/tui/panel"

// Panels makes all of them.
func Panels() []panel.Panel {
	return []panel.Panel{NewEtcd(), NewAPI(), NewScheduler(), NewControllers()}
}

// Backer is a Panel that enter goes into. Back comes out again; it is false where there is nothing to come out of. The root may call it for
// esc; backspace does the same.
type Backer interface{ Back() bool }

var (
	_ Backer = (*Etcd)(nil)
	_ Backer = (*API)(nil)
	_ Backer = (*Scheduler)(nil)

	_ panel.Filterer = (*API)(nil)
	_ panel.Filterer = (*Etcd)(nil)
	_ panel.Filterer = (*Scheduler)(nil)
	_ panel.Filterer = (*Controllers)(nil)
	_ panel.Shower   = (*Etcd)(nil)      // a key: /registry/pods/demo/
	_ panel.Shower   = (*Scheduler)(nil) // a pod: pods/demo/web-abc
	_ panel.Opener   = (*Scheduler)(nil)
	_ panel.Opener   = (*Controllers)(nil)
)
