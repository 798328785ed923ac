package session

import (
	"maps"

	"kubelab/exercises/progress"
)

// change changes what was reached, here and in the Book. When the Book cannot be written it is changed here only, and the
// Status says why. It is called with mu held, as all in this file.
func (s *Session) change(f func(*progress.Record)) {
	s.tell()
	if s.Book == nil {
		s.record = clone(s.record)
		f(&s.record)
		return
	}
	notice, err := s.Book.Update(s.Exercise.ID, func(r *progress.Record) {
		if notSame(*r, s.record) {
			*r = clone(s.record) // the Book was set aside, or removed
		}
		f(r)
		s.record = clone(*r)
	})
	if err != nil {
		notice = err.Error()
		f(&s.record)
	}
	if notice != "" {
		s.notice = notice
	}
	s.stamp = s.Book.Stamp()
}

// notSame reports whether the book has nothing of what is going on here.
func notSame(book, here progress.Record) bool { return book.Began.IsZero() && !here.Began.IsZero() }

// reread takes over what the Book says.
func (s *Session) reread() error {
	if s.Book == nil {
		return nil
	}
	s.stamp = s.Book.Stamp()
	records, notice, err := s.Book.Read()
	if err != nil {
		return err
	}
	if notice != "" {
		s.notice = notice
	}
	r := records[s.Exercise.ID]
	lab := s.Lab.Snapshot()
	switch {
	case r == nil:
	case r.OfAnother(lab):
		s.record = progress.Record{Passed: r.Passed} // it was begun on another lab
	default:
		s.record = *r
	}
	return nil
}

// reload takes over what another session of the same person has written: an answer, a hint, a new beginning.
func (s *Session) reload() {
	if s.Book == nil || s.setting || s.Book.Stamp() == s.stamp {
		return
	}
	before := s.record
	if err := s.reread(); err != nil {
		s.notice = err.Error()
	}
	if !before.Began.Equal(s.record.Began) || !before.StepBegan.Equal(s.record.StepBegan) {
		s.remember()
		s.asker.Forget()
	}
	s.tell()
}

func clone(r progress.Record) progress.Record {
	r.Checks, r.Answers, r.Kept, r.Hints = maps.Clone(r.Checks), maps.Clone(r.Answers), maps.Clone(r.Kept), maps.Clone(r.Hints)
	for step, checks := range r.Checks {
		r.Checks[step] = maps.Clone(checks)
	}
	return r
}
