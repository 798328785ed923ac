// Package control is what an engine and a node's init say to each other, and nothing else: it is linked into the
// node init, which must stay small.
//
// Boot is how a node is set up, given to the init when it starts. From then on both ends write JSON, one value a
// line, over a socket pair: the engine Requests, the init Messages. When the engine's end closes, the init ends
// the node at once, so a node never outlives its engine.
package control

import (
	"time"

	"kubelab/core/component"
)

// File descriptors that the node init inherits.
const (
	SocketFD = 3 // its end of the socket pair
	BootFD   = 4 // a file with the Boot in it
)

// Boot describes a node to its init. Source paths are the host's, targets are the node's.
type Boot struct {
	Hostname string   `json:"hostname"`
	Root     string   `json:"root"`    // the node's disk, on the host: it becomes the node's /
	System   []string `json:"system"`  // directories of the host's / that the node sees too, read-only
	Binds    []Bind   `json:"binds"`   // in this order
	Trees    []Tree   `json:"trees"`   // in this order
	Files    []File   `json:"files"`   // in this order
	Cgroups  []Cgroup `json:"cgroups"` // version 1's hierarchies; none on a host with version 2 only
	Exe      []string `json:"exe"`     // where the engine's binary appears
	Daemons  []Daemon `json:"daemons"` // in the order in which they stop when the node is powered off
}

// Bind makes a file or directory of the host visible on the node.
type Bind struct {
	Source   string `json:"source"`
	Target   string `json:"target"`
	ReadOnly bool   `json:"readOnly"`
}

// Tree is put in the place of a directory, whose own content is then hidden.
type Tree struct {
	Target string            `json:"target"`
	Files  map[string]string `json:"files"` // by path below Target
}

// File is put in the place of another one. Where there is none, as some kernels lack some settings, it is left out.
type File struct {
	Target  string `json:"target"`
	Content string `json:"content"`
}

// Cgroup is one hierarchy of cgroups, version 1, or the unified one beside them.
type Cgroup struct {
	Dir     string   `json:"dir"`     // its name below /sys/fs/cgroup, for example "cpu,cpuacct"
	Options string   `json:"options"` // of mount; empty for the unified one
	Links   []string `json:"links"`   // other names of it, for example "cpu"
}

// Daemon is a process that the init supervises.
type Daemon struct {
	Name string   `json:"name"` // a component's
	Args []string `json:"args"` // the first one is the path
	Env  []string `json:"env"`
	Log  string   `json:"log"` // a path on the node; output is added to it
}

// Verb is what the engine wants of a daemon or of the whole node.
type Verb string

// The verbs. Each is answered when it is done.
const (
	Start    Verb = "start"    // run it, and run it again whenever it ends
	Stop     Verb = "stop"     // SIGTERM, after Grace SIGKILL, and keep it down
	Restart  Verb = "restart"  // the same, and then run it again at once
	Kill     Verb = "kill"     // SIGKILL: a crash
	Pause    Verb = "pause"    // SIGSTOP
	Resume   Verb = "resume"   // SIGCONT
	PowerOff Verb = "poweroff" // stop everything in order and end; Grace is for the containers

	// Leash makes the kernel kill the init when the engine dies: the end of the socket is noticed only by an
	// init that runs, and one that is stopped or hangs must go too. It waits to be asked for, because the
	// kernel looks at the death of the thread that made the init, and that one ends by design.
	Leash Verb = "leash"
)

// Request asks the init for something.
type Request struct {
	ID     uint64        `json:"id"` // the answer has the same
	Verb   Verb          `json:"verb"`
	Daemon string        `json:"daemon,omitempty"`
	Grace  time.Duration `json:"grace,omitempty"` // nanoseconds
}

// Message is what the init says: that it is up, an answer to a request, or how a daemon is doing now.
type Message struct {
	Up     bool   `json:"up,omitempty"`     // the node is set up; requests are taken from now on
	Fatal  string `json:"fatal,omitempty"`  // why the node cannot be set up; the init ends with it
	ID     uint64 `json:"id,omitempty"`     // of the request that this answers
	Error  string `json:"error,omitempty"`  // why the request was not done
	Daemon string `json:"daemon,omitempty"` // of Status

	// Status has the process's id in the node's own PID namespace.
	Status *component.Status `json:"status,omitempty"`
}
