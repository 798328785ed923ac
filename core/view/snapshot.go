// Package view is what front ends see of a lab: plain data, without any type of Kubernetes, so that what
// shows a lab builds in seconds and can be fed from a recording as well as from a running engine.
//
// The main types are Lab, the one way to a running lab, Snapshot, what it looks like at a moment, Action, what
// can be asked of it, and Record, what became of a fault. Snapshot's JSON form is what "lab status --json" prints.
package view

import (
	"time"

	"kubelab/core/component"
	"kubelab/core/topology"
)

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
	Revision      uint64            `json:"revision"` // counts the snapshots of an engine's life, from 1
	Time          time.Time         `json:"time"`
	Name          string            `json:"name"`
	Made          time.Time         `json:"made,omitzero"` // to the second: another lab may have had the same name
	State         State             `json:"state"`
	Reason        string            `json:"reason,omitempty"` // why it is not healthy
	Timing        string            `json:"timing"`
	Subnet        string            `json:"subnet"`
	UptimeSeconds int               `json:"uptimeSeconds"`
	Etcd          Etcd              `json:"etcd"`
	Leases        map[string]string `json:"leases"`  // component → machine that leads
	Holders       map[string]Lease  `json:"holders"` // the same as the Leases in etcd have it
	Balancer      Balancer          `json:"balancer"`
	Masters       []Master          `json:"masters"`
	Nodes         []Node            `json:"nodes"`
	Faults        []Fault           `json:"faults"`

	Pods      []Pod      `json:"pods"`
	Workloads []Workload `json:"workloads"`
	Services  []Service  `json:"services"`
	// Stale is what is shown although nobody has confirmed it lately.
	Stale []Stale `json:"stale"`
}

// Components are those of a machine, nil if there is no such machine.
func (s *Snapshot) Components(machine string) map[string]component.Status {
	for _, m := range s.Masters {
		if m.Name == machine {
			return m.Components
		}
	}
	for _, n := range s.Nodes {
		if n.Name == machine {
			return n.Components
		}
	}
	return nil
}

// Machines are the lab's. What is not named like one is none: a recording may hold anything.
func (s *Snapshot) Machines() (masters, nodes []topology.Machine) {
	for _, m := range s.Masters {
		if parsed, err := topology.ParseMachine(m.Name); err == nil && parsed.Kind == topology.Master {
			masters = append(masters, parsed)
		}
	}
	for _, n := range s.Nodes {
		if parsed, err := topology.ParseMachine(n.Name); err == nil && parsed.Kind == topology.Node {
			nodes = append(nodes, parsed)
		}
	}
	return masters, nodes
}

// Stale is a source of a Snapshot that is cut off.
type Stale struct {
	Source string    `json:"source"` // a component, or "objects": all that is kept in etcd
	Since  time.Time `json:"since"`
	Why    string    `json:"why"`
}

// Etcd is the cluster of members as the best informed member sees it.
type Etcd struct {
	Leader   string `json:"leader"` // machine, empty while there is none
	Term     uint64 `json:"term"`
	Quorum   bool   `json:"quorum"` // enough members run to commit a write
	Members  int    `json:"members"`
	Revision int64  `json:"revision"`
	NoSpace  bool   `json:"noSpace,omitempty"` // the alarm NOSPACE is raised: the quota is used up
	// Each is every member as it sees itself.
	Each []EtcdMember `json:"each"`
}

// EtcdMember is one member of etcd as it sees itself. Of one that does not run only Name and Wiped are known.
type EtcdMember struct {
	Name      string          `json:"name"`
	ID        string          `json:"id,omitempty"`      // hexadecimal
	Cluster   string          `json:"cluster,omitempty"` // id of the cluster that it is a member of, hexadecimal
	Wiped     bool            `json:"wiped,omitempty"`   // it has no data, so it cannot run
	Role      string          `json:"role,omitempty"`    // leader, follower or learner
	Leader    string          `json:"leader,omitempty"`
	Term      uint64          `json:"term,omitempty"`
	Committed uint64          `json:"committed,omitempty"` // index of the log
	Applied   uint64          `json:"applied,omitempty"`   // index of the log
	Lag       uint64          `json:"lag"`                 // entries behind what the best member has committed
	Revision  int64           `json:"revision,omitempty"`
	Size      int64           `json:"size,omitempty"`  // bytes of the database file
	InUse     int64           `json:"inUse,omitempty"` // bytes of it
	Alarms    []string        `json:"alarms,omitempty"`
	Peers     map[string]bool `json:"peers,omitempty"` // by machine: it has a connection
}

// Lease is a Lease by which one of several leads.
type Lease struct {
	Holder      string    `json:"holder"` // machine
	Renewed     time.Time `json:"renewed"`
	Seconds     int       `json:"seconds"`     // how long it lasts after that
	Transitions int       `json:"transitions"` // how often it has moved
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

	Heartbeat  time.Time         `json:"heartbeat,omitzero"`   // when kubelet last renewed its Lease
	Conditions map[string]string `json:"conditions,omitempty"` // by type: True, False or Unknown
	Taints     []string          `json:"taints,omitempty"`     // key=value:effect
	Capacity   map[string]string `json:"capacity,omitempty"`   // what pods may have
	Requested  map[string]string `json:"requested,omitempty"`  // what its pods ask for
}

// Pod is a pod as etcd holds it.
type Pod struct {
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	UID       string    `json:"uid"`
	Node      string    `json:"node,omitempty"`
	IP        string    `json:"ip,omitempty"`
	Status    string    `json:"status"` // kubectl's word: Running, Pending, CrashLoopBackOff, Terminating
	Ready     bool      `json:"ready"`
	Running   int       `json:"running"` // containers that are ready
	Of        int       `json:"of"`      // containers
	Restarts  int       `json:"restarts"`
	Owner     string    `json:"owner,omitempty"` // kind/name of its controller
	Created   time.Time `json:"created"`
}

// Workload is a controller of pods: a Deployment, ReplicaSet, StatefulSet, DaemonSet or Job.
type Workload struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Desired   int    `json:"desired"`
	Current   int    `json:"current"`
	Ready     int    `json:"ready"`
	Updated   int    `json:"updated"`
	Owner     string `json:"owner,omitempty"` // kind/name of its controller
}

// Service is a Service with the endpoints that its EndpointSlices list.
type Service struct {
	Namespace string     `json:"namespace"`
	Name      string     `json:"name"`
	Type      string     `json:"type"`
	IP        string     `json:"ip"`
	Ports     []string   `json:"ports"` // port/protocol
	Endpoints []Endpoint `json:"endpoints"`
}

// Endpoint is an address behind a Service.
type Endpoint struct {
	Address string `json:"address"`
	Pod     string `json:"pod,omitempty"`
	Node    string `json:"node,omitempty"`
	Ready   bool   `json:"ready"`
}

// Listed is a lab as "lab list --json" prints it.
type Listed struct {
	Name    string `json:"name"`
	State   State  `json:"state"`
	PID     int    `json:"pid,omitempty"` // of the engine
	Masters int    `json:"masters"`
	Nodes   int    `json:"nodes"`
}
