package labtest

import (
	"fmt"
	"time"

	"kubelab/core/component"
	"kubelab/core/view"
)

// New is a healthy lab: master-1 leads etcd, master-2 holds the Leases, and a Deployment demo/web of 3 pods is spread over the
// nodes. It has been so for a minute.
func New(masters, nodes int) *Lab {
	since := time.Now().Add(-time.Minute)
	s := &view.Snapshot{
		Revision: 1, Time: time.Now(), Name: "lab", State: view.Healthy, Timing: "workshop", Subnet: "10.100.0.0/16", UptimeSeconds: 60,
		Etcd:   view.Etcd{Leader: "master-1", Term: 3, Quorum: true, Members: masters, Revision: 800},
		Leases: map[string]string{}, Holders: map[string]view.Lease{},
		Balancer: view.Balancer{Address: "10.100.0.10:6443"},
	}
	holder := fmt.Sprintf("master-%d", min(2, masters))
	for _, name := range []string{component.Scheduler, component.ControllerManager} {
		s.Leases[name] = holder
		s.Holders[name] = view.Lease{Holder: holder, Renewed: time.Now(), Seconds: 4}
	}
	for i := 1; i <= masters; i++ {
		m := view.Master{Name: fmt.Sprintf("master-%d", i), IP: fmt.Sprintf("10.100.0.%d", 10+i), Components: map[string]component.Status{}}
		for _, name := range component.OfMaster {
			m.Components[name] = component.Status{State: component.Running, Since: since, Leading: name == component.Etcd && i == 1 || s.Leases[name] == m.Name}
		}
		role := "follower"
		if i == 1 {
			role = "leader"
		}
		s.Etcd.Each = append(s.Etcd.Each, view.EtcdMember{Name: m.Name, ID: fmt.Sprintf("%x", 0xa0+i), Role: role, Leader: "master-1", Term: 3, Revision: 800})
		s.Balancer.Healthy = append(s.Balancer.Healthy, m.IP+":6443")
		s.Masters = append(s.Masters, m)
	}
	for i := 1; i <= nodes; i++ {
		n := view.Node{
			Name: fmt.Sprintf("node-%d", i), IP: fmt.Sprintf("10.100.0.%d", 100+i), Ready: true, Schedulable: true, PID: 500 + i,
			Components: map[string]component.Status{}, Heartbeat: time.Now(), Conditions: map[string]string{"Ready": "True"},
		}
		for j, name := range component.OfNode {
			n.Components[name] = component.Status{State: component.Running, PID: 600 + 10*i + j, Since: since}
		}
		s.Nodes = append(s.Nodes, n)
	}
	l := &Lab{snapshot: s, pids: 1000, running: map[string][]view.Container{}}
	s.Workloads = append(s.Workloads, view.Workload{Kind: "Deployment", Namespace: "demo", Name: "web", Desired: 3, Current: 3, Ready: 3, Updated: 3})
	for i := range 3 {
		if nodes > 0 {
			l.addPod("demo", fmt.Sprintf("web-6c7-%c", 'a'+i), "web", fmt.Sprintf("node-%d", i%nodes+1))
		}
	}
	return l
}

// AddPod adds a pod that runs, with one container of that name.
func (l *Lab) AddPod(namespace, name, container, node string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.addPod(namespace, name, container, node)
}

func (l *Lab) addPod(namespace, name, container, node string) {
	l.pids += 2
	o := view.Object{Resource: "pods", Namespace: namespace, Name: name, UID: fmt.Sprintf("uid-%d", l.pids)}
	l.show(func(s *view.Snapshot) {
		s.Pods = append(s.Pods, view.Pod{
			Namespace: namespace, Name: name, UID: o.UID, Node: node, IP: fmt.Sprintf("10.100.128.%d", l.pids%250), Status: "Running", Ready: true,
			Running: 1, Of: 1, Owner: "ReplicaSet/" + container, Created: time.Now(),
		})
	})
	l.running[node] = append(l.running[node],
		view.Container{ID: fmt.Sprintf("s%d", l.pids), Pod: o, Image: "lab.local/pause:1", Status: "running", PID: l.pids - 1},
		view.Container{ID: fmt.Sprintf("c%d", l.pids), Pod: o, Name: container, Image: "lab.local/demo:1", Status: "running", PID: l.pids})
}
