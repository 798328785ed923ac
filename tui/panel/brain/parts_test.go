package brain

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"kubelab/core/plain"
	"kubelab/core/view"
)

func TestColumnsFit(t *testing.T) {
	for _, p := range []struct {
		name string
		cols []column
	}{
		{"members", NewEtcd().members.cols}, {"keys", NewEtcd().keys.cols}, {"requests", NewAPI().requests.cols}, {"decisions", NewScheduler().decisions.cols},
		{"queues", NewControllers().queues.cols}, {"workloads", NewControllers().workloads.cols}, {"writes", NewControllers().writes.cols},
	} {
		for w := 78; w <= 220; w++ {
			_, widths := fit(p.cols, w)
			sum := -1
			for _, n := range widths {
				sum += n + 1
			}
			if sum > w || sum < w && hasShare(p.cols) {
				t.Errorf("columns of %s take %d of %d cells", p.name, sum, w)
			}
		}
	}
}

func hasShare(cols []column) bool {
	for _, c := range cols {
		if c.share > 0 {
			return true
		}
	}
	return false
}

func TestFamilies(t *testing.T) {
	deploy := func(name string) view.Workload {
		return view.Workload{Kind: "Deployment", Namespace: "demo", Name: name}
	}
	set := func(name, owner string) view.Workload {
		return view.Workload{Kind: "ReplicaSet", Namespace: "demo", Name: name, Owner: owner}
	}
	got := families([]view.Workload{deploy("a"), deploy("b"), set("a-1", "Deployment/a"), set("b-1", "Deployment/b"), set("orphan", "Rollout/c")})
	want := []view.Workload{deploy("a"), set("a-1", "Deployment/a"), deploy("b"), set("b-1", "Deployment/b"), set("orphan", "Rollout/c")}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("families = %v", got)
	}
}

func TestReasons(t *testing.T) {
	nodes := func(totals ...int64) *view.Decision {
		d := &view.Decision{Node: "node-0", Scorers: []string{"A", "B"}}
		for i, total := range totals {
			d.Nodes = append(d.Nodes, view.Verdict{Node: "node-" + string(rune('0'+i)), Fits: true, Total: total, Scores: map[string]int64{"A": total, "B": 1}})
		}
		return d
	}
	for want, d := range map[string]*view.Decision{
		"+4 over node-2: A":            nodes(9, 3, 5),
		"tie with node-1, at random":   nodes(9, 9, 5),
		"tie with 2 others, at random": nodes(9, 9, 9),
		"the only node that fits":      nodes(9),
		"0/2 nodes are available":      {Why: "0/2 nodes are available."},
	} {
		if got := reason(d); got != want {
			t.Errorf("reason = %q, want %q", got, want)
		}
	}
}

func TestStatsKnowHowFarBackTheyGo(t *testing.T) {
	s := scene(t)
	if st := take(s, 30); st.known != window || st.total != 57 || st.refused[view.Storage] != 1 || st.clients[0].n != 25 {
		t.Errorf("take = %+v", st)
	}
	s = big(t, 1)
	st := take(s, 60)
	one := st.servers["master-1"]
	if st.known > 50*time.Second || one.rates[0] != -1 || one.rates[58] <= 0 {
		t.Errorf("%s are known, the rates are %v", st.known, one.rates)
	}
	if one.median <= 0 || one.p99 < one.median {
		t.Errorf("median %s, p99 %s", one.median, one.p99)
	}
}

func TestUsersInFewWords(t *testing.T) {
	for user, want := range map[string]string{
		controllerAccounts + "job-controller": "job-controller", "system:node:node-2": "kubelet node-2", "system:kube-scheduler": "kube-scheduler",
		"system:serviceaccount:demo:default": "demo:default", "jane": "jane", "": "nobody known",
	} {
		if got := who(user); got != want {
			t.Errorf("who(%q) = %q, want %q", user, got, want)
		}
	}
}

func TestWhatKeysHold(t *testing.T) {
	s := scene(t)
	pod := object3("pods", "demo", "a")
	for text, want := range map[string]string{
		"pods/demo/a created: Pending": "Pending", "pods/demo/a: Running on node-1": "Running on node-1", "pods/demo/a updated": "version 3, 99 B", "": "version 3, 99 B",
	} {
		got := holds(s, &view.Event{Object: &pod, Text: text, Key: &view.KeyChange{Version: 3, Size: 99}})
		if plain.Line(got) != want {
			t.Errorf("holds(%q) = %q, want %q", text, plain.Line(got), want)
		}
	}
}

func TestShow(t *testing.T) {
	s := scene(t)
	p := NewScheduler()
	if p.Show(s, "pods/demo/only"); p.Selected(s) != "pod/demo/only" || p.open == nil {
		t.Error("the decision about the pod is not open")
	}
	if r := p.Show(s, "pods/demo/nobody"); p.open != nil || r.Note == "" {
		t.Error("a pod that nothing is known of is shown")
	}
	if r := NewEtcd().Show(s, "/registry/pods/"); r.Ask == nil || r.Ask.Keys.Prefix != "/registry/pods/" {
		t.Error("keys are not asked for")
	}
}

func TestALeaseThatRanOut(t *testing.T) {
	s := scene(t)
	lease := s.Lab.Holders["kube-scheduler"]
	lease.Renewed = ago(6500 * time.Millisecond)
	s.Lab.Holders["kube-scheduler"] = lease
	s.Lab.Leases["kube-scheduler"] = "master-1"
	s.Lab.Stale = append(s.Lab.Stale, view.Stale{Source: "objects", Since: ago(time.Second)})
	got := plain.Line(leads(s, "kube-scheduler", 200)[0])
	for _, want := range []string{"ran out 2.5s ago: another may take it", "stale since 12:12:42.600", "master-1 still believes that it leads"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q does not say %q", got, want)
		}
	}
}
