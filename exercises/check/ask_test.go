package check

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kubelab/core/component"
	"kubelab/core/view"
	"kubelab/exercises/expr"
	"kubelab/exercises/labtest"
)

// knowing is a lab that answers more questions than the one in memory.
type knowing struct {
	*labtest.Lab
	asked atomic.Int32
}

func (k *knowing) Ask(ctx context.Context, q view.Question) (view.Answer, error) {
	k.asked.Add(1)
	switch {
	case q.Keys != nil:
		return view.Answer{Keys: &view.Keys{List: []view.KeyValue{{Key: q.Keys.Prefix + "-more", Modified: 1}, {Key: q.Keys.Prefix, Modified: 812}}}}, nil
	case q.Reads != "":
		return view.Answer{Reads: []view.Read{{Member: "master-1", Linearizable: view.Got{Error: "no leader"}, Serializable: view.Got{Modified: 812}}}}, nil
	case q.Proxy != nil:
		return view.Answer{Proxy: &view.Proxy{Node: q.Proxy.Node, Answered: map[string]int{"web-1": q.Proxy.Try}}}, nil
	}
	return k.Lab.Ask(ctx, q)
}

func TestWhatTheLabIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := &knowing{Lab: labtest.New(3, 2)}
		lab.Show(func(s *view.Snapshot) {
			s.Services = []view.Service{{Namespace: "demo", Name: "web", Endpoints: []view.Endpoint{{Pod: "web-6c7-a", Ready: true}}}}
		})
		lab.SetState("master-3", component.Etcd, component.Crashed)
		env, log, asker := language(t), &Log{}, NewAsker(lab)
		pod := view.Object{Resource: "pods", Namespace: "demo", Name: "big"}
		step := log.From()
		log.Add(view.Event{Kind: view.Decided, Decision: &view.Decision{Pod: pod, WhatIf: true, Node: "node-9"}})
		log.Add(view.Event{Kind: view.Decided, Decision: &view.Decision{Pod: pod, Nodes: []view.Verdict{{Node: "node-1", Rejected: "NodeResourcesFit"}}}})
		log.Add(view.Event{Kind: view.Decided, Decision: &view.Decision{Pod: pod, WhatIf: true, Node: "node-9"}})
		holds := func(source string) (bool, error) {
			x, issues := env.Compile(source, expr.Bool)
			if x == nil {
				t.Fatalf("%s: %v", source, issues)
			}
			s := lab.Snapshot()
			return x.Holds(t.Context(), World{Lab: s, Start: s, Answers: map[string]any{}, Kept: map[string]any{}, Step: step, Unit: step, Asker: asker}.Variables())
		}
		for _, source := range []string{
			`key("/registry/pods/demo/a").modified == 812`,
			`reads("/registry/pods/demo/a").all(r, r.linearizable.error != "" && r.serializable.modified == 812)`,
			`requests("node-1", "services/demo/web", 50).answered["web-1"] == 50`,
			`container("pod/demo/web-6c7-a", "web").pid == 1002 && container("demo/web-6c7-a", "").pid == 1001 && container("demo/web-6c7-a", "other").pid == 0`,
			`containers("node-2").size() == 2`,
		} {
			if _, err := holds(source); err == nil || err.Error() != errAsking.Error() {
				t.Errorf("%s, before it is asked: %v", source, err)
			}
			asker.Serve(t.Context(), func() {})
			asker.Wait()
			if ok, err := holds(source); !ok || err != nil {
				t.Errorf("%s: %t, %v", source, ok, err)
			}
		}
		for _, source := range []string{
			`service("demo/web").endpoints.exists(e, e.ready)`, `workload("deployment/demo/web").ready == 3`, `workload("deployment/demo/none").desired == 0`,
			`state("master-3") == "mixed"`, `state("node-1") == "running"`, `state("node-9") == ""`, `node("node-9").name == ""`, `pod("demo/none").uid == ""`,
			`decision("pod/demo/big").nodes.all(n, n.rejected == "NodeResourcesFit")`, `writesLost() == 0`,
		} {
			if ok, err := holds(source); !ok || err != nil {
				t.Errorf("%s: %t, %v", source, ok, err)
			}
		}
		for source, want := range map[string]string{
			`requests("node-1", "demo/web", 101).failed == 0`: "requests(…, 101): use 0 to 100",
			`container("demo/none", "web").pid == 0`:          "demo/none is on no node",
			`decision("demo/other").attempt == 1`:             "the scheduler has not decided on demo/other since the step began",
		} {
			if _, err := holds(source); err == nil || err.Error() != want {
				t.Errorf("%s: %v, want %s", source, err, want)
			}
		}
	})
}

// A lab is asked again after some seconds, or soon when something has happened that may change the answer; and not at all
// when nobody wants to know.
func TestHowOftenTheLabIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := &knowing{Lab: labtest.New(1, 2)}
		a := NewAsker(lab)
		for i, tt := range []struct {
			wait  time.Duration
			want  bool
			event view.Event
			asked int32
		}{
			{0, true, view.Event{}, 1},
			{time.Second, true, view.Event{}, 1},
			{2 * time.Second, true, view.Event{}, 2},
			{10 * time.Second, false, view.Event{}, 2},
			{0, true, view.Event{}, 3},
			{time.Second, true, view.Event{Kind: view.ContainerDone, Source: "node-2/containerd"}, 3}, // another node
			{0, true, view.Event{Kind: view.ContainerDone, Source: "node-1/containerd"}, 4},
			{100 * time.Millisecond, true, view.Event{Kind: view.ContainerDone, Source: "node-1/containerd"}, 4},
			{400 * time.Millisecond, true, view.Event{}, 5},
		} {
			time.Sleep(tt.wait)
			if tt.want {
				_, _ = a.ask(askNode+" node-1", view.Question{Node: "node-1"}) // only that it is wanted matters
			}
			a.Doubt(tt.event)
			a.Serve(t.Context(), func() {})
			a.Wait()
			if got := lab.asked.Load(); got != tt.asked {
				t.Errorf("%d: it was asked %d times, want %d", i, got, tt.asked)
			}
		}
		time.Sleep(askOld)
		if _, err := a.ask(askNode+" node-1", view.Question{Node: "node-1"}); err != nil {
			t.Errorf("an answer of %s ago: %v", askOld, err)
		}
		time.Sleep(1)
		if _, err := a.ask(askNode+" node-1", view.Question{Node: "node-1"}); err == nil {
			t.Error("an older answer says nothing any more")
		}
		for i := range 2 * maxAsked {
			_, _ = a.ask(string(rune('a'+i)), view.Question{Node: "node-1"})
		}
		if _, err := a.ask("one more", view.Question{}); err == nil || err.Error() != errTooMany.Error() {
			t.Errorf("very many questions: %v", err)
		}
	})
}
