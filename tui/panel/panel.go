// Package panel holds the screens of the terminal UI, one file or a few for each. A panel is a struct that draws what it is given and says what
// it wants; it does no I/O, knows no time but the one it is given, and never acts on a lab: it returns what is wanted, and the root model does it.
//
// The main types are Panel, State and Result. All makes every panel.
package panel

import (
	"time"

	"kubelab/core/view"
	"kubelab/exercises/course"
	"kubelab/tui/config"
	"kubelab/tui/theme"
)

// State is what panels draw. It must not be changed.
type State struct {
	Lab   *view.Snapshot // never nil
	Now   time.Time      // of the lab: that of the recording in a replay
	Theme *theme.Theme
	// Events are those that are remembered, by kind, the oldest first. At most Remembered of each.
	Events map[view.EventKind][]view.Event
	// Records are the faults since the program began, and those that were injected then, the oldest first; the latest word on each.
	Records []view.Record
	// ReadOnly says why nothing can be done to the lab: this is a replay, or the person is a spectator. Empty if things can be done.
	ReadOnly string
	// Lessons are the guided exercises; nil where there are none.
	Lessons *course.Look
	// Focus is the name of the panel that has the keys; empty while that does not matter.
	Focus string
	// Keys are those that this person has given to bindings, by their names. See KeyOf.
	Keys map[string][]string
}

// KeyOf is the key of a binding that is everybody's, for sentences: this person may have given it another one than others have.
func (s *State) KeyOf(name string) string {
	keys := s.Keys[name]
	if len(keys) == 0 {
		keys = config.Defaults[name]
	}
	return keys[0]
}

// Remembered is how many events of a kind a State has at most: a minute of a lab in which a fault is being measured.
const Remembered = 4000

// Panel is one screen. Its methods are called from one goroutine.
type Panel interface {
	// Name is what it is called in ":" commands and in the list of panels: one lower-case word.
	Name() string
	// Title is what stands in its border, plain text.
	Title(s *State) string
	// Keys are its own bindings, for help. Those that move a selection are understood.
	Keys(s *State) []Binding
	// Key is a key that was pressed, as Bubble Tea names it: "enter", "K", "ctrl+d", "space". Handled is false if it is none of the panel's.
	Key(s *State, key string) (r Result, handled bool)
	// Click is a click into the panel, in cells from its upper left corner, inside of the border.
	Click(s *State, x, y int) Result
	// Wheel is a turn of the wheel: lines to go down, or up if negative.
	Wheel(s *State, lines int)
	// Answered is what came of a question that the panel asked in a Result; late answers to older ones come too.
	Answered(s *State, q view.Question, a view.Answer, err error)
	// Selected is what the keys that act mean: a target as on the command line (master-1, node-2/kubelet, pod/demo/web-abc), or an object
	// (deployments/demo/web). Empty if nothing is selected.
	Selected(s *State) string
	// View draws exactly w × h cells, without a border. It has no effects, save that it may remember w and h for paging and clicks.
	View(s *State, w, h int) string
	// Explain says in about three sentences what this is, to somebody who has never seen it, with what is on the screen as the example.
	Explain(s *State) string
}

// Binding is a key and what it does.
type Binding struct {
	Keys  string // as shown: "K", "enter", "+/-"
	Does  string // in a few words
	Why   string // it is of no use now, because
	Short bool   // important enough for the bottom line
}

// Result is what a panel wants. Its zero value wants nothing.
type Result struct {
	// Open names a panel to go to, and With what it should show: an object (pods/demo/web-abc), a node (node-1).
	Open, With string
	// Ask is a question; its answer comes to Answered. Every asks it again after so long, while the panel is shown; 0 asks once.
	Ask   *view.Question
	Every time.Duration
	// Act is something to be done to the lab. The root asks first when it harms.
	Act *view.Action
	// Prompt asks the person for a line; Done makes a Result of it.
	Prompt *Prompt
	// Choose asks the person which of several things is meant.
	Choose *Choice
	// Lesson is something to be done with an exercise.
	Lesson *course.Deed
	// Note is shown in the bottom line for a while.
	Note string
	// Copy goes to the person's clipboard.
	Copy string
}

// Prompt asks for a line of text.
type Prompt struct {
	Title string
	Text  string // to begin with: typing takes its place
	Typed bool   // Text was typed before and is to be mended: typing goes on
	Done  func(text string) Result
}

// Choice asks which of several things is meant.
type Choice struct {
	Title   string
	Options []Option // enter means the last one at first: it should be to do nothing
}

// Option is one of the things that can be chosen.
type Option struct {
	Key, Text string
	Wants     Result
}

// Shower is a Panel that shows one thing which others choose: Result.With.
type Shower interface {
	// Show is called before the panel is drawn, with what Result.With said. It may ask for what it needs.
	Show(s *State, what string) Result
}

// Opener is a Panel that wants something when it comes onto the screen, for example to ask.
type Opener interface{ Opened(s *State) Result }

// Filterer is a Panel whose rows can be narrowed down with "/".
type Filterer interface {
	Filter(text string)
	Filtered() string
}

// Backer is a Panel that one can go into. Back leaves what was gone into, and reports whether there was any; if not, the panel is left.
type Backer interface{ Back() bool }

// Beside is a Panel that stands beside the main one where there is room, so that both are seen.
type Beside interface{ StandsBeside() }

// Picker is a Panel that wants to be told of something which is selected elsewhere, for example on the map.
type Picker interface {
	// NoPick is why nothing is wanted now; empty if it is.
	NoPick(s *State) string
	// Pick is told what is selected, a target as on the command line.
	Pick(s *State, selected string) Result
}
