package fault

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kubelab/core/component"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// prediction is what will happen, in sentences and as phases that the stopwatch waits for.
type prediction struct {
	sentences []string
	expect    []view.Expectation
}

func (p *prediction) say(format string, args ...any) {
	p.sentences = append(p.sentences, fmt.Sprintf(format, args...))
}

func (p *prediction) wait(phase view.Phase, within, upstream time.Duration) {
	p.expect = append(p.expect, view.Expectation{Phase: phase, Within: within, Upstream: upstream})
}

// toll is what a fault takes from a lab.
type toll struct {
	// down are the components that end, as machine/component; farewell says that they do so in good order.
	down     []string
	farewell bool
	cut      []string // masters that nobody reaches any more
	silent   []string // nodes whose kubelet is not heard of any more
	// gone says that on silent nodes nothing runs any more, either.
	gone bool
	// groups are how masters are split, if they are.
	groups [][]string
}

// clocks are the timing of the lab and upstream's.
type clocks struct{ lab, upstream topology.Timing }

const (
	// votes is what an election takes once somebody stands: a round trip, on a busy machine.
	votes = 150 * time.Millisecond
	// takeOver is what a candidate takes to see that a Lease has run out, to take it and to begin.
	takeOver = time.Second
	// balancerNotices is how long the load balancer takes to give up an API server that does not even refuse: two
	// probes in a row, a second each, and the pauses between them.
	balancerNotices = 3500 * time.Millisecond
	// handedOver is how soon somebody else leads what was given up in good order.
	handedOver = time.Second
	// replace is how long new pods take to become Ready elsewhere.
	replace = 2500 * time.Millisecond
)

// of says what the toll does to the lab in s.
func (t toll) predict(s view.Snapshot, c clocks) prediction {
	var p prediction
	t.predictEtcd(&p, s, c)
	t.predictAPI(&p, s)
	t.predictLeases(&p, s, c)
	t.predictNodes(&p, s, c)
	return p
}

// lost reports whether the component of the machine does not count any more.
func (t toll) lost(machine, name string) bool {
	return slices.Contains(t.down, machine+"/"+name) || slices.Contains(t.cut, machine)
}

// majorityGroup is the group of masters that keeps a majority, when they are split.
func (t toll) majorityGroup(members int) []string {
	for _, g := range t.groups {
		if len(g) > members/2 {
			return g
		}
	}
	return nil
}

func (t toll) predictEtcd(p *prediction, s view.Snapshot, c clocks) {
	members, left, before := len(s.Masters), 0, 0
	leaderLost := false
	majorityGroup := t.majorityGroup(members)
	for _, m := range s.Masters {
		if m.Components[component.Etcd].State != component.Running {
			continue
		}
		before++
		apart := len(t.groups) > 0 && !slices.Contains(majorityGroup, m.Name)
		if !t.lost(m.Name, component.Etcd) && !apart {
			left++
		} else if m.Name == s.Etcd.Leader {
			leaderLost = true
		}
	}
	majority := members/2 + 1
	switch {
	case left == before && !leaderLost:
		return
	case left < majority && before < majority:
		p.say("etcd had no majority before, and has none after: %d of %d members are left, a majority is %d", left, members, majority)
	case left < majority:
		p.say("%d of %d etcd members left, a majority is %d: no write is accepted until one is back", left, members, majority)
	case left == majority:
		p.say("%d of %d etcd members left; one more loss stops writes", left, members)
	default:
		p.say("%d of %d etcd members left; writes survive the loss of %d more", left, members, left-majority)
	}
	if left < majority || !leaderLost {
		return
	}
	if t.farewell {
		p.say("%s leads etcd and hands the lead over before it goes", s.Etcd.Leader)
		p.wait(view.Election, handedOver, handedOver)
		return
	}
	within, upstream := 2*c.lab.EtcdElection+votes, 2*c.upstream.EtcdElection+votes
	p.say("%s leads etcd: the others elect a new leader within %s, until then no write is accepted", s.Etcd.Leader, short(within))
	p.wait(view.Election, within, upstream)
	if len(t.cut) > 0 {
		within, upstream = max(within, balancerNotices), max(upstream, balancerNotices)
	}
	p.wait(view.FirstWrite, within+votes, upstream+votes)
}

func (t toll) predictAPI(p *prediction, s view.Snapshot) {
	total, left, taken := len(s.Masters), 0, []string{}
	for _, m := range s.Masters {
		switch running := m.Components[component.APIServer].State == component.Running; {
		case running && t.lost(m.Name, component.APIServer):
			taken = append(taken, m.Name)
		case running:
			left++
		}
	}
	switch {
	case len(taken) == 0:
	case left == 0:
		p.say("no API server is left: what runs goes on running, but nothing can be asked or changed")
	case len(t.cut) > 0:
		p.say("%d of %d API servers left; clients of %s hang until the load balancer takes it out, within %s", left, total,
			strings.Join(taken, ", "), short(balancerNotices))
	default:
		p.say("%d of %d API servers left; the load balancer takes %s out, and its clients come back to another", left, total, strings.Join(taken, ", "))
	}
}

func (t toll) predictLeases(p *prediction, s view.Snapshot, c clocks) {
	majorityGroup := t.majorityGroup(len(s.Masters))
	for _, lease := range []struct {
		name, without string
		phase         view.Phase
	}{
		{component.Scheduler, "new pods stay Pending", view.SchedulerMove},
		{component.ControllerManager, "nothing is replaced or scaled", view.ManagerMove},
	} {
		holder := s.Leases[lease.name]
		if holder == "" {
			continue
		}
		if t.stopsWrites(s) {
			if s.Etcd.Quorum {
				p.say("nobody can lead as %s while no Lease can be renewed: %s", lease.name, lease.without)
			}
			continue
		}
		itself := t.lost(holder, lease.name)
		// Each leans on its own master's API server, and that one on its own member.
		leans := t.lost(holder, component.APIServer) || t.lost(holder, component.Etcd)
		apart := len(t.groups) > 0 && !slices.Contains(majorityGroup, holder)
		if !itself && !leans && !apart {
			continue
		}
		heir := slices.ContainsFunc(s.Masters, func(m view.Master) bool {
			for _, name := range []string{lease.name, component.APIServer, component.Etcd} {
				if m.Components[name].State != component.Running || t.lost(m.Name, name) {
					return false
				}
			}
			return m.Name != holder && (len(t.groups) == 0 || slices.Contains(majorityGroup, m.Name))
		})
		switch {
		case !heir:
			p.say("nobody else can lead %s: %s", lease.name, lease.without)
		case t.farewell && itself:
			p.say("%s of %s gives its Lease up, another one leads within %s", lease.name, holder, short(c.lab.Retry+handedOver))
			p.wait(lease.phase, c.lab.Retry+handedOver, c.upstream.Retry+handedOver)
		default:
			within, upstream := c.lab.Lease+takeOver, c.upstream.Lease+c.upstream.Retry+takeOver
			p.say("the Lease of %s moves away from %s within %s", lease.name, holder, short(within))
			p.wait(lease.phase, within, upstream)
		}
	}
}

// stopsWrites reports whether etcd has no majority afterwards.
func (t toll) stopsWrites(s view.Snapshot) bool {
	left := 0
	majorityGroup := t.majorityGroup(len(s.Masters))
	for _, m := range s.Masters {
		apart := len(t.groups) > 0 && !slices.Contains(majorityGroup, m.Name)
		if m.Components[component.Etcd].State == component.Running && !t.lost(m.Name, component.Etcd) && !apart {
			left++
		}
	}
	return left <= len(s.Masters)/2
}

func (t toll) predictNodes(p *prediction, s view.Snapshot, c clocks) {
	if len(t.silent) == 0 {
		return
	}
	pods, others := 0, 0
	for _, n := range s.Nodes {
		if slices.Contains(t.silent, n.Name) {
			pods += n.Pods
		} else if n.Ready && n.Schedulable {
			others++
		}
	}
	names := strings.Join(t.silent, ", ")
	if t.stopsWrites(s) || s.Leases[component.ControllerManager] == "" {
		p.say("%s goes silent, but nobody can mark it NotReady: there is no controller manager that can write", names)
		return
	}
	notReady := func(k topology.Timing) time.Duration { return k.NodeMonitorGrace + k.NodeMonitorPeriod + time.Second }
	evicted := func(k topology.Timing) time.Duration { return notReady(k) + k.Toleration + time.Second }
	p.say("%s is NotReady within %s: the controller manager has heard nothing for %s", names, short(notReady(c.lab)), short(c.lab.NodeMonitorGrace))
	p.wait(view.NotReady, notReady(c.lab), notReady(c.upstream))
	if !t.gone {
		p.say("its containers run on, whoever thinks otherwise")
	}
	if pods == 0 {
		return
	}
	p.say("its %s are evicted within %s, after a toleration of %s", plural(pods, "pod"), short(evicted(c.lab)), short(c.lab.Toleration))
	p.wait(view.Evicted, evicted(c.lab), evicted(c.upstream))
	if others == 0 {
		p.say("no other node could take their replacements")
		return
	}
	p.say("replacements are Ready elsewhere within %s", short(c.lab.NodeMonitorGrace+c.lab.Toleration+replace))
	p.wait(view.Replaced, c.lab.NodeMonitorGrace+c.lab.Toleration+replace, c.upstream.NodeMonitorGrace+c.upstream.Toleration+replace)
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
