package course

import (
	"time"

	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/session"
)

// Look is how things stand, ready to be shown.
type Look struct {
	List []Entry // all exercises, in their order
	// Open is the exercise that is open, and Number its place in the List, from 1; nil and 0 when none is.
	Open   *session.Status
	Number int
	// Setup are the steps that bring the lab into shape for it, of the latest time; Failed is why that did not go well.
	Setup  []SetupStep
	Failed string

	Why    string // nothing can be begun or answered, because; empty if it can
	Notice string // what is wrong with the exercises, or with the file that keeps progress
}

// Entry is an exercise in the list.
type Entry struct {
	ID, Title, Objective string
	Minutes              int
	Concepts             []string
	Short                bool // it belongs to the short version of the workshop
	Lab                  exercises.Shape

	Steps, Step int       // how many there are, none of one that is still to be drawn by chance; and are passed in this round
	Doing       bool      // it was begun, and not all steps are passed
	Passed      time.Time // for the first time; zero if never
}

// entryOf is what an exercise says of itself.
func entryOf(e *exercises.Exercise) Entry {
	return Entry{
		ID: e.ID, Title: e.Title, Objective: e.Objective, Minutes: e.Minutes, Concepts: e.Concepts, Short: e.Short, Lab: e.Lab, Steps: len(e.Steps),
	}
}

// SetupStep is a step of a setup, and when it was first heard of.
type SetupStep struct {
	view.Step
	Began time.Time
}

// Next is the exercise after the open one that was never passed, or else the first such one; nil when all are passed.
func (l *Look) Next() *Entry {
	for i := range l.List {
		if e := &l.List[(l.Number+i)%len(l.List)]; e.Passed.IsZero() {
			return e
		}
	}
	return nil
}
