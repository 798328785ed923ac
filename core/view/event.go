package view

import (
	"slices"
	"strings"
	"time"
)

// EventKind says what an Event is about.
type EventKind string

// The kinds of events that nobody who watches misses.
const (
	FaultInjected EventKind = "fault-injected"
	FaultMeasured EventKind = "fault-measured"
	FaultHealed   EventKind = "fault-healed"
	Acted         EventKind = "action"    // somebody did something to the lab
	Changed       EventKind = "component" // a component's state, or a machine's
	Elected       EventKind = "leader"    // etcd's leader
	LeaseMoved    EventKind = "lease"     // who leads as kube-scheduler or kube-controller-manager
	NodeChanged   EventKind = "node"      // a node's conditions, or whether it takes pods
	PodChanged    EventKind = "pod"       // a pod's status
	Decided       EventKind = "decision"  // of the scheduler
	SourceChanged EventKind = "source"    // something that is shown became stale, or fresh again
)

// The kinds of events that are noise: whoever is slow misses some, and is told how many.
const (
	Requested     EventKind = "request"   // to an API server
	KeyChanged    EventKind = "key"       // in etcd
	KubeEvent     EventKind = "event"     // an Event object of Kubernetes
	ContainerDone EventKind = "container" // what containerd said
	RuleChanged   EventKind = "rule"      // what kube-proxy changed in nftables
	Dropped       EventKind = "dropped"   // Count events of noise were not delivered
)

var noise = []EventKind{Requested, KeyChanged, KubeEvent, ContainerDone, RuleChanged, Dropped}

// Noise reports whether events of the kind may be lost.
func (k EventKind) Noise() bool { return slices.Contains(noise, k) }

// Event is something that has happened.
type Event struct {
	// Seq counts the events of an engine's life, from 1.
	Seq  uint64    `json:"seq"`
	Time time.Time `json:"time"`
	Kind EventKind `json:"kind"`
	// Source is the component that it was seen in: master-1/kube-apiserver, node-2/containerd; or lab.
	Source string `json:"source,omitempty"`
	// Object is what it is about, if that is an object of Kubernetes.
	Object *Object `json:"object,omitempty"`
	// Text says it in a line. Nothing in it can change a terminal's state.
	Text string `json:"text,omitempty"`

	// What is known beside that, by kind.
	Record    *Record          `json:"record,omitempty"`
	Request   *Request         `json:"request,omitempty"`
	Key       *KeyChange       `json:"key,omitempty"`
	Decision  *Decision        `json:"decision,omitempty"`
	Container *ContainerChange `json:"container,omitempty"`
	Rule      *RuleChange      `json:"rule,omitempty"`
	Snapshot  *SnapshotDone    `json:"snapshot,omitempty"`
	Count     int              `json:"count,omitempty"`
	Commands  []string         `json:"commands,omitempty"` // what does the same by hand
}

// Object names an object of Kubernetes.
type Object struct {
	Resource  string `json:"resource"` // plural: pods, deployments
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	UID       string `json:"uid,omitempty"`
}

// String is the object as kubectl writes it, with its namespace: pods/demo/web-abc, nodes/node-1.
func (o Object) String() string {
	if o.Namespace == "" {
		return o.Resource + "/" + o.Name
	}
	return o.Resource + "/" + o.Namespace + "/" + o.Name
}

// Same reports whether both name the same thing. An UID decides where both have one.
func (o Object) Same(p Object) bool {
	if o.UID != "" && p.UID != "" {
		return o.UID == p.UID
	}
	return o.Resource == p.Resource && o.Namespace == p.Namespace && o.Name == p.Name
}

// Stopwatch is what the names of the ConfigMaps begin with that the lab's own stopwatch writes while it measures.
const Stopwatch = "lab-stopwatch-"

// Routine reports whether writes to it only say that somebody is alive: Leases, and what the stopwatch writes.
func (o Object) Routine() bool {
	return o.Resource == "leases" || o.Resource == "configmaps" && strings.HasPrefix(o.Name, Stopwatch)
}

// Query selects events.
type Query struct {
	Kinds  []EventKind `json:"kinds,omitempty"`  // all of them if empty
	After  uint64      `json:"after,omitempty"`  // only those with a greater Seq
	Object *Object     `json:"object,omitempty"` // only those about it
	Last   int         `json:"last,omitempty"`   // at most so many, the latest; 0 is all
}

// Selects reports whether the query selects e. Last is not its business.
func (q Query) Selects(e Event) bool {
	return e.Seq > q.After && (len(q.Kinds) == 0 || slices.Contains(q.Kinds, e.Kind)) &&
		(q.Object == nil || e.Object != nil && e.Object.Same(*q.Object))
}

// Request is a request to an API server, as it was audited there.
type Request struct {
	ID        string        `json:"id"` // of the audit
	Server    string        `json:"server"`
	User      string        `json:"user,omitempty"` // empty when nobody was authenticated
	As        string        `json:"as,omitempty"`   // whom the user impersonated
	Groups    []string      `json:"groups,omitempty"`
	Agent     string        `json:"agent,omitempty"`
	From      string        `json:"from,omitempty"` // address
	Verb      string        `json:"verb"`
	Path      string        `json:"path,omitempty"` // of what is no object
	Object    Object        `json:"object,omitzero"`
	Sub       string        `json:"subresource,omitempty"`
	Code      int           `json:"code"`
	Began     time.Time     `json:"began"`
	Took      time.Duration `json:"took"`           // nanoseconds
	Long      bool          `json:"long,omitempty"` // a watch or the like: Took is how long it lasted
	Refused   Layer         `json:"refused,omitempty"`
	Why       string        `json:"why,omitempty"` // it was refused
	Mutations []string      `json:"mutations,omitempty"`
	Stages    []Stage       `json:"stages,omitempty"`
}

// Write reports whether the request was to change something.
func (r Request) Write() bool {
	return slices.Contains([]string{"create", "update", "patch", "delete", "deletecollection"}, r.Verb)
}

// Layer is what of an API server refused a request.
type Layer string

// The layers, from the outside to the inside.
const (
	Authentication Layer = "authentication"
	Authorization  Layer = "authorization"
	Admission      Layer = "admission"
	Validation     Layer = "validation"
	Storage        Layer = "storage" // a conflict, or there is no such object
	Overload       Layer = "priority and fairness"
)

// Stage is a moment in a request's way through an API server.
type Stage struct {
	Name string        `json:"name"`
	At   time.Duration `json:"at"` // nanoseconds since the request came in
}

// KeyChange is a change of one key in etcd.
type KeyChange struct {
	Key      string `json:"key"`
	Revision int64  `json:"revision"`
	Version  int64  `json:"version"` // of the key; 0 when it was deleted
	Size     int    `json:"size"`    // bytes of the value
	Deleted  bool   `json:"deleted,omitempty"`
	// Owners are the objects that own the one behind the key.
	Owners []Object `json:"owners,omitempty"`
	// Refers are objects that the one behind the key is about: pods of an EndpointSlice, the node of a pod.
	Refers []Object `json:"refers,omitempty"`
}

// Decision is what the scheduler came to for one pod.
type Decision struct {
	Pod     Object        `json:"pod"`
	Master  string        `json:"master"`
	Attempt int           `json:"attempt"` // from 1
	Took    time.Duration `json:"took"`    // nanoseconds
	Node    string        `json:"node,omitempty"`
	Why     string        `json:"why,omitempty"` // there is no node
	WhatIf  bool          `json:"whatIf,omitempty"`
	// Filters and Scorers are the plugins in the order in which they were asked; Skipped are filters that had nothing
	// to say about this pod.
	Filters []string  `json:"filters"`
	Skipped []string  `json:"skipped,omitempty"`
	Scorers []string  `json:"scorers,omitempty"`
	Nodes   []Verdict `json:"nodes"`
}

// Verdict is what the scheduler thought of one node.
type Verdict struct {
	Node string `json:"node"`
	Fits bool   `json:"fits"`
	// Rejected is the plugin that said no, and Why its reason. Plugins that come after it were not asked.
	Rejected string `json:"rejected,omitempty"`
	Why      string `json:"why,omitempty"`
	// Scores are by plugin, weighted. There are none when only one node fits, or none.
	Scores map[string]int64 `json:"scores,omitempty"`
	Total  int64            `json:"total,omitempty"`
}

// ContainerChange is something that containerd told.
type ContainerChange struct {
	Topic     string `json:"topic"` // as containerd calls it: /tasks/start
	ID        string `json:"id"`
	Pod       Object `json:"pod,omitzero"`
	Container string `json:"container,omitempty"` // its name in the pod; empty for the pod's sandbox
	PID       int    `json:"pid,omitempty"`
	ExitCode  int    `json:"exitCode,omitempty"`
}

// RuleChange is a rule from a Service to an endpoint that kube-proxy has made or removed in nftables.
type RuleChange struct {
	Service  Object `json:"service"`
	Endpoint string `json:"endpoint"` // address and port
	Removed  bool   `json:"removed,omitempty"`
}
