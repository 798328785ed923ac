package story

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"kubelab/core/view"
)

// scene writes events down as the observers of a lab tell them.
type scene struct {
	now    time.Time
	seq    uint64
	rev    int64
	events []view.Event
}

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func newScene() *scene { return &scene{now: began, rev: 800} }

func (s *scene) tell(e view.Event) {
	s.seq++
	e.Seq = s.seq
	if e.Time.IsZero() {
		e.Time = s.now
	}
	s.events = append(s.events, e)
}

func (s *scene) wait(ms int) { s.now = s.now.Add(time.Duration(ms) * time.Millisecond) }

// write is a request that changes one key: it comes in, the key changes 2 ms later, and 1 ms after that it is answered.
func (s *scene) write(user, verb string, o view.Object, sub, text string, k view.KeyChange) {
	r := view.Request{
		ID: fmt.Sprint("audit-", s.seq), Server: "master-1", User: user, Verb: verb, Object: o, Sub: sub, Code: 200, Began: s.now, Took: 3 * time.Millisecond,
		Stages: []view.Stage{{Name: "admission begins", At: time.Millisecond / 2}, {Name: "admission has validated", At: time.Millisecond}},
	}
	if verb != "create" {
		r.Object.UID = "" // audit does not know it
	}
	s.wait(2)
	s.key(o, text, k)
	s.wait(1)
	what := verb + " " + o.String()
	if sub != "" {
		what += " " + sub
	}
	s.tell(view.Event{Kind: view.Requested, Source: "master-1/kube-apiserver", Object: &r.Object, Text: user + ": " + what, Request: &r})
}

func (s *scene) key(o view.Object, text string, k view.KeyChange) {
	s.rev++
	k.Key, k.Revision = "/registry/"+o.String(), s.rev
	s.tell(view.Event{Kind: view.KeyChanged, Source: "etcd", Object: &o, Text: text, Key: &k})
}

// read is noise.
func (s *scene) read(user, verb string, o view.Object) {
	s.tell(view.Event{Kind: view.Requested, Object: &o, Text: user + ": " + verb + " " + o.String(),
		Request: &view.Request{ID: fmt.Sprint("audit-", s.seq), User: user, Verb: verb, Object: o, Code: 200, Began: s.now.Add(-time.Millisecond), Took: time.Millisecond}})
}

func (s *scene) container(node, topic string, of view.Object, name string) {
	s.tell(view.Event{Kind: view.ContainerDone, Source: node + "/containerd", Object: &of, Text: topic + " " + name,
		Container: &view.ContainerChange{Topic: topic, ID: "c0ffee", Pod: of, Container: name}})
}

func (s *scene) rule(node, endpoint string, removed bool) {
	text := "rule to " + endpoint
	if removed {
		text = "no " + text
	}
	s.tell(view.Event{Kind: view.RuleChanged, Source: node + "/kube-proxy", Text: text,
		Rule: &view.RuleChange{Service: object("services", "web", ""), Endpoint: endpoint, Removed: removed}})
}

func (s *scene) kubeEvent(of view.Object, text string) {
	s.tell(view.Event{Kind: view.KubeEvent, Source: "kubelet", Object: &of, Text: text})
}

// pod has the pod's status change, as kubelet writes it.
func (s *scene) pod(of view.Object, node, address, text string) {
	s.write("system:node:"+node, "patch", of, "status", of.String()+": "+text, podKey(node, address))
	s.tell(view.Event{Kind: view.PodChanged, Source: "etcd", Object: &of, Text: text, Time: s.now.Add(-time.Millisecond)})
}

func podKey(node, address string) view.KeyChange {
	k := view.KeyChange{Owners: []view.Object{replicaSet}}
	if node != "" {
		k.Refers = append(k.Refers, view.Object{Resource: nodes, Name: node})
	}
	if address != "" {
		k.Refers = append(k.Refers, view.Object{Resource: addresses, Name: address})
	}
	return k
}

// list has the EndpointSlice of the Service list pods.
func (s *scene) list(text string, listed ...view.Object) {
	s.write("endpointslice-controller", "update", slice, "", text,
		view.KeyChange{Owners: []view.Object{service}, Refers: append([]view.Object{object("services", "web", "")}, listed...)})
}

// noise is what goes on all the time, and belongs to no story of the demo.
func (s *scene) noise() {
	lease := view.Object{Resource: leases, Namespace: "kube-node-lease", Name: "node-1", UID: "u-lease"}
	node := view.Object{Resource: nodes, Name: "node-1", UID: "u-node-1"}
	other := object(pods, "other-7d", "u-other")
	s.write("system:node:node-1", "update", lease, "", "", view.KeyChange{Owners: []view.Object{node}})
	s.write("system:node:node-1", "patch", node, "status", "", view.KeyChange{})
	s.read("system:node:node-1", "list", object(pods, "", ""))
	s.read("admin", "get", deployment)
	s.read("admin", "watch", pod1)
	s.write("kubelet", "create", object(kubeEvents, "web-1.17", "u-event"), "", "events/demo/web-1.17 created", view.KeyChange{})
	s.write("kubelet", "patch", other, "status", "pods/demo/other-7d: Running", view.KeyChange{
		Owners: []view.Object{object("replicasets", "other", "u-other-rs")}, Refers: []view.Object{{Resource: addresses, Name: "10.100.129.9"}}})
	s.container("node-1", "/tasks/exit", other, "other")
	s.tell(view.Event{Kind: view.RuleChanged, Text: "rule of another Service",
		Rule: &view.RuleChange{Service: object("services", "other", ""), Endpoint: "10.100.129.9:80"}})
	s.tell(view.Event{Kind: view.Decided, Text: "what if", Decision: &view.Decision{Pod: pod1, WhatIf: true}})
	s.tell(view.Event{Kind: view.Elected, Source: "etcd", Text: "master-2 leads"})
	s.tell(view.Event{Kind: view.Dropped, Count: 3})
}

func object(resource, name, uid string) view.Object {
	return view.Object{Resource: resource, Namespace: "demo", Name: name, UID: uid}
}

var (
	deployment = object("deployments", "web", "u-deployment")
	replicaSet = object("replicasets", "web-5f", "u-rs")
	pod1       = object(pods, "web-5f-1", "u-pod-1")
	pod2       = object(pods, "web-5f-2", "u-pod-2")
	service    = object(services, "web", "u-service")
	slice      = object(endpointSlices, "web-x", "u-slice")
)

const address1, address2 = "10.100.129.2", "10.100.130.2"

// create is "kubectl create deployment" where there is a Service already, with noise in between.
func create() *scene {
	s := newScene()
	s.write("admin", "create", service, "", "services/demo/web created", view.KeyChange{})
	s.list("endpointslices/demo/web-x created: no endpoints")
	s.wait(500)
	s.noise()
	s.write("admin", "create", deployment, "", "deployments/demo/web created", view.KeyChange{})
	s.wait(4)
	s.noise()
	s.write("deployment-controller", "create", replicaSet, "", "replicasets/demo/web-5f created", view.KeyChange{Owners: []view.Object{deployment}})
	s.wait(5)
	s.run(pod1, "node-1", address1)
	s.noise()
	s.write("replicaset-controller", "update", replicaSet, "status", "replicasets/demo/web-5f: 1 of 1 ready", view.KeyChange{Owners: []view.Object{deployment}})
	s.write("deployment-controller", "update", deployment, "status", "deployments/demo/web: 1 of 1 ready", view.KeyChange{})
	return s
}

// run is a pod's way from its creation to the rules that lead to it.
func (s *scene) run(pod view.Object, node, address string) {
	s.write("replicaset-controller", "create", pod, "", pod.String()+" created: Pending", podKey("", ""))
	s.wait(3)
	s.tell(view.Event{Kind: view.Decided, Source: "master-1/kube-scheduler", Object: &pod, Text: pod.Name + " goes to " + node,
		Decision: &view.Decision{Pod: pod, Node: node, Took: time.Millisecond}})
	s.write("kube-scheduler", "create", pod, "binding", pod.String()+": Pending on "+node, podKey(node, ""))
	s.noise()
	s.wait(20)
	s.container(node, "/tasks/start", pod, "")
	s.wait(30)
	s.container(node, "/tasks/start", pod, "web")
	s.kubeEvent(pod, "Started: container web")
	s.wait(10)
	s.pod(pod, node, address, "Running, 1 of 1 ready on "+node)
	s.wait(7)
	s.list("endpointslices/demo/web-x: endpoints "+address, pod)
	s.wait(12)
	s.rule("node-1", address+":8080", false)
	s.rule("node-2", address+":8080", false)
}

// replace is the deletion of the first pod, and the way of its replacement.
func (s *scene) replace() {
	s.wait(1000)
	s.write("admin", "delete", pod1, "", "pods/demo/web-5f-1: Terminating", podKey("node-1", address1))
	s.wait(5)
	s.list("endpointslices/demo/web-x: endpoints "+address1+" (not ready)", pod1)
	s.run(pod2, "node-2", address2)
	s.noise()
	s.rule("node-1", address1+":8080", true)
	s.rule("node-2", address1+":8080", true)
	s.container("node-1", "/tasks/exit", pod1, "web")
	s.wait(6)
	k := podKey("node-1", address1)
	k.Deleted = true
	s.write("system:node:node-1", "delete", pod1, "", "pods/demo/web-5f-1 deleted", k)
}

// shuffled is the scene's events in some other order.
func (s *scene) shuffled(seed uint64) []view.Event {
	list := slices.Clone(s.events)
	rand.New(rand.NewPCG(seed, 1)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}
