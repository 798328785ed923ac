package tui_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/check"
	"kubelab/exercises/course"
	"kubelab/exercises/labtest"
	"kubelab/exercises/progress"
	"kubelab/tui"
)

// The tests of this file do built-in exercises with nothing but keys, on a lab in memory and in fake time.

// school is a lab with exercises.
type school struct {
	*labtest.Lab
	book   *progress.Book
	course *course.Course
}

// Ask foresees no harm; other questions are answered by the lab.
func (s *school) Ask(ctx context.Context, q view.Question) (view.Answer, error) {
	if q.Predict != nil {
		return view.Answer{Predict: &view.Prediction{}}, nil
	}
	return s.Lab.Ask(ctx, q)
}

func catalog() (exercises.Catalog, error) {
	env, err := check.Language()
	if err != nil {
		return nil, err
	}
	return exercises.Builtin(env)
}

// teach opens a program beside which exercises are judged. change may be nil.
func teach(t *testing.T, w, h int, change func(*course.Config, *school), try func(*terminal, *school)) {
	t.Helper()
	dir := t.TempDir()
	list, err := catalog() // not in fake time, in which it would be somebody's turn only
	if err != nil {
		t.Fatal(err)
	}
	var s *school
	open(t, w, h, func() tui.Config {
		s = &school{Lab: labtest.New(3, 2)}
		if s.book, err = progress.Open(dir, "somebody"); err != nil {
			t.Fatal(err)
		}
		cfg := course.Config{Lab: s, Catalog: func() (exercises.Catalog, error) { return list, nil }, Book: s.book}
		if change != nil {
			change(&cfg, s)
		}
		s.course = course.New(cfg)
		return tui.Config{Lab: s, Lessons: s.course, ReadOnly: cfg.Why}
	}, func(p *terminal) {
		ctx, cancel := context.WithCancel(context.Background()) // that of the test belongs to real time
		defer cancel()
		go s.Live(ctx)
		try(p, s)
	})
}

// beats is how long judging may take until the screen shows it.
const beats = 2 * time.Second

func TestAnExerciseIsDoneWithKeys(t *testing.T) {
	for _, size := range sizes {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			teach(t, size[0], size[1], nil, func(p *terminal, s *school) {
				p.types("e")
				p.shows("Guided exercises 0 of \\d+ passed", "2 A pod is processes")
				p.types("j", enter)
				p.shows("╭ Exercise 2 · A pod is processes", "enter begins it")
				p.types(enter)
				p.shows("Step 1 of 2 · Find the process", "Which pod have you chosen", "○ You have chosen a pod")
				p.types(enter)
				p.shows("╭ Map", "Select it, then press p")
				p.types("p") // the machine that is selected at first
				p.shows("pick a pod")
				p.types("G", "p")
				p.shows("You have picked pod/demo/web-")
				p.types("e")
				p.shows("✓ You have chosen a pod", "▸ pod/demo/web-")

				p.types("7")
				p.shows("▸ 7 ")
				p.types(enter)
				time.Sleep(beats)
				p.shows("○ Your PID is", "(not|is not) 7\\.")
				p.types("h")
				p.shows("Hints 1 of 3", "1 kubectl shows a pod's node")
				p.types("a", fmt.Sprint(s.process()), enter)
				p.shows("Step 2 of 2 · Kill it", "Step 1 of 2 is passed", "3 The same pod on another node")

				p.types(":", "\x1b[B")
				p.shows("▸ lab kill ")
				p.types(esc, "3")
				p.shows("▸ The same pod on another node")
				p.types(":kill container/demo/" + s.picked() + "/web" + enter)
				p.shows("✓ Passed", "✗ Wrong: The same pod on another node", "Your prediction did not come true")
				p.types(enter)
				p.shows("╭ Exercise 3 · Kubelet off")
				p.types(esc)
				p.shows("1 of \\d+ passed", "2 A pod is processes +.*passed")
				p.types(esc)
				if strings.Contains(p.text(), "Exercise") {
					t.Errorf("the exercises do not go:\n%s", p.text())
				}
			})
		})
	}
}

// picked is the pod that was picked: the last one on the map.
func (s *school) picked() string {
	records, _, err := s.book.Read()
	if err != nil {
		panic(err)
	}
	name, _ := records["a-pod-is-processes"].Answers["pod"].Value.(string)
	return strings.TrimPrefix(name, "pod/demo/")
}

// process is the one of its container.
func (s *school) process() int {
	for _, node := range []string{"node-1", "node-2"} {
		a, err := s.Lab.Ask(context.Background(), view.Question{Node: node})
		if err != nil {
			panic(err)
		}
		for _, c := range a.Node.Containers {
			if c.Pod.Name == s.picked() && c.Name == "web" {
				return c.PID
			}
		}
	}
	return 0
}

// The first exercise is done from the map alone: its questions are answered there, and it says there how that went.
func TestPicksFromTheMap(t *testing.T) {
	teach(t, 120, 40, nil, func(p *terminal, s *school) {
		p.types(":exercises 1"+enter, enter)
		p.shows("Step 1 of 4 · Who leads etcd")
		p.types("e")
		p.shows("p answer with it")
		for range 4 { // from the machine to its etcd
			p.types("j")
		}
		p.shows("╭ Map · master-1/etcd")
		p.types("p")
		p.shows("✓ Step 1 of 4 is passed", "Step 2 of 4")
		p.types("p")
		p.shows("▸ master-1/etcd", "▲ Leading etcd and holding a Lease", "p picks something else")
		p.types("l", "k", "k")
		p.shows("╭ Map · master-2/kube-scheduler")
		p.types("p")
		p.shows("3/4 · Who is the only one")
	})
}

func TestGoingBackAsks(t *testing.T) {
	teach(t, 80, 24, nil, func(p *terminal, s *school) {
		p.types(":exercises 2"+enter, enter)
		p.shows("Step 1 of 2")
		p.types("o")
		p.shows("▸ passed over")
		s.Lab.SetState("node-1", "kubelet", "stopped") // more than was wanted
		p.types("R", enter)                            // which cancels
		time.Sleep(beats)
		if n := len(s.Done()); slices.ContainsFunc(s.Done()[1:], func(a view.Action) bool { return a.Verb == view.Start }) {
			t.Errorf("%d things were done to the lab: %v", n, s.Done())
		}
		p.types("R", "s")
		p.shows("enter leads to the map", "● HEALTHY")
		if last := s.Done(); !slices.ContainsFunc(last, func(a view.Action) bool { return a.Verb == view.Start }) {
			t.Errorf("the lab was not mended: %v", last)
		}
	})
}

// Who comes back goes on, and so does who has begun an exercise elsewhere.
func TestComingBack(t *testing.T) {
	for _, size := range sizes {
		begun := func(c *course.Config, s *school) {
			if _, err := s.book.Update("read-the-map", func(r *progress.Record) { r.Began, r.StepBegan, r.Step = time.Now(), time.Now(), 1 }); err != nil {
				t.Fatal(err)
			}
		}
		teach(t, size[0], size[1], begun, func(p *terminal, s *school) {
			p.shows("Exercise 1, Read the map, goes on: e leads to it", "╭ Map")
			p.types("e")
			p.shows("Step 2 of 4 · Who decides")
			p.types("e")
			p.shows("╭ Map")
			if _, err := s.book.Update("a-pod-is-processes", func(r *progress.Record) { r.Began, r.StepBegan = time.Now(), time.Now() }); err != nil {
				t.Fatal(err)
			}
			time.Sleep(beats)
			p.types("e")
			p.shows("Exercise 2 · A pod is processes", "Step 1 of 2")
		})
	}
}

func TestSpectatorsOnlyRead(t *testing.T) {
	const why = "You are a spectator: you see everything, and change nothing."
	spectator := func(c *course.Config, s *school) { c.Why, c.Book = why, nil }
	teach(t, 80, 24, spectator, func(p *terminal, s *school) {
		p.types(":exercises 2"+enter, enter)
		p.shows("A pod is processes", "You are a spectator")
		p.types("R", "h", "o", "a", "e", "p")
		if done := s.Done(); len(done) > 0 {
			t.Errorf("a spectator has done %v", done)
		}
		if err := s.course.Do(context.Background(), course.Deed{Verb: course.Begin, Exercise: "read-the-map"}); err == nil || len(s.Done()) > 0 {
			t.Errorf("whatever a screen lets through begins an exercise: %v, %v", err, s.Done())
		}
	})
}

// Whatever is pressed, the program goes on, and so does the exercise.
func TestKeysInAnExercise(t *testing.T) {
	teach(t, 120, 40, nil, func(p *terminal, s *school) {
		p.types(":exercises 2"+enter, enter)
		p.shows("Step 1 of 2")
		for i, key := range strings.Split("hoaR"+esc+"jkgG 1?!e\t+p|m:/", "") {
			p.types(key, esc)
			if p.text() == "" {
				t.Fatalf("nothing is left after key %d, %q", i, key)
			}
		}
		p.resize(80, 24)
		p.resize(1, 1)
		p.resize(200, 60)
		p.types(esc, esc, ":exercises 2"+enter)
		p.shows("╭ Exercise 2")
	})
}
