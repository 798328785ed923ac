package observe

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.etcd.io/etcd/server/v3/embed"

	"kubelab/core/topology"
	"kubelab/core/view"
)

// The members of etcd run in this process: what each knows of itself is read there, and nobody is asked.

// members is what was seen of etcd's members last.
type members struct {
	each  []view.EtcdMember
	byID  map[string]string // machine by member id, hexadecimal
	links map[string]bool   // local id + remote id: there is a connection
	asked time.Time         // when links were looked up
}

// peersEvery is how often the connections between members are looked up: that costs a walk over all of etcd's metrics.
const peersEvery = 2 * time.Second

// look reads all members.
func (m *members) look(spec topology.Spec, etcdOf func(topology.Machine) *embed.Etcd, wiped func(topology.Machine) bool) {
	m.each = make([]view.EtcdMember, len(spec.Masters))
	m.byID = map[string]string{}
	ids := make([]string, len(spec.Masters))
	if time.Since(m.asked) > peersEvery {
		m.links, m.asked = connections(), time.Now()
	}
	var best uint64
	for i, of := range spec.Masters {
		m.each[i].Name = of.Name()
		running := etcdOf(of)
		if running == nil {
			m.each[i].Wiped = wiped(of)
			continue
		}
		s := running.Server
		ids[i] = s.MemberID().String()
		m.byID[ids[i]] = of.Name()
		seen := view.EtcdMember{
			Name: of.Name(), ID: ids[i], Role: "follower", Term: s.Term(), Committed: s.CommittedIndex(), Applied: s.AppliedIndex(),
			Revision: s.KV().Rev(), Size: s.Backend().Size(), InUse: s.Backend().SizeInUse(), Cluster: s.Cluster().ID().String(),
		}
		if lead := s.Leader(); lead != 0 {
			seen.Leader = lead.String()
		}
		switch {
		case s.IsLearner():
			seen.Role = "learner"
		case seen.Leader == seen.ID:
			seen.Role = "leader"
		}
		for _, a := range s.Alarms() {
			seen.Alarms = append(seen.Alarms, a.Alarm.String())
		}
		m.each[i] = seen
		best = max(best, seen.Committed)
	}
	for i := range m.each {
		of := &m.each[i]
		if of.ID == "" {
			continue
		}
		of.Lag = best - of.Applied
		if of.Applied > best {
			of.Lag = 0
		}
		of.Leader = m.byID[of.Leader]
		of.Peers = map[string]bool{}
		for j, id := range ids {
			if i != j && id != "" {
				of.Peers[spec.Masters[j].Name()] = m.links[of.ID+id]
			} else if i != j {
				of.Peers[spec.Masters[j].Name()] = false
			}
		}
	}
}

// connections are those that etcd's members say they have, as its metric etcd_network_active_peers has them.
func connections() map[string]bool {
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		return nil
	}
	links := map[string]bool{}
	for _, f := range families {
		if f.GetName() != "etcd_network_active_peers" {
			continue
		}
		for _, metric := range f.GetMetric() {
			var ends [2]string
			for _, l := range metric.GetLabel() {
				switch l.GetName() {
				case "Local":
					ends[0] = l.GetValue()
				case "Remote":
					ends[1] = l.GetValue()
				}
			}
			links[ends[0]+ends[1]] = metric.GetGauge().GetValue() > 0
		}
	}
	return links
}

// elections tells when another member leads.
type elections struct {
	mu      sync.Mutex // guards the rest
	cluster string     // its id
	leader  string
	term    uint64
}

// note compares with what was known before. While there is no leader nothing is told but that.
func (e *elections) note(now view.Etcd, tell func(view.Event)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range now.Each {
		if m.Cluster != "" && m.Cluster != e.cluster {
			e.cluster, e.leader, e.term = m.Cluster, "", 0 // a snapshot was restored: the terms of a new cluster begin anew
			break
		}
	}
	if now.Term < e.term || now.Leader == e.leader && now.Term == e.term {
		return
	}
	was := e.leader
	e.leader, e.term = now.Leader, now.Term
	text := fmt.Sprintf("etcd has no leader in term %d", now.Term)
	if now.Leader != "" {
		text = fmt.Sprintf("%s leads etcd in term %d", now.Leader, now.Term)
	}
	if was != "" && was != now.Leader {
		text += ", before it was " + was
	}
	tell(view.Event{Kind: view.Elected, Source: strings.TrimPrefix(now.Leader+"/etcd", "/"), Text: text})
}
