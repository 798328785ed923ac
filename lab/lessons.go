package main

import (
	"kubelab/core/store"
	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/check"
	"kubelab/exercises/course"
	"kubelab/exercises/progress"
	"kubelab/lab/sshd"
)

// builtin reads the exercises in the binary. It takes a moment: their expressions are compiled.
func builtin() (exercises.Catalog, error) {
	env, err := check.Language()
	if err != nil {
		return nil, err
	}
	return exercises.Builtin(env)
}

// lessons are the exercises of somebody attached; why is why he can do none of them, if that is so. What is kept is kept by his name, which
// over the Unix socket is the one that lab exercise has, too.
//
// They get the whole lab, whatever this person may do to it otherwise: what exercises do to it is said by us and not by him.
func (e *engine) lessons(s sshd.Session, why string) *course.Course {
	c := course.Config{Lab: e.lab, Catalog: e.exercises, Why: why}
	if why == "" {
		var err error
		if c.Book, err = progress.Open(store.Progress(e.dir.Root()), s.User); err != nil {
			e.log.Warn("progress in exercises is not kept", "user", s.User, "err", err)
		}
	}
	return course.New(c)
}

// readLessons are the exercises beside a recording, to be read only.
func readLessons(l view.Lab, why string) *course.Course {
	return course.New(course.Config{Lab: l, Catalog: builtin, Why: why})
}
