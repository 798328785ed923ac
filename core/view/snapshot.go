// Package view is what front ends see of a lab: plain data, without any type of Kubernetes, so that what
// shows a lab builds in seconds and can be fed from a recording as well as from a running engine.
//
// The main types are Lab, the one way to a running lab, Snapshot, what it looks like at a moment, Action, what
// can be asked of it, and Record, what became of a fault. Snapshot's JSON form is what "lab status --json" prints.
package view

import "kubelab/core/component"

// State is a lab's condition in one word.
type State string

// The states of a lab.
const (
	Healthy  State = "healthy"  // everything that should run does
	Degraded State = "degraded" // something is down, writes are still accepted
	Down     State = "down"     // no write is accepted
	Starting State = "starting"
	Stopping State = "stopping"
	Stopped  State = "stopped"
)

// Snapshot is a lab at one moment.
type Snapshot struct {
	Name          string            `json:"name"`
	State         State             `json:"state"`
	Reason        string            `json:"reason,omitempty"` // why it is not healthy
	Timing        string            `json:"timing"`
	Subnet        string            `json:"subnet"`
	UptimeSeconds int               `json:"uptimeSeconds"`
	Etcd          Etcd              `json:"etcd"`
	Leases        map[string]string `json:"leases"` // component → machine that leads
	Balancer      Balancer          `json:"balancer"`
	Masters       []Master          `json:"masters"`
	Nodes         []Node            `json:"nodes"`
	Faults        []Fault           `json:"faults"`
}

// Etcd is the cluster of members as the best informed member sees it.
type Etcd struct {
	Leader   string `json:"leader"` // machine, empty while there is none
	Term     uint64 `json:"term"`
	Quorum   bool   `json:"quorum"` // enough members run to commit a write
	Members  int    `json:"members"`
	Revision int64  `json:"revision"`
	NoSpace  bool   `json:"noSpace,omitempty"` // the alarm NOSPACE is raised: the quota is used up
}

// Balancer is the load balancer in front of the API servers.
type Balancer struct {
	Address string   `json:"address"`
	Healthy []string `json:"healthy"` // addresses of API servers that get connections
}

// Master is one control-plane machine.
type Master struct {
	Name       string                      `json:"name"`
	IP         string                      `json:"ip"`
	Components map[string]component.Status `json:"components"`
}

// Node is one worker machine.
type Node struct {
	Name        string                      `json:"name"`
	IP          string                      `json:"ip"`
	Ready       bool                        `json:"ready"`
	Schedulable bool                        `json:"schedulable"`
	Pods        int                         `json:"pods"`
	PodRange    string                      `json:"podRange,omitempty"`
	PID         int                         `json:"pid,omitempty"` // of the node's first process, on the host
	Components  map[string]component.Status `json:"components"`
}

// Listed is a lab as "lab list --json" prints it.
type Listed struct {
	Name    string `json:"name"`
	State   State  `json:"state"`
	PID     int    `json:"pid,omitempty"` // of the engine
	Masters int    `json:"masters"`
	Nodes   int    `json:"nodes"`
}
