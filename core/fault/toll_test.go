package fault

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kubelab/core/component"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// TestPredictedTimes holds the sums against what the components are told, under both timings. Each is written out, so
// that a change of one shows what people are promised.
func TestPredictedTimes(t *testing.T) {
	const second, ms = time.Second, time.Millisecond
	workshop, upstream := timings(t)
	type expect = view.Expectation
	tests := map[string]struct {
		toll toll
		want []expect
	}{
		// Two election timeouts, and then the votes; a Lease, and then a candidate that sees it.
		"the leader crashes": {toll{down: whole("master-1")}, []expect{
			{Phase: view.Election, Within: 650 * ms, Upstream: 2150 * ms},
			{Phase: view.FirstWrite, Within: 800 * ms, Upstream: 2300 * ms},
			{Phase: view.SchedulerMove, Within: 5500 * ms, Upstream: 21 * second},
			{Phase: view.ManagerMove, Within: 5500 * ms, Upstream: 21 * second},
		}},
		// Who hangs is noticed later than who is dead: only writes that were sent to it wait for that.
		"the leader is cut off": {toll{cut: []string{"master-1"}}, []expect{
			{Phase: view.Election, Within: 650 * ms, Upstream: 2150 * ms},
			{Phase: view.FirstWrite, Within: 3650 * ms, Upstream: 3650 * ms},
			{Phase: view.SchedulerMove, Within: 5500 * ms, Upstream: 21 * second},
			{Phase: view.ManagerMove, Within: 5500 * ms, Upstream: 21 * second},
		}},
		// What is handed over in good order does not depend on timeouts, but on how often others look.
		"the leader stops": {toll{down: whole("master-1"), farewell: true}, []expect{
			{Phase: view.Election, Within: second, Upstream: second},
			{Phase: view.SchedulerMove, Within: 1500 * ms, Upstream: 3 * second},
			{Phase: view.ManagerMove, Within: 1500 * ms, Upstream: 3 * second},
		}},
		// Only the component that stops gives its Lease up: those that lean on it find out by themselves.
		"the leader's API server stops": {toll{down: []string{"master-1/kube-apiserver"}, farewell: true}, []expect{
			{Phase: view.SchedulerMove, Within: 5500 * ms, Upstream: 21 * second},
			{Phase: view.ManagerMove, Within: 5500 * ms, Upstream: 21 * second},
		}},
		"the scheduler stops": {toll{down: []string{"master-1/kube-scheduler"}, farewell: true}, []expect{
			{Phase: view.SchedulerMove, Within: 1500 * ms, Upstream: 3 * second},
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := tt.toll.predict(healthy(3, 2), clocks{workshop, upstream}).expect
			if !slices.Equal(got, tt.want) {
				t.Errorf("expects\n%+v, want\n%+v", got, tt.want)
			}
		})
	}
}

// TestUpstreamLabsAreAsFastAsUpstream is about labs with upstream's timing: both columns mean the same then.
func TestUpstreamLabsAreAsFastAsUpstream(t *testing.T) {
	_, upstream := timings(t)
	for name, of := range map[string]toll{
		"a leader":               {down: []string{"master-1/etcd"}},
		"a leader that stops":    {down: whole("master-1"), farewell: true},
		"a leader that is cut":   {cut: []string{"master-1"}},
		"a node":                 {silent: []string{"node-1"}, gone: true},
		"a master and all nodes": {down: whole("master-3"), silent: []string{"node-1", "node-2"}},
	} {
		for _, e := range of.predict(healthy(3, 2), clocks{upstream, upstream}).expect {
			if e.Within != e.Upstream {
				t.Errorf("%s: %s is expected within %s, and upstream within %s: they are the same", name, e.Phase, e.Within, e.Upstream)
			}
		}
	}
}

// TestPredictInALabThatIsNotHealthy has something broken before.
func TestPredictInALabThatIsNotHealthy(t *testing.T) {
	crashed := component.Status{State: component.Crashed}
	without := func(down ...string) func(*view.Snapshot) {
		return func(s *view.Snapshot) {
			for _, name := range down {
				machine, c, _ := strings.Cut(name, "/")
				for _, m := range s.Masters {
					if m.Name == machine {
						m.Components[c] = crashed
					}
				}
			}
		}
	}
	tests := map[string]struct {
		masters int
		change  func(*view.Snapshot)
		toll    toll
		say     []string
		wait    []view.Phase
		silent  string // must not be said
	}{
		"the second member of three": {3, without("master-2/etcd"), toll{down: whole("master-3")},
			[]string{"1 of 3 etcd members left, a majority is 2: no write is accepted until one is back"}, nil, "before"},
		"the second member of five": {5, without("master-2/etcd"), toll{down: whole("master-3")},
			[]string{"3 of 5 etcd members left; one more loss stops writes"}, nil, "elect"},
		"the last of three": {3, func(s *view.Snapshot) {
			without("master-2/etcd", "master-3/etcd")(s)
			s.Etcd.Leader, s.Etcd.Quorum, s.Leases = "", false, nil
		}, toll{down: whole("master-1")},
			[]string{"etcd had no majority before, and has none after: 0 of 3 members are left, a majority is 2"}, nil, "Lease"},
		"a member that is down already": {3, without("master-2/etcd"), toll{down: []string{"master-2/etcd"}}, nil, nil, "etcd"},
		"nobody leads etcd": {3, func(s *view.Snapshot) { s.Etcd.Leader = "" }, toll{down: []string{"master-1/etcd"}},
			[]string{"2 of 3 etcd members left; one more loss stops writes"}, []view.Phase{view.SchedulerMove, view.ManagerMove}, "elect"},
		"Leases are held elsewhere": {3, func(s *view.Snapshot) {
			s.Leases[component.Scheduler], s.Leases[component.ControllerManager] = "master-2", "master-3"
		},
			toll{down: whole("master-1")}, nil, []view.Phase{view.Election, view.FirstWrite}, "Lease"},
		"a holder that is not etcd's leader": {3, func(s *view.Snapshot) { s.Leases[component.Scheduler] = "master-2" },
			toll{down: whole("master-2")}, []string{"the Lease of kube-scheduler moves away from master-2 within 5.5s"}, []view.Phase{view.SchedulerMove}, "controller-manager"},
		"a holder on the wrong side of a split": {3, func(s *view.Snapshot) { s.Leases[component.Scheduler] = "master-3" },
			toll{groups: [][]string{{"master-1", "master-2"}, {"master-3"}}},
			[]string{"the Lease of kube-scheduler moves away from master-3"}, []view.Phase{view.SchedulerMove}, "elect"},
		"an heir on the wrong side of a split is none": {5, func(s *view.Snapshot) {
			without("master-1/kube-scheduler", "master-2/kube-scheduler", "master-3/kube-scheduler")(s)
			s.Leases[component.Scheduler] = "master-4"
		}, toll{groups: [][]string{{"master-1", "master-2", "master-3"}, {"master-4", "master-5"}}},
			[]string{"nobody else can lead kube-scheduler"}, nil, "moves"},
		"no scheduler is left": {3, without("master-2/kube-scheduler", "master-3/kube-scheduler"), toll{down: []string{"master-1/kube-scheduler"}},
			[]string{"nobody else can lead kube-scheduler: new pods stay Pending"}, nil, "moves"},
		"a scheduler that cannot reach the API is no heir": {3, without("master-2/kube-apiserver", "master-3/kube-scheduler"), toll{down: []string{"master-1/kube-scheduler"}},
			[]string{"nobody else can lead kube-scheduler"}, nil, "moves"},
		"nobody leads as scheduler": {3, func(s *view.Snapshot) { delete(s.Leases, component.Scheduler) }, toll{down: whole("master-1")},
			[]string{"the Lease of kube-controller-manager moves"}, []view.Phase{view.Election, view.FirstWrite, view.ManagerMove}, "kube-scheduler"},
		"every API server, the leader's member with them": {3, nil, toll{down: append(whole("master-1"), "master-2/kube-apiserver", "master-3/kube-apiserver")},
			[]string{"elect a new leader", "no API server is left", "nobody else can lead kube-scheduler"}, []view.Phase{view.Election}, "moves"},
		"the last API server": {3, without("master-2/kube-apiserver", "master-3/kube-apiserver"), toll{down: []string{"master-1/kube-apiserver"}},
			[]string{"no API server is left", "nobody else can lead kube-controller-manager: nothing is replaced or scaled"}, nil, "etcd members"},
		"an API server that is down already": {3, without("master-2/kube-apiserver"), toll{down: []string{"master-2/kube-apiserver"}}, nil, nil, "API server"},
		"API servers, one being down": {3, without("master-2/kube-apiserver"), toll{down: []string{"master-3/kube-apiserver"}},
			[]string{"1 of 3 API servers left; the load balancer takes master-3 out"}, nil, "master-2"},
		"two are cut off": {5, nil, toll{cut: []string{"master-4", "master-5"}},
			[]string{"3 of 5 etcd members left; one more loss stops writes", "clients of master-4, master-5 hang until the load balancer takes it out, within 3.5s"}, nil, "elect"},
		"a majority is cut off": {3, nil, toll{cut: []string{"master-1", "master-2"}},
			[]string{"1 of 3 etcd members left, a majority is 2", "nobody can lead as kube-controller-manager while no Lease can be renewed"}, nil, "within 5.5s"},
		"the only one is cut off": {1, nil, toll{cut: []string{"master-1"}},
			[]string{"0 of 1 etcd members left", "no API server is left"}, nil, "clients of"},
		"the only one's scheduler": {1, nil, toll{down: []string{"master-1/kube-scheduler"}},
			[]string{"nobody else can lead kube-scheduler: new pods stay Pending"}, nil, "etcd"},
		"the only one's controller manager, stopped": {1, nil, toll{down: []string{"master-1/kube-controller-manager"}, farewell: true},
			[]string{"nobody else can lead kube-controller-manager: nothing is replaced or scaled"}, nil, "gives its Lease up"},
		"the leader of five": {5, nil, toll{down: whole("master-1")},
			[]string{"4 of 5 etcd members left; writes survive the loss of 1 more", "elect a new leader within 0.7s"},
			[]view.Phase{view.Election, view.FirstWrite, view.SchedulerMove, view.ManagerMove}, "one more loss"},
		"five split with a majority": {5, nil, toll{groups: [][]string{{"master-1", "master-2"}, {"master-3", "master-4", "master-5"}}},
			[]string{"3 of 5 etcd members left", "elect a new leader"}, []view.Phase{view.Election, view.FirstWrite, view.SchedulerMove, view.ManagerMove}, ""},
		"five split without": {5, nil, toll{groups: [][]string{{"master-1", "master-2"}, {"master-3", "master-4"}, {"master-5"}}},
			[]string{"0 of 5 etcd members left, a majority is 3", "while no Lease can be renewed: new pods stay Pending"}, nil, "elect"},
		"a majority group that one is missing from": {3, without("master-3/etcd"), toll{groups: [][]string{{"master-1"}, {"master-2", "master-3"}}},
			[]string{"1 of 3 etcd members left, a majority is 2"}, nil, "elect"},
		"the leader stops and takes the majority with it": {3, without("master-2/etcd"), toll{down: whole("master-1"), farewell: true},
			[]string{"1 of 3 etcd members left, a majority is 2"}, nil, "hands the lead over"},
	}
	workshop, upstream := timings(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := healthy(tt.masters, 0)
			if tt.change != nil {
				tt.change(&s)
			}
			check(t, tt.toll.predict(s, clocks{workshop, upstream}), tt.say, tt.wait, tt.silent)
		})
	}
}

// check holds a prediction against what is to be said, what is to be waited for and what must not be said.
func check(t *testing.T, p prediction, say []string, wait []view.Phase, silent string) {
	t.Helper()
	said := strings.Join(p.sentences, "\n")
	for _, want := range say {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said in:\n%s", want, said)
		}
	}
	if silent != "" && strings.Contains(said, silent) {
		t.Errorf("%q is said in:\n%s", silent, said)
	}
	var phases []view.Phase
	for _, e := range p.expect {
		phases = append(phases, e.Phase)
	}
	if !slices.Equal(phases, wait) {
		t.Errorf("waits for %v, want %v", phases, wait)
	}
}

func TestPredictNodes(t *testing.T) {
	one := toll{silent: []string{"node-1"}, gone: true}
	node := func(n int, change func(*view.Node)) func(*view.Snapshot) {
		return func(s *view.Snapshot) { change(&s.Nodes[n-1]) }
	}
	tests := map[string]struct {
		nodes  int
		change func(*view.Snapshot)
		toll   toll
		say    []string
		wait   []view.Phase
		silent string // must not be said
	}{
		"with pods": {2, nil, one, []string{"node-1 is NotReady within 9.5s: the controller manager has heard nothing for 8s", "its 2 pods are evicted", "after a toleration of 3s"},
			[]view.Phase{view.NotReady, view.Evicted, view.Replaced}, "run on"},
		"with one pod": {2, node(1, func(n *view.Node) { n.Pods = 1 }), one, []string{"its only pod is evicted within 13s"},
			[]view.Phase{view.NotReady, view.Evicted, view.Replaced}, "1 pods"},
		"without pods":         {2, node(1, func(n *view.Node) { n.Pods = 0 }), one, []string{"NotReady"}, []view.Phase{view.NotReady}, "evicted"},
		"only others have any": {2, node(2, func(n *view.Node) { n.Pods = 9 }), one, []string{"its 2 pods"}, []view.Phase{view.NotReady, view.Evicted, view.Replaced}, "9 pods"},
		"the last node":        {1, nil, one, []string{"no other node could take their replacements"}, []view.Phase{view.NotReady, view.Evicted}, "Ready elsewhere"},
		"the other is cordoned": {2, node(2, func(n *view.Node) { n.Schedulable = false }), one,
			[]string{"no other node could take their replacements"}, []view.Phase{view.NotReady, view.Evicted}, "Ready elsewhere"},
		"the other is not ready": {2, node(2, func(n *view.Node) { n.Ready = false }), one,
			[]string{"no other node could take their replacements"}, []view.Phase{view.NotReady, view.Evicted}, "Ready elsewhere"},
		"one of two others is cordoned": {3, node(2, func(n *view.Node) { n.Schedulable = false }), one,
			[]string{"replacements are Ready elsewhere"}, []view.Phase{view.NotReady, view.Evicted, view.Replaced}, "no other node"},
		"only unheard of": {2, nil, toll{silent: []string{"node-2"}}, []string{"node-2 is NotReady", "its containers run on"},
			[]view.Phase{view.NotReady, view.Evicted, view.Replaced}, "node-1"},
		"with a majority of masters": {2, nil, toll{silent: []string{"node-1"}, down: whole("master-2", "master-3")},
			[]string{"node-1 goes silent, but nobody can mark that as NotReady"}, nil, "evicted"},
		"with a split of the masters": {2, nil, toll{silent: []string{"node-1"}, groups: [][]string{{"master-1"}, {"master-2"}, {"master-3"}}},
			[]string{"nobody can mark that as NotReady"}, nil, "evicted"},
		"with the controller manager that leads": {2, nil, toll{silent: []string{"node-1"}, gone: true, down: []string{"master-1/kube-controller-manager"}},
			[]string{"the Lease of kube-controller-manager moves away from master-1 within 5.5s", "node-1 is NotReady within 15s"},
			[]view.Phase{view.ManagerMove, view.NotReady, view.Evicted, view.Replaced}, "nobody"},
		"with all controller managers": {2, nil, toll{silent: []string{"node-1"}, gone: true,
			down: []string{"master-1/kube-controller-manager", "master-2/kube-controller-manager", "master-3/kube-controller-manager"}},
			[]string{"nobody else can lead kube-controller-manager", "node-1 goes silent, but nobody can mark that as NotReady"}, nil, "evicted"},
		"two of three": {3, nil, toll{silent: []string{"node-1", "node-2"}},
			[]string{"node-1, node-2 are NotReady within 9.5s", "their containers run on", "their 4 pods are evicted"},
			[]view.Phase{view.NotReady, view.Evicted, view.Replaced}, " is NotReady"},
		"no controller manager": {2, func(s *view.Snapshot) { delete(s.Leases, component.ControllerManager) }, one,
			[]string{"nobody can mark that as NotReady: there is no controller manager that can write"}, nil, "evicted"},
	}
	workshop, upstream := timings(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := healthy(3, tt.nodes)
			if tt.change != nil {
				tt.change(&s)
			}
			check(t, tt.toll.predict(s, clocks{workshop, upstream}), tt.say, tt.wait, tt.silent)
		})
	}
}

// TestNodesAreMarkedAfterTheirGrace holds what is promised about nodes against each timing's own parts.
func TestNodesAreMarkedAfterTheirGrace(t *testing.T) {
	workshop, upstream := timings(t)
	of := func(p prediction, phase view.Phase) view.Expectation {
		i := slices.IndexFunc(p.expect, func(e view.Expectation) bool { return e.Phase == phase })
		if i < 0 {
			t.Fatalf("%s is not expected in %+v", phase, p.expect)
		}
		return p.expect[i]
	}
	for name, k := range map[string]topology.Timing{"workshop": workshop, "upstream": upstream} {
		p := toll{silent: []string{"node-1"}}.predict(healthy(3, 2), clocks{k, upstream})
		// kubelet may have reported just before, and the controller manager have looked just before the grace ended.
		notReady, least := of(p, view.NotReady), k.NodeMonitorGrace+k.NodeMonitorPeriod
		if notReady.Within < least || notReady.Within > least+2*time.Second {
			t.Errorf("%s: NotReady within %s, want a little more than %s", name, notReady.Within, least)
		}
		evicted := of(p, view.Evicted)
		if least := notReady.Within + k.Toleration; evicted.Within < least || evicted.Within > least+2*time.Second {
			t.Errorf("%s: evicted within %s, want a little more than %s", name, evicted.Within, least)
		}
		if replaced := of(p, view.Replaced); replaced.Within <= evicted.Within || replaced.Upstream <= evicted.Upstream {
			t.Errorf("%s: replaced within %s, before pods go within %s", name, replaced.Within, evicted.Within)
		}
		if least := upstream.NodeMonitorGrace + upstream.NodeMonitorPeriod; notReady.Upstream < least || notReady.Upstream > least+2*time.Second {
			t.Errorf("%s: upstream NotReady within %s, want a little more than %s", name, notReady.Upstream, least)
		}
	}
}
