package session_test

import (
	"context"
	"slices"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"kubelab/core/component"
	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/check"
	"kubelab/exercises/labtest"
	"kubelab/exercises/session"
)

// written is an exercise with a setup.
func written(t *testing.T, setup string) *exercises.Exercise {
	t.Helper()
	env, err := check.Language()
	if err != nil {
		t.Fatal(err)
	}
	e, problems := exercises.Read(env, fstest.MapFS{
		"task.md": &fstest.MapFile{}, "a.yaml": &fstest.MapFile{Data: []byte("kind: A")},
		"exercise.yaml": &fstest.MapFile{Data: []byte(`{id: one, title: One, objective: To know., minutes: 5, lab: {masters: 2, nodes: 2}, setup: ` + setup + `,
  steps: [{id: one, title: One, task: Do it., checks: [{id: leader, says: It moved., if: leader() != start.leader(), notYet: "It is {{ leader() }}."}]}]}`)},
	}, ".")
	if e == nil {
		t.Fatal(problems)
	}
	return e
}

// listing is a lab that has objects until they are deleted, and some time after.
type listing struct {
	*labtest.Lab
	left int // how often it is still there
}

func (l *listing) Ask(ctx context.Context, q view.Question) (view.Answer, error) {
	if q.List == nil || l.left == 0 {
		return l.Lab.Ask(ctx, q)
	}
	l.left--
	return view.Answer{List: &view.List{Rows: []view.ListRow{{Object: view.Object{Resource: "namespaces", Name: "play"}}}}}, nil
}

func TestSetup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := &listing{labtest.New(2, 2), 3}
		lab.SetState("master-1", component.Scheduler, component.Crashed)
		lab.SetState("node-2", component.Kubelet, component.Paused)
		for _, name := range component.OfNode {
			lab.SetState("node-1", name, component.Stopped)
		}
		lab.Show(func(s *view.Snapshot) {
			s.Faults = []view.Fault{{ID: "f1"}}
			s.Nodes[1].Taints = []string{"node.kubernetes.io/unschedulable:NoSchedule"}
		})
		s, err := session.Open(session.Config{Lab: lab, Exercise: written(t, `{empty: [den], delete: [namespace/play], apply: [a.yaml], scale: [{object: deploy/demo/web, replicas: 2}],
  stop: ["master-*/kube-scheduler", node-1], until: 'state("master-2/kube-scheduler") == "stopped"'}`)})
		if err != nil {
			t.Fatal(err)
		}
		var steps []string
		if err := s.Start(t.Context(), func(st view.Step) {
			if st.Done {
				steps = append(steps, st.Name)
			}
		}); err != nil {
			t.Fatal(err)
		}
		var done []string
		for _, a := range lab.Done() {
			done = append(done, a.String())
		}
		if want := []string{
			"heal --all", "resume node-2/kubelet", "start master-1/kube-scheduler node-1", "uncordon node-2", "empty den", "delete namespaces/play", "apply", "scale deployments/demo/web --replicas 2",
			"stop master-1/kube-scheduler master-2/kube-scheduler node-1",
		}; !slices.Equal(done, want) {
			t.Errorf("done to the lab:\n%q, want\n%q", done, want)
		}
		if want := []string{"Everything runs", "namespaces/play is gone", "The lab is as the exercise needs it"}; !slices.Equal(steps, want) {
			t.Errorf("reported: %q, want %q", steps, want)
		}
	})
}

// What a step's setup stops may be what the exercise's condition needs.
func TestSetupOfAStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := labtest.New(2, 2)
		e := written(t, `{scale: [{object: deploy/demo/web, replicas: 2}], until: 'state("node-2/kubelet") == "running"'}`)
		e.Steps[0].Setup = exercises.Setup{Scale: []exercises.Scale{{Object: "deploy/demo/web", Replicas: 3}}, Stop: []string{"node-2/kubelet"}}
		run(t, lab, e, nil, func(ctx context.Context, s *session.Session) {
			start(t, ctx, s)
			before := len(lab.Done())
			if err := s.ResetStep(ctx, func(view.Step) {}); err != nil {
				t.Fatal(err)
			}
			var done []string
			for _, a := range lab.Done()[before:] {
				done = append(done, a.String())
			}
			if want := []string{"scale deployments/demo/web --replicas 2", "scale deployments/demo/web --replicas 3", "stop node-2/kubelet"}; !slices.Equal(done, want) {
				t.Errorf("done to the lab:\n%q, want\n%q", done, want)
			}
		})
	})
}

// What earlier steps have started runs when somebody goes back to a step, and taints of exercises are gone.
func TestSetupOfALaterStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := labtest.New(2, 2)
		lab.Show(func(s *view.Snapshot) {
			s.Nodes[1].Taints = []string{"unit-6/reserved=yes:NoSchedule", "mine:NoExecute"}
		})
		e := written(t, `{apply: [a.yaml], stop: ["master-*/kube-controller-manager", "master-*/kube-scheduler"]}`)
		e.Steps[0].Setup = exercises.Setup{Start: []string{"master-1/kube-*"}, Scale: []exercises.Scale{{Object: "deployment/demo/web", Replicas: 2}}}
		run(t, lab, e, nil, func(ctx context.Context, s *session.Session) {
			start(t, ctx, s)
			before := len(lab.Done())
			if err := s.ResetStep(ctx, func(view.Step) {}); err != nil {
				t.Fatal(err)
			}
			var done []string
			for _, a := range lab.Done()[before:] {
				done = append(done, a.String()+a.Manifest)
			}
			if want := []string{
				"start master-1/kube-scheduler master-1/kube-controller-manager master-2/kube-scheduler master-2/kube-controller-manager",
				`apply{"apiVersion":"v1","kind":"Node","metadata":{"name":"node-2"},"spec":{"taints":[{"effect":"NoExecute","key":"mine","value":""}]}}`,
				"applykind: A", "stop master-2/kube-controller-manager master-2/kube-scheduler", "scale deployments/demo/web --replicas 2",
			}; !slices.Equal(done, want) {
				t.Errorf("done to the lab:\n%q, want\n%q", done, want)
			}
		})
	})
}

// What has come about is shown within half a second, at whatever moment between two looks it comes about.
func TestHowSoonItIsShown(t *testing.T) {
	for moment := time.Duration(0); moment < time.Second; moment += 70 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			lab := labtest.New(3, 2)
			run(t, lab, written(t, "{}"), nil, func(ctx context.Context, s *session.Session) {
				start(t, ctx, s)
				now(ctx, s)
				time.Sleep(moment)
				for len(s.Changes()) > 0 {
					<-s.Changes()
				}
				lab.Show(func(l *view.Snapshot) { l.Etcd.Leader = "master-3" }) // and no event tells of it
				began := time.Now()
				<-s.Changes()
				if took := time.Since(began); took > 500*time.Millisecond || s.Status(ctx).Phase != session.Done {
					t.Errorf("%s after a look: after %s it is %s", moment, took, s.Status(ctx).Phase)
				}
			})
		})
	}
}

// What a setup does comes when the lab is as it is to be, word for word as somebody would type it.
func TestSetupDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := &listing{labtest.New(3, 2), 3}
		s, err := session.Open(session.Config{Lab: lab, Exercise: written(t, `{until: 'leader() == "master-1"', do: [
  "stop master-*/kube-scheduler", "start master-2/kube-scheduler", 'until state("master-2/kube-scheduler") == "running"', "start master-*/kube-scheduler",
  "isolate {{ leader() }}", "delete namespace/play", "empty den", "wipe master-*", snapshot-save]}`)})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Start(t.Context(), func(view.Step) {}); err != nil {
			t.Fatal(err)
		}
		var done []string
		for _, a := range lab.Done() {
			done = append(done, a.String())
		}
		if want := []string{
			"stop master-1/kube-scheduler master-2/kube-scheduler master-3/kube-scheduler", "start master-2/kube-scheduler",
			"start master-1/kube-scheduler master-3/kube-scheduler", "isolate master-1", "delete namespace/play", "empty den", "wipe master-1 master-2 master-3", "snapshot save",
		}; !slices.Equal(done, want) {
			t.Errorf("done to the lab:\n%q, want\n%q", done, want)
		}
	})
}

// reluctant is a lab whose API servers have only just been mended: what is wanted of objects fails at first.
type reluctant struct {
	*labtest.Lab
	refuses int
}

func (l *reluctant) Do(ctx context.Context, a view.Action, report view.Report) (view.Outcome, error) {
	if a.Verb == view.Scale && l.refuses > 0 {
		l.refuses--
		return view.Outcome{}, view.Fail(view.Failed, "connection reset by peer")
	}
	return l.Lab.Do(ctx, a, report)
}

func TestSetupInsists(t *testing.T) {
	for refuses, works := range map[int]bool{3: true, 1_000_000: false} {
		synctest.Test(t, func(t *testing.T) {
			lab := &reluctant{labtest.New(3, 2), refuses}
			s, err := session.Open(session.Config{Lab: lab, Exercise: written(t, `{scale: [{object: deploy/demo/web, replicas: 2}]}`)})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if err := s.Start(t.Context(), func(view.Step) {}); (err == nil) != works || time.Since(began) > time.Minute {
				t.Errorf("refused %d times: %v after %s", refuses, err, time.Since(began))
			}
		})
	}
}

// unheard is a lab with a master of which all runs, and to which the balancer sends nothing until it is started anew.
type unheard struct{ *labtest.Lab }

func (l *unheard) Do(ctx context.Context, a view.Action, report view.Report) (view.Outcome, error) {
	if a.Verb == view.Start {
		l.Show(func(s *view.Snapshot) {
			s.State = view.Healthy
			for _, m := range s.Masters {
				if slices.Contains(a.Targets, m.Name) {
					s.Balancer.Healthy = append(s.Balancer.Healthy, m.IP+":6443")
				}
			}
		})
	}
	return l.Lab.Do(ctx, a, report)
}

func TestMendStartsAnewWhoDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := &unheard{labtest.New(3, 2)}
		lab.Show(func(s *view.Snapshot) { s.State, s.Balancer.Healthy = view.Degraded, s.Balancer.Healthy[:2] })
		s, err := session.Open(session.Config{Lab: lab, Exercise: written(t, `{}`)})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := s.Start(t.Context(), func(view.Step) {}); err != nil || time.Since(began) > 4*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		if done := lab.Done(); len(done) != 2 || done[0].String() != "kill master-3" || done[1].String() != "start master-3" {
			t.Errorf("done to the lab: %v", done)
		}
	})
}

// What other exercises have left is taken away, and nothing else.
func TestSetupTidies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := labtest.New(2, 2)
		for _, namespace := range []string{"unit-6", "unit-7", "unit-6", "demo", "my-unit-1"} {
			lab.AddPod(namespace, "one", "one", "node-1")
		}
		s, err := session.Open(session.Config{Lab: lab, Exercise: written(t, `{empty: [unit-7]}`)})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Start(t.Context(), func(view.Step) {}); err != nil {
			t.Fatal(err)
		}
		if done := lab.Done(); len(done) != 2 || done[0].String() != "empty unit-6" || done[1].String() != "empty unit-7" {
			t.Errorf("done to the lab: %v", done)
		}
	})
}
