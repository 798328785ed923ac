package lesson

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"kubelab/exercises/course"
	"kubelab/exercises/session"
	"kubelab/tui/panel"
)

// press presses keys, and returns what the last one wants.
func press(t *testing.T, p *lesson, s *panel.State, keys ...string) (r panel.Result) {
	t.Helper()
	for _, k := range keys {
		p.View(s, 48, 36) // as after each key
		handled := false
		if r, handled = p.Key(s, k); !handled {
			t.Fatalf("%s is not handled", k)
		}
	}
	return r
}

// wants fails unless that is the deed.
func wants(t *testing.T, r panel.Result, want course.Deed) {
	t.Helper()
	if r.Lesson == nil || *r.Lesson != want {
		t.Errorf("it wants %+v (%q), want %+v", r.Lesson, r.Note, want)
	}
}

// says fails unless nothing is done, and all of these words are said.
func says(t *testing.T, r panel.Result, words ...string) {
	t.Helper()
	for _, w := range words {
		if r.Lesson != nil || !strings.Contains(r.Note, w) {
			t.Errorf("it says %q and does %+v, want %q", r.Note, r.Lesson, w)
		}
	}
}

func TestTheListOpensExercises(t *testing.T) {
	p, s := &lesson{}, listed(t)
	if p.View(s, 48, 36); p.cursor != 1 {
		t.Errorf("the cursor is on %d, not on the first exercise that was not passed", p.cursor+1)
	}
	wants(t, press(t, p, s, "down", "enter"), course.Deed{Verb: course.Open, Exercise: "slow"})
	wants(t, press(t, p, s, "g", "up", "enter"), course.Deed{Verb: course.Open, Exercise: "map"})
	wants(t, press(t, p, s, "G", "down", "enter"), course.Deed{Verb: course.Open, Exercise: "last"})
	wants(t, p.Show(s, "3"), course.Deed{Verb: course.Open, Exercise: "slow"})
	wants(t, p.Show(s, "no"), course.Deed{Verb: course.Open, Exercise: "no"}) // which is told there
	p = &lesson{}
	p.View(s, 48, 36)
	p.Click(s, 5, 3) // the third row, of the third exercise
	wants(t, p.Click(s, 5, 3), course.Deed{Verb: course.Open, Exercise: "slow"})
	if p.inside {
		t.Error("it shows an exercise that is not open yet")
	}
	if p.View(opened(t), 48, 36); !p.inside {
		t.Error("it does not show the exercise that was opened")
	}
}

func TestThereAndBack(t *testing.T) {
	p, s := &lesson{}, doing(t)
	p.View(s, 48, 36)
	if !p.Back() || p.Back() {
		t.Error("one leaves an exercise, and not the list")
	}
	if title := p.Title(s); title != "Exercises" {
		t.Errorf("it shows %q", title)
	}
	if r := p.Show(s, "2"); r.Lesson != nil || !p.inside {
		t.Errorf("to show what is open wants %+v", r.Lesson)
	}
	p.Back()
	if r := press(t, p, s, "enter"); r.Lesson != nil || !p.inside { // it is open
		t.Errorf("to go on wants %+v", r.Lesson)
	}
}

func TestBeginning(t *testing.T) {
	wants(t, press(t, &lesson{}, opened(t), "enter"), course.Deed{Verb: course.Begin, Exercise: "pod"})
	says(t, press(t, &lesson{}, looking(t), "enter"), "You are a spectator")
	says(t, press(t, &lesson{}, looking(t), "R"), "You are a spectator")
	says(t, press(t, &lesson{}, opened(t), "R"), "at its start")
	says(t, press(t, &lesson{}, setting(t), "R"), "being brought into shape")
	says(t, press(t, &lesson{}, setting(t), "enter"), "nothing is asked")
}

func TestAnswers(t *testing.T) {
	answer := func(text string) course.Deed {
		return course.Deed{Verb: course.Answer, Exercise: "pod", Question: "after", Text: text}
	}
	wants(t, press(t, &lesson{}, predicting(t), "2"), answer("other"))
	wants(t, press(t, &lesson{}, predicting(t), "down", "down", "enter"), answer("less"))
	wants(t, press(t, &lesson{}, predicting(t), "down", "down", "down", "enter"), answer("?"))
	wants(t, press(t, &lesson{}, predicting(t), "down", "up", "enter"), answer("same"))
	wants(t, press(t, &lesson{}, predicting(t), "o"), answer("?"))
	says(t, press(t, &lesson{}, predicting(t), "9"), "3 answers")

	p, s := &lesson{}, predicting(t)
	for y, line := range strings.Split(ansi.Strip(p.View(s, 48, 36)), "\n") {
		if strings.Contains(line, "Another pod") {
			wants(t, p.Click(s, 6, y), answer("other"))
		}
	}
	s.Lessons.Open.Steps[1].Asks[0] = answered(false)
	says(t, press(t, p, s, "o"), "nothing is asked")
	press(t, p, s, "a")
	if p.choice != 2 {
		t.Errorf("the cursor is on %d, not on what was answered", p.choice)
	}
	wants(t, press(t, p, s, "1"), answer("same"))
	says(t, press(t, &lesson{}, compared(t), "a"), "asks nothing")
}

func TestNumbers(t *testing.T) {
	p, s := &lesson{}, doing(t)
	r := press(t, p, s, "a", "4")
	if r.Prompt == nil || r.Prompt.Text != "4" || !r.Prompt.Typed {
		t.Fatalf("to type a number asks %+v", r.Prompt)
	}
	wants(t, r.Prompt.Done("42"), course.Deed{Verb: course.Answer, Exercise: "pod", Question: "pid", Text: "42"})
	if r = press(t, p, s, "a", "enter"); r.Prompt == nil || r.Prompt.Text != "" {
		t.Fatalf("enter asks %+v", r.Prompt)
	}
	says(t, r.Prompt.Done(" "), "nothing was answered")
}

func TestPicks(t *testing.T) {
	pick := course.Deed{Verb: course.Answer, Exercise: "pod", Question: "pod", Text: "pod/demo/web"}
	p, s := &lesson{}, doing(t)
	if r := press(t, p, s, "enter"); r.Open != "map" || !strings.Contains(r.Note, "press p") || !strings.Contains(r.Note, "e leads") {
		t.Errorf("it leads to %q and says %q", r.Open, r.Note)
	}
	wants(t, p.Pick(s, "pod/demo/web"), pick)
	wants(t, p.Pick(wrong(t), "pod/demo/web"), pick) // one that was answered
	p.Back()
	wants(t, p.Pick(s, "pod/demo/web"), pick) // while the list is shown
	for _, s := range []*panel.State{empty(t), listed(t), opened(t), predicting(t), done(t)} {
		if (&lesson{}).NoPick(s) == "" {
			t.Error("something can be picked")
		}
		says(t, (&lesson{}).Pick(s, "x"), "No exercise asks")
	}
}

// What is written names the keys that this person has given to things.
func TestOtherKeys(t *testing.T) {
	p, s := &lesson{}, wrong(t)
	s.Keys = map[string][]string{"pick": {"f5"}, "exercises": {"f6"}, "back": {"f7"}}
	text := ansi.Strip(p.View(s, 78, 60)) + p.Explain(s)
	for _, b := range p.Keys(s) {
		text += b.Keys + " "
	}
	for _, want := range []string{"f5 picks something else", "f6 leads to the map", "f7 "} {
		if !strings.Contains(text, want) {
			t.Errorf("nothing says %q:\n%s", want, text)
		}
	}
}

func TestHints(t *testing.T) {
	p, s := &lesson{}, wrong(t)
	hint := course.Deed{Verb: course.Hint, Exercise: "pod"}
	step := &s.Lessons.Open.Steps[0]
	hints := step.Hints
	step.Hints, step.HintsLeft = nil, 3
	p.View(s, 78, 16)
	wants(t, press(t, p, s, "h"), hint)
	step.Hints, step.HintsLeft = hints, 1
	if text := ansi.Strip(p.View(s, 78, 16)); !strings.Contains(text, hints[1]) {
		t.Errorf("the hint that was asked for is not seen:\n%s", text)
	}
	p.page.top()
	step.Hints, step.HintsLeft = hints[:1], 2
	p.View(s, 78, 16)
	p.page.scroll(5)
	step.Began = step.Began.In(time.FixedZone("elsewhere", 3600)) // it was kept in a file, and read back
	step.Hints, step.HintsLeft = hints, 1
	if text := ansi.Strip(p.View(s, 78, 16)); !strings.Contains(text, hints[1]) {
		t.Errorf("the hint that was asked for is not seen when the step was read from its file:\n%s", text)
	}
	step.HintsLeft = 0
	says(t, press(t, p, s, "h"), "all hints")
	says(t, press(t, &lesson{}, opened(t), "h"), "while a step is to be done")
}

func TestGoingBack(t *testing.T) {
	r := press(t, &lesson{}, doing(t), "R")
	if r.Choose == nil || r.Lesson != nil || len(r.Choose.Options) != 3 {
		t.Fatalf("it asks %+v", r.Choose)
	}
	wants(t, r.Choose.Options[0].Wants, course.Deed{Verb: course.Again, Exercise: "pod"})
	wants(t, r.Choose.Options[1].Wants, course.Deed{Verb: course.Begin, Exercise: "pod"})
	if last := r.Choose.Options[2]; last.Text != "Cancel" || last.Wants.Lesson != nil {
		t.Errorf("the last one is %+v", last)
	}
	if r = press(t, &lesson{}, done(t), "R"); r.Choose == nil || len(r.Choose.Options) != 2 {
		t.Errorf("of an exercise that is passed it asks %+v", r.Choose)
	}
}

func TestWhatIsNext(t *testing.T) {
	s := done(t)
	wants(t, press(t, &lesson{}, s, "enter"), course.Deed{Verb: course.Open, Exercise: "slow"})
	for i := range s.Lessons.List {
		s.Lessons.List[i].Passed = began
	}
	says(t, press(t, &lesson{}, s, "enter"), "passed all")
}

func TestScrolling(t *testing.T) {
	p, s := &lesson{}, wrong(t)
	p.View(s, 40, 12)
	press := func(want int, key string) {
		t.Helper()
		p.Key(s, key)
		if p.View(s, 40, 12); p.page.offset != want {
			t.Errorf("after %s it is at %d, want %d", key, p.page.offset, want)
		}
	}
	press(1, "down")
	press(0, "up")
	press(0, "up")
	last := p.page.rows - p.page.high
	press(last, "end")
	press(last, "pgdown")
	press(0, "home")
	p.Wheel(s, 3)
	if p.View(s, 40, 12); p.page.offset != 3 {
		t.Errorf("the wheel leads to %d", p.page.offset)
	}
	s.Lessons.Open.Steps[0].Began = at(1) // it begins anew
	if p.View(s, 40, 12); p.page.offset != 0 {
		t.Error("another step does not begin at its top")
	}
}

// Who leaves an exercise finds it in the list, and at its top when he comes back.
func TestTheListShowsWhatWasLeft(t *testing.T) {
	p, s := &lesson{}, doing(t)
	for i := range 30 {
		s.Lessons.List = append(s.Lessons.List, course.Entry{ID: fmt.Sprint(i), Title: fmt.Sprintf("Number %d", i), Steps: 1})
	}
	s.Lessons.Open.Exercise, s.Lessons.Number = "25", 30
	p.View(s, 48, 20)
	p.Back()
	if text := ansi.Strip(p.View(s, 48, 20)); !strings.Contains(text, "30 Number 25") {
		t.Errorf("what was left is not seen:\n%s", text)
	}
	press(t, p, s, "enter")
	if text := ansi.Strip(p.View(s, 48, 12)); !strings.Contains(text, "Choose one of the pods") {
		t.Errorf("the step does not begin at its top:\n%s", text)
	}
}

// What was chosen in one step is not chosen in the next.
func TestAnotherStepBeginsAnew(t *testing.T) {
	p, s := &lesson{}, predicting(t)
	press(t, p, s, "down", "down", "a")
	if s.Lessons.Open.Steps[1].Asks[0] = answered(false); p.active(current(s.Lessons.Open)) == nil {
		t.Fatal("nothing is answered once more")
	}
	press(t, p, s, "down")
	s.Lessons.Open.Steps[1].Began = at(119)
	if p.View(s, 48, 36); p.active(current(s.Lessons.Open)) != nil || p.choice != 0 {
		t.Errorf("%q is still to be answered, with %d", p.asked, p.choice)
	}
}

// What others do must not be taken from them, and what is of no use says why.
func TestKeys(t *testing.T) {
	for _, s := range []*panel.State{listed(t), opened(t), doing(t), predicting(t), done(t)} {
		for _, key := range []string{"q", "?", "!", ":", "/", "+", "tab", "esc", "e", "m", "p", "K", "X", "H", "u", "t", "f", "ctrl+c", "s", "y", "d"} {
			if _, handled := (&lesson{}).Key(s, key); handled {
				t.Errorf("%s is taken in %s", key, (&lesson{}).Title(s))
			}
		}
	}
	for _, s := range []*panel.State{listed(t), opened(t)} {
		if _, handled := (&lesson{}).Key(s, "1"); handled {
			t.Error("digits are taken where nothing is asked")
		}
	}
	off := map[string]string{}
	for _, b := range (&lesson{}).Keys(looking(t)) {
		off[b.Keys] = b.Why
	}
	if off["enter"] == "" || off["R"] == "" || off["h"] == "" || off["o"] == "" {
		t.Errorf("a spectator is told %q", off)
	}
}

func TestEveryPhaseIsExplained(t *testing.T) {
	for phase, want := range map[session.Phase]string{session.NotBegun: "whatever was broken before is healed", session.Setting: "shape", session.Doing: "Checks pass by themselves", session.Done: "by default"} {
		s := doing(t)
		s.Lessons.Open.Phase = phase
		if text := (&lesson{}).Explain(s); !strings.Contains(text, want) {
			t.Errorf("%s is explained with %q", phase, text)
		}
	}
}
