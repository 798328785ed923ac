package brain

import (
	"fmt"
	"os"
	"testing"
	"time"

	"kubelab/core/component"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
)

func TestMain(m *testing.M) {
	time.Local = time.UTC // goldens show moments
	os.Exit(m.Run())
}

var now = time.Date(2026, 11, 24, 12, 12, 43, 600e6, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

func dark(t testing.TB) *theme.Theme {
	th, err := theme.New(theme.Dark)
	if err != nil {
		t.Fatal(err)
	}
	return th
}

// scene is a lab some seconds after master-3 has crashed.
func scene(t testing.TB) *panel.State {
	s := &panel.State{Lab: snapshot(), Now: now, Theme: dark(t), Events: map[view.EventKind][]view.Event{}}
	seq := uint64(100)
	add := func(kind view.EventKind, at time.Time, e view.Event) {
		seq++
		e.Seq, e.Kind, e.Time = seq, kind, at
		s.Events[kind] = append(s.Events[kind], e)
	}
	add(view.Elected, ago(58*time.Second), view.Event{Source: "master-3/etcd", Text: "master-3 leads etcd in term 2"})
	add(view.Elected, ago(9*time.Second), view.Event{Source: "etcd", Text: "etcd has no leader in term 2, before it was master-3"})
	add(view.Elected, ago(8100*time.Millisecond), view.Event{Source: "master-2/etcd", Text: "master-2 leads etcd in term 3"})
	add(view.LeaseMoved, ago(5*time.Second), view.Event{Source: component.Scheduler, Text: "kube-scheduler of master-2 leads"})
	add(view.LeaseMoved, ago(4*time.Second), view.Event{Source: component.ControllerManager, Text: "kube-controller-manager of master-2 leads"})
	requests(add)
	keys(add)
	for i, d := range decisions() {
		pod := d.Pod
		add(view.Decided, ago(time.Duration(3-i)*time.Second), view.Event{Source: d.Master + "/kube-scheduler", Object: &pod, Decision: d})
	}
	return s
}

func snapshot() *view.Snapshot {
	running := func(leads bool) component.Status {
		return component.Status{State: component.Running, Leading: leads, Since: ago(58 * time.Second)}
	}
	crashed := component.Status{State: component.Crashed, Since: ago(9 * time.Second), Error: "killed"}
	master := func(name, ip string, etcd, api, sched, ctl component.Status) view.Master {
		return view.Master{Name: name, IP: ip, Components: map[string]component.Status{
			component.Etcd: etcd, component.APIServer: api, component.Scheduler: sched, component.ControllerManager: ctl,
		}}
	}
	member := func(name, id, role string, lag uint64) view.EtcdMember {
		return view.EtcdMember{
			Name: name, ID: id, Role: role, Leader: "master-2", Term: 3, Committed: 1376, Applied: 1376 - lag, Lag: lag, Revision: 1325,
			Size: 1171456, InUse: 1159168, Peers: map[string]bool{"master-1": true, "master-2": true, "master-3": false},
		}
	}
	one, two := member("master-1", "e4b8455cb8f4fc81", "follower", 2), member("master-2", "19671ec0dea7e32c", "leader", 0)
	delete(one.Peers, "master-1")
	delete(two.Peers, "master-2")
	return &view.Snapshot{
		Time: now, Name: "see", State: view.Degraded, Reason: "master-3 is down", Timing: "workshop",
		Etcd: view.Etcd{Leader: "master-2", Term: 3, Quorum: true, Members: 2, Revision: 1325, Each: []view.EtcdMember{one, two, {Name: "master-3"}}},
		Holders: map[string]view.Lease{
			component.Scheduler:         {Holder: "master-2", Renewed: ago(400 * time.Millisecond), Seconds: 4, Transitions: 1},
			component.ControllerManager: {Holder: "master-2", Renewed: ago(2600 * time.Millisecond), Seconds: 4, Transitions: 2},
		},
		Leases: map[string]string{component.Scheduler: "master-2", component.ControllerManager: "master-2"},
		Masters: []view.Master{
			master("master-1", "10.101.0.11", running(false), running(false), running(false), running(false)),
			master("master-2", "10.101.0.12", running(true), running(false), running(true), running(true)),
			master("master-3", "10.101.0.13", crashed, crashed, crashed, crashed),
		},
		Nodes: []view.Node{{Name: "node-1", Ready: true, Schedulable: true}, {Name: "node-2", Ready: true, Schedulable: true}},
		Workloads: []view.Workload{
			{Kind: "Deployment", Namespace: "demo", Name: "web", Desired: 4, Current: 4, Ready: 3, Updated: 4},
			{Kind: "ReplicaSet", Namespace: "demo", Name: "web-5d9f8c7b64", Owner: "Deployment/web"},
			{Kind: "ReplicaSet", Namespace: "demo", Name: "web-79997975b5", Desired: 4, Current: 4, Ready: 3, Updated: 4, Owner: "Deployment/web"},
			{Kind: "Deployment", Namespace: "kube-system", Name: "coredns", Desired: 2, Current: 2, Ready: 2, Updated: 2},
			{Kind: "ReplicaSet", Namespace: "kube-system", Name: "coredns-84d7696f4d", Desired: 2, Current: 2, Ready: 2, Updated: 2, Owner: "Deployment/coredns"},
		},
		Stale: []view.Stale{{Source: "master-1/etcd", Since: ago(1200 * time.Millisecond), Why: "it is 2 entries behind"}},
	}
}

func object3(resource, ns, name string) view.Object {
	return view.Object{Resource: resource, Namespace: ns, Name: name}
}

func requests(add func(view.EventKind, time.Time, view.Event)) {
	request := func(at time.Duration, r view.Request) {
		r.Began = ago(at).Add(-r.Took)
		r.ID, r.From = "0f2c9e86-b2fc-4fd2-9cda-0f75d380ff51", "10.101.0.10"
		o := r.Object
		add(view.Requested, ago(at), view.Event{Source: r.Server + "/kube-apiserver", Object: &o, Request: &r})
	}
	for i := range 50 { // an even murmur of heartbeats
		server := fmt.Sprintf("master-%d", i%2+1)
		took := time.Duration(900+i*i*40) * time.Microsecond
		request(time.Duration(57-i)*time.Second, view.Request{Server: server, User: fmt.Sprintf("system:node:node-%d", i%2+1), Verb: "update", Object: object3("leases", "kube-node-lease", fmt.Sprintf("node-%d", i%2+1)), Code: 200, Took: took})
	}
	stages := []view.Stage{{Name: "admission begins", At: 1324578}, {Name: "admission has mutated", At: 11197154}, {Name: "admission has validated", At: 15885240}}
	request(6*time.Second, view.Request{Server: "master-1", User: "system:kube-scheduler", Verb: "watch", Object: object3("pods", "", ""), Code: 200, Took: 5 * time.Second, Long: true})
	request(5*time.Second, view.Request{Server: "master-1", User: "jane", Groups: []string{"developers", "system:authenticated"}, Agent: "kubectl/v1.34.0", Verb: "delete", Object: object3("nodes", "", "node-1"), Code: 403, Took: 800 * time.Microsecond, Refused: view.Authorization, Why: "no rule allows it"})
	request(3500*time.Millisecond, view.Request{Server: "master-2", User: "kubernetes-admin", Groups: []string{"system:masters", "system:authenticated"}, Agent: "kubectl/v1.34.0", Verb: "patch", Object: object3("deployments", "demo", "web"), Sub: "scale", Code: 200, Took: 7100 * time.Microsecond, Stages: stages[:1]})
	request(3200*time.Millisecond, view.Request{
		Server: "master-1", User: controllerAccounts + "replicaset-controller", Groups: []string{"system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"},
		Agent: "lab/v0.0.0 (linux/amd64) kubernetes/$Format/system:serviceaccount:kube-system:replicaset-controller", Verb: "create", Object: object3("pods", "demo", "web-79997975b5-p6q8x"), Code: 201, Took: 20246194,
		Mutations: []string{"spec.preemptionPolicy = \"PreemptLowerPriority\"", "spec.priority = 0", "spec.serviceAccountName = \"default\"", "spec.volumes[1] added: {\"name\":\"kube-api-access-n4hgv\"}"}, Stages: stages,
	})
	request(2900*time.Millisecond, view.Request{Server: "master-2", User: "system:kube-scheduler", Verb: "create", Object: object3("pods", "demo", "web-79997975b5-p6q8x"), Sub: "binding", Code: 201, Took: 5200 * time.Microsecond})
	request(2500*time.Millisecond, view.Request{Server: "master-2", User: controllerAccounts + "deployment-controller", Verb: "update", Object: object3("deployments", "demo", "web"), Sub: "status", Code: 409, Took: 3300 * time.Microsecond, Refused: view.Storage, Why: "the object has been modified; please apply your changes to the latest version"})
	request(900*time.Millisecond, view.Request{Server: "master-1", User: controllerAccounts + "deployment-controller", Verb: "update", Object: object3("deployments", "demo", "web"), Sub: "status", Code: 200, Took: 4100 * time.Microsecond})
}

func keys(add func(view.EventKind, time.Time, view.Event)) {
	key := func(at time.Duration, o view.Object, key, text string, k view.KeyChange) {
		k.Key = registry + key
		add(view.KeyChanged, ago(at), view.Event{Source: "etcd", Object: &o, Text: text, Key: &k})
	}
	web := object3("deployments", "demo", "web")
	pod := object3("pods", "demo", "web-79997975b5-p6q8x")
	lease := object3("leases", "kube-system", "kube-scheduler")
	key(8*time.Second, object3("pods", "demo", "web-5d9f8c7b64-aaaaa"), "pods/demo/web-5d9f8c7b64-aaaaa", "pods/demo/web-5d9f8c7b64-aaaaa deleted", view.KeyChange{Revision: 1310, Deleted: true})
	key(3500*time.Millisecond, web, "deployments/demo/web", web.String()+" updated", view.KeyChange{Revision: 1319, Version: 7, Size: 1843})
	key(3200*time.Millisecond, pod, "pods/demo/web-79997975b5-p6q8x", pod.String()+" created: Pending", view.KeyChange{Revision: 1320, Version: 1, Size: 1490})
	key(2900*time.Millisecond, pod, "pods/demo/web-79997975b5-p6q8x", pod.String()+": Pending on node-2", view.KeyChange{Revision: 1321, Version: 2, Size: 1502})
	key(1*time.Second, lease, "leases/kube-system/kube-scheduler", "", view.KeyChange{Revision: 1324, Version: 30, Size: 460})
	key(900*time.Millisecond, web, "deployments/demo/web", web.String()+" updated", view.KeyChange{Revision: 1325, Version: 8, Size: 1851})
}

func decisions() []*view.Decision {
	filters := []string{"NodeName", "NodeUnschedulable", "TaintToleration", "NodeResourcesFit"}
	skipped := []string{"DynamicResources", "InterPodAffinity", "NodeAffinity", "NodeDeclaredFeatures", "NodePorts", "NodeVolumeLimits", "PodTopologySpread", "VolumeBinding", "VolumeRestrictions", "VolumeZone"}
	scorers := []string{"TaintToleration", "NodeResourcesFit", "PodTopologySpread", "NodeResourcesBalancedAllocation", "ImageLocality"}
	scores := func(fit, spread, image int64) map[string]int64 {
		return map[string]int64{"TaintToleration": 300, "NodeResourcesFit": fit, "PodTopologySpread": spread, "NodeResourcesBalancedAllocation": 74, "ImageLocality": image}
	}
	return []*view.Decision{
		{Pod: object3("pods", "demo", "web-79997975b5-p6q8x"), Master: "master-2", Attempt: 1, Took: 444708, Node: "node-2", Filters: filters, Skipped: skipped, Scorers: scorers, Nodes: []view.Verdict{
			{Node: "node-1", Fits: true, Scores: scores(96, 0, 3), Total: 473}, {Node: "node-2", Fits: true, Scores: scores(98, 200, 0), Total: 672},
			{Node: "node-3", Rejected: "TaintToleration", Why: "node(s) had untolerated taint(s)"},
		}},
		{Pod: object3("pods", "demo", "only"), Master: "master-2", Attempt: 1, Took: 191377, Node: "node-1", Filters: filters, Skipped: skipped, Nodes: []view.Verdict{
			{Node: "node-1", Fits: true}, {Node: "node-2", Rejected: "NodeResourcesFit", Why: "Insufficient cpu"}, {Node: "node-3", Rejected: "TaintToleration", Why: "node(s) had untolerated taint(s)"},
		}},
		{Pod: object3("pods", "demo", "huge"), Master: "master-2", Attempt: 3, Took: 133400, Why: "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient memory.", Filters: filters, Skipped: skipped, Nodes: []view.Verdict{
			{Node: "node-1", Rejected: "NodeResourcesFit", Why: "Insufficient memory"}, {Node: "node-2", Rejected: "NodeResourcesFit", Why: "Insufficient memory"}, {Node: "node-3", Rejected: "TaintToleration", Why: "node(s) had untolerated taint(s)"},
		}},
	}
}

// answers are what the panels ask for.
func answers() (queue, controllers view.Answer) {
	queue.Queue = &view.Queue{Master: "master-2", Active: []view.Object{}, InFlight: []view.Object{}, Backoff: []view.Object{object3("pods", "demo", "huge")}, Unschedulable: []view.Object{object3("pods", "demo", "gpu-1"), object3("pods", "demo", "gpu-2")}}
	last := &view.Request{Verb: "update", Object: object3("deployments", "demo", "web"), Sub: "status", Code: 200, Began: ago(900 * time.Millisecond)}
	made := &view.Request{Verb: "create", Object: object3("pods", "demo", "web-79997975b5-p6q8x"), Code: 201, Began: ago(3200 * time.Millisecond)}
	controllers.Controllers = &view.Controllers{Master: "master-2", Queues: []view.Controller{
		{Name: "cronjob"}, {Name: "daemonset"}, {Name: "deployment", Depth: 1, Adds: 120, Retries: 3, Rate: 0.7, Last: last},
		{Name: "endpoint_slice", Adds: 41, Rate: 0.3}, {Name: "garbage_collector_attempt_to_delete", Adds: 9}, {Name: "replicaset", Adds: 66, Rate: 0.3, Last: made},
	}}
	return queue, controllers
}
