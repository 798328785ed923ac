package topo

import (
	"fmt"
	"slices"
	"time"

	"kubelab/core/component"
	"kubelab/core/topology"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
)

var noon = time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return noon.Add(-d) }

// sample is a healthy lab with so many machines and pods, ten seconds after somebody has written something.
func sample(masters, nodes, pods int) *panel.State {
	t, err := theme.New(theme.Dark)
	if err != nil {
		panic(err)
	}
	s := &panel.State{Now: noon, Theme: t, Events: map[view.EventKind][]view.Event{}, Lab: &view.Snapshot{
		Revision: 7, Time: noon, Name: "lab", State: view.Healthy, Timing: "workshop", Subnet: "10.100.0.0/16",
		Etcd:     view.Etcd{Leader: "master-2", Term: 3, Quorum: true, Members: masters, Revision: 1325},
		Leases:   map[string]string{component.Scheduler: "master-1", component.ControllerManager: "master-2"},
		Balancer: view.Balancer{Address: "10.100.0.10"},
	}}
	up := component.Status{State: component.Running, Since: ago(25 * time.Minute)}
	for i := 1; i <= masters; i++ {
		m := view.Master{Name: fmt.Sprintf("master-%d", i), IP: fmt.Sprintf("10.100.0.%d", 10+i), Components: map[string]component.Status{}}
		for _, c := range component.OfMaster {
			one := up
			one.Leading = s.Lab.Leases[c] == m.Name || c == component.Etcd && s.Lab.Etcd.Leader == m.Name
			m.Components[c] = one
		}
		role := "follower"
		if i == 2 {
			role = "leader"
		}
		s.Lab.Etcd.Each = append(s.Lab.Etcd.Each, view.EtcdMember{Name: m.Name, ID: fmt.Sprint(i), Role: role, Leader: "master-2", Term: 3, Revision: 1325, Size: 1196032})
		s.Lab.Balancer.Healthy = append(s.Lab.Balancer.Healthy, fmt.Sprintf("%s:%d", m.IP, topology.APIServerPort))
		s.Lab.Masters = append(s.Lab.Masters, m)
	}
	s.Lab.Holders = map[string]view.Lease{
		component.Scheduler:         {Holder: "master-1", Renewed: ago(300 * time.Millisecond), Seconds: 4, Transitions: 1},
		component.ControllerManager: {Holder: "master-2", Renewed: ago(200 * time.Millisecond), Seconds: 4, Transitions: 1},
	}
	for i := 1; i <= nodes; i++ {
		n := view.Node{Name: fmt.Sprintf("node-%d", i), IP: fmt.Sprintf("10.100.0.%d", 100+i), Ready: true, Schedulable: true,
			Components: map[string]component.Status{}, Heartbeat: ago(time.Duration(i%3) * 700 * time.Millisecond),
			Capacity: map[string]string{"cpu": "2"}, Requested: map[string]string{"cpu": fmt.Sprintf("%dm", 100+i*250%1900)}}
		for j, c := range component.OfNode {
			one := up
			one.PID = 13000 + 10*i + j
			n.Components[c] = one
		}
		s.Lab.Nodes = append(s.Lab.Nodes, n)
	}
	for i := range pods {
		p := view.Pod{Namespace: "demo", Name: fmt.Sprintf("web-79997975b5-%05x", i*7919%1048576), Status: "Running", Ready: true, Running: 1, Of: 1, Created: ago(time.Hour)}
		if i%5 == 4 {
			p.Namespace, p.Name = "kube-system", fmt.Sprintf("coredns-84d7696f4d-%05x", i*7919%1048576)
		}
		if nodes > 0 {
			n := &s.Lab.Nodes[i%nodes]
			p.Node = n.Name
			n.Pods++
		} else {
			p.Status, p.Ready = "Pending", false
		}
		s.Lab.Pods = append(s.Lab.Pods, p)
	}
	for i := range 60 {
		server := fmt.Sprintf("master-%d", 1+i%max(masters, 1))
		r := request(server, "get", view.Object{Resource: "configmaps", Namespace: "demo", Name: "settings"})
		if i%3 == 0 {
			r.User, r.Agent = "system:node:node-1", "kubelet/v1.37.2"
		}
		at := ago(5900*time.Millisecond - time.Duration(i)*80*time.Millisecond)
		s.Events[view.Requested] = append(s.Events[view.Requested], event(at, r))
	}
	wrote := event(ago(10*time.Second), request("master-1", "create", view.Object{Resource: "deployments", Namespace: "demo", Name: "web"}))
	s.Events[view.Requested] = slices.Insert(s.Events[view.Requested], 0, wrote)
	return s
}

func request(server, verb string, o view.Object) *view.Request {
	return &view.Request{Server: server, User: "kubernetes-admin", Agent: "kubectl/v1.37.2", From: "10.100.0.10", Verb: verb, Object: o, Code: 200, Took: 3420 * time.Microsecond}
}

func event(at time.Time, r *view.Request) view.Event {
	return view.Event{Time: at, Kind: view.Requested, Source: r.Server + "/" + component.APIServer, Object: &r.Object, Request: r,
		Text: fmt.Sprintf("%s: %s %s → %d", r.User, r.Verb, r.Object, r.Code)}
}

// broken is a lab in which all kinds of things are wrong.
func broken() *panel.State {
	s := sample(3, 3, 14)
	lab := s.Lab
	lab.State, lab.Reason = view.Degraded, "master-3 is down"
	for _, c := range component.OfMaster {
		lab.Masters[2].Components[c] = component.Status{State: component.Crashed, Since: ago(4 * time.Second), Restarts: 1, Error: "killed"}
	}
	lab.Etcd.Each[2] = view.EtcdMember{Name: "master-3"}
	lab.Etcd.Each[0].Lag, lab.Etcd.Each[0].Revision = 12, 1313
	lab.Balancer.Healthy = lab.Balancer.Healthy[:2]
	lab.Faults = []view.Fault{
		{ID: "f1", Kind: view.Kill, What: "master-3"},
		{ID: "f2", Kind: view.Loss, What: "master-1 master-2 30%"},
		{ID: "f3", Kind: view.Cut, What: "master-3 master-1"},
		{ID: "f4", Kind: view.Isolate, What: "node-2"},
		{ID: "f5", Kind: view.Cut, What: "master-1 node-3 --one-way"},
	}
	lab.Nodes[1].Ready, lab.Nodes[1].Heartbeat = false, ago(12*time.Second)
	lab.Nodes[2].Schedulable = false
	lab.Nodes[0].Components[component.Containerd] = component.Status{State: component.Paused, Since: ago(8 * time.Second), PID: 13011}
	lab.Stale = []view.Stale{{Source: "node-2", Since: ago(12 * time.Second), Why: "its kubelet was not heard of"}}
	for i, status := range []string{"Terminating", "CrashLoopBackOff", "ContainerCreating"} {
		lab.Pods[1+i].Status, lab.Pods[1+i].Ready = status, false
	}
	lab.Pods[6].Ready = false
	lab.Pods[9].Restarts = 2
	for i := range 3 {
		lab.Pods[11+i].Status, lab.Pods[11+i].Ready, lab.Pods[11+i].Node = "Pending", false, ""
	}
	s.Events[view.PodChanged] = []view.Event{{Time: ago(400 * time.Millisecond), Kind: view.PodChanged, Source: component.Etcd,
		Object: &view.Object{Resource: "pods", Namespace: lab.Pods[3].Namespace, Name: lab.Pods[3].Name}}}
	s.Events[view.Requested] = append(s.Events[view.Requested],
		event(ago(300*time.Millisecond), request("master-1", "patch", view.Object{Resource: "pods", Namespace: "demo", Name: lab.Pods[3].Name})))
	return s
}
