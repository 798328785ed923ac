package cluster

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kubelab/core/component"
	"kubelab/core/view"
)

// Snapshot is the lab as it is now. It asks nobody over the network, so it works while everything is down.
func (c *Cluster) Snapshot() view.Snapshot {
	c.mu.Lock()
	spec, state, since := c.spec, c.state, c.since
	c.mu.Unlock()
	masters, nodes := c.machines()

	s := view.Snapshot{
		Name: spec.Name, Made: c.authority.Made(), State: state, Timing: string(spec.Timing), Subnet: spec.Subnet.String(),
		UptimeSeconds: int(time.Since(since).Seconds()), Leases: map[string]string{},
		Masters: []view.Master{}, Nodes: []view.Node{}, Faults: []view.Fault{},
	}
	running := 0
	for _, m := range spec.Masters {
		v := view.Master{Name: m.Name(), IP: spec.Addr(m).String(), Components: masters[m].Status()}
		if v.Components[component.Etcd].State == component.Running {
			running++
		}
		for _, name := range []string{component.Scheduler, component.ControllerManager} {
			if v.Components[name].Leading {
				s.Leases[name] = m.Name()
			}
		}
		s.Masters = append(s.Masters, v)
	}
	s.Etcd = etcdOf(spec, masters)
	s.Etcd.NoSpace = c.NoSpace()
	s.Etcd.Quorum = running > len(spec.Masters)/2
	s.Balancer = view.Balancer{Address: spec.Balancer().String(), Healthy: []string{}}
	for _, a := range c.balancer.Healthy() {
		s.Balancer.Healthy = append(s.Balancer.Healthy, a.String())
	}
	pods := c.caches.podsPerNode()
	for _, m := range spec.Nodes {
		v := view.Node{Name: m.Name(), IP: spec.Addr(m).String(), Components: nodes[m].Status(), PID: nodes[m].PID(), Pods: pods[m.Name()]}
		if n := c.caches.node(m); n != nil {
			v.Ready, v.Schedulable, v.PodRange = ready(n, time.Time{}), !n.Spec.Unschedulable, n.Spec.PodCIDR
		}
		s.Nodes = append(s.Nodes, v)
	}
	if state == view.Healthy && !spec.Empty {
		s.State, s.Reason = judge(s)
	}
	return s
}

// judge says in a word how the lab is, and why.
func judge(s view.Snapshot) (view.State, string) {
	members := len(s.Masters)
	up := 0
	for _, m := range s.Masters {
		if m.Components[component.Etcd].State == component.Running {
			up++
		}
	}
	switch {
	case !s.Etcd.Quorum:
		return view.Down, fmt.Sprintf("%d of %d etcd members run, a majority is %d: no write is accepted", up, members, members/2+1)
	case s.Etcd.NoSpace:
		return view.Down, "etcd's database has used up its quota (alarm NOSPACE): no write is accepted"
	case len(s.Balancer.Healthy) == 0:
		return view.Down, "no API server answers"
	}
	var broken []string
	for _, m := range s.Masters {
		broken = append(broken, notRunning(m.Name, component.OfMaster, m.Components)...)
		running := m.Components[component.APIServer].State == component.Running
		if running && !slices.ContainsFunc(s.Balancer.Healthy, func(a string) bool { return strings.HasPrefix(a, m.IP+":") }) {
			broken = append(broken, fmt.Sprintf("%s/%s does not answer the load balancer", m.Name, component.APIServer))
		}
	}
	for _, n := range s.Nodes {
		broken = append(broken, notRunning(n.Name, component.OfNode, n.Components)...)
		if !n.Ready {
			broken = append(broken, n.Name+" is not ready")
		}
	}
	switch {
	case len(broken) > 1:
		return view.Degraded, fmt.Sprintf("%s, and %d more", broken[0], len(broken)-1)
	case len(broken) == 1:
		return view.Degraded, broken[0]
	case s.Etcd.Leader == "":
		return view.Degraded, "etcd has no leader"
	}
	return view.Healthy, ""
}

func notRunning(machine string, names []string, all map[string]component.Status) []string {
	var broken []string
	for _, name := range names {
		if state := all[name].State; state != component.Running {
			broken = append(broken, fmt.Sprintf("%s/%s is %s", machine, name, state))
		}
	}
	return broken
}

// podRangesChanged keeps the routes up with what the controller manager gives out.
func (c *Cluster) podRangesChanged() {
	if err := c.network.SetPodRanges(c.caches.podRanges()); err != nil {
		c.log.Error("set routes to pods", "err", err)
	}
}
