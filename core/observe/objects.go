package observe

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/view"
)

// catalogue is what the keys of etcd say the cluster consists of. It is a keyHandler.
type catalogue struct {
	tell func(view.Event)

	mu        sync.Mutex // guards what follows
	filled    bool       // it was reset at least once
	known     map[string]object
	pods      map[string]pod
	nodes     map[string]nodeState
	workloads map[string]view.Workload
	services  map[string]view.Service
	slices    map[string]slice
	leases    map[string]view.Lease // by name, those of kube-system by which somebody leads
	beats     map[string]time.Time  // by node: when kubelet renewed its Lease
	changed   bool                  // since drawn was made
	drawn     drawn
}

// object is what is kept of everything that has a key.
type object struct {
	view.Object
	owners   []view.Object
	refers   []view.Object
	revision int64
	says     string // what of its state people want to know
}

func newCatalogue(tell func(view.Event)) *catalogue {
	c := &catalogue{tell: tell}
	c.clear()
	return c
}

// clear is called with mu held, or before anybody else knows of it.
func (c *catalogue) clear() {
	c.known, c.pods, c.nodes = map[string]object{}, map[string]pod{}, map[string]nodeState{}
	c.workloads, c.services, c.slices = map[string]view.Workload{}, map[string]view.Service{}, map[string]slice{}
	c.leases, c.beats = map[string]view.Lease{}, map[string]time.Time{}
}

// reset takes what there is. What became different unseen is told as if it had happened now.
func (c *catalogue) reset(all []*mvccpb.KeyValue, _ int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := !c.filled
	c.filled = true
	there := map[string]bool{}
	var events []view.Event
	for _, kv := range all {
		key := string(kv.Key)
		there[key] = true
		if c.known[key].revision != kv.ModRevision {
			events = append(events, c.apply(key, kv, false)...)
		}
	}
	for key := range c.known {
		if !there[key] {
			events = append(events, c.apply(key, nil, false)...)
		}
	}
	if first {
		return // it was so before anybody looked
	}
	for _, e := range events {
		c.tell(e)
	}
}

// change takes one change.
func (c *catalogue) change(e *mvccpb.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key, kv := string(e.Kv.Key), e.Kv
	if e.Type == mvccpb.DELETE {
		kv = nil
	}
	before := c.known[key]
	events := c.apply(key, kv, true)
	now, there := c.known[key]
	if !there {
		now = before
		now.Object = cmp.Or(now.Object, named(key))
	}
	told := now.Object
	k := &view.KeyChange{Key: plain.Line(key), Revision: e.Kv.ModRevision, Version: e.Kv.Version, Size: len(e.Kv.Value), Deleted: kv == nil,
		Owners: now.owners, Refers: now.refers}
	c.tell(view.Event{Kind: view.KeyChanged, Source: component.Etcd, Object: &told, Key: k, Text: describeKey(k, told, before, now)})
	for _, e := range events {
		c.tell(e)
	}
}

// describeKey says in a line what changed. It is empty for what only says that somebody is alive.
func describeKey(k *view.KeyChange, o view.Object, before, now object) string {
	switch {
	case k.Deleted:
		return fmt.Sprintf("%s deleted", o)
	case k.Version == 1 && now.says != "":
		return fmt.Sprintf("%s created: %s", o, now.says)
	case k.Version == 1:
		return fmt.Sprintf("%s created", o)
	case before.says != now.says:
		return fmt.Sprintf("%s: %s", o, now.says)
	case o.Resource == "leases" || o.Resource == "nodes":
		return ""
	}
	return fmt.Sprintf("%s updated", o)
}

// apply makes the catalogue follow a key, nil for one that is gone, and returns what that means beside the change itself. It
// is called with mu held. live is false for what did not happen just now.
func (c *catalogue) apply(key string, kv *mvccpb.KeyValue, live bool) []view.Event {
	before, was := c.known[key]
	if kv == nil {
		delete(c.known, key)
		if !was {
			return nil
		}
		return c.remove(key, before)
	}
	decoded := decode(kv.Value)
	o := object{Object: named(key), revision: kv.ModRevision}
	if m, err := meta.Accessor(decoded); decoded != nil && err == nil {
		o.UID = string(m.GetUID())
		for _, owner := range m.GetOwnerReferences() {
			o.owners = append(o.owners, ownerOf(owner, o.Namespace))
		}
	}
	var events []view.Event
	switch d := decoded.(type) {
	case *corev1.Pod:
		o.refers, o.says, events = c.takePod(key, d, o.Object)
	case *corev1.Node:
		o.says, events = c.takeNode(key, d, o.Object)
	case *coordinationv1.Lease:
		o.says, events = c.takeLease(d, o.Object)
	case *corev1.Event:
		if live {
			events = append(events, kubeEvent(d.InvolvedObject, d.Type, d.Reason, d.Message, d.Count, d.Source.Component, d.ReportingController))
		}
	case *eventsv1.Event:
		if live {
			events = append(events, kubeEvent(d.Regarding, d.Type, d.Reason, d.Note, d.DeprecatedCount, d.DeprecatedSource.Component, d.ReportingController))
		}
	default:
		if o.says, o.refers = c.takeOther(key, decoded); o.says != "" {
			c.changed = true
		}
	}
	c.known[key] = o
	return events
}

// remove is called with mu held.
func (c *catalogue) remove(key string, o object) (events []view.Event) {
	c.changed = true
	if p, ok := c.pods[key]; ok {
		about := o.Object
		events = append(events, view.Event{Kind: view.PodChanged, Source: component.Etcd, Object: &about,
			Text: fmt.Sprintf("%s/%s is gone%s", p.Namespace, p.Name, on(p.Node))})
	}
	if n, ok := c.nodes[key]; ok {
		about := o.Object
		events = append(events, view.Event{Kind: view.NodeChanged, Source: component.Etcd, Object: &about, Text: n.name + " is gone"})
	}
	delete(c.pods, key)
	delete(c.nodes, key)
	delete(c.workloads, key)
	delete(c.services, key)
	delete(c.slices, key)
	return events
}

func on(node string) string {
	if node == "" {
		return ""
	}
	return " from " + node
}

// ownerOf names an owner as objects are named here. Kinds are written as resources by adding an s, which is right for all
// that own something.
func ownerOf(r metav1.OwnerReference, namespace string) view.Object {
	o := view.Object{Resource: strings.ToLower(r.Kind) + "s", Namespace: namespace, Name: plain.Line(r.Name), UID: string(r.UID)}
	if r.Kind == "Node" {
		o.Namespace = ""
	}
	return o
}

func kubeEvent(of corev1.ObjectReference, kind, reason, message string, count int32, from, reporting string) view.Event {
	about := view.Object{Resource: strings.ToLower(of.Kind) + "s", Namespace: of.Namespace, Name: plain.Line(of.Name), UID: string(of.UID)}
	if about.Resource == "nodes" {
		about.Namespace, about.UID = "", "" // kubelet gives the name as UID
	}
	text := fmt.Sprintf("%s: %s", reason, message)
	if kind == corev1.EventTypeWarning {
		text = "Warning " + text
	}
	if count > 1 {
		text += fmt.Sprintf(" (%d times)", count)
	}
	return view.Event{Kind: view.KubeEvent, Source: plain.Line(cmp.Or(from, reporting)), Object: &about, Text: plain.Line(plain.Cut(text, maxWhy)), Count: int(count)}
}

// drawn is the catalogue as Snapshots show it. It is never changed, only made anew.
type drawn struct {
	pods      []view.Pod
	workloads []view.Workload
	services  []view.Service
	nodes     map[string]nodeState
	requested map[string]map[string]string
	leases    map[string]view.Lease
	beats     map[string]time.Time
}

// draw is what the catalogue holds now.
func (c *catalogue) draw() drawn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.changed && c.drawn.pods != nil {
		return c.drawn
	}
	d := drawn{pods: []view.Pod{}, nodes: map[string]nodeState{}, leases: maps.Clone(c.leases), beats: maps.Clone(c.beats)}
	requests := map[string]*requests{}
	for _, p := range c.pods {
		d.pods = append(d.pods, p.Pod)
		if p.Node != "" && !p.finished {
			if requests[p.Node] == nil {
				requests[p.Node] = newRequests()
			}
			requests[p.Node].add(p.requests)
		}
	}
	slices.SortFunc(d.pods, func(a, b view.Pod) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	for _, n := range c.nodes {
		d.nodes[n.name] = n
	}
	d.requested = map[string]map[string]string{}
	for node, r := range requests {
		d.requested[node] = r.text()
	}
	d.workloads = slices.SortedFunc(maps.Values(c.workloads), func(a, b view.Workload) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	d.services = c.drawServices()
	c.drawn, c.changed = d, false
	return d
}

// drawServices puts the endpoints of the slices to their Services. It is called with mu held.
func (c *catalogue) drawServices() []view.Service {
	ends := map[string][]view.Endpoint{}
	for _, s := range c.slices {
		ends[s.service] = append(ends[s.service], s.endpoints...)
	}
	list := []view.Service{}
	for _, s := range c.services {
		s.Endpoints = ends[s.Namespace+"/"+s.Name]
		slices.SortFunc(s.Endpoints, func(a, b view.Endpoint) int { return cmp.Compare(a.Address, b.Address) })
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b view.Service) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// find is the object that people mean: its UID and what it is called in etcd. ok is false when etcd does not hold it.
func (c *catalogue) find(o view.Object) (found view.Object, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.known {
		if k.Resource == o.Resource && k.Namespace == o.Namespace && k.Name == o.Name {
			return k.Object, true
		}
	}
	return o, false
}

// near are the names of objects of the same resource, of any namespace.
func (c *catalogue) near(o view.Object) (names []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.known {
		if k.Resource == o.Resource {
			names = append(names, k.Object.String())
		}
	}
	slices.Sort(names)
	return names
}

// resources are all that etcd holds objects of.
func (c *catalogue) resources() (names []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	set := map[string]bool{}
	for _, k := range c.known {
		set[k.Resource] = true
	}
	return slices.Sorted(maps.Keys(set))
}
