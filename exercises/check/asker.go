package check

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"kubelab/core/view"
)

// Bounds of questions that expressions ask a lab. To ask a node costs it some milliseconds, so it is done seldom as long
// as nothing says that the answer is another one.
const (
	askEvery = 3 * time.Second        // how old an answer may be before it is asked again
	askAgain = 400 * time.Millisecond // the same when something has happened that may change it
	askBound = 10 * time.Second       // for one answer
	askOld   = askEvery + askBound    // an older answer, to what was not wanted meanwhile, is none
	maxAsked = 32                     // different questions in a step
)

var (
	errAsking  = errors.New("the lab is being asked")
	errTooMany = errors.New("too many different questions are asked of the lab in this step")
)

// Asker has a lab answer questions of expressions that its Snapshot does not answer. An expression gets what was answered
// last, and never waits: the question is only noted, and Serve asks it.
type Asker struct {
	lab view.Lab

	mu     sync.Mutex // guards what follows
	asked  map[string]*asked
	asking sync.WaitGroup
}

type asked struct {
	question view.Question
	wanted   bool // since it was asked last
	flying   bool
	doubted  bool      // something has happened since that may change the answer
	at       time.Time // of the answer; zero while there is none
	answer   view.Answer
	err      error
}

// NewAsker makes an Asker of a lab.
func NewAsker(lab view.Lab) *Asker { return &Asker{lab: lab, asked: map[string]*asked{}} }

// Forget drops all answers: what they were before a step is not asked in it.
func (a *Asker) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.asked)
}

// ask is the answer to a question, by a name of its own. While there is none it is an error.
func (a *Asker) ask(name string, q view.Question) (view.Answer, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	e := a.asked[name]
	switch {
	case e == nil && len(a.asked) >= maxAsked:
		return view.Answer{}, errTooMany
	case e == nil:
		e = &asked{question: q}
		a.asked[name] = e
	}
	e.wanted = true
	if e.at.IsZero() || time.Since(e.at) > askOld {
		return view.Answer{}, errAsking
	}
	return e.answer, e.err
}

// Doubt takes an event that may change answers.
func (a *Asker) Doubt(e view.Event) {
	machine, _, _ := strings.Cut(e.Source, "/")
	var name string
	switch e.Kind {
	case view.ContainerDone, view.Changed:
		name = askNode + " " + machine
	case view.RuleChanged:
		name = askProxy + " " + machine
	case view.KeyChanged:
		name = askKey + " " + e.Key.Key
	case view.Elected:
		name = askReads
	default:
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for asked, e := range a.asked {
		if asked == name || strings.HasPrefix(asked, name+" ") {
			e.doubted = true
		}
	}
}

// What questions are about; names of questions begin with these.
const (
	askNode  = "node"
	askProxy = "proxy"
	askKey   = "key"
	askReads = "reads"
)

// Serve asks the lab what expressions want to know and was not asked lately, each in a goroutine that calls told when there
// is an answer. It returns at once; Wait waits for the goroutines, which ctx ends.
func (a *Asker) Serve(ctx context.Context, told func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range a.asked {
		every := askEvery
		if e.doubted {
			every = askAgain
		}
		if !e.wanted || e.flying || !e.at.IsZero() && time.Since(e.at) < every {
			continue
		}
		e.wanted, e.flying, e.doubted = false, true, false
		a.asking.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, askBound)
			defer cancel()
			answer, err := a.lab.Ask(ctx, e.question)
			a.mu.Lock()
			e.flying, e.at, e.answer, e.err = false, time.Now(), answer, err
			a.mu.Unlock()
			told()
		})
	}
}

// Busy reports whether there is a question without an answer.
func (a *Asker) Busy() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range a.asked {
		if e.at.IsZero() {
			return true
		}
	}
	return false
}

// Wait waits for all that Serve has begun.
func (a *Asker) Wait() { a.asking.Wait() }
