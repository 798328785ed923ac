package trouble

import (
	"fmt"
	"testing"
	"time"

	"kubelab/core/component"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
)

// began is when the lab of the tests came up.
var began = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return began.Add(time.Duration(seconds * float64(time.Second))) }

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func object(resource, namespace, name string) *view.Object {
	return &view.Object{Resource: resource, Namespace: namespace, Name: name}
}

// blank is a lab of which nothing is known yet.
func blank(t testing.TB) *panel.State {
	t.Helper()
	time.Local = time.UTC
	look, err := theme.New(theme.Dark)
	if err != nil {
		t.Fatal(err)
	}
	return &panel.State{Lab: &view.Snapshot{}, Now: began, Theme: look}
}

// whole is a lab of three masters and three nodes in which nothing was broken.
func whole(t testing.TB) *panel.State {
	s := blank(t)
	s.Now = at(300)
	s.Lab = &view.Snapshot{
		Name: "lab", State: view.Healthy, Timing: "workshop", Time: s.Now,
		Etcd:   view.Etcd{Leader: "master-2", Term: 3, Quorum: true, Members: 3},
		Leases: map[string]string{component.Scheduler: "master-2", component.ControllerManager: "master-1"},
	}
	for i := 1; i <= 3; i++ {
		m := view.Master{Name: fmt.Sprintf("master-%d", i), IP: fmt.Sprintf("10.101.0.1%d", i), Components: map[string]component.Status{}}
		for _, name := range component.OfMaster {
			m.Components[name] = component.Status{State: component.Running, Since: at(float64(i)),
				Leading: name == component.Etcd && i == 2 || s.Lab.Leases[name] == m.Name}
		}
		s.Lab.Masters = append(s.Lab.Masters, m)
	}
	for i := 1; i <= 3; i++ {
		n := view.Node{Name: fmt.Sprintf("node-%d", i), IP: fmt.Sprintf("10.101.0.10%d", i), Ready: true, Schedulable: true, Pods: 2, PID: 13347 + i, Components: map[string]component.Status{}}
		for j, name := range component.OfNode {
			n.Components[name] = component.Status{State: component.Running, Since: at(2), PID: 13400 + 10*i + j}
		}
		s.Lab.Nodes = append(s.Lab.Nodes, n)
	}
	for i, p := range []struct{ namespace, name, node string }{
		{"demo", "web-79997975b5-g8lkz", "node-1"}, {"demo", "web-79997975b5-h6g5m", "node-2"}, {"demo", "web-79997975b5-p6q8x", "node-3"},
		{"kube-system", "coredns-84d7696f4d-44phw", "node-1"}, {"kube-system", "coredns-84d7696f4d-l6p4n", "node-2"},
	} {
		s.Lab.Pods = append(s.Lab.Pods, view.Pod{Namespace: p.namespace, Name: p.name, UID: fmt.Sprint(i), Node: p.node, Status: "Running", Ready: true, Running: 1, Of: 1})
	}
	s.Lab.Workloads = []view.Workload{
		{Kind: "Deployment", Namespace: "demo", Name: "web", Desired: 3, Current: 3, Ready: 3},
		{Kind: "ReplicaSet", Namespace: "demo", Name: "web-79997975b5", Desired: 3, Current: 3, Ready: 3, Owner: "Deployment/web"},
	}
	s.Lab.Services = []view.Service{{Namespace: "demo", Name: "web", Type: "ClusterIP", Endpoints: []view.Endpoint{{Address: "10.101.128.3", Ready: true}}}}
	s.Events = map[view.EventKind][]view.Event{
		view.Elected:     {{Seq: 1, Time: at(1), Kind: view.Elected, Source: "master-2/etcd", Text: "master-2 leads etcd in term 3"}},
		view.LeaseMoved:  {{Seq: 2, Time: at(5), Kind: view.LeaseMoved, Source: component.Scheduler, Text: "kube-scheduler of master-2 leads"}},
		view.Changed:     {{Seq: 3, Time: at(6), Kind: view.Changed, Source: "node-1/kubelet", Text: "node-1/kubelet is running, PID 13411"}},
		view.NodeChanged: {{Seq: 4, Time: at(11), Kind: view.NodeChanged, Source: "etcd", Object: object("nodes", "", "node-2"), Text: "node-2: Ready"}},
		view.PodChanged: {
			{Seq: 5, Time: at(12), Kind: view.PodChanged, Object: object("pods", "demo", "web-79997975b5-g8lkz"), Text: "demo/web-79997975b5-g8lkz: Running, 1 of 1 ready on node-1"},
		},
	}
	return s
}

// broken is that lab 8.4 s after master-2, which led, was killed, with two links that are bad besides.
func broken(t testing.TB) *panel.State {
	s := whole(t)
	deed := at(300)
	s.Now = at(308.4)
	s.Lab.State, s.Lab.Reason = view.Degraded, "master-2/etcd is crashed, and 3 more"
	s.Lab.Etcd.Leader, s.Lab.Etcd.Term = "master-3", 4
	for _, name := range component.OfMaster {
		s.Lab.Masters[1].Components[name] = component.Status{State: component.Crashed, Since: deed.Add(ms(3)), Error: "killed", Restarts: 1}
	}
	for m, name := range map[int]string{2: component.Etcd, 0: component.Scheduler} {
		c := s.Lab.Masters[m].Components[name]
		c.Leading = true
		s.Lab.Masters[m].Components[name] = c
	}
	s.Lab.Nodes[2].Ready = false
	s.Lab.Nodes[2].Components[component.Kubelet] = component.Status{State: component.Paused, Since: at(290), PID: 13431}
	s.Lab.Nodes[0].Components[component.Containerd] = component.Status{State: component.Starting, Since: at(307.9), Restarts: 2}
	s.Lab.Stale = []view.Stale{{Source: "node-3", Since: at(292), Why: "its kubelet was not heard of"}}

	cut := view.Action{Verb: view.Cut, Targets: []string{"master-1", "node-2"}, OneWay: true}
	loss := view.Action{Verb: view.Loss, Targets: []string{"node-3", "node-1"}, Percent: 30}
	kill := view.Action{Verb: view.Kill, Targets: []string{"master-2"}}
	faults := []view.Fault{
		{ID: "f1", Kind: view.Pause, What: "node-3/kubelet", Since: at(290), Heal: "lab resume", Expected: []string{"node-3 is NotReady within 9.5s: the controller manager has heard nothing for 8s"}},
		{ID: "f2", Kind: view.Cut, What: "master-1 node-2 --one-way", Since: at(295), Heal: "lab heal", Expected: []string{"master-1 and node-2 do not hear each other; both reach all others"}},
		{ID: "f3", Kind: view.Loss, What: "node-3 node-1 30%", Since: at(297), Heal: "lab heal", Expected: []string{"30 % of the packets are lost"}},
		{ID: "f4", Kind: view.Kill, What: "master-2", Since: deed, Heal: "lab start", Expected: []string{
			"2 of 3 etcd members left; one more loss stops writes",
			"master-2 leads etcd: the others elect a new leader within 0.7s, until then no write is accepted",
			"2 of 3 API servers left; the load balancer takes master-2 out, and its clients come back to another",
			"the Lease of kube-scheduler moves away from master-2 within 5.5s",
		}},
	}
	s.Lab.Faults = faults
	mark := func(p view.Phase, took, within, upstream int) view.Mark {
		return view.Mark{Expectation: view.Expectation{Phase: p, Within: ms(within), Upstream: ms(upstream)}, Seen: took > 0, Took: ms(max(took, 0))}
	}
	s.Records = []view.Record{
		{Fault: view.Fault{ID: "f0", Kind: view.Restart, What: "node-1/kubelet", Since: at(200)}, Action: view.Action{Verb: view.Restart, Targets: []string{"node-1/kubelet"}},
			Before: "healthy", Healed: at(200), HealedBy: "it leaves nothing to heal", Measured: &view.Measured{For: ms(2100), Marks: []view.Mark{mark(view.Restarted, 1650, 1500, 1500)},
				Writes: view.Traffic{Sent: 42, Gap: ms(60)}, Reads: view.Traffic{Sent: 42, Gap: ms(58)}}},
		{Fault: faults[0], Action: view.Action{Verb: view.Pause, Targets: []string{"node-3/kubelet"}}, Before: "healthy"},
		{Fault: faults[1], Action: cut, Before: "degraded: node-3/kubelet is paused", Measured: &view.Measured{For: ms(1500), Marks: []view.Mark{}, Writes: view.Traffic{Sent: 30, Gap: ms(60)}, Reads: view.Traffic{Sent: 30, Gap: ms(61)}}},
		{Fault: faults[2], Action: loss, Before: "degraded: node-3/kubelet is paused"},
		{Fault: faults[3], Action: kill, Before: "degraded: node-3/kubelet is paused", Measured: &view.Measured{
			For: ms(7400), Marks: []view.Mark{mark(view.Election, 412, 650, 2150), mark(view.FirstWrite, 498, 800, 2300), mark(view.SchedulerMove, 6100, 5500, 21000), mark(view.NotReady, 0, 9500, 56000)},
			Writes: view.Traffic{Sent: 812, Failed: 9, Gap: ms(501), Error: "etcdserver: leader changed"}, Reads: view.Traffic{Sent: 810, Failed: 2, Gap: ms(120)},
			Service: &view.Traffic{Sent: 400, Gap: ms(22)},
		}},
	}
	for _, e := range []view.Event{
		{Seq: 10, Time: deed.Add(ms(3)), Kind: view.Changed, Source: "master-2/etcd", Text: "master-2/etcd is crashed"},
		{Seq: 11, Time: deed.Add(ms(4)), Kind: view.Changed, Source: "lab", Text: "the lab is degraded: master-2/etcd is crashed, and 3 more"},
		{Seq: 12, Time: deed.Add(ms(412)), Kind: view.Elected, Source: "master-3/etcd", Text: "master-3 leads etcd in term 4, before it was master-2"},
		{Seq: 13, Time: deed.Add(ms(6100)), Kind: view.LeaseMoved, Source: component.Scheduler, Text: "kube-scheduler of master-1 leads"},
		{Seq: 14, Time: deed.Add(ms(7000)), Kind: view.NodeChanged, Source: "etcd", Text: "node-3: NotReady, tainted node.kubernetes.io/unreachable:NoExecute"},
		{Seq: 15, Time: deed.Add(ms(7100)), Kind: view.PodChanged, Object: object("pods", "demo", "web-79997975b5-p6q8x"), Text: "demo/web-79997975b5-p6q8x: Terminating, 1 of 1 ready on node-3"},
		{Seq: 16, Time: deed.Add(ms(7110)), Kind: view.PodChanged, Object: object("pods", "demo", "web-79997975b5-zzzzz"), Text: "demo/web-79997975b5-zzzzz: Pending, 0 of 1 ready"},
		{Seq: 17, Time: deed.Add(ms(7120)), Kind: view.PodChanged, Object: object("pods", "demo", "web-79997975b5-yyyyy"), Text: "demo/web-79997975b5-yyyyy: Pending, 0 of 1 ready"},
		{Seq: 18, Time: deed.Add(ms(7900)), Kind: view.Changed, Source: "node-1/containerd", Text: "node-1/containerd is starting"},
		{Seq: 9, Time: at(297), Kind: view.Acted, Source: "lab", Text: "lab loss node-3 node-1 30%", Commands: []string{
			"nft add rule inet lab forward ip saddr 10.101.0.103 ip daddr 10.101.0.101 numgen random mod 100 < 30 drop", "nft add rule inet lab forward ip saddr 10.101.0.101 ip daddr 10.101.0.103 numgen random mod 100 < 30 drop",
		}},
		{Seq: 19, Time: deed, Kind: view.Acted, Source: "lab", Text: "lab kill master-2", Commands: []string{
			"# etcd, kube-apiserver, kube-scheduler and kube-controller-manager are goroutines of the engine: no command kills them",
			"ip address del 10.101.0.12/16 dev lab0", "# on a master of kubeadm's: pull its power cord",
		}},
	} {
		s.Events[e.Kind] = append(s.Events[e.Kind], e)
	}
	return s
}

// told is a story as an engine tells it.
func storyAnswer() view.Answer {
	o := view.Object{Resource: "deployments", Namespace: "demo", Name: "web"}
	pod := *object("pods", "demo", "web-79997975b5-p6q8x")
	entry := func(seq uint64, after int, e view.Event) view.Entry {
		e.Seq = seq
		return view.Entry{Event: e, After: time.Duration(after) * time.Microsecond}
	}
	list := []view.Entry{
		entry(1, 0, view.Event{Kind: view.Requested, Source: "master-1/kube-apiserver", Object: &o, Text: "kubernetes-admin: patch deployments/demo/web → 201", Request: &view.Request{
			User: "kubernetes-admin", Agent: "kubectl/v1.34.0", From: "10.101.0.10", Verb: "patch", Code: 201, Took: 92762 * time.Microsecond, Mutations: []string{"spec.replicas to 3"},
			Stages: []view.Stage{{Name: "admission begins", At: 36704 * time.Microsecond}, {Name: "admission has mutated", At: 36780 * time.Microsecond}, {Name: "admission has validated", At: 67678 * time.Microsecond}}}}),
		entry(2, 88387, view.Event{Kind: view.KeyChanged, Source: "etcd", Object: &o, Text: "deployments/demo/web created: 0 of 3 ready", Key: &view.KeyChange{Key: "/registry/deployments/demo/web", Revision: 382, Version: 1, Size: 1917}}),
		entry(3, 4096, view.Event{Kind: view.Requested, Source: "master-1/kube-apiserver", Text: "system:serviceaccount:kube-system:deployment-controller: create replicasets/demo/web-79997975b5 → 201", Request: &view.Request{Took: ms(778)}}),
		entry(4, 773655, view.Event{Kind: view.KeyChanged, Source: "etcd", Text: "replicasets/demo/web-79997975b5 created: 0 of 3 ready", Key: &view.KeyChange{Revision: 387}}),
		entry(5, 14665, view.Event{Kind: view.Requested, Source: "master-1/kube-apiserver", Text: "system:serviceaccount:kube-system:deployment-controller: update deployments/demo/web (status) → 409, refused by storage: the object has been modified", Request: &view.Request{Took: ms(3), Refused: view.Storage}}),
		entry(6, 34012, view.Event{Kind: view.KubeEvent, Source: "deployment-controller", Object: &o, Text: "ScalingReplicaSet: Scaled up replica set web-79997975b5 from 0 to 3"}),
		entry(7, 4169, view.Event{Kind: view.Decided, Source: "master-1/kube-scheduler", Object: &pod, Text: "demo/web-79997975b5-p6q8x goes to node-2: 2 of 3 nodes fit, this one scores 672", Decision: &view.Decision{
			Pod: pod, Master: "master-1", Attempt: 1, Took: 191 * time.Microsecond, Node: "node-2", Nodes: []view.Verdict{
				{Node: "node-1", Fits: true, Total: 670, Scores: map[string]int64{"NodeResourcesFit": 96, "TaintToleration": 300}}, {Node: "node-2", Fits: true, Total: 672, Scores: map[string]int64{"NodeResourcesFit": 98, "TaintToleration": 300}},
				{Node: "node-3", Rejected: "TaintToleration", Why: "it is tainted node.kubernetes.io/unreachable"}}}}),
		entry(8, 396000, view.Event{Kind: view.ContainerDone, Source: "node-2/containerd", Object: &pod, Text: "task of demo/web-79997975b5-p6q8x/web started, PID 14196", Container: &view.ContainerChange{Topic: "/tasks/start", ID: "05eb0651516a", Container: "web", PID: 14196}}),
		entry(9, 360000, view.Event{Kind: view.RuleChanged, Source: "node-2/kube-proxy", Text: "rule to 10.101.129.2:8080 of Service demo/web made", Rule: &view.RuleChange{Service: *object("services", "demo", "web"), Endpoint: "10.101.129.2:8080"}}),
		entry(10, 3490020, view.Event{Kind: view.KubeEvent, Source: "kubelet", Object: &pod, Text: "Warning Unhealthy: Readiness probe failed: Get \"http://10.101.128.3:8080/healthz\": connection refused"}),
	}
	now := at(301)
	for i := range list {
		now = now.Add(list[i].After)
		list[i].Time = now
	}
	return view.Answer{Story: &view.Story{Object: o, Entries: list, Since: at(0)}}
}

var logLines = []string{
	`{"level":"info","ts":"2026-11-24T12:05:00.412Z","logger":"raft","msg":"a03f became leader at term 4"}`,
	`{"level":"warn","ts":"2026-11-24T12:05:00.500Z","msg":"slow fdatasync","took":"1.2s"}`,
	`{"level":"error","ts":"2026-11-24T12:05:01.100Z","msg":"lost the TCP streaming connection with remote peer","peer":"19671ec0dea7e32c"}`,
	`I1124 12:05:02.000001       1 server.go:12] "Started" address="10.101.0.11:6443"`,
	`W1124 12:05:02.100001       1 reflector.go:9] watch ended with: very short watch`,
	`E1124 12:05:02.200001       1 leaderelection.go:441] error retrieving resource lock kube-system/kube-scheduler: connection refused`,
	"time=\"2026-11-24T12:05:03Z\" level=error msg=\"failed to reserve\tsandbox name\"",
	"plain words without a level",
}
