package lesson

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/course"
	"kubelab/exercises/progress"
	"kubelab/exercises/session"
	"kubelab/tui/panel"
	"kubelab/tui/screentest"
	"kubelab/tui/theme"
)

var widths = []int{0, 1, 2, 3, 5, 10, 20, 36, 48, 64, 78, 118, 300}
var heights = []int{0, 1, 2, 3, 4, 5, 6, 8, 12, 20, 36, 100}

func TestViewsHaveTheirSize(t *testing.T) {
	for name, scene := range scenes(t) {
		p, s := scene()
		for _, w := range widths {
			for _, h := range heights {
				screentest.Exact(t, name, p.View(s, w, h), w, h)
			}
		}
	}
}

const nasty = "a\x1b[31mb\x1b]0;title\x07\r\n\tc\u202e\u200b日本語e\u0301\xff\x9b2J &#27;[2J &#x1b;]0;x&#7; &#27[8m `&#27;c` &NewLine; [l](http://x\x1b[2J) ![i](y) <b>&#155;2J</b>"

// hostile is a step of an exercise in which every text is.
func hostile(t testing.TB) *panel.State {
	s := compared(t)
	l, st := s.Lessons, s.Lessons.Open
	for i := range l.List {
		l.List[i].Title, l.List[i].Objective, l.List[i].Concepts = nasty, nasty, []string{nasty, ""}
		l.List[i].Lab = exercises.Shape{Masters: 9, Nodes: 9, Timing: nasty}
	}
	l.Notice, l.Failed = nasty, nasty
	l.Setup = []course.SetupStep{{Step: view.Step{Name: nasty, Note: nasty, Error: nasty, Bound: -1}}}
	st.Title, st.Task, st.Objective, st.Debrief = nasty, nasty, nasty, nasty+"\n\n| a |\n|---|\n| "+nasty+" | b |\n|"
	for i := range st.Steps {
		step := &st.Steps[i]
		step.Title, step.Task, step.Remark, step.Hints = nasty, "```\n"+nasty+"\n```\n- "+nasty+"\n1. "+nasty+"\n> "+nasty, nasty, []string{nasty}
		wrong := false
		step.Asks = []session.AskStatus{
			{ID: "1", Text: nasty, Kind: exercises.ByChoice, Predicts: true, Choices: []exercises.Choice{{ID: "x", Text: nasty}}, Answer: &progress.Answer{Value: nasty, Was: nasty, Right: &wrong, Late: true}},
			{ID: "2", Text: nasty, Kind: exercises.ByNumber, Unit: nasty, Answer: &progress.Answer{Value: 1e300}},
			{ID: "3", Text: nasty, Kind: exercises.ByPick, Pick: []string{nasty}, Answer: &progress.Answer{Value: true}},
			{ID: "4", Text: nasty, Kind: exercises.ByPick}, {ID: "5", Text: nasty, Kind: nasty},
		}
		step.Checks = []session.CheckStatus{{Says: nasty, Observed: nasty}, {Says: nasty, Passed: true, At: s.Now}}
	}
	return s
}

func TestHostileTextsStayInTheirCells(t *testing.T) {
	for _, phase := range []session.Phase{session.NotBegun, session.Setting, session.Doing, session.Done} {
		for _, look := range theme.Names {
			s := hostile(t)
			s.Theme, _ = theme.New(look)
			s.Lessons.Open.Phase = phase
			for _, w := range []int{10, 36, 48, 78, 118} {
				for _, h := range []int{5, 20, 300} {
					p := &lesson{}
					text := p.View(s, w, h)
					screentest.Exact(t, string(phase), text, w, h)
					for _, sequence := range []string{"\x1b[31m", "\x1b[8m", "\x1b]", "\x1b[2J", "\u009b"} {
						if strings.Contains(text, sequence) {
							t.Fatalf("%s: a text has put %q there", phase, sequence)
						}
					}
				}
			}
		}
	}
}

var pressed = []string{"up", "down", "j", "k", "pgup", "pgdown", "home", "end", "g", "G", "space", "enter", "a", "o", "h", "R", "1", "2", "9", "0", "-", ".", "x", "?"}

// TestAnythingCanBePressedAtAnyTime walks through states at random, as they come and go under the cursor.
func TestAnythingCanBePressedAtAnyTime(t *testing.T) {
	states := []*panel.State{empty(t), listed(t), opened(t), doing(t), wrong(t), predicting(t), compared(t), setting(t), failed(t), done(t), looking(t), hostile(t)}
	none := listed(t)
	none.Lessons.List = nil
	odd := predicting(t)
	odd.Lessons.Open.Current = 77
	states = append(states, none, odd)
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		p := &lesson{}
		for range 100 {
			s := states[random.IntN(len(states))]
			w, h := random.IntN(140), random.IntN(60)
			switch random.IntN(8) {
			case 0:
				p.Click(s, random.IntN(140), random.IntN(60))
			case 1:
				p.Wheel(s, random.IntN(9)-4)
			case 2:
				p.Back()
			case 3:
				p.Show(s, []string{"", "pod", "3", "nothing of the kind"}[random.IntN(4)])
			case 4:
				if p.NoPick(s) == "" {
					p.Pick(s, "master-1/etcd")
				}
			default:
				r, _ := p.Key(s, pressed[random.IntN(len(pressed))])
				if r.Prompt != nil {
					r.Prompt.Done([]string{"", " ", "12", nasty}[random.IntN(4)])
				}
			}
			screentest.Exact(t, "exercises", p.View(s, w, h), w, h)
			p.Keys(s)
			if p.Title(s) == "" || p.Explain(s) == "" || p.Selected(s) != "" {
				t.Fatal("it has no title, does not explain itself, or selects something")
			}
		}
	}
}

func TestEveryThemeSaysTheSame(t *testing.T) {
	for name, scene := range scenes(t) {
		p, s := scene()
		want := ansi.Strip(p.View(s, 100, 60))
		for _, n := range []theme.Name{theme.Light, theme.ColorBlind} {
			s.Theme, _ = theme.New(n)
			if got := ansi.Strip(p.View(s, 100, 60)); got != want {
				t.Errorf("%s says something else in %s:\n%s", name, n, got)
			}
		}
		s.Theme, _ = theme.New(theme.None) // in which code is said by quotes
		if got := p.View(s, 100, 60); strings.Contains(got, "[38;") {
			t.Errorf("%s has colours without any", name)
		}
	}
}

// A text is rendered once for a width, whatever else changes: each time takes a thousand times as long as to find it.
func TestTextsAreRenderedOnce(t *testing.T) {
	p, s := &lesson{}, doing(t)
	p.View(s, 48, 36)
	first := p.texts.of[s.Lessons.Open.Steps[0].Task]
	s.Now = s.Now.Add(time.Second)
	p.View(s, 48, 30)
	again := p.texts.of[s.Lessons.Open.Steps[0].Task]
	if len(first) == 0 || &first[0] != &again[0] {
		t.Error("it was rendered once more")
	}
	p.View(s, 30, 30)
	if other := p.texts.of[s.Lessons.Open.Steps[0].Task]; &first[0] == &other[0] {
		t.Error("another width has the same lines")
	}
}

func BenchmarkView(b *testing.B) {
	for name, scene := range map[string]func(testing.TB) *panel.State{"doing": wrong, "done": done} {
		s := scene(b)
		p := &lesson{}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p.View(s, 48, 36)
			}
		})
	}
}
