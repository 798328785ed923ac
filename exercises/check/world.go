// Package check says what expressions of exercises mean: the state of a lab, what has happened to it, what it answers
// when it is asked, and what the learner has answered. It does not know exercises: which expressions there are, and what
// follows when they hold, is the business of package session.
//
// The main types are World, the values that expressions see, and Log, the history of a lab. Each function of the
// language has a file of its own; Reference documents them all.
package check

import (
	"time"

	"kubelab/core/topology"
	"kubelab/core/view"
	"kubelab/exercises/expr"
)

// World is what expressions see at a moment.
type World struct {
	Now     time.Time
	Lab     *view.Snapshot
	Start   *view.Snapshot // when the step began
	Answers map[string]any // by the question's id: a string or a float64
	Kept    map[string]any // what a step has kept, by name
	Step    *Span          // what has happened since the step began
	Unit    *Span          // what has happened since the exercise began
	Asker   *Asker
}

// Names of variables.
const (
	varLab, varStart, varAnswers, varKept, varNow = "lab", "start", "answers", "kept", "now"

	varHistory, varUnit, varTiming, varUpstream = "history", "unit", "timing", "upstream"

	varAsker = "asker"
)

// Variables are the values by the names that expressions have for them.
func (w World) Variables() map[string]any {
	upstream, _ := topology.Upstream.Values() // there is such a timing
	timing, err := topology.TimingName(w.Lab.Timing).Values()
	if err != nil {
		timing = upstream
	}
	return map[string]any{
		varLab: w.Lab, varStart: w.Start, varAnswers: w.Answers, varKept: w.Kept, varNow: w.Now,
		varHistory: expr.Handle(historyType, w.Step), varUnit: expr.Handle(historyType, w.Unit),
		varTiming: timing, varUpstream: upstream, varAsker: expr.Handle(askerType, w.asking()),
	}
}

// asking is what functions that ask need.
func (w World) asking() *asking { return &asking{w.Asker, w.Lab} }

type asking struct {
	*Asker
	lab *view.Snapshot
}
