package view

import "time"

// Question is what can be asked of a lab beside its Snapshot; exactly one field is set.
type Question struct {
	Story       *Object       `json:"story,omitempty"`       // what happened to an object, and to what it owns
	Keys        *KeyQuestion  `json:"keys,omitempty"`        // what is in etcd
	Reads       string        `json:"reads,omitempty"`       // a key: as each member reads it, both ways
	WhatIf      string        `json:"whatIf,omitempty"`      // a pod, YAML or JSON: where the scheduler would put it
	Queue       bool          `json:"queue,omitempty"`       // what the scheduler has still to do
	Controllers bool          `json:"controllers,omitempty"` // how busy the controllers are
	Node        string        `json:"node,omitempty"`        // what kubelet and containerd of a node say
	Proxy       *ProxyRequest `json:"proxy,omitempty"`       // what a node's kube-proxy makes of a Service
	Predict     *Action       `json:"predict,omitempty"`     // what an Action would do
	List        *ListQuestion `json:"list,omitempty"`        // objects as kubectl get shows them
	Logs        *LogQuestion  `json:"logs,omitempty"`        // what a component or a pod wrote last
}

// Answer has the field set that the Question had.
type Answer struct {
	Story       *Story       `json:"story,omitempty"`
	Keys        *Keys        `json:"keys,omitempty"`
	Reads       []Read       `json:"reads,omitempty"`
	WhatIf      *Decision    `json:"whatIf,omitempty"`
	Queue       *Queue       `json:"queue,omitempty"`
	Controllers *Controllers `json:"controllers,omitempty"`
	Node        *NodeDetail  `json:"node,omitempty"`
	Proxy       *Proxy       `json:"proxy,omitempty"`
	Predict     *Prediction  `json:"predict,omitempty"`
	List        *List        `json:"list,omitempty"`
	Logs        []string     `json:"logs,omitempty"` // lines, the oldest first, without control characters
}

// Prediction is what an Action would do.
type Prediction struct {
	Sentences []string      `json:"sentences"`
	Expect    []Expectation `json:"expect,omitempty"`
	// Harms says that something would be worse afterwards: people should be asked first.
	Harms bool `json:"harms"`
}

// ListQuestion asks an API server for objects as it would print them.
type ListQuestion struct {
	Resource  string `json:"resource"`            // as kubectl takes it: po, deployments, widgets.example.com
	Namespace string `json:"namespace,omitempty"` // all if empty
}

// List is a table of objects.
type List struct {
	Resource string    `json:"resource"` // plural
	Columns  []string  `json:"columns"`
	Rows     []ListRow `json:"rows"`
}

// ListRow is an object in a List.
type ListRow struct {
	Object Object   `json:"object"`
	Cells  []string `json:"cells"`
}

// LogQuestion asks for the last lines of a log.
type LogQuestion struct {
	// Target is a component, a machine or a pod, as on the command line: master-1/etcd, node-2/kubelet, pod/demo/web-abc; or engine.
	Target string `json:"target"`
	Lines  int    `json:"lines"` // at most 1000
}

// Story is what happened to an object and to what belongs to it, in order of time.
type Story struct {
	Object  Object  `json:"object"`
	Entries []Entry `json:"entries"`
	// Since is when the engine began to remember; what was before is not in the story.
	Since time.Time `json:"since"`
}

// Entry is one event of a Story.
type Entry struct {
	Event
	// After is what passed since the entry before, in nanoseconds.
	After time.Duration `json:"after"`
}

// KeyQuestion asks for keys of etcd.
type KeyQuestion struct {
	Prefix   string `json:"prefix"`             // a key, or what keys begin with
	Revision int64  `json:"revision,omitempty"` // as of then; 0 is now
	Values   bool   `json:"values,omitempty"`   // with their values
	Secrets  bool   `json:"secrets,omitempty"`  // values of Secrets too
	Limit    int    `json:"limit,omitempty"`    // at most so many, 0 is 1000
}

// Keys are keys of etcd as one member has them.
type Keys struct {
	Member   string     `json:"member"`
	Revision int64      `json:"revision"`
	Count    int64      `json:"count"` // how many there are; List may have fewer
	List     []KeyValue `json:"list"`
}

// KeyValue is a key and what it holds.
type KeyValue struct {
	Key      string `json:"key"`
	Created  int64  `json:"created"`  // revision
	Modified int64  `json:"modified"` // revision
	Version  int64  `json:"version"`
	Size     int    `json:"size"`            // bytes
	Value    string `json:"value,omitempty"` // decoded to YAML
	Hidden   string `json:"hidden,omitempty"`
}

// Read is how one member reads a key.
type Read struct {
	Member       string `json:"member"`
	Linearizable Got    `json:"linearizable"` // with a majority's consent
	Serializable Got    `json:"serializable"` // from what it has itself
}

// Got is what a read came to.
type Got struct {
	Modified int64         `json:"modified"` // revision of the key, 0 if there is none
	Revision int64         `json:"revision"` // of the member's store
	Took     time.Duration `json:"took"`     // nanoseconds
	Error    string        `json:"error,omitempty"`
}

// Queue is the scheduler's.
type Queue struct {
	Master        string   `json:"master"` // that leads
	Active        []Object `json:"active"`
	Backoff       []Object `json:"backoff"`
	Unschedulable []Object `json:"unschedulable"`
	InFlight      []Object `json:"inFlight"`
}

// Controllers are those of the controller manager that leads.
type Controllers struct {
	Master string       `json:"master"`
	Queues []Controller `json:"queues"`
}

// Controller is a work queue of the controller manager.
type Controller struct {
	Name    string  `json:"name"`
	Depth   int     `json:"depth"`   // objects that wait
	Adds    int64   `json:"adds"`    // since the engine's start
	Retries int64   `json:"retries"` // since the engine's start
	Rate    float64 `json:"rate"`    // adds a second, since it was last asked
	// Last is its latest write.
	Last *Request `json:"last,omitempty"`
}

// NodeDetail is what the components of a node say themselves.
type NodeDetail struct {
	Node       string      `json:"node"`
	Kubelet    Kubelet     `json:"kubelet"`
	Containers []Container `json:"containers"`
	Images     []Image     `json:"images"`
	Snapshots  int         `json:"snapshots"` // containerd's, of file systems
}

// Kubelet is what a kubelet says of itself.
type Kubelet struct {
	Error     string           `json:"error,omitempty"` // why it cannot be asked
	Pods      int              `json:"pods"`
	SyncMean  time.Duration    `json:"syncMean"` // nanoseconds to bring a pod into its wanted state
	Syncs     int64            `json:"syncs"`
	CRICalls  map[string]int64 `json:"criCalls"`  // by operation
	CRIErrors map[string]int64 `json:"criErrors"` // by operation
	Probes    map[string]int64 `json:"probes"`    // by result: successful, failed, unknown
}

// Container is a container as containerd knows it.
type Container struct {
	ID      string `json:"id"`
	Pod     Object `json:"pod,omitzero"`
	Name    string `json:"name,omitempty"` // empty for a sandbox
	Image   string `json:"image"`
	Status  string `json:"status"` // containerd's word: running, stopped
	PID     int    `json:"pid,omitempty"`
	Process []int  `json:"processes,omitempty"` // ids on the host
}

// Image is an image in containerd.
type Image struct {
	Name string `json:"name"`
	Size int64  `json:"size"` // bytes
}

// ProxyRequest asks what a node makes of a Service.
type ProxyRequest struct {
	Node    string `json:"node"`
	Service Object `json:"service"`
	// Try is how many requests are made to the Service from the node, at most 1000.
	Try int `json:"try,omitempty"`
}

// Proxy is what a node's kube-proxy has made of a Service.
type Proxy struct {
	Node      string         `json:"node"`
	Service   Object         `json:"service"`
	Rules     []string       `json:"rules"`     // of nftables
	Endpoints []string       `json:"endpoints"` // those that the rules lead to
	Answered  map[string]int `json:"answered,omitempty"`
	Failed    int            `json:"failed,omitempty"`
	Why       string         `json:"why,omitempty"` // the last one failed
}
