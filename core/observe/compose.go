package observe

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// between is how far apart Snapshots are at least.
const between = time.Second / 15

// compose makes Snapshots until ctx ends.
func (o *Observer) compose(ctx context.Context) {
	tick := time.NewTicker(between)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			o.Refresh()
			o.followNodes(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// Refresh makes a Snapshot now. It is for those who have just changed something.
func (o *Observer) Refresh() {
	o.composing.Lock()
	defer o.composing.Unlock()
	before := o.current.Load()
	s := o.cluster.Snapshot()
	s.Faults = o.faults()
	o.members.look(o.cluster.Spec(), o.etcdOf, o.etcdWiped)
	s.Etcd.Each = o.members.each
	o.addObjects(&s)
	o.judgeSources(&s)
	s.Stale = o.health.list()
	doubt(&s)
	s.Revision, s.Time = before.Revision, before.Time
	if reflect.DeepEqual(before, &s) {
		return
	}
	s.Revision, s.Time = before.Revision+1, time.Now()
	o.current.Store(&s)
	o.elections.note(s.Etcd, o.journal.tell)
	o.tellChanges(before, &s)
}

// addObjects adds what is kept in etcd.
func (o *Observer) addObjects(s *view.Snapshot) {
	d := o.catalogue.draw()
	s.Pods, s.Workloads, s.Services, s.Holders = d.pods, d.workloads, d.services, d.leases
	for i := range s.Nodes {
		n := &s.Nodes[i]
		n.Heartbeat = d.beats[n.Name]
		n.Requested = d.requested[n.Name]
		if state, ok := d.nodes[n.Name]; ok {
			n.Conditions, n.Taints, n.Capacity = state.conditions, state.taints, state.capacity
		}
	}
}

// silent is after how many of kubelet's renewals that do not come a node counts as cut off. Kubelet renews its Lease every
// quarter of the time that it lasts.
const silent = 2.5

// doubtful is how long a member may hear no leader before it counts as cut off: an election is over by then.
const doubtful = time.Second

// judgeSources says which machines are cut off: members that are behind, nodes that are not heard of.
func (o *Observer) judgeSources(s *view.Snapshot) {
	var term uint64
	for _, m := range s.Etcd.Each {
		term = max(term, m.Term)
	}
	for _, m := range s.Etcd.Each {
		source, why := m.Name+"/"+component.Etcd, ""
		switch {
		case m.ID == "":
			o.health.forget(source) // it does not run: nothing is shown of it
			delete(o.doubts, source)
			continue
		case m.Leader == "":
			why = "it hears no leader"
		case m.Term < term:
			why = fmt.Sprintf("it is in term %d, others in %d", m.Term, term)
		}
		if why == "" {
			o.health.fresh(source)
			delete(o.doubts, source)
			continue
		}
		if o.doubts[source].IsZero() {
			o.doubts[source] = time.Now()
		}
		if since := o.doubts[source]; time.Since(since) > doubtful {
			o.health.cutOff(source, since, why)
		}
	}
	timing, err := topology.TimingName(s.Timing).Values()
	if err != nil {
		return // an empty Snapshot
	}
	for _, n := range s.Nodes {
		late := time.Since(n.Heartbeat)
		switch {
		case n.Heartbeat.IsZero():
			o.health.forget(n.Name)
		case late > time.Duration(silent*float64(timing.NodeLease/4)):
			o.health.cutOff(n.Name, n.Heartbeat, "its kubelet was not heard of")
		default:
			o.health.fresh(n.Name)
		}
	}
}

// doubt calls a lab degraded in which a member of etcd is cut off: the load balancer, by which it is judged otherwise, takes seconds
// to notice.
func doubt(s *view.Snapshot) {
	for _, stale := range s.Stale {
		if s.State == view.Healthy && strings.HasSuffix(stale.Source, "/"+component.Etcd) {
			s.State, s.Reason = view.Degraded, fmt.Sprintf("%s is cut off: %s", stale.Source, stale.Why)
		}
	}
}

// tellChanges tells which components and machines changed.
func (o *Observer) tellChanges(before, now *view.Snapshot) {
	was := states(before)
	is := states(now)
	for _, name := range slices.Sorted(maps.Keys(is)) {
		a, known := was[name]
		b := is[name]
		if known && a.State == b.State && a.Restarts == b.Restarts && a.PID == b.PID {
			continue
		}
		text := fmt.Sprintf("%s is %s", name, b.State)
		if b.PID > 0 {
			text += fmt.Sprintf(", PID %d", b.PID)
		}
		if b.Error != "" {
			text += ": " + plain.Line(b.Error)
		}
		if known || b.State != component.Stopped {
			o.journal.tell(view.Event{Kind: view.Changed, Source: name, Text: text})
		}
	}
	for name := range was {
		if _, there := is[name]; !there {
			o.journal.tell(view.Event{Kind: view.Changed, Source: name, Text: name + " is gone"})
		}
	}
	if before.State != now.State || before.Reason != now.Reason {
		text := fmt.Sprintf("the lab is %s", now.State)
		if now.Reason != "" {
			text += ": " + plain.Line(now.Reason)
		}
		o.journal.tell(view.Event{Kind: view.Changed, Source: lab, Text: text})
	}
}

// states are the states of all components, by machine/component.
func states(s *view.Snapshot) map[string]component.Status {
	all := map[string]component.Status{}
	for _, m := range s.Masters {
		for name, c := range m.Components {
			all[m.Name+"/"+name] = c
		}
	}
	for _, n := range s.Nodes {
		for name, c := range n.Components {
			all[n.Name+"/"+name] = c
		}
	}
	return all
}
