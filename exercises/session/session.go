// Package session runs one exercise for one person on a lab: it brings the lab into shape, watches it, judges checks,
// takes answers, gives hints, and keeps what was reached. It shows nothing: the command line and the screen do.
//
// The main types are Session and Status.
package session

import (
	"context"
	"sync"
	"time"

	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/check"
	"kubelab/exercises/progress"
)

// How often checks are judged. What has come about is shown within the sum of the first two.
const (
	judgeEvery  = 100 * time.Millisecond // at most, when something has happened
	lookEvery   = 250 * time.Millisecond // at the Snapshot, whether it has changed
	anyhowEvery = time.Second            // time itself makes conditions hold
	writeEvery  = 300 * time.Millisecond // what is observed, which may be long, and is nothing to be quick about
)

// Config is what a Session is made of.
type Config struct {
	Lab      view.Lab
	Exercise *exercises.Exercise
	// Book keeps what was reached; nil for a trial of which nothing is kept.
	Book *progress.Book
	// Now is the clock of the lab's events; nil for the real one.
	Now func() time.Time
}

// Session is one exercise, as one person does it. Its methods may be called from any goroutine.
type Session struct {
	Config

	changes chan struct{} // holds a token when the Status may be another one
	poke    chan struct{} // holds a token when checks have to be judged soon

	mu      sync.Mutex // guards what follows
	record  progress.Record
	stamp   string // of the Book, as the record is
	notice  string // about the Book
	setting bool   // the lab is being brought into shape
	running bool   // Run does

	log        *check.Log
	step, unit *check.Span
	asker      *check.Asker
	seq        uint64 // of the latest event that was taken

	revision uint64               // of the Snapshot that was judged last
	judged   time.Time            // when; zero before it was since Run or the step began
	holds    map[string]time.Time // by check: since when its condition holds
	observed map[string]string    // by check: what is observed instead
	written  map[string]time.Time // by check: when that was written
	// unwritten says that what is observed may be something else by now.
	unwritten bool
	remark    string
}

// Open goes on with an exercise where the person has left it, or before its beginning.
func Open(c Config) (*Session, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Session{Config: c, changes: make(chan struct{}, 1), poke: make(chan struct{}, 1), asker: check.NewAsker(c.Lab)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.reread(); err != nil {
		return nil, err
	}
	s.remember()
	return s, nil
}

// Changes holds a token whenever the Status may have changed since the last one was taken.
func (s *Session) Changes() <-chan struct{} { return s.changes }

// Run watches the lab and judges checks until ctx ends. That the lab has gone is an error; then it can be run again once
// there is a lab. Only one at a time may run.
func (s *Session) Run(ctx context.Context) error {
	if err := s.claim(); err != nil {
		return err
	}
	defer s.leave()
	ctx, cancel := context.WithCancel(ctx)
	defer s.asker.Wait() // after cancel
	defer cancel()
	events := s.Lab.Watch(ctx)
	s.mu.Lock()
	s.remember()
	s.mu.Unlock()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	due := time.NewTimer(0)
	defer due.Stop()
	waiting := true // for due
	var last time.Time
	for {
		soon := false
		select {
		case e, ok := <-events:
			if !ok && ctx.Err() == nil {
				return view.Fail(view.Failed, "the lab does not say any more what happens: see lab status")
			}
			if !ok {
				return nil
			}
			soon = s.take(e)
		case <-s.poke:
			soon = true
		case <-look.C:
			soon = s.lookDue(time.Since(last))
		case <-due.C:
			waiting, last = false, time.Now()
			s.judge(ctx)
		}
		if soon && !waiting {
			waiting = true
			due.Reset(max(judgeEvery-time.Since(last), 0))
		}
	}
}

func (s *Session) claim() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running {
		return view.Fail(view.Usage, "exercise %s runs already", s.Exercise.ID)
	}
	s.running, s.judged = true, time.Time{}
	return nil
}

func (s *Session) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = false
}

// remember makes the history of what the lab remembers. It is called with mu held.
func (s *Session) remember() {
	s.log, s.seq = &check.Log{}, 0
	if s.began() {
		for _, e := range s.Lab.Events(view.Query{}) {
			s.seq = max(s.seq, e.Seq)
			if !e.Time.Before(s.record.Began) {
				s.log.Add(e)
			}
		}
	}
	s.unit, s.step = s.log.Since(s.record.Began), s.log.Since(s.record.StepBegan)
	s.fresh()
}

// take takes an event, and reports whether it may matter to a check.
func (s *Session) take(e view.Event) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Seq <= s.seq && e.Kind != view.Dropped {
		return false // it was remembered
	}
	s.seq = max(s.seq, e.Seq)
	s.asker.Doubt(e)
	return s.log.Add(e)
}

// lookDue reports whether the Snapshot is another one than was judged, or the last judgement is long ago.
func (s *Session) lookDue(ago time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ago >= anyhowEvery {
		s.reload()
		return true
	}
	now := s.Lab.Snapshot()
	return now != nil && now.Revision != s.revision || len(s.holds) > 0 || s.unwritten
}

// began reports whether the exercise was begun. It is called with mu held, as all that follows.
func (s *Session) began() bool { return !s.record.Began.IsZero() }

// current is the step that is to be done, nil when there is none.
func (s *Session) current() *exercises.Step {
	if !s.began() || s.record.Step < 0 || s.record.Step >= len(s.Exercise.Steps) {
		return nil
	}
	return &s.Exercise.Steps[s.record.Step]
}

// tell says that the Status may have changed.
func (s *Session) tell() { token(s.changes) }

// soon has checks judged.
func (s *Session) soon() { token(s.poke) }

func token(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
