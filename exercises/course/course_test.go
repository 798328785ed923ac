package course_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/check"
	"kubelab/exercises/course"
	"kubelab/exercises/labtest"
	"kubelab/exercises/progress"
	"kubelab/exercises/session"
)

// Two of the built-in exercises.
const one, two = "read-the-map", "a-pod-is-processes"

// run runs a course in a bubble of fake time until f returns. change may be nil.
func run(t *testing.T, change func(*course.Config, *labtest.Lab), f func(t *testing.T, c *course.Course, lab *labtest.Lab)) {
	t.Helper()
	env, err := check.Language()
	if err != nil {
		t.Fatal(err)
	}
	list, err := exercises.Builtin(env)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		lab := labtest.New(3, 2)
		book, err := progress.Open(dir, "somebody")
		if err != nil {
			t.Fatal(err)
		}
		cfg := course.Config{Lab: lab, Catalog: func() (exercises.Catalog, error) { return list, nil }, Book: book}
		if change != nil {
			change(&cfg, lab)
		}
		c := course.New(cfg)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go lab.Live(ctx)
		go func() { ended <- c.Run(ctx) }()
		synctest.Wait()
		f(t, c, lab)
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func do(t *testing.T, c *course.Course, d course.Deed) {
	t.Helper()
	if err := c.Do(t.Context(), d); err != nil {
		t.Fatalf("%s: %v", d.Verb, err)
	}
}

// settle waits until what follows from a deed is judged.
func settle() { time.Sleep(3 * time.Second) }

func TestAnExerciseFromTheListToTheNext(t *testing.T) {
	run(t, nil, func(t *testing.T, c *course.Course, lab *labtest.Lab) {
		l := c.Look(t.Context())
		if l.Open != nil || len(l.List) < 3 || l.List[0].ID != one || l.Next().ID != one {
			t.Fatalf("at first: %+v", l)
		}
		do(t, c, course.Deed{Verb: course.Open, Exercise: one})
		if l = c.Look(t.Context()); l.Open == nil || l.Open.Phase != session.NotBegun || l.Number != 1 || len(lab.Done()) > 0 {
			t.Fatalf("opened: %+v, and done was %v", l, lab.Done())
		}
		do(t, c, course.Deed{Verb: course.Begin, Exercise: one})
		if l = c.Look(t.Context()); l.Open.Phase != session.Doing || !l.List[0].Doing || len(l.Setup) == 0 || !l.Setup[0].Done {
			t.Fatalf("begun: %+v", l)
		}
		do(t, c, course.Deed{Verb: course.Hint, Exercise: one})
		if l = c.Look(t.Context()); len(l.Open.Steps[0].Hints) != 1 {
			t.Errorf("hints: %q", l.Open.Steps[0].Hints)
		}
		for _, a := range []course.Deed{{Question: "leader", Text: "master-1/etcd"}, {Question: "scheduler", Text: "master-2/kube-scheduler"}, {Question: "door", Text: "master-3/kube-apiserver"}, {Question: "kubelet", Text: "node-1/kubelet"}} {
			a.Verb, a.Exercise = course.Answer, one
			do(t, c, a)
			settle()
		}
		l = c.Look(t.Context())
		if l.Open.Phase != session.Done || l.List[0].Passed.IsZero() || l.List[0].Doing || l.Next().ID != two {
			t.Errorf("in the end: %s, %+v", l.Open.Phase, l.List[0])
		}
	})
}

// changed reports whether there is word that the Look is another one.
func changed(c *course.Course) bool {
	select {
	case <-c.Changes():
		return true
	default:
		return false
	}
}

func TestChecksTickByThemselves(t *testing.T) {
	run(t, nil, func(t *testing.T, c *course.Course, lab *labtest.Lab) {
		lab.AddPod("unit-3", "clock-1", "clock", "node-2") // as its manifest would
		do(t, c, course.Deed{Verb: course.Begin, Exercise: "kubelet-off"})
		settle()
		changed(c)
		lab.SetState("node-2", "kubelet", "stopped")
		time.Sleep(500 * time.Millisecond)
		if !changed(c) || !c.Look(t.Context()).Open.Steps[0].Checks[0].Passed {
			t.Error("nobody says within half a second that the kubelet is stopped")
		}
	})
}

func begun(t *testing.T, c *course.Config, lab *labtest.Lab, id string, ago time.Duration, step int) {
	t.Helper()
	if _, err := c.Book.Update(id, func(r *progress.Record) {
		r.Began, r.StepBegan, r.Step, r.Start = time.Now().Add(-ago), time.Now().Add(-ago), step, lab.Snapshot()
	}); err != nil {
		t.Fatal(err)
	}
}

func TestGoingOnWhereOneWas(t *testing.T) {
	run(t, func(c *course.Config, lab *labtest.Lab) {
		begun(t, c, lab, one, time.Minute, 2)
		begun(t, c, lab, two, time.Hour, 0)
	}, func(t *testing.T, c *course.Course, lab *labtest.Lab) {
		if l := c.Look(t.Context()); l.Open == nil || l.Open.Exercise != one || l.Open.Current != 2 || l.List[0].Step != 2 || !l.List[1].Doing {
			t.Errorf("open is %+v", l.Open)
		}
	})
	run(t, func(c *course.Config, lab *labtest.Lab) { // on another lab
		lab.Show(func(s *view.Snapshot) { s.Name = "other" })
		begun(t, c, lab, one, time.Minute, 2)
		lab.Show(func(s *view.Snapshot) { s.Name = "lab" })
	}, func(t *testing.T, c *course.Course, lab *labtest.Lab) {
		if l := c.Look(t.Context()); l.Open != nil || l.List[0].Doing {
			t.Errorf("what was begun on another lab goes on: %+v", l.Open)
		}
	})
	run(t, func(c *course.Config, lab *labtest.Lab) { // on one that was deleted
		begun(t, c, lab, one, time.Minute, 2)
		lab.Show(func(s *view.Snapshot) { s.Made = time.Now() })
	}, func(t *testing.T, c *course.Course, lab *labtest.Lab) {
		if l := c.Look(t.Context()); l.Open != nil || l.List[0].Doing {
			t.Errorf("what was begun on a lab that is gone goes on: %+v", l.Open)
		}
	})
}

func TestBegunFromAnotherTerminal(t *testing.T) {
	var other *course.Config
	run(t, func(c *course.Config, lab *labtest.Lab) { other = c }, func(t *testing.T, c *course.Course, lab *labtest.Lab) {
		do(t, c, course.Deed{Verb: course.Open, Exercise: one})
		settle()
		begun(t, other, lab, two, 0, 0)
		c.Look(t.Context()) // which must not hide it
		settle()
		if l := c.Look(t.Context()); l.Open.Exercise != two || l.Open.Phase != session.Doing {
			t.Fatalf("open is %s, %s", l.Open.Exercise, l.Open.Phase)
		}
		if _, err := other.Book.Update(two, func(r *progress.Record) {
			r.Answers = map[string]progress.Answer{"pod": {Value: "pod/demo/web-6c7-a"}}
		}); err != nil {
			t.Fatal(err)
		}
		settle()
		if q := c.Look(t.Context()).Open.Steps[0].Asks[0]; q.Answer == nil {
			t.Error("an answer from there is not seen")
		}
		do(t, c, course.Deed{Verb: course.Open, Exercise: one}) // and stays open, though the other is being done
		settle()
		if l := c.Look(t.Context()); l.Open.Exercise != one {
			t.Errorf("open is %s again", l.Open.Exercise)
		}
	})
}

func TestWhoMayOnlyRead(t *testing.T) {
	run(t, func(c *course.Config, _ *labtest.Lab) { c.Why, c.Book = "only to read", nil }, func(t *testing.T, c *course.Course, lab *labtest.Lab) {
		do(t, c, course.Deed{Verb: course.Open, Exercise: one})
		if l := c.Look(t.Context()); l.Open == nil || !strings.Contains(l.Open.Task, "Before you break things") || l.Why != "only to read" {
			t.Errorf("it reads %+v", l)
		}
		for _, v := range []course.Verb{course.Begin, course.Again, course.Answer, course.Hint} {
			if err := c.Do(t.Context(), course.Deed{Verb: v, Exercise: one}); err == nil || err.Error() != "only to read" {
				t.Errorf("%s: %v", v, err)
			}
		}
		if done := lab.Done(); len(done) > 0 {
			t.Errorf("done was %v", done)
		}
	})
}

// refusing is a lab to which nothing can be done.
type refusing struct{ *labtest.Lab }

func (refusing) Do(context.Context, view.Action, view.Report) (view.Outcome, error) {
	return view.Outcome{}, errors.New("the lab is on strike")
}

func TestASetupThatFails(t *testing.T) {
	run(t, func(c *course.Config, lab *labtest.Lab) { c.Lab = refusing{lab} }, func(t *testing.T, c *course.Course, lab *labtest.Lab) {
		if err := c.Do(t.Context(), course.Deed{Verb: course.Begin, Exercise: one}); err == nil {
			t.Fatal("it was begun")
		}
		if l := c.Look(t.Context()); l.Open.Phase != session.NotBegun || !strings.Contains(l.Failed, "on strike") {
			t.Errorf("%s, failed: %q", l.Open.Phase, l.Failed)
		}
		do(t, c, course.Deed{Verb: course.Open, Exercise: two})
		if l := c.Look(t.Context()); l.Failed != "" || len(l.Setup) > 0 {
			t.Errorf("another exercise has failed: %q, %v", l.Failed, l.Setup)
		}
	})
}

func TestDeedsThatComeTooLate(t *testing.T) {
	run(t, nil, func(t *testing.T, c *course.Course, lab *labtest.Lab) {
		for _, d := range []course.Deed{{Verb: course.Answer, Exercise: one}, {Verb: course.Hint, Exercise: one}, {Verb: course.Open, Exercise: "none"}} {
			if err := c.Do(t.Context(), d); err == nil {
				t.Errorf("%+v was done", d)
			}
		}
		do(t, c, course.Deed{Verb: course.Begin, Exercise: two})
		if err := c.Do(t.Context(), course.Deed{Verb: course.Answer, Exercise: one, Question: "leader", Text: "master-1"}); err == nil || !strings.Contains(err.Error(), "not open any more") {
			t.Errorf("what was meant for another exercise: %v", err)
		}
	})
}

// While the lab is brought into shape for one exercise no other can be.
func TestOneSetupAtATime(t *testing.T) {
	run(t, nil, func(t *testing.T, c *course.Course, lab *labtest.Lab) {
		lab.Show(func(s *view.Snapshot) { s.State = view.Degraded }) // which is waited for
		begun := make(chan error, 1)
		go func() { begun <- c.Do(context.Background(), course.Deed{Verb: course.Begin, Exercise: one}) }()
		time.Sleep(5 * time.Second)
		if l := c.Look(t.Context()); l.Open.Phase != session.Setting || len(l.Setup) != 1 || l.Setup[0].Done || l.Setup[0].Bound == 0 {
			t.Errorf("%s: %+v", l.Open.Phase, l.Setup)
		}
		for _, d := range []course.Deed{{Verb: course.Begin, Exercise: one}, {Verb: course.Begin, Exercise: two}, {Verb: course.Open, Exercise: two}} {
			if err := c.Do(t.Context(), d); err == nil || !strings.Contains(err.Error(), "being set up") {
				t.Errorf("%+v: %v", d, err)
			}
		}
		lab.Show(func(s *view.Snapshot) { s.State = view.Healthy })
		if err := <-begun; err != nil {
			t.Error(err)
		}
	})
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	run(t, func(c *course.Config, _ *labtest.Lab) {
		if err := os.WriteFile(c.Book.Path(), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}, func(t *testing.T, c *course.Course, lab *labtest.Lab) {
		if l := c.Look(t.Context()); !strings.Contains(l.Notice, "damaged") || len(l.List) == 0 {
			t.Errorf("of a damaged book it says %q", l.Notice)
		}
	})
	run(t, func(c *course.Config, _ *labtest.Lab) {
		c.Catalog = func() (exercises.Catalog, error) { return nil, errors.New("no exercises today") }
	}, func(t *testing.T, c *course.Course, lab *labtest.Lab) {
		if l := c.Look(t.Context()); l.Notice != "no exercises today" {
			t.Errorf("it says %q", l.Notice)
		}
	})
}

func TestDrawnByChance(t *testing.T) {
	var id string
	var cfg *course.Config
	run(t, func(c *course.Config, _ *labtest.Lab) { cfg = c }, func(t *testing.T, c *course.Course, lab *labtest.Lab) {
		l := c.Look(t.Context())
		offer := l.List[len(l.List)-1]
		if offer.ID != "capstone" || offer.Title == "" || offer.Steps != 0 {
			t.Fatalf("the last entry is %+v", offer)
		}
		do(t, c, course.Deed{Verb: course.Open, Exercise: offer.ID})
		now := c.Look(t.Context())
		id = now.Open.Exercise
		if !strings.HasPrefix(id, "capstone-") || now.Number != len(l.List) || len(now.List) != len(l.List)+1 {
			t.Fatalf("open is %s, number %d of %d", id, now.Number, len(now.List))
		}
		begun(t, cfg, lab, "capstone-7", 0, 0) // from another terminal
		settle()
		if l := c.Look(t.Context()); l.Open.Exercise != "capstone-7" || l.Open.Phase != session.Doing || len(l.List) != len(now.List) {
			t.Errorf("open is %s, %s, of %d", l.Open.Exercise, l.Open.Phase, len(l.List))
		}
	})
}
