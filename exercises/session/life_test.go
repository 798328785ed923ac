package session_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"kubelab/core/component"
	"kubelab/core/recording"
	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/check"
	"kubelab/exercises/labtest"
	"kubelab/exercises/progress"
	"kubelab/exercises/session"
)

func book(t *testing.T) *progress.Book {
	t.Helper()
	b, err := progress.Open(t.TempDir(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What was reached is there when the engine or the command line begins again, and what has happened meanwhile counts.
func TestGoOnLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab, b, e := labtest.New(1, 1), book(t), builtin(t, "a-pod-is-processes")
		run(t, lab, e, b, func(ctx context.Context, s *session.Session) {
			start(t, ctx, s)
			answer(t, s, "pod", "pod/demo/web-6c7-b")
			answer(t, s, "pid", "1004")
			if st := now(ctx, s); st.Current != 1 {
				t.Fatalf("it is in step %d", st.Current)
			}
			if h, err := s.Hint(ctx, 0); err != nil || h.Level != 1 {
				t.Errorf("the first hint: %+v, %v", h, err)
			}
		})
		lab.KillContainer("demo", "web-6c7-b", "web") // while nobody looks
		run(t, lab, e, b, func(ctx context.Context, s *session.Session) {
			st := now(ctx, s)
			if passed(st) != "exit restart same-pod" || st.Phase != session.Doing || len(st.Steps[1].Hints) != 1 || st.Steps[1].HintsLeft != 2 {
				t.Errorf("%s: passed %q, hints %q", st.Phase, passed(st), st.Steps[1].Hints)
			}
			answer(t, s, "after", "same")
			if st := now(ctx, s); st.Phase != session.Done || !st.Steps[1].Asks[0].Answer.Late {
				t.Errorf("%s, and the prediction is late: %+v", st.Phase, st.Steps[1].Asks[0].Answer)
			}
			start(t, ctx, s) // once more, from the beginning
			if st := now(ctx, s); st.Phase != session.Doing || st.Current != 0 || st.Passed.IsZero() || st.Steps[0].Asks[0].Answer != nil {
				t.Errorf("begun anew: %+v", st)
			}
		})
	})
}

// Another process of the same person answers: the one that runs hears of it.
func TestTwoSessionsOfOnePerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab, b, e := labtest.New(3, 1), book(t), builtin(t, "read-the-map")
		run(t, lab, e, b, func(ctx context.Context, s *session.Session) {
			start(t, ctx, s)
			now(ctx, s)
			other, err := session.Open(session.Config{Lab: lab, Exercise: e, Book: b})
			if err != nil {
				t.Fatal(err)
			}
			answer(t, other, "leader", "master-1")
			time.Sleep(2 * time.Second)
			if st := now(ctx, s); st.Current != 1 {
				t.Errorf("it was answered elsewhere, and here it is step %d", st.Current)
			}
		})
	})
}

func TestReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := labtest.New(1, 2)
		lab.AddPod("unit-3", "clock-1", "clock", "node-2")
		run(t, lab, builtin(t, "kubelet-off"), book(t), func(ctx context.Context, s *session.Session) {
			start(t, ctx, s)
			now(ctx, s)
			answer(t, s, "containers", "run")
			lab.SetState("node-2", component.Kubelet, component.Stopped)
			time.Sleep(20 * time.Second)
			if st := now(ctx, s); st.Current != 1 {
				t.Fatalf("it is in step %d", st.Current)
			}
			lab.SetState("node-2", component.Kubelet, component.Running)
			time.Sleep(2 * time.Second)
			if st := now(ctx, s); st.Phase != session.Done { // nothing has marked the node
				t.Fatalf("it is %s, %q", st.Phase, passed(st))
			}
			if err := s.ResetStep(ctx, func(view.Step) {}); view.CodeOf(err) != view.Usage {
				t.Errorf("there is no step to go back to: %v", err)
			}
			start(t, ctx, s)
			now(ctx, s)
			answer(t, s, "containers", "run")
			lab.SetState("node-2", component.Kubelet, component.Stopped)
			if st := now(ctx, s); passed(st) != "stopped" {
				t.Errorf("passed %q", passed(st))
			}
			if err := s.ResetStep(ctx, func(view.Step) {}); err != nil {
				t.Fatal(err)
			}
			st := now(ctx, s)
			if st.Current != 0 || passed(st) != "" || st.Steps[0].Asks[0].Answer != nil || lab.Snapshot().Nodes[1].Components[component.Kubelet].State != component.Running {
				t.Errorf("back at the start of the step: passed %q, %+v", passed(st), lab.Snapshot().Nodes[1])
			}
			var verbs []string
			for _, a := range lab.Done() {
				verbs = append(verbs, string(a.Verb))
			}
			if want := []string{"empty", "apply", "empty", "apply", "start", "empty", "apply"}; !slices.Equal(verbs, want) {
				t.Errorf("done to the lab: %q, want %q", verbs, want)
			}
		})
	})
}

func TestALabThatDoesNotFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := labtest.New(1, 2) // without the pod that the exercise waits for
		s, err := session.Open(session.Config{Lab: lab, Exercise: builtin(t, "kubelet-off")})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Start(t.Context(), func(view.Step) {})
		if view.CodeOf(err) != view.TimedOut || !strings.Contains(err.Error(), `pods("unit-3/clock-*").exists(p, p.ready && p.node == "node-2") does not hold`) {
			t.Errorf("Start: %v", err)
		}
		if st := s.Status(t.Context()); st.Phase != session.NotBegun {
			t.Errorf("it is %s", st.Phase)
		}
		small := labtest.New(1, 0)
		if s, err = session.Open(session.Config{Lab: small, Exercise: builtin(t, "kubelet-off")}); err != nil {
			t.Fatal(err)
		}
		_ = s.Start(t.Context(), func(view.Step) {}) // machines of this lab cannot be added
		if got := small.Done(); len(got) < 2 || got[0].Verb != view.Add || got[1].Verb != view.Add || got[0].Targets[0] != "node" {
			t.Errorf("two nodes are missing, and what is done is %v", got)
		}
	})
}

func TestAnswersThatAreNone(t *testing.T) {
	lab := labtest.New(1, 1)
	s, err := session.Open(session.Config{Lab: lab, Exercise: builtin(t, "a-pod-is-processes")})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Answer("pod", "x"); view.CodeOf(err) != view.Usage {
		t.Errorf("before the beginning: %v", err)
	}
	start(t, t.Context(), s)
	for _, tt := range []struct {
		id, text, want string
		code           view.Code
	}{
		{"pid", "many", "is no number", view.Usage},
		{"pid", "NaN", "is no number", view.Usage},
		{"pid", "\x1b[31m", `"\x1b[31m" is no number`, view.Usage},
		{"pod", "pod/demo/none", "there is no pod demo/none", view.NotFound},
		{"pod", "node-1", "node-1 is a node: pick a pod", view.Usage},
		{"pod", "nod-1", "did you mean", view.NotFound},
		{"after", "same", `step find does not ask "after": it asks pod, pid`, view.Usage},
	} {
		if err := s.Answer(tt.id, tt.text); view.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %q: %v, want %q", tt.id, tt.text, err, tt.want)
		}
	}
	if _, err := s.Hint(t.Context(), 4); view.CodeOf(err) != view.Usage {
		t.Errorf("hint 4: %v", err)
	}
}

// byHand runs commands of a solution on a lab in memory.
type byHand struct {
	lab *labtest.Lab
	ran []string
}

func (b *byHand) Lab(ctx context.Context, folder string, args []string) (string, error) {
	b.ran = append(b.ran, strings.Join(args, " "))
	if _, err := os.Stat(folder); err != nil {
		return "", err
	}
	if slices.Contains([]string{"stop", "start", "kill"}, args[0]) {
		_, err := b.lab.Do(ctx, view.Action{Verb: view.Verb(args[0]), Targets: args[1:]}, func(view.Step) {})
		return "", err
	}
	return "", nil
}

func TestSolutionsPassAllChecks(t *testing.T) {
	for _, id := range []string{"read-the-map", "a-pod-is-processes", "kubelet-off"} {
		t.Run(id, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lab := labtest.New(3, 2)
				lab.AddPod("unit-3", "clock-1", "clock", "node-2")
				run(t, lab, builtin(t, id), nil, func(ctx context.Context, s *session.Session) {
					start(t, ctx, s)
					var played []session.Played
					hand := &byHand{lab: lab}
					if err := s.Play(ctx, hand, func(p session.Played) { played = append(played, p) }); err != nil {
						t.Fatal(err)
					}
					st := now(ctx, s)
					if st.Phase != session.Done || len(hand.ran) == 0 {
						t.Errorf("it is %s after %q", st.Phase, hand.ran)
					}
					for _, step := range st.Steps {
						for _, a := range step.Asks {
							if a.Answer.Right != nil && !*a.Answer.Right {
								t.Errorf("the solution predicts wrongly: %s", a.ID)
							}
						}
					}
				})
			})
		})
	}
}

func TestASolutionThatDoesNotPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := labtest.New(1, 2)
		lab.AddPod("unit-3", "clock-1", "clock", "node-2")
		run(t, lab, builtin(t, "kubelet-off"), nil, func(ctx context.Context, s *session.Session) {
			start(t, ctx, s)
			err := s.Play(ctx, deaf{}, func(session.Played) {})
			if view.CodeOf(err) != view.TimedOut || !strings.Contains(err.Error(), "step stop: within 3m0s: it is not passed: stopped (The kubelet of node-2 is running.)") {
				t.Errorf("nothing was done: %v", err)
			}
			err = s.Play(ctx, broken{}, func(session.Played) {})
			if err == nil || !strings.Contains(err.Error(), "line 4: lab stop node-2/kubelet: no such lab") {
				t.Errorf("a command failed: %v", err)
			}
		})
	})
}

type deaf struct{}

func (deaf) Lab(context.Context, string, []string) (string, error) { return "", nil }

type broken struct{}

func (broken) Lab(context.Context, string, []string) (string, error) {
	return "", errors.New("no such lab")
}

// A Book that cannot be written keeps nobody from going on.
func TestABookThatIsDamagedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		b, err := progress.Open(dir, "ann")
		if err != nil {
			t.Fatal(err)
		}
		lab := labtest.New(3, 1)
		run(t, lab, builtin(t, "read-the-map"), b, func(ctx context.Context, s *session.Session) {
			start(t, ctx, s)
			answer(t, s, "leader", "master-1")
			now(ctx, s)
			if err := os.WriteFile(b.Path(), []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
			answer(t, s, "scheduler", "master-2")
			st := now(ctx, s)
			if st.Current != 2 || !strings.Contains(st.Notice, "was set aside as") {
				t.Errorf("step %d, notice %q", st.Current, st.Notice)
			}
			if aside, _ := filepath.Glob(b.Path() + ".damaged-*"); len(aside) != 1 {
				t.Errorf("set aside: %v", aside)
			}
			if records, notice, err := b.Read(); err != nil || notice != "" || records["read-the-map"].Step != 2 {
				t.Errorf("the new book: %+v, %q, %v", records, notice, err)
			}
		})
	})
}

// The same history out of a file, as a recorded lab shows it.
func TestARecordedHistory(t *testing.T) {
	for name, tt := range map[string]struct {
		do   func(*labtest.Lab)
		want string
	}{
		"killed":  {func(l *labtest.Lab) { l.KillContainer("demo", "web-6c7-a", "web") }, "exit restart"},
		"deleted": {func(l *labtest.Lab) { l.DeletePod("demo", "web-6c7-a") }, "exit"},
		"nothing": {func(*labtest.Lab) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := book(t)
			var file bytes.Buffer
			synctest.Test(t, func(t *testing.T) {
				lab := labtest.New(1, 1)
				run(t, lab, builtin(t, "a-pod-is-processes"), b, func(ctx context.Context, s *session.Session) {
					start(t, ctx, s)
					answer(t, s, "pod", "pod/demo/web-6c7-a")
					answer(t, s, "pid", "1002")
					now(ctx, s)
				})
				ctx, cancel := context.WithCancel(t.Context())
				var recorded sync.WaitGroup
				recorded.Go(func() {
					if err := recording.Record(ctx, lab, &file, recording.Options{}); err != nil {
						t.Error(err)
					}
				})
				synctest.Wait()
				tt.do(lab)
				time.Sleep(2 * time.Second)
				cancel()
				recorded.Wait()
			})
			rec, err := recording.Read("lab.rec", &file)
			if err != nil {
				t.Fatal(err)
			}
			lab := recording.Replay(rec)
			lab.Seek(lab.Length())
			s, err := session.Open(session.Config{Lab: lab, Exercise: builtin(t, "a-pod-is-processes"), Book: b, Now: lab.Now})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			st, err := s.Check(ctx)
			if err != nil || passed(st) != tt.want {
				t.Errorf("passed %q, want %q; %v", passed(st), tt.want, err)
			}
			if got := observed(st, "same-pod"); name != "deleted" && !strings.Contains(got, "is not in a recording") {
				t.Errorf("what a recording cannot know: %q", got)
			}
		})
	}
}

func TestCheckOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := labtest.New(1, 2)
		lab.AddPod("unit-3", "clock-1", "clock", "node-2")
		e, b := builtin(t, "kubelet-off"), book(t)
		s, err := session.Open(session.Config{Lab: lab, Exercise: e, Book: b})
		if err != nil {
			t.Fatal(err)
		}
		start(t, t.Context(), s)
		if _, err := s.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		lab.SetState("node-2", component.Kubelet, component.Stopped)
		answer(t, s, "containers", "run")
		began := time.Now()
		st, err := s.Check(t.Context()) // waits for what has to stay so for 15 s
		if took := time.Since(began); err != nil || st.Current != 1 || took < 15*time.Second || took > 17*time.Second {
			t.Errorf("step %d after %s, %v", st.Current, took, err)
		}
	})
}

func TestTheLabGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := session.Open(session.Config{Lab: gone{labtest.New(1, 1)}, Exercise: builtin(t, "read-the-map")})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Run(t.Context()); view.CodeOf(err) != view.Failed || !strings.Contains(err.Error(), "see lab status") {
			t.Errorf("Run: %v", err)
		}
	})
}

// gone is a lab whose engine has ended.
type gone struct{ *labtest.Lab }

func (gone) Watch(context.Context) <-chan view.Event {
	c := make(chan view.Event)
	close(c)
	return c
}

func TestTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := labtest.New(1, 2)
		lab.AddPod("unit-3", "clock-1", "clock", "node-2")
		run(t, lab, builtin(t, "kubelet-off"), nil, func(ctx context.Context, s *session.Session) {
			var tried []session.Tried
			err := s.Try(ctx, &byHand{lab: lab}, func(view.Step) {}, func(session.Played) {}, func(one session.Tried) { tried = append(tried, one) })
			if err != nil || len(tried) != 2 || !tried[0].Wrong || !tried[1].Wrong || tried[0].Solved < 15*time.Second {
				t.Errorf("tried %+v, %v", tried, err)
			}
			if st := now(ctx, s); st.Phase != session.Done {
				t.Errorf("it is %s", st.Phase)
			}
		})
	})
}

// writtenWith is an exercise whose one check has a condition, with a wrong path.
func writtenWith(t *testing.T, condition, wrong string) *exercises.Exercise {
	t.Helper()
	env, err := check.Language()
	if err != nil {
		t.Fatal(err)
	}
	text := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	e, problems := exercises.Read(env, fstest.MapFS{
		"task.md": text(""), "solution.txtar": text("# step s\nlab stop node-1/kubelet\n"), "wrong.txtar": text("# step s\n" + wrong + "\n"),
		"exercise.yaml": text(`{id: one, title: One, objective: To know., minutes: 5, lab: {masters: 1, nodes: 1},
  steps: [{id: s, title: One, task: Do it., checks: [{id: c, says: It is so., if: '` + condition + `', notYet: 'It is {{ state("node-1/kubelet") }}.'}]}]}`),
	}, ".")
	if e == nil {
		t.Fatal(problems)
	}
	return e
}

// What would let people pass who have not understood is found.
func TestTryFinds(t *testing.T) {
	for name, c := range map[string]struct{ condition, wrong, want string }{
		"a check that always holds":    {"true", "", "step s: it is passed although nothing was done"},
		"a wrong path that passes":     {`state("node-1/kubelet") == "stopped"`, "lab stop node-1/kubelet\nnot c 'running'", "check c is passed by that"},
		"other words":                  {`state("node-1/kubelet") == "stopped"`, "lab status\nnot c 'flies'", `check c says "It is running.", and not "flies"`},
		"a command that does not fail": {`state("node-1/kubelet") == "stopped"`, "! lab status\nnot c 'running'", "it should have failed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lab := labtest.New(1, 1)
				e := writtenWith(t, c.condition, c.wrong)
				run(t, lab, e, nil, func(ctx context.Context, s *session.Session) {
					err := s.Try(ctx, &byHand{lab: lab}, func(view.Step) {}, func(session.Played) {}, func(session.Tried) {})
					if err == nil || !strings.Contains(err.Error(), c.want) {
						t.Errorf("%v, want %q", err, c.want)
					}
				})
			})
		})
	}
}

// A lab that was deleted and made again is another one, though it has the same name.
func TestAnotherLabOfTheSameName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab, b, e := labtest.New(3, 1), book(t), builtin(t, "read-the-map")
		run(t, lab, e, b, func(ctx context.Context, s *session.Session) { start(t, ctx, s) })
		lab.Show(func(s *view.Snapshot) { s.Made = time.Now() })
		run(t, lab, e, b, func(ctx context.Context, s *session.Session) {
			if st := now(ctx, s); st.Phase != session.NotBegun {
				t.Errorf("it is %s", st.Phase)
			}
		})
	})
}
