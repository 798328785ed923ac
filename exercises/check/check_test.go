package check

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"kubelab/core/view"
	"kubelab/exercises/expr"
	"kubelab/exercises/labtest"
)

var update = flag.Bool("update", false, "write language.md anew")

func language(t testing.TB) *expr.Env {
	t.Helper()
	env, err := Language()
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// The reference for authors is made of what functions say of themselves.
func TestReference(t *testing.T) {
	got := Reference(language(t))
	if *update {
		if err := os.WriteFile("language.md", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("language.md")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Error("language.md is not what the functions say: go test ./exercises/check -update")
	}
}

func TestExamplesCompile(t *testing.T) {
	env := language(t)
	for _, f := range env.Functions() {
		if _, issues := env.Compile(f.Example, expr.Any); len(issues) > 0 {
			t.Errorf("%s: %s: %v", f.Name, f.Example, issues)
		}
		if f.Doc == "" || f.Example == "" {
			t.Errorf("%s is not documented", f.Name)
		}
	}
}

// scene is a history that tests write down.
type scene struct {
	log *Log
	at  time.Time
}

func newScene() *scene { return &scene{&Log{}, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func (s *scene) tell(e view.Event) {
	s.at = s.at.Add(100 * time.Millisecond)
	e.Seq, e.Time = uint64(s.at.UnixMilli()), s.at
	s.log.Add(e)
}

func (s *scene) request(agent, user, verb string, o view.Object, code int) {
	s.tell(view.Event{Kind: view.Requested, Source: "master-1/kube-apiserver", Object: &o, Request: &view.Request{Agent: agent, User: user, Verb: verb, Object: o, Code: code}})
}

func pod(name string) view.Object {
	return view.Object{Resource: "pods", Namespace: "demo", Name: name}
}

func TestHistory(t *testing.T) {
	s := newScene()
	lease := view.Object{Resource: "leases", Namespace: "kube-system", Name: "kube-scheduler"}
	node := view.Object{Resource: "nodes", Name: "node-2"}
	before := pod("before")
	s.tell(view.Event{Kind: view.PodChanged, Source: "etcd", Object: &before, Text: "demo/before: Running"})
	unit := s.log.Since(time.Time{})
	step := s.log.From()
	s.tell(view.Event{Kind: view.Changed, Source: "node-2/kubelet", Text: "node-2/kubelet is stopped"})
	s.request("kubelet/v1", "system:node:node-1", "get", pod("read"), 200)
	s.request("kubelet/v1", "system:node:node-1", "update", lease, 200)
	s.request("lab-stopwatch", "kubernetes-admin", "get", pod("watched"), 200)
	s.request("lab/v1.37", "system:kube-scheduler", "create", pod("web-1"), 201)
	s.request("kubectl/v1.37", "kubernetes-admin", "create", pod("web-2"), 403)
	s.request("kubectl/v1.37", "", "get", pod("web-3"), 401)
	s.request("lab", "kubernetes-admin", "delete", pod("web-2"), 200)
	s.tell(view.Event{Kind: view.NodeChanged, Source: "etcd", Object: &node, Text: "node-2: NotReady (unknown: nothing is heard of it)"})
	gone := pod("web-1")
	s.tell(view.Event{Kind: view.PodChanged, Source: "etcd", Object: &gone, Text: "demo/web-1 is gone from node-2"})
	r := view.Record{Fault: view.Fault{ID: "f1", Kind: view.Kill}, Action: view.Action{Verb: view.Kill, Targets: []string{"master-1/etcd"}}}
	s.tell(view.Event{Kind: view.FaultInjected, Record: &r})
	mine := view.EtcdSnapshot{Name: "mine", Path: "/kept/mine", Revision: 7}
	s.tell(view.Event{Kind: view.Acted, Text: "lab snapshot save mine"})
	s.tell(view.Event{Kind: view.Acted, Text: "snapshot mine was saved", Snapshot: &view.SnapshotDone{Verb: view.SaveSnapshot, Of: mine}})
	s.tell(view.Event{Kind: view.Acted, Text: "lab snapshot verify mine failed: it is cut short"})
	env, lab := language(t), labtest.New(3, 2).Snapshot()
	w := World{Lab: lab, Start: lab, Answers: map[string]any{}, Kept: map[string]any{}, Step: step, Unit: unit, Asker: NewAsker(nil)}
	holds := func(source string, want bool) {
		t.Helper()
		x, issues := env.Compile(source, expr.Bool)
		if x == nil {
			t.Fatalf("%s: %v", source, issues)
		}
		got, err := x.Holds(t.Context(), w.Variables())
		if got != want || err != nil {
			t.Errorf("%s: %t, %v; want %t", source, got, err, want)
		}
	}
	for source, want := range map[string]bool{
		`happened("pod", "pod/demo/before")`:                                          false, // the step had not begun
		`unit.happened("pod", "pod/demo/before")`:                                     true,
		`happened("component", "node-2/kubelet", "stopped")`:                          true,
		`happened("component", "node-2")`:                                             true,
		`happened("component", "node-*/kubelet")`:                                     true,
		`happened("component", "node-1/kubelet")`:                                     false,
		`happened("component", "node-2/kubelet", "running")`:                          false,
		`happened("node", "node-2", "NotReady")`:                                      true,
		`happened("node", "nodes/node-2")`:                                            true,
		`happened("pod,node", "po/demo/web-*")`:                                       true,
		`audit("*").size() == 4`:                                                      true, // no reads, no Leases, no stopwatch
		`audit("create pods/demo/*").size() == 2`:                                     true,
		`audit("create pod/demo/web-2").all(r, byPerson(r) && r.code == 403)`:         true,
		`audit("create pods/demo/web-1").exists(r, byPerson(r))`:                      false,
		`audit("* pods/demo/web-3").exists(r, byPerson(r) && r.code == 401)`:          true,
		`audit("delete pods/demo/web-2").all(r, byPerson(r))`:                         true,
		`audit("delete nodes/node-2").size() == 0`:                                    true,
		`inOrder([events("component"), events("node"), events("pod", "pod/demo/*")])`: true,
		`inOrder([events("pod"), events("node")])`:                                    false,
		`inOrder([events("component"), events("lease")])`:                             false,
		`between(events("component"), events("node")) == duration("800ms")`:           true,
		`faults("kill", "master-*").exists(f, !has(f.measured))`:                      true,
		`faults("kill", "master-2/etcd").size() == 0 && faults("cut").size() == 0`:    true,
		`faults().size() == 1`:                                                        true,
		`snapshots("saved").map(s, s.name) == ["mine"]`:                               true,
		`snapshots("verified").size() + snapshots("restored").size() == 0`:            true,
	} {
		holds(source, want)
	}
	// What comes later is found by the same questions.
	r2 := r
	r2.Measured = &view.Measured{Writes: view.Traffic{Sent: 20, Failed: 2, Gap: time.Second}}
	s.tell(view.Event{Kind: view.FaultMeasured, Record: &r2})
	s.request("kubectl/v1.37", "kubernetes-admin", "create", pod("web-4"), 201)
	holds(`faults("kill").exists(f, has(f.measured) && f.measured.writes.gap <= duration("1s"))`, true)
	holds(`audit("create pods/demo/*").size() == 3`, true)
	for source, want := range map[string]string{
		`between(events("pod"), events("node")) > duration("0s")`: "the second of the two has not happened yet",
		`happened("pod", "[")`:            `"[": a star stands for any letters but a slash; write [*] for a star itself`,
		`audit("a b c").size() > 0`:       `audit("a b c"): write a verb and objects, for example create pods/demo/*`,
		`containers("node-1").size() > 0`: "the lab is being asked",
		`snapshots("made").size() > 0`:    `snapshots("made"): use restored, saved, verified`,
	} {
		x, issues := env.Compile(source, expr.Bool)
		if x == nil {
			t.Fatalf("%s: %v", source, issues)
		}
		if _, err := x.Holds(t.Context(), w.Variables()); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", source, err, want)
		}
	}
}

func TestWritesLost(t *testing.T) {
	s := newScene()
	o := view.Object{Resource: "configmaps", Namespace: "kube-system", Name: view.Stopwatch + "1", UID: "u"}
	write := func(verb string, code int) {
		s.request("lab-stopwatch", "kubernetes-admin", verb, o, code)
	}
	key := func(version int64, deleted bool) {
		s.tell(view.Event{Kind: view.KeyChanged, Object: &o, Key: &view.KeyChange{Version: version, Deleted: deleted}})
	}
	for i, tt := range []struct {
		do   func()
		lost int64
	}{
		{func() { key(1, false); write("create", 201) }, 0},
		{func() { write("update", 200) }, 1}, // its key is not heard of yet
		{func() { key(2, false) }, 0},
		{func() { key(3, false); write("update", 500) }, 0}, // it was written, and the answer lost
		{func() { write("update", 200); key(4, false); write("get", 200) }, 0},
		{func() { write("update", 200); write("update", 200); key(3, false) }, 2}, // a member that has forgotten leads
		{func() { key(0, true) }, 2},
	} {
		if tt.do(); s.log.writes.lost() != tt.lost {
			t.Errorf("after %d: %d are lost, want %d", i, s.log.writes.lost(), tt.lost)
		}
	}
}

func TestALogIsBounded(t *testing.T) {
	s := newScene()
	step := s.log.From()
	s.tell(view.Event{Kind: view.Elected, Source: "master-2/etcd", Text: "master-2 leads etcd"})
	for i := range 3 * maxEvents {
		s.tell(view.Event{Kind: view.KubeEvent, Text: fmt.Sprint(i)})
	}
	if len(s.log.list) > maxEvents {
		t.Errorf("%d events are kept", len(s.log.list))
	}
	if found, err := step.find(query{kinds: string(view.Elected)}); err != nil || len(found) != 1 {
		t.Errorf("what is no noise was forgotten: %v, %v", found, err)
	}
	for range 2 * maxEvents {
		s.tell(view.Event{Kind: view.PodChanged})
	}
	if len(s.log.list) > maxEvents {
		t.Errorf("%d events are kept, none of them noise", len(s.log.list))
	}
}
