package cluster

import (
	"fmt"
	"strings"
	"testing"

	"kubelab/core/component"
	"kubelab/core/view"
)

func healthySnapshot() view.Snapshot {
	all := func(names []string) map[string]component.Status {
		m := map[string]component.Status{}
		for _, n := range names {
			m[n] = component.Status{State: component.Running}
		}
		return m
	}
	s := view.Snapshot{Etcd: view.Etcd{Leader: "master-1", Quorum: true}, Balancer: view.Balancer{}}
	for n, name := range []string{"master-1", "master-2", "master-3"} {
		ip := fmt.Sprintf("10.100.0.1%d", n+1)
		s.Masters = append(s.Masters, view.Master{Name: name, IP: ip, Components: all(component.OfMaster)})
		s.Balancer.Healthy = append(s.Balancer.Healthy, ip+":6443")
	}
	s.Nodes = append(s.Nodes, view.Node{Name: "node-1", Ready: true, Components: all(component.OfNode)})
	return s
}

func TestJudge(t *testing.T) {
	tests := map[string]struct {
		change func(*view.Snapshot)
		want   view.State
		why    string
	}{
		"all runs":       {func(*view.Snapshot) {}, view.Healthy, ""},
		"no quorum":      {func(s *view.Snapshot) { s.Etcd.Quorum = false }, view.Down, "a majority is 2"},
		"no API server":  {func(s *view.Snapshot) { s.Balancer.Healthy = nil }, view.Down, "no API server"},
		"quota used up":  {func(s *view.Snapshot) { s.Etcd.NoSpace = true }, view.Down, "NOSPACE"},
		"one is cut off": {func(s *view.Snapshot) { s.Balancer.Healthy = s.Balancer.Healthy[1:] }, view.Degraded, "master-1/kube-apiserver does not answer"},
		"no leader":      {func(s *view.Snapshot) { s.Etcd.Leader = "" }, view.Degraded, "no leader"},
		"a node is lost": {func(s *view.Snapshot) { s.Nodes[0].Ready = false }, view.Degraded, "node-1 is not ready"},
		"two are down": {func(s *view.Snapshot) {
			s.Masters[1].Components[component.Scheduler] = component.Status{State: component.Crashed}
			s.Nodes[0].Components[component.Kubelet] = component.Status{State: component.Paused}
		}, view.Degraded, "master-2/kube-scheduler is crashed, and 1 more"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := healthySnapshot()
			tt.change(&s)
			state, why := judge(s)
			if state != tt.want || !strings.Contains(why, tt.why) || (tt.why == "") != (why == "") {
				t.Errorf("judge = %s, %q; want %s, %q", state, why, tt.want, tt.why)
			}
		})
	}
}
