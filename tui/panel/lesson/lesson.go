// Package lesson holds the panel of guided exercises. It stands beside the map, because what there is to do is done there. It has the list of
// exercises, which one goes into, and the exercise that is open: its introduction, then step by step what to do, what is asked, and which
// checks have passed; its debrief in the end. What is judged and kept is the business of package course.
//
// lesson.go is the panel, list.go the list, ask.go the questions of a step and deeds.go what else is wanted of an exercise. The files
// draw_*.go make pages of rows, page.go shows as much of them as there is room for. markdown.go renders texts.
package lesson

import (
	"fmt"
	"time"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/exercises/course"
	"kubelab/exercises/session"
	"kubelab/tui/panel"
)

// Name is what the panel is called.
const Name = "exercises"

// Panels makes every panel of this package.
func Panels() []panel.Panel { return []panel.Panel{&lesson{}} }

// lesson is the panel.
type lesson struct {
	panel.Quiet
	inside bool   // the exercise is shown, not the list
	open   string // the exercise that was open last
	step   string // the step of it that was shown last

	cursor int    // in the list
	moved  bool   // by a key, or by an exercise that was opened
	asked  string // the question that was chosen to be answered once more; empty for the first that has no answer
	choice int    // the answer of a choice that the cursor is on
	hinted int    // how many hints were shown last

	page  page
	texts texts
	w, h  int // of the last View
}

func (p *lesson) Name() string { return Name }

// StandsBeside makes it a panel.Beside.
func (p *lesson) StandsBeside() {}

func (p *lesson) Title(s *panel.State) string {
	p.sync(s)
	if st := p.status(s); st != nil {
		return fmt.Sprintf("Exercise %d · %s", s.Lessons.Number, plain.Line(st.Title))
	}
	return "Exercises"
}

// status is the exercise that is shown; nil if it is the list.
func (p *lesson) status(s *panel.State) *session.Status {
	if s.Lessons == nil || !p.inside {
		return nil
	}
	return s.Lessons.Open
}

// current is the step of the exercise that is to be done; nil if there is none.
func current(st *session.Status) *session.StepStatus {
	if st == nil || st.Phase != session.Doing || st.Current < 0 || st.Current >= len(st.Steps) {
		return nil
	}
	return &st.Steps[st.Current]
}

// sync follows what is open: an exercise that was not open before is shown, and each of its steps from the top.
func (p *lesson) sync(s *panel.State) {
	if s.Lessons == nil || s.Lessons.Open == nil {
		return
	}
	st := s.Lessons.Open
	if p.open != st.Exercise {
		p.open, p.inside, p.step = st.Exercise, true, ""
		p.cursor, p.moved = max(s.Lessons.Number-1, 0), true
	}
	step := string(st.Phase)
	if one := current(st); one != nil {
		step += fmt.Sprint(one.ID, one.Began.UnixNano()) // what was kept and read back has another zone, and no monotonic clock
	}
	if p.step != step {
		p.step, p.asked, p.choice, p.hinted = step, "", 0, 0
		if one := current(st); one != nil {
			p.hinted = len(one.Hints)
		}
		p.page.top()
	}
}

// Show opens an exercise, by its id or its number.
func (p *lesson) Show(s *panel.State, what string) panel.Result {
	if s.Lessons != nil {
		for i, e := range s.Lessons.List {
			if fmt.Sprint(i+1) == what {
				what = e.ID
			}
		}
	}
	return p.enter(s, what)
}

// enter goes into an exercise, which is opened if it is not.
func (p *lesson) enter(s *panel.State, id string) panel.Result {
	p.inside = true
	if s.Lessons != nil && s.Lessons.Open != nil && s.Lessons.Open.Exercise == id {
		p.page.top()
		return panel.Result{}
	}
	p.inside = false // until it is open
	return panel.Result{Lesson: &course.Deed{Verb: course.Open, Exercise: id}}
}

// Back leaves the exercise for the list. It goes on being judged.
func (p *lesson) Back() bool {
	was := p.inside
	p.inside = false
	p.page.reveal = true // the exercise in the list
	return was
}

// Key is a key that was pressed.
func (p *lesson) Key(s *panel.State, key string) (panel.Result, bool) {
	p.sync(s)
	switch {
	case s.Lessons == nil:
		return panel.Result{}, false
	case p.status(s) == nil:
		return p.listKey(s, key)
	}
	if r, ok := p.askKey(s, key); ok {
		return r, true
	}
	if r, ok := p.deedKey(s, key); ok {
		return r, true
	}
	return panel.Result{}, p.page.key(key)
}

// Click does what a row is there for.
func (p *lesson) Click(s *panel.State, _, y int) panel.Result {
	p.sync(s)
	hit := p.page.at(y)
	switch {
	case s.Lessons == nil || hit == 0:
		return panel.Result{}
	case p.status(s) == nil:
		if p.cursor == hit-1 {
			return p.enter(s, s.Lessons.List[p.cursor].ID)
		}
		p.cursor, p.moved = hit-1, true
		return panel.Result{}
	}
	return p.answerChoice(s, hit-1)
}

// Wheel scrolls.
func (p *lesson) Wheel(s *panel.State, lines int) {
	if p.status(s) == nil && s.Lessons != nil {
		p.cursor, p.moved = max(0, min(p.cursor+lines, len(s.Lessons.List)-1)), true
		return
	}
	p.page.scroll(lines)
}

// Answered makes it a panel; it asks the lab nothing.
func (p *lesson) Answered(*panel.State, view.Question, view.Answer, error) {}

// View draws the list or the exercise.
func (p *lesson) View(s *panel.State, w, h int) string {
	p.sync(s)
	p.w, p.h = w, h
	if w < 1 || h < 1 {
		return ""
	}
	switch st := p.status(s); {
	case s.Lessons == nil:
		return p.page.view(s, w, h, document{rows: p.absent(s, inner(w))})
	case st == nil:
		return p.page.view(s, w, h, p.list(s, inner(w), h))
	default:
		return p.page.view(s, w, h, p.exercise(s, st, inner(w)))
	}
}

// inner is how wide text is in a panel that is w wide: there is a blank at both sides.
func inner(w int) int { return max(w-2, 1) }

// taken is how long a step takes so far, or an exercise took, in words.
func taken(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return fmt.Sprintf("%d:%02d min", int(d.Minutes()), int(d.Seconds())%60)
}
