package topo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kubelab/core/component"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

const (
	rateOver = 5 * time.Second         // what a rate is counted over
	fresh    = time.Second             // how long a request is seen on the lines
	news     = 1500 * time.Millisecond // how long what has changed stands out
)

// traffic is what the requests of the last seconds say.
type traffic struct {
	balancer, clients rate
	server            map[string]rate // by master
	busy              map[string]bool // API servers that the balancer led a request to just now
	fromClients       bool            // just now
	fromNodes         bool
	write             *view.Event // the latest that somebody wanted
	flow              *view.Event // the write whose way is shown just now
}

// rate is requests a second. It is a lower bound if the engine could not tell of all of them.
type rate struct {
	count   int
	seconds float64
	least   bool

	short int           // requests that are no watches
	took  time.Duration // all of those together
}

// mean is how long a request took, watches aside; 0 if there was none.
func (r rate) mean() time.Duration { return r.took / time.Duration(max(r.short, 1)) }

func (r rate) String() string {
	if r.seconds <= 0 {
		return "0/s"
	}
	mark := ""
	if r.least {
		mark = "≥"
	}
	v := float64(r.count) / r.seconds
	if v < 10 && v > 0 {
		return fmt.Sprintf("%s%.1f/s", mark, v)
	}
	return fmt.Sprintf("%s%.0f/s", mark, v)
}

func trafficOf(s *panel.State) traffic {
	t := traffic{server: map[string]rate{}, busy: map[string]bool{}}
	events := s.Events[view.Requested]
	// Only so many events are remembered: with many requests they reach back less far.
	over := rateOver
	if len(events) >= panel.Remembered {
		over = min(over, max(s.Now.Sub(events[0].Time), 100*time.Millisecond))
	}
	dropped := slices.ContainsFunc(s.Events[view.Dropped], func(e view.Event) bool { return within(s.Now, e.Time, rateOver) })
	none := rate{seconds: over.Seconds(), least: dropped}
	t.balancer, t.clients = none, none
	for _, m := range s.Lab.Masters {
		t.server[m.Name] = none
	}
	for i := range slices.Backward(events) {
		e := &events[i]
		r := e.Request
		if r == nil {
			continue
		}
		if t.write == nil && deliberate(r) {
			t.write = e
		}
		if !within(s.Now, e.Time, over) {
			if s.Now.Sub(e.Time) > 2*rateOver && t.write != nil {
				break // events come almost in order
			}
			continue
		}
		t.count(s, e)
	}
	if t.write != nil && within(s.Now, t.write.Time, fresh) {
		t.flow = t.write
	}
	return t
}

// count counts a request, and says which lines it went along.
func (t *traffic) count(s *panel.State, e *view.Event) {
	r := e.Request
	one := t.server[r.Server]
	one.count++
	if !r.Long {
		one.short, one.took = one.short+1, one.took+r.Took
	}
	t.server[r.Server] = one
	now := within(s.Now, e.Time, fresh)
	if balanced(s, r) {
		t.balancer.count++
		t.busy[r.Server] = t.busy[r.Server] || now
		if ofKubelets(r) {
			t.fromNodes = t.fromNodes || now
		} else {
			t.clients.count++
			t.fromClients = t.fromClients || now
		}
	}
	if now && t.flow == nil && r.Write() {
		t.flow = e
	}
}

func within(now, t time.Time, d time.Duration) bool { return now.Sub(t) < d && t.Sub(now) < d }

// balanced reports whether a request came through the balancer. Schedulers and controllers ask the API server of their own master.
func balanced(s *panel.State, r *view.Request) bool { return r.From == s.Lab.Balancer.Address }

// ofKubelets reports whether a request came from a node: its kubelet or its kube-proxy.
func ofKubelets(r *view.Request) bool {
	return strings.HasPrefix(r.User, "system:node:") || r.User == "system:kube-proxy" || strings.HasPrefix(r.Agent, component.KubeProxy+"/")
}

// deliberate reports whether somebody wanted the write, or something followed from it: not the heartbeats that all components write
// all the time, nor what the lab writes to measure.
func deliberate(r *view.Request) bool {
	return r.Write() && r.Object.Resource != "leases" && r.Object.Resource != "events" && r.Agent != "lab-stopwatch" &&
		!(r.Object.Resource == "nodes" && r.Sub == "status")
}

// writer is the component that a write came from, if it is one of a master: that of the API server, which it asks directly.
func writer(r *view.Request) string {
	for _, c := range []string{component.Scheduler, component.ControllerManager} {
		if strings.HasPrefix(r.Agent, c+"/") || r.User == "system:"+c {
			return c
		}
	}
	return ""
}

// news are the things about which something happened just now: targets of components, nodes and pods.
func newsOf(s *panel.State) map[string]bool {
	m := map[string]bool{}
	recent := func(k view.EventKind, f func(e view.Event)) {
		for _, e := range slices.Backward(s.Events[k]) {
			if s.Now.Sub(e.Time) > 2*news {
				break
			}
			if within(s.Now, e.Time, news) {
				f(e)
			}
		}
	}
	recent(view.Changed, func(e view.Event) { m[e.Source] = true })
	recent(view.Elected, func(e view.Event) { m[e.Source] = true })
	recent(view.LeaseMoved, func(e view.Event) { m[s.Lab.Leases[e.Source]+"/"+e.Source] = true })
	recent(view.NodeChanged, func(e view.Event) {
		if e.Object != nil {
			m[e.Object.Name] = true
		}
	})
	recent(view.PodChanged, func(e view.Event) {
		if e.Object != nil {
			m["pod/"+e.Object.Namespace+"/"+e.Object.Name] = true
		}
	})
	return m
}
