package objects

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
	time.Local = time.UTC // goldens show clocks
	os.Exit(m.Run())
}

var noon = time.Date(2026, 11, 24, 12, 12, 23, 784e6, time.UTC)

func before(d time.Duration) time.Time { return noon.Add(-d) }

func emptyState(t testing.TB) *panel.State {
	look, err := theme.New(theme.Dark)
	if err != nil {
		t.Fatal(err)
	}
	return &panel.State{Lab: &view.Snapshot{}, Now: noon, Theme: look}
}

// workshop is a lab with three nodes of which one is cordoned, one is silent, and a rollout that has stuck.
func workshop(t testing.TB) *panel.State {
	s := emptyState(t)
	run := func(pid, restarts int, since time.Duration) component.Status {
		return component.Status{State: component.Running, PID: pid, Restarts: restarts, Since: before(since)}
	}
	node := func(i int, beat time.Duration) view.Node {
		return view.Node{Name: fmt.Sprintf("node-%d", i), IP: fmt.Sprintf("10.101.0.10%d", i), Ready: true, Schedulable: true, PodRange: fmt.Sprintf("10.101.%d.0/24", 127+i), PID: 13300 + i,
			Components: map[string]component.Status{"containerd": run(13369+i, 0, 36*time.Second), "kubelet": run(13527+i, 0, 33*time.Second), "kube-proxy": run(13548+i, 0, 33*time.Second)},
			Heartbeat:  before(beat), Conditions: map[string]string{"DiskPressure": "False", "MemoryPressure": "False", "PIDPressure": "False", "Ready": "True"},
			Capacity: map[string]string{"cpu": "2", "memory": "1848Mi", "pods": "110"}}
	}
	one, two, three := node(1, 1800*time.Millisecond), node(2, 400*time.Millisecond), node(3, 12*time.Second)
	one.Pods, one.Requested = 3, map[string]string{"cpu": "150m", "memory": "64Mi", "pods": "3"}
	two.Pods, two.Requested, two.Schedulable = 2, map[string]string{"cpu": "1750m", "memory": "1780Mi", "pods": "2"}, false
	two.Taints = []string{"node.kubernetes.io/unschedulable:NoSchedule"}
	two.Components["kubelet"] = run(14811, 2, 4*time.Second)
	three.Pods, three.Ready, three.Requested = 1, false, map[string]string{"cpu": "50m", "memory": "16Mi", "pods": "1"}
	three.Conditions["Ready"] = "Unknown"
	three.Taints = []string{"node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute"}
	three.Components["kubelet"] = component.Status{State: component.Crashed, Restarts: 1, Since: before(11 * time.Second), Error: "signal: killed"}
	pod := func(ns, name, node, ip, status string, ready bool, restarts int, owner string, age time.Duration) view.Pod {
		p := view.Pod{Namespace: ns, Name: name, UID: "34c7f8db-0522-49de-8203-dae8adabf144", Node: node, IP: ip, Status: status, Ready: ready, Of: 1, Restarts: restarts, Owner: owner, Created: before(age)}
		if ready {
			p.Running = 1
		}
		return p
	}
	s.Lab = &view.Snapshot{Revision: 389, Time: noon, Name: "see", State: view.Degraded, Timing: "workshop", Nodes: []view.Node{one, two, three},
		Leases: map[string]string{"kube-controller-manager": "master-2", "kube-scheduler": ""},
		Holders: map[string]view.Lease{
			"kube-controller-manager": {Holder: "master-2", Renewed: before(400 * time.Millisecond), Seconds: 4, Transitions: 1},
			"kube-scheduler":          {Holder: "master-1", Renewed: before(2900 * time.Millisecond), Seconds: 4, Transitions: 0},
		},
		Pods: []view.Pod{
			pod("demo", "web-6f8d9c7b54-x2v9q", "", "", "Pending", false, 0, "ReplicaSet/web-6f8d9c7b54", 4*time.Second),
			pod("demo", "web-79997975b5-g8lkz", "node-1", "10.101.128.3", "Running", true, 0, "ReplicaSet/web-79997975b5", 21*time.Second),
			pod("demo", "web-79997975b5-h6g5m", "node-1", "10.101.128.4", "CrashLoopBackOff", false, 3, "ReplicaSet/web-79997975b5", 21*time.Second),
			pod("demo", "web-79997975b5-p6q8x", "node-2", "10.101.129.2", "Running", true, 0, "ReplicaSet/web-79997975b5", 21*time.Second),
			pod("kube-system", "coredns-84d7696f4d-44phw", "node-1", "10.101.128.2", "Running", true, 0, "ReplicaSet/coredns-84d7696f4d", 3*time.Hour),
			pod("kube-system", "coredns-84d7696f4d-l6p4n", "node-3", "10.101.130.3", "Terminating", false, 0, "ReplicaSet/coredns-84d7696f4d", 3*time.Hour),
		},
		Workloads: []view.Workload{
			{Kind: "Deployment", Namespace: "demo", Name: "web", Desired: 3, Current: 4, Ready: 2, Updated: 1},
			{Kind: "ReplicaSet", Namespace: "demo", Name: "web-5c4d", Owner: "Deployment/web"},
			{Kind: "ReplicaSet", Namespace: "demo", Name: "web-6f8d9c7b54", Desired: 1, Current: 1, Owner: "Deployment/web"},
			{Kind: "ReplicaSet", Namespace: "demo", Name: "web-79997975b5", Desired: 3, Current: 3, Ready: 2, Updated: 3, Owner: "Deployment/web"},
			{Kind: "Deployment", Namespace: "kube-system", Name: "coredns", Desired: 2, Current: 2, Ready: 1, Updated: 2},
			{Kind: "ReplicaSet", Namespace: "kube-system", Name: "coredns-84d7696f4d", Desired: 2, Current: 2, Ready: 1, Updated: 2, Owner: "Deployment/coredns"},
		},
		Services: []view.Service{
			{Namespace: "default", Name: "kubernetes", Type: "ClusterIP", IP: "10.101.64.1", Ports: []string{"443/TCP"},
				Endpoints: []view.Endpoint{{Address: "10.101.0.11", Ready: true}, {Address: "10.101.0.12", Ready: true}, {Address: "10.101.0.13", Ready: true}}},
			{Namespace: "demo", Name: "idle", Type: "ClusterIP", IP: "10.101.70.7", Ports: []string{"80/TCP"}},
			{Namespace: "demo", Name: "web", Type: "ClusterIP", IP: "10.101.67.39", Ports: []string{"80/TCP"}, Endpoints: []view.Endpoint{
				{Address: "10.101.128.3", Pod: "web-79997975b5-g8lkz", Node: "node-1", Ready: true},
				{Address: "10.101.128.4", Pod: "web-79997975b5-h6g5m", Node: "node-1"},
				{Address: "10.101.129.2", Pod: "web-79997975b5-p6q8x", Node: "node-2", Ready: true}}},
			{Namespace: "kube-system", Name: "kube-dns", Type: "ClusterIP", IP: "10.101.64.10", Ports: []string{"53/UDP", "53/TCP", "9153/TCP"}, Endpoints: []view.Endpoint{
				{Address: "10.101.128.2", Pod: "coredns-84d7696f4d-44phw", Node: "node-1", Ready: true},
				{Address: "10.101.130.3", Pod: "coredns-84d7696f4d-l6p4n", Node: "node-3"}}},
		},
		Stale: []view.Stale{{Source: "node-3", Since: before(12 * time.Second), Why: "its kubelet was not heard of"}},
	}
	s.Events = happened()
	return s
}

// happened are events as a lab tells them.
func happened() map[view.EventKind][]view.Event {
	all := map[view.EventKind][]view.Event{}
	seq := uint64(1500)
	add := func(ago time.Duration, kind view.EventKind, source, object, text string, more func(*view.Event)) {
		seq++
		e := view.Event{Seq: seq, Time: before(ago), Kind: kind, Source: source, Text: text}
		if object != "" {
			e.Object = objectNamed(object)
		}
		if more != nil {
			more(&e)
		}
		all[kind] = append(all[kind], e)
	}
	container := func(topic string, pid int) func(*view.Event) {
		return func(e *view.Event) {
			e.Container = &view.ContainerChange{Topic: topic, ID: "4ce4e8fcfd4146a9", Pod: *e.Object, Container: "web", PID: pid, ExitCode: 1}
		}
	}
	web := "pods/demo/web-79997975b5-h6g5m"
	add(21370*time.Millisecond, view.Decided, "master-1/kube-scheduler", web, "demo/web-79997975b5-h6g5m goes to node-1: 2 of 2 nodes fit, this one scores 670", func(e *view.Event) {
		e.Decision = &view.Decision{Pod: *e.Object, Master: "master-1", Attempt: 1, Took: 830 * time.Microsecond, Node: "node-1"}
	})
	add(21360*time.Millisecond, view.PodChanged, "etcd", web, "demo/web-79997975b5-h6g5m: ContainerCreating, 0 of 1 ready on node-1", nil)
	add(20182*time.Millisecond, view.ContainerDone, "node-1/containerd", web, "container of demo/web-79997975b5-h6g5m/web created from lab.local/demo:1", container("/containers/create", 0))
	add(20008*time.Millisecond, view.ContainerDone, "node-1/containerd", web, "task of demo/web-79997975b5-h6g5m/web started, PID 14528", container("/tasks/start", 14528))
	add(19866*time.Millisecond, view.KubeEvent, "kubelet", web, "Started: Container started", nil)
	add(19657*time.Millisecond, view.PodChanged, "etcd", web, "demo/web-79997975b5-h6g5m: Running, 1 of 1 ready on node-1", nil)
	add(19192*time.Millisecond, view.Acted, "lab", "", "lab kill master-1/etcd", nil)
	add(19110*time.Millisecond, view.FaultInjected, "lab", "", "f1: kill master-1/etcd", nil)
	add(19100*time.Millisecond, view.Changed, "master-1/etcd", "", "master-1/etcd is crashed", nil)
	add(19090*time.Millisecond, view.Changed, "lab", "", "the lab is degraded: master-1/etcd is crashed", nil)
	add(16300*time.Millisecond, view.Elected, "master-2/etcd", "", "master-2 leads etcd in term 3, before it was master-3", nil)
	add(15177*time.Millisecond, view.LeaseMoved, "kube-controller-manager", "leases/kube-system/kube-controller-manager", "kube-controller-manager of master-2 leads", nil)
	add(12000*time.Millisecond, view.SourceChanged, "node-3", "", "what is shown of node-3 is stale: its kubelet was not heard of", nil)
	add(11000*time.Millisecond, view.FaultHealed, "lab", "", "f1: healed by lab heal --all", nil)
	add(4000*time.Millisecond, view.NodeChanged, "etcd", "nodes/node-3", "node-3: NotReady, tainted node.kubernetes.io/unreachable:NoSchedule", nil)
	add(3900*time.Millisecond, view.Decided, "master-1/kube-scheduler", "pods/demo/web-6f8d9c7b54-x2v9q", "demo/web-6f8d9c7b54-x2v9q fits nowhere: Insufficient cpu", func(e *view.Event) {
		e.Decision = &view.Decision{Pod: *e.Object, Master: "master-1", Why: "Insufficient cpu"}
	})
	add(2600*time.Millisecond, view.KubeEvent, "kubelet", web, "Warning BackOff: Back-off restarting failed container web in pod web-79997975b5-h6g5m (3 times)", nil)
	add(2500*time.Millisecond, view.Requested, "master-2/kube-apiserver", "configmaps/kube-system/lab-stopwatch-15", "kubernetes-admin: update configmaps/kube-system/lab-stopwatch-15 → 200", nil)
	add(2450*time.Millisecond, view.RuleChanged, "node-1/kube-proxy", "services/demo/web", "rule to 10.101.128.4:8080 of Service demo/web removed", nil)
	add(900*time.Millisecond, view.ContainerDone, "node-1/containerd", web, "task of demo/web-79997975b5-h6g5m/web exited with code 1", container("/tasks/exit", 14528))
	add(700*time.Millisecond, view.PodChanged, "etcd", web, "demo/web-79997975b5-h6g5m: CrashLoopBackOff, 0 of 1 ready on node-1, restarted 3 times", nil)
	return all
}

func objectNamed(text string) *view.Object {
	var o view.Object
	switch parts := split(text); len(parts) {
	case 2:
		o = view.Object{Resource: parts[0], Name: parts[1]}
	default:
		o = view.Object{Resource: parts[0], Namespace: parts[1], Name: parts[2]}
	}
	return &o
}
