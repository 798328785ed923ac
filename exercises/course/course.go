// Package course is a person's way through the exercises of a catalog, on one lab: which there are, how far each is, and the one that
// is open, which it has judged. It draws nothing and knows no keys: a screen shows its Look, and hands on what the person wants as a Deed.
//
// The main types are Course, Look and Deed.
package course

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/progress"
	"kubelab/exercises/session"
)

// bookEvery is how often it is looked whether the same person has done something elsewhere.
const bookEvery = time.Second

// Config is what a Course is made of.
type Config struct {
	Lab view.Lab
	// Catalog makes the exercises. Run calls it, because that takes a while.
	Catalog func() (exercises.Catalog, error)
	// Book keeps what was reached; nil for somebody of whom nothing is kept.
	Book *progress.Book
	// Why is why this person can begin and answer nothing, and only read; empty if he can.
	Why string
	// Now is the clock of the lab's events; nil for the real one.
	Now func() time.Time
}

// Course is one person's. Its methods may be called from any goroutine.
type Course struct {
	Config

	changes  chan struct{} // holds a token when the Look may be another one
	switched chan struct{} // holds a token when another exercise is open

	mu      sync.Mutex // guards what follows
	catalog exercises.Catalog
	drawn   exercises.Catalog           // by chance
	offer   *Entry                      // to draw one
	records map[string]*progress.Record // as the Book says
	stamp   string                      // of the Book, as records are
	begun   time.Time                   // when the latest exercise was begun that was opened for this reason
	open    *session.Session
	setup   []SetupStep
	setting bool
	failed  string
	notice  string
}

// New makes a Course, of which nothing is known until Run runs.
func New(c Config) *Course {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Course{Config: c, changes: make(chan struct{}, 1), switched: make(chan struct{}, 1)}
}

// Changes holds a token whenever the Look may have changed since the last one was taken.
func (c *Course) Changes() <-chan struct{} { return c.changes }

// Run goes on with the exercise that the person has left, and has the open one judged, until ctx ends. Only one at a time may run.
func (c *Course) Run(ctx context.Context) error {
	if err := c.load(); err != nil {
		return err
	}
	for ctx.Err() == nil {
		c.mu.Lock()
		open := c.open
		c.mu.Unlock()
		if err := c.follow(ctx, open); err != nil {
			return err
		}
	}
	return nil
}

// load reads the catalog, and opens what was left.
func (c *Course) load() error {
	defer c.tell()
	catalog, err := c.Catalog()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.catalog = catalog
	if err == nil {
		c.offer, err = c.offered()
	}
	if err != nil {
		c.notice = err.Error()
	}
	return c.goOn()
}

// goOn opens what was begun later than anything that is known: before this Course was made, or since then from another terminal.
func (c *Course) goOn() error {
	if c.reread() {
		c.tell()
	}
	e := c.left()
	if c.setting || e == nil || !c.records[e.ID].Began.After(c.begun) {
		return nil
	}
	c.begun = c.records[e.ID].Began
	return c.openIt(e)
}

// follow runs the open exercise, until another one is open.
func (c *Course) follow(ctx context.Context, open *session.Session) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	var changes <-chan struct{}
	switch {
	case open != nil && c.Why == "":
		changes = open.Changes()
		go func() { ended <- open.Run(ctx) }()
	default: // there is nothing to be judged
		go func() { <-ctx.Done(); ended <- nil }()
	}
	defer func() {
		cancel()
		err = errors.Join(err, <-ended)
	}()
	book := time.NewTicker(bookEvery)
	defer book.Stop()
	for {
		select {
		case <-changes:
			c.tell()
		case <-book.C:
			c.mu.Lock()
			err := c.goOn()
			c.mu.Unlock()
			if err != nil {
				return err
			}
		case <-c.switched:
			return nil
		case err := <-ended:
			ended <- err // for the function above
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// reread takes over what the Book says, and reports whether that is something else than before. It is called with mu held, as goOn and all
// that follows.
func (c *Course) reread() bool {
	if c.Book == nil {
		return false
	}
	stamp := c.Book.Stamp()
	if stamp == c.stamp && c.records != nil {
		return false
	}
	records, notice, err := c.Book.Read()
	if err != nil {
		notice = err.Error()
	}
	if notice != "" {
		c.notice = notice
	}
	c.stamp, c.records = stamp, records
	c.drawBegun()
	return true
}

// left is the exercise that was begun last, if it was not passed as a whole and belongs to this lab; nil if there is none.
func (c *Course) left() (last *exercises.Exercise) {
	for _, e := range c.all() {
		if r := c.records[e.ID]; c.doing(e) && (last == nil || r.Began.After(c.records[last.ID].Began)) {
			last = e
		}
	}
	return last
}

// doing reports whether the Book says that an exercise is being done on this lab.
func (c *Course) doing(e *exercises.Exercise) bool {
	r := c.records[e.ID]
	return r != nil && !r.Began.IsZero() && r.Step < len(e.Steps) && !r.OfAnother(c.Lab.Snapshot())
}

// openIt opens an exercise.
func (c *Course) openIt(e *exercises.Exercise) error {
	if c.open != nil && c.open.Exercise == e {
		return nil
	}
	s, err := session.Open(session.Config{Lab: c.Lab, Exercise: e, Book: c.Book, Now: c.Now})
	if err != nil {
		return fmt.Errorf("open exercise %s: %w", e.ID, err)
	}
	c.open, c.setup, c.failed = s, nil, ""
	token(c.switched)
	c.tell()
	return nil
}

// Look is how things stand now.
func (c *Course) Look(ctx context.Context) Look {
	c.mu.Lock()
	c.reread()
	l := Look{Setup: slices.Clone(c.setup), Failed: c.failed, Why: c.Why, Notice: c.notice}
	for i, e := range c.all() {
		if i >= len(c.catalog) && e != c.openOne() && !c.doing(e) {
			continue // others can be drawn
		}
		entry := entryOf(e)
		if r := c.records[e.ID]; r != nil {
			entry.Passed, entry.Doing = r.Passed, c.doing(e)
			if entry.Doing {
				entry.Step = r.Step
			}
		}
		l.List = append(l.List, entry)
	}
	if c.offer != nil {
		l.List = append(l.List, *c.offer)
	}
	open := c.open
	c.mu.Unlock()
	if open == nil {
		return l
	}
	status := open.Status(ctx)
	l.Open = &status
	for i := range l.List {
		if e := &l.List[i]; e.ID == status.Exercise { // which is newer than the Book
			l.Number = i + 1
			e.Doing, e.Step, e.Passed = status.Phase == session.Doing, status.Current, status.Passed
		}
	}
	if status.Notice != "" {
		l.Notice = strings.TrimPrefix(l.Notice+"\n"+status.Notice, "\n")
	}
	return l
}

// openOne is the exercise that is open; nil if none is.
func (c *Course) openOne() *exercises.Exercise {
	if c.open == nil {
		return nil
	}
	return c.open.Exercise
}

// tell says that the Look may have changed.
func (c *Course) tell() { token(c.changes) }

func token(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
