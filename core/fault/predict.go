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
	// tries is how many retry periods pass before a candidate sees the last renewal, and sees that the Lease has run
	// out: it looks every 1 to 2.2 periods, at random (JitterFactor in client-go's leaderelection).
	tries = 3
	// looks is what the controller manager takes to act on what it sees of a node.
	looks = 500 * time.Millisecond
	// balancerNotices is how long the load balancer takes to give up an API server that does not even refuse: two
	// probes in a row, a second each, and the pauses between them.
	balancerNotices = 3500 * time.Millisecond
	// handedOver is how soon somebody else leads what was given up in good order.
	handedOver = time.Second
	// replace is how long new pods take to become Ready elsewhere.
	replace = 2 * time.Second
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
	if !t.leavesAPI(s) {
		return
	}
	if len(t.cut) > 0 {
		within, upstream = max(within, balancerNotices), max(upstream, balancerNotices)
	}
	p.wait(view.FirstWrite, within+votes, upstream+votes)
}

// leavesAPI reports whether an API server runs afterwards.
func (t toll) leavesAPI(s view.Snapshot) bool {
	return slices.ContainsFunc(s.Masters, func(m view.Master) bool {
		return m.Components[component.APIServer].State == component.Running && !t.lost(m.Name, component.APIServer)
	})
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
	for _, of := range []struct {
		name, without string
		phase         view.Phase
	}{
		{component.Scheduler, "new pods stay Pending", view.SchedulerMove},
		{component.ControllerManager, "nothing is replaced or scaled", view.ManagerMove},
	} {
		holder := s.Leases[of.name]
		switch fate, within, upstream := t.lease(s, of.name, c); fate {
		case unwritable:
			if s.Etcd.Quorum {
				p.say("nobody can lead as %s while no Lease can be renewed: %s", of.name, of.without)
			}
		case orphaned:
			p.say("nobody else can lead %s: %s", of.name, of.without)
		case handed:
			p.say("%s of %s gives its Lease up, another one leads within %s", of.name, holder, short(within))
			p.wait(of.phase, within, upstream)
		case moved:
			p.say("the Lease of %s moves away from %s within %s", of.name, holder, short(within))
			p.wait(of.phase, within, upstream)
		}
	}
}

// fate is what becomes of a Lease.
type fate int

const (
	unheld     fate = iota // nobody had it
	kept                   // its holder is not touched
	handed                 // its holder gives it up
	moved                  // it runs out, and somebody else takes it
	orphaned               // nobody else is there to take it
	unwritable             // it can neither be renewed nor taken
)

// lease says what becomes of the component's Lease, and how soon somebody else leads if it moves.
func (t toll) lease(s view.Snapshot, name string, c clocks) (f fate, within, upstream time.Duration) {
	holder := s.Leases[name]
	switch {
	case holder == "":
		return unheld, 0, 0
	case t.stopsWrites(s):
		return unwritable, 0, 0
	case t.reaches(holder, name, s):
		return kept, 0, 0
	case !slices.ContainsFunc(s.Masters, func(m view.Master) bool { return m.Name != holder && t.canLead(m, name, s) }):
		return orphaned, 0, 0
	case t.farewell && t.lost(holder, name):
		return handed, c.lab.Retry + handedOver, c.upstream.Retry + handedOver
	}
	return moved, c.lab.Lease + tries*c.lab.Retry, c.upstream.Lease + tries*c.upstream.Retry
}

// reaches reports whether the toll leaves the master's component what it leans on: each leans on its own master's API
// server, and that one on its own member.
func (t toll) reaches(machine, name string, s view.Snapshot) bool {
	for _, needed := range []string{name, component.APIServer, component.Etcd} {
		if t.lost(machine, needed) {
			return false
		}
	}
	return len(t.groups) == 0 || slices.Contains(t.majorityGroup(len(s.Masters)), machine)
}

// canLead reports whether the master's component can lead afterwards.
func (t toll) canLead(m view.Master, name string, s view.Snapshot) bool {
	for _, needed := range []string{name, component.APIServer, component.Etcd} {
		if m.Components[needed].State != component.Running {
			return false
		}
	}
	return t.reaches(m.Name, name, s)
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
	n := silence{names: strings.Join(t.silent, ", "), is: "is", goes: "goes", its: "its"}
	if len(t.silent) > 1 {
		n.is, n.goes, n.its = "are", "go", "their"
	}
	fate, moveLab, moveUpstream := t.lease(s, component.ControllerManager, c)
	if fate != kept && fate != handed && fate != moved {
		p.say("%s %s silent, but nobody can mark that as NotReady: there is no controller manager that can write", n.names, n.goes)
		return
	}
	// A controller manager that takes over has heard of nobody: it grants the whole grace period once more.
	notReady := func(k topology.Timing, move time.Duration) time.Duration {
		return move + k.NodeMonitorGrace + k.NodeMonitorPeriod + looks
	}
	inLab, atUpstream := notReady(c.lab, moveLab), notReady(c.upstream, moveUpstream)
	p.say("%s %s NotReady within %s: the controller manager has heard nothing for %s", n.names, n.is, short(inLab), short(c.lab.NodeMonitorGrace))
	p.wait(view.NotReady, inLab, atUpstream)
	if !t.gone {
		p.say("%s containers run on, whoever thinks otherwise", n.its)
	}
	if pods == 0 {
		return
	}
	inLab, atUpstream = inLab+c.lab.Toleration+looks, atUpstream+c.upstream.Toleration+looks
	p.say("%s %s evicted within %s, after a toleration of %s", n.pods(pods), isOrAre(pods), short(inLab), short(c.lab.Toleration))
	p.wait(view.Evicted, inLab, atUpstream)
	if others == 0 {
		p.say("no other node could take their replacements")
		return
	}
	p.say("replacements are Ready elsewhere within %s", short(inLab+replace))
	p.wait(view.Replaced, inLab+replace, atUpstream+replace)
}

// silence is how nodes that are not heard of are spoken of, one or several.
type silence struct{ names, is, goes, its string }

func (n silence) pods(count int) string {
	if count == 1 {
		return n.its + " only pod"
	}
	return fmt.Sprintf("%s %d pods", n.its, count)
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
