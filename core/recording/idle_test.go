package recording

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"kubelab/core/component"
	"kubelab/core/view"
)

// idle is a lab of three masters and three nodes in which nobody does anything: 40 requests and 25 changes of keys a
// second, all of them components' own business. It looks as what a real lab tells.
type idle struct {
	*fake
	random   *rand.Rand
	revision int64
	index    uint64
	versions map[string]int64
}

func newIdle() *idle {
	i := &idle{random: rand.New(rand.NewPCG(1, 2)), revision: 81_234, index: 120_345, versions: map[string]int64{}}
	i.fake = newFake(i.first())
	return i
}

var (
	masters = []string{"master-1", "master-2", "master-3"}
	nodes   = []string{"node-1", "node-2", "node-3"}
)

func (i *idle) uuid() string {
	b := [16]byte{}
	for n := range b {
		b[n] = byte(i.random.Uint32())
	}
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (i *idle) first() *view.Snapshot {
	now := time.Now()
	s := &view.Snapshot{
		Revision: 1, Time: now, Name: "idle", State: view.Healthy, Timing: "workshop", Subnet: "10.100.0.0/16",
		Etcd:   view.Etcd{Leader: "master-2", Term: 3, Quorum: true, Members: 3, Revision: i.revision},
		Leases: map[string]string{component.Scheduler: "master-1", component.ControllerManager: "master-3"},
		Holders: map[string]view.Lease{
			component.Scheduler:         {Holder: "master-1", Renewed: now, Seconds: 4, Transitions: 1},
			component.ControllerManager: {Holder: "master-3", Renewed: now, Seconds: 4, Transitions: 2},
		},
		Balancer: view.Balancer{Address: "10.100.0.10:6443", Healthy: []string{"10.100.0.11:6443", "10.100.0.12:6443", "10.100.0.13:6443"}},
	}
	for n, m := range masters {
		s.Etcd.Each = append(s.Etcd.Each, view.EtcdMember{
			Name: m, ID: fmt.Sprintf("%x", i.random.Uint64()), Role: "follower", Leader: "master-2", Term: 3,
			Committed: i.index, Applied: i.index, Revision: i.revision, Size: 4 << 20, InUse: 2 << 20,
			Peers: map[string]bool{"master-1": true, "master-2": true, "master-3": true},
		})
		c := map[string]component.Status{}
		for _, name := range component.OfMaster {
			c[name] = component.Status{State: component.Running, Since: now}
		}
		s.Masters = append(s.Masters, view.Master{Name: m, IP: fmt.Sprintf("10.100.0.%d", 11+n), Components: c})
	}
	for n, name := range nodes {
		c := map[string]component.Status{}
		for _, name := range component.OfNode {
			c[name] = component.Status{State: component.Running, PID: 1000 + i.random.IntN(9000), Since: now}
		}
		s.Nodes = append(s.Nodes, view.Node{
			Name: name, IP: fmt.Sprintf("10.100.0.%d", 101+n), Ready: true, Schedulable: true, Pods: 4,
			PodRange: fmt.Sprintf("10.100.128.%d/24", n), PID: 900 + n, Components: c, Heartbeat: now,
			Conditions: map[string]string{"Ready": "True", "DiskPressure": "False", "MemoryPressure": "False", "PIDPressure": "False"},
			Capacity:   map[string]string{"cpu": "2", "memory": "2Gi", "pods": "110"},
			Requested:  map[string]string{"cpu": "250m", "memory": "200Mi", "pods": "4"},
		})
	}
	for n := range 12 {
		s.Pods = append(s.Pods, view.Pod{
			Namespace: "demo", Name: fmt.Sprintf("web-7d4b9c6f5-%05x", i.random.Uint32N(1<<20)), UID: i.uuid(),
			Node: nodes[n%3], IP: fmt.Sprintf("10.100.%d.%d", 128+n%3, 2+n), Status: "Running", Ready: true, Running: 1, Of: 1, Owner: "ReplicaSet/web-7d4b9c6f5", Created: now,
		})
	}
	s.Workloads = []view.Workload{{Kind: "Deployment", Namespace: "demo", Name: "web", Desired: 12, Current: 12, Ready: 12, Updated: 12}}
	return s
}

// requested is what an API server's audit tells of one request.
func (i *idle) requested() view.Event {
	m := masters[i.random.IntN(3)]
	node := nodes[i.random.IntN(3)]
	r := &view.Request{ID: i.uuid(), Server: m, From: fmt.Sprintf("10.100.0.%d", 11+i.random.IntN(3)), Code: 200}
	r.Groups = []string{"system:authenticated"}
	leader := []string{component.Scheduler, component.ControllerManager}[i.random.IntN(2)]
	switch n := i.random.IntN(100); {
	case n < 25: // who leads renews its Lease
		r.User, r.Agent = "system:"+leader, leader+"/v1.37.2 (linux/amd64) kubernetes/$Format/leader-election"
		r.Verb = []string{"get", "update"}[i.random.IntN(2)]
		r.Object = view.Object{Resource: "leases", Namespace: "kube-system", Name: leader}
	case n < 50: // a kubelet says that it is alive
		r.User, r.Agent, r.From = "system:node:"+node, "kubelet/v1.37.2 (linux/amd64) kubernetes/$Format", "10.100.0.101"
		r.Groups = []string{"system:nodes", "system:authenticated"}
		r.Verb, r.Object = "update", view.Object{Resource: "leases", Namespace: "kube-node-lease", Name: node}
	case n < 58: // or how it is
		r.User, r.Agent, r.From = "system:node:"+node, "kubelet/v1.37.2 (linux/amd64) kubernetes/$Format", "10.100.0.102"
		r.Groups = []string{"system:nodes", "system:authenticated"}
		r.Verb, r.Object, r.Sub = "patch", view.Object{Resource: "nodes", Name: node, UID: "8e1b6a0c-1f2d-4c57-9d3e-" + node}, "status"
	case n < 70: // an API server's own
		r.User, r.Agent, r.From = "system:apiserver", "kube-apiserver/v1.37.2 (linux/amd64) kubernetes/$Format", "::1"
		r.Groups = []string{"system:authenticated", "system:masters"}
		r.Verb = []string{"get", "update", "list"}[i.random.IntN(3)]
		r.Object = view.Object{Resource: []string{"leases", "endpointslices", "services"}[i.random.IntN(3)], Namespace: "default", Name: "kubernetes"}
	case n < 85:
		r.User, r.Agent = "system:anonymous", "Go-http-client/2.0"
		r.Groups = []string{"system:unauthenticated"}
		r.Verb, r.Path = "get", []string{"/readyz", "/livez", "/version"}[i.random.IntN(3)]
	case n < 95: // a watch that ended
		controller := []string{"deployment", "replicaset", "endpointslice", "namespace", "job"}[i.random.IntN(5)]
		r.User = fmt.Sprintf("system:serviceaccount:kube-system:%s-controller", controller)
		r.Agent = "kube-controller-manager/v1.37.2 (linux/amd64) kubernetes/$Format"
		r.Groups = []string{"system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"}
		r.Verb, r.Long = "watch", true
		resources := []string{"pods", "nodes", "services", "deployments", "replicasets", "jobs", "configmaps", "namespaces"}
		r.Object = view.Object{Resource: resources[i.random.IntN(len(resources))]}
	default:
		r.User, r.Agent = "system:kube-scheduler", "kube-scheduler/v1.37.2 (linux/amd64) kubernetes/$Format"
		r.Verb, r.Code = "get", []int{200, 404, 409}[i.random.IntN(3)]
		r.Object = view.Object{Resource: "configmaps", Namespace: "demo", Name: fmt.Sprintf("settings-%d", i.random.IntN(20))}
	}
	r.Took = time.Duration(1500*math.Exp(i.random.NormFloat64())) * time.Microsecond // half of them within 1.5 ms
	if r.Long {
		r.Took = time.Duration(5+i.random.Float64()*5) * time.Minute
	}
	now := time.Now().Truncate(time.Microsecond) // audit has no more
	r.Began = now.Add(-r.Took)
	if r.Write() {
		at := func(share float64) time.Duration {
			return time.Duration(share * (0.8 + i.random.Float64()/5) * float64(r.Took))
		}
		r.Stages = []view.Stage{
			{Name: "admission begins", At: at(0.2)}, {Name: "admission has mutated", At: at(0.3)}, {Name: "admission has validated", At: at(0.4)},
		}
	}
	e := view.Event{Kind: view.Requested, Source: m + "/" + component.APIServer, Time: now, Request: r}
	what := r.Path
	if r.Object.Resource != "" {
		e.Object = &r.Object
		what = r.Object.String()
	}
	e.Text = fmt.Sprintf("%s: %s %s → %d", r.User, r.Verb, what, r.Code)
	return e
}

// keyChanged is what etcd tells of one write.
func (i *idle) keyChanged() view.Event {
	key, o := "/registry/leases/kube-node-lease/", view.Object{Resource: "leases", Namespace: "kube-node-lease", Name: nodes[i.random.IntN(3)]}
	switch i.random.IntN(3) {
	case 0:
		key, o.Namespace = "/registry/leases/kube-system/", "kube-system"
		o.Name = []string{component.Scheduler, component.ControllerManager, "apiserver-" + masters[i.random.IntN(3)]}[i.random.IntN(3)]
	case 1:
		key, o.Resource, o.Namespace = "/registry/minions/", "nodes", ""
	}
	key += o.Name
	o.UID = fmt.Sprintf("5f0c1d7e-aa31-4b02-8c11-%x", key[len(key)-6:])
	i.revision++
	i.versions[key]++
	return view.Event{Kind: view.KeyChanged, Source: component.Etcd, Object: &o, Key: &view.KeyChange{
		Key: key, Revision: i.revision, Version: 1000 + i.versions[key], Size: 480 + i.random.IntN(40),
	}}
}

// changed is what a while does to what is shown.
func (i *idle) changed(s *view.Snapshot) {
	now := time.Now()
	i.index += uint64(i.random.IntN(12))
	s.UptimeSeconds = int(now.Unix() % 1_000_000)
	s.Etcd.Revision = i.revision
	for n := range s.Etcd.Each {
		e := &s.Etcd.Each[n]
		e.Committed, e.Applied, e.Revision = i.index-uint64(i.random.IntN(3)), i.index-uint64(i.random.IntN(3)), i.revision
		e.Lag = i.index - e.Committed
		if i.random.IntN(20) == 0 {
			e.Size, e.InUse = e.Size+4096*int64(i.random.IntN(3)), 2<<20+4096*int64(i.random.IntN(300))
		}
	}
	for name, l := range s.Holders {
		if i.random.IntN(4) == 0 {
			l.Renewed = now.Add(-time.Duration(i.random.IntN(200_000)) * time.Microsecond)
			s.Holders[name] = l
		}
	}
	if i.random.IntN(3) == 0 {
		s.Nodes[i.random.IntN(3)].Heartbeat = now.Add(-time.Duration(i.random.IntN(200_000)) * time.Microsecond)
	}
}

// live lets the lab live for so long: the same number of events each second, at times as they come.
func (i *idle) live(long time.Duration) {
	const requests, keys, snapshots = 40, 25, 6
	for end := time.Now().Add(long); time.Now().Before(end); {
		left := [3]int{requests, keys, snapshots}
		second := time.Now().Add(time.Second)
		for n := requests + keys + snapshots; n > 0; n-- {
			time.Sleep(time.Duration(i.random.Int64N(int64(time.Until(second)) / int64(n) * 2)))
			pick := i.random.IntN(n)
			switch {
			case pick < left[0]:
				left[0]--
				i.tell(i.requested())
			case pick < left[0]+left[1]:
				left[1]--
				i.tell(i.keyChanged())
			default:
				left[2]--
				i.show(i.changed)
			}
		}
		time.Sleep(time.Until(second))
	}
}
