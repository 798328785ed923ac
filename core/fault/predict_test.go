package fault

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kubelab/core/component"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// healthy is a lab in which master-1 leads everything, each node with two pods.
func healthy(masters, nodes int) view.Snapshot {
	running := func(names []string) map[string]component.Status {
		all := map[string]component.Status{}
		for _, n := range names {
			all[n] = component.Status{State: component.Running}
		}
		return all
	}
	s := view.Snapshot{Etcd: view.Etcd{Leader: "master-1", Quorum: true, Members: masters}, Leases: map[string]string{
		component.Scheduler: "master-1", component.ControllerManager: "master-1",
	}}
	for n := range masters {
		s.Masters = append(s.Masters, view.Master{Name: fmt.Sprintf("master-%d", n+1), Components: running(component.OfMaster)})
	}
	for n := range nodes {
		s.Nodes = append(s.Nodes, view.Node{Name: fmt.Sprintf("node-%d", n+1), Ready: true, Schedulable: true, Pods: 2, Components: running(component.OfNode)})
	}
	return s
}

// whole is every component of the masters.
func whole(masters ...string) (down []string) {
	for _, m := range masters {
		for _, c := range component.OfMaster {
			down = append(down, m+"/"+c)
		}
	}
	return down
}

func TestPredict(t *testing.T) {
	tests := map[string]struct {
		masters int
		toll    toll
		say     []string
		wait    []view.Phase
		silent  string // must not be said
	}{
		"a follower of three": {3, toll{down: whole("master-2")},
			[]string{"2 of 3 etcd members left; one more loss stops writes", "2 of 3 API servers left; the load balancer takes master-2 out"},
			nil, "elect"},
		"the leader of three": {3, toll{down: whole("master-1")},
			[]string{"one more loss stops writes", "master-1 leads etcd: the others elect a new leader", "the Lease of kube-scheduler moves away from master-1 within 5.5s"},
			[]view.Phase{view.Election, view.FirstWrite, view.SchedulerMove, view.ManagerMove}, ""},
		"the leader of three, stopped": {3, toll{down: whole("master-1"), farewell: true},
			[]string{"hands the lead over", "gives its Lease up"},
			[]view.Phase{view.Election, view.SchedulerMove, view.ManagerMove}, "until then no write"},
		"a follower of five": {5, toll{down: whole("master-2")},
			[]string{"4 of 5 etcd members left; writes survive the loss of 1 more"}, nil, ""},
		"two of three": {3, toll{down: whole("master-2", "master-3")},
			[]string{"1 of 3 etcd members left, a majority is 2: no write is accepted", "nobody can lead as kube-scheduler while no Lease can be renewed: new pods stay Pending"},
			nil, "elect"},
		"the only one": {1, toll{down: whole("master-1")},
			[]string{"0 of 1 etcd members left", "no API server is left: what runs goes on running"}, nil, "elect"},
		"only its etcd": {3, toll{down: []string{"master-1/etcd"}},
			[]string{"elect a new leader", "the Lease of kube-scheduler moves"}, []view.Phase{view.Election, view.FirstWrite, view.SchedulerMove, view.ManagerMove}, "API servers left"},
		"only its API server": {3, toll{down: []string{"master-1/kube-apiserver"}},
			[]string{"2 of 3 API servers left", "the Lease of kube-controller-manager moves"}, []view.Phase{view.SchedulerMove, view.ManagerMove}, "etcd members left"},
		"only its scheduler": {3, toll{down: []string{"master-1/kube-scheduler"}},
			[]string{"the Lease of kube-scheduler moves"}, []view.Phase{view.SchedulerMove}, "controller-manager"},
		"a scheduler that does not lead": {3, toll{down: []string{"master-2/kube-scheduler"}}, nil, nil, "Lease"},
		"the leader cut off": {3, toll{cut: []string{"master-1"}},
			[]string{"2 of 3 etcd members left", "clients of master-1 hang until the load balancer takes it out"},
			[]view.Phase{view.Election, view.FirstWrite, view.SchedulerMove, view.ManagerMove}, ""},
		"split with a majority": {3, toll{groups: [][]string{{"master-1"}, {"master-2", "master-3"}}},
			[]string{"2 of 3 etcd members left", "elect a new leader"}, []view.Phase{view.Election, view.FirstWrite, view.SchedulerMove, view.ManagerMove}, ""},
		"split, the leader on the right side": {3, toll{groups: [][]string{{"master-3"}, {"master-1", "master-2"}}},
			[]string{"2 of 3 etcd members left; one more loss stops writes"}, nil, "elect"},
		"split in three": {3, toll{groups: [][]string{{"master-1"}, {"master-2"}, {"master-3"}}},
			[]string{"no write is accepted"}, nil, "elect"},
		"a node": {3, toll{silent: []string{"node-1"}, gone: true},
			[]string{"node-1 is NotReady within", "its 2 pods are evicted within", "replacements are Ready elsewhere within 15s"},
			[]view.Phase{view.NotReady, view.Evicted, view.Replaced}, "run on"},
		"a node's kubelet": {3, toll{silent: []string{"node-1"}},
			[]string{"its containers run on"}, []view.Phase{view.NotReady, view.Evicted, view.Replaced}, ""},
		"all nodes": {3, toll{silent: []string{"node-1", "node-2"}, gone: true},
			[]string{"their 4 pods are evicted", "no other node could take their replacements"}, []view.Phase{view.NotReady, view.Evicted}, ""},
	}
	workshop, upstream := timings(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := tt.toll.predict(healthy(tt.masters, 2), clocks{workshop, upstream})
			said := strings.Join(p.sentences, "\n")
			for _, want := range tt.say {
				if !strings.Contains(said, want) {
					t.Errorf("%q is not said in:\n%s", want, said)
				}
			}
			if tt.silent != "" && strings.Contains(said, tt.silent) {
				t.Errorf("%q is said in:\n%s", tt.silent, said)
			}
			var phases []view.Phase
			for _, e := range p.expect {
				phases = append(phases, e.Phase)
				if e.Within <= 0 || e.Upstream < e.Within {
					t.Errorf("%s is expected within %s, and upstream within %s", e.Phase, e.Within, e.Upstream)
				}
			}
			if !slices.Equal(phases, tt.wait) {
				t.Errorf("waits for %v, want %v", phases, tt.wait)
			}
		})
	}
}

func TestPredictWithoutAControllerManager(t *testing.T) {
	workshop, upstream := timings(t)
	s := healthy(3, 2)
	delete(s.Leases, component.ControllerManager)
	p := toll{silent: []string{"node-1"}, gone: true}.predict(s, clocks{workshop, upstream})
	if len(p.expect) > 0 || !strings.Contains(strings.Join(p.sentences, "\n"), "nobody can mark that as NotReady") {
		t.Errorf("predicted %+v", p)
	}
}

func TestPredictedTimesFollowTheTiming(t *testing.T) {
	workshop, upstream := timings(t)
	within := func(c clocks, of toll, phase view.Phase) time.Duration {
		for _, e := range of.predict(healthy(3, 2), c).expect {
			if e.Phase == phase {
				return e.Within
			}
		}
		t.Fatalf("%s is not expected", phase)
		return 0
	}
	leader := toll{down: whole("master-1")}
	for name, tt := range map[string]struct {
		timing topology.Timing
		toll   toll
		phase  view.Phase
		least  time.Duration // what the timing itself takes
		most   time.Duration
	}{
		"workshop election": {workshop, leader, view.Election, 2 * workshop.EtcdElection, 800 * time.Millisecond},
		"upstream election": {upstream, leader, view.Election, 2 * upstream.EtcdElection, 2300 * time.Millisecond},
		"workshop lease":    {workshop, leader, view.SchedulerMove, workshop.Lease, workshop.Lease + 2*time.Second},
		"workshop node":     {workshop, toll{silent: []string{"node-1"}}, view.Replaced, 11 * time.Second, 15 * time.Second},
		"upstream node":     {upstream, toll{silent: []string{"node-1"}}, view.NotReady, 50 * time.Second, time.Minute},
	} {
		if got := within(clocks{tt.timing, upstream}, tt.toll, tt.phase); got < tt.least || got > tt.most {
			t.Errorf("%s: within %s, want %s to %s", name, got, tt.least, tt.most)
		}
	}
}

func timings(t *testing.T) (workshop, upstream topology.Timing) {
	t.Helper()
	workshop, err := topology.Workshop.Values()
	if err != nil {
		t.Fatal(err)
	}
	if upstream, err = topology.Upstream.Values(); err != nil {
		t.Fatal(err)
	}
	return workshop, upstream
}
