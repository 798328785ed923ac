// Package component says what every part of a lab that can be started, stopped and crashed has in common,
// whether it runs as goroutines of the engine (etcd, kube-apiserver, …) or as a process on a node.
//
// The main types are Status, which front ends show, and State.
package component

import "time"

// State is how a component is doing.
type State string

// The states of a component.
const (
	Running  State = "running"
	Starting State = "starting"
	Stopped  State = "stopped" // by wish
	Crashed  State = "crashed" // not by wish
	Paused   State = "paused"  // SIGSTOP
)

// Names of the components, as Kubernetes and etcd call them.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	Scheduler         = "kube-scheduler"
	ControllerManager = "kube-controller-manager"
	Kubelet           = "kubelet"
	Containerd        = "containerd"
	KubeProxy         = "kube-proxy"
)

// OfMaster and OfNode list the components of a machine in the order in which they start.
var (
	OfMaster = []string{Etcd, APIServer, Scheduler, ControllerManager}
	OfNode   = []string{Containerd, Kubelet, KubeProxy}
)

// Status is what is known of one component.
type Status struct {
	State    State     `json:"state"`
	PID      int       `json:"pid,omitempty"` // on the host; 0 where the component is part of the engine
	Restarts int       `json:"restarts"`
	Leading  bool      `json:"leading,omitempty"` // etcd's leader, or holder of the component's Lease
	Since    time.Time `json:"since"`             // when State was entered
	Error    string    `json:"error,omitempty"`   // why it crashed
}
