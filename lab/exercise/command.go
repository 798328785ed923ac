// Package exercise is "lab exercise": guided exercises on the command line. What an exercise is, and how it is judged, is in the top-level
// package exercises; this one opens it, shows it, and takes what a person types.
//
//   - command.go: which exercise is meant, on which lab, by whom
//   - do.go: run, answer, hint, reset, solve
//   - look.go: list, check, and how they are printed
//   - write.go: lint and new, for those who write exercises
//   - prove.go: test
package exercise

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/user"
	"slices"

	"github.com/spf13/cobra"

	"kubelab/core/store"
	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/capstone"
	"kubelab/exercises/check"
	"kubelab/exercises/progress"
	"kubelab/exercises/session"
	"kubelab/lab/control"
)

// Env is the lab that is meant.
type Env struct {
	Name   func() string // as --name says
	Root   string        // where labs are kept
	Engine func() (*control.Client, error)
	At     func(name string) (*control.Client, error) // the engine of another lab under Root
}

// Command is lab exercise.
func Command(env Env) *cobra.Command {
	m := &meant{Env: env}
	c := &cobra.Command{
		Use:   "exercise",
		Short: "Guided exercises that check what really happened",
		Long: `Guided exercises on the running lab. They judge what has happened, not what was typed: do it here, with kubectl, or on the screen.

  lab exercise list            what there is, and how far you are
  lab exercise run 3           begin one, or go on with it; --detach returns at once
  lab exercise check           what is still missing
  lab exercise hint            a hint: what you see, where to look, almost the answer
  lab exercise run capstone    two faults drawn by chance; capstone-7 draws those of seed 7 again

ID is an exercise's id or its number in the list. Without one the exercise that is under way is meant.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.PersistentFlags().StringVar(&m.dir, "dir", "", "exercises in this directory instead of the built-in ones")
	c.AddCommand(
		m.listCommand(), m.runCommand(), m.checkCommand(), m.answerCommand(), m.hintCommand(), m.solveCommand(), m.resetCommand(),
		m.lintCommand(), m.testCommand(), newCommand(),
	)
	return c
}

// meant is which exercises are meant, by whom.
type meant struct {
	Env
	dir string
}

// PersonVariable names whoever a command is run for who is not in front of this machine.
const PersonVariable = "LAB_PERSON"

// Person is who does exercises: progress is kept by name.
func Person() string {
	if name := os.Getenv(PersonVariable); name != "" {
		return name
	}
	if name := os.Getenv("SUDO_USER"); name != "" {
		return name
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprint(os.Getuid())
}

// catalog are the exercises. What is wrong with some of a directory's is said, and the others are there.
func (m *meant) catalog(complain func(error)) (exercises.Catalog, error) {
	env, err := check.Language()
	if err != nil {
		return nil, err
	}
	if m.dir == "" {
		return exercises.Builtin(env)
	}
	list, problems, err := exercises.ReadDir(env, m.dir)
	if err != nil {
		return nil, err
	}
	if serious := problems.Serious(); len(serious) > 0 {
		if len(list) == 0 {
			return nil, view.Fail(view.Failed, "no exercise in %s can be used:\n%w", m.dir, serious)
		}
		complain(serious)
	}
	return list, nil
}

func (m *meant) book() (*progress.Book, error) {
	if os.Geteuid() != 0 {
		return nil, view.Fail(view.Failed, "lab needs root to reach the lab and to keep your progress; run it with sudo")
	}
	return progress.Open(store.Progress(m.Root), Person())
}

// one is the exercise that an argument names, or the one under way.
func (m *meant) one(c *cobra.Command, args []string, book *progress.Book) (*exercises.Exercise, error) {
	list, err := m.catalog(func(err error) { c.PrintErrln(err) })
	if err != nil {
		return nil, err
	}
	if len(args) > 0 {
		return find(list, args[0])
	}
	records, _, err := book.Read()
	if err != nil {
		return nil, err
	}
	for id := range records {
		if _, drawn := capstone.Is(id); drawn && m.dir == "" {
			e, err := find(list, id)
			if err != nil {
				return nil, err
			}
			list = append(list, e)
		}
	}
	if e := underWay(list, records); e != nil {
		return e, nil
	}
	return nil, view.Fail(view.Usage, "no exercise is under way: name one; see lab exercise list")
}

// find is the exercise of an id: one of a list, or one that is drawn by its seed.
func find(list exercises.Catalog, id string) (*exercises.Exercise, error) {
	seed, drawn := capstone.Is(id)
	if !drawn {
		return list.Find(id)
	}
	env, err := check.Language()
	if err != nil {
		return nil, err
	}
	return capstone.New(env, seed)
}

// underWay is the exercise that was begun last, and of which something is left to do; if there is none, the one that was begun last.
func underWay(list exercises.Catalog, records map[string]*progress.Record) *exercises.Exercise {
	begun := slices.DeleteFunc(slices.Clone(list), func(e *exercises.Exercise) bool { return records[e.ID] == nil || records[e.ID].Began.IsZero() })
	if len(begun) == 0 {
		return nil
	}
	open := func(e *exercises.Exercise) int {
		if records[e.ID].Step < len(e.Steps) {
			return 1
		}
		return 0
	}
	return slices.MaxFunc(begun, func(a, b *exercises.Exercise) int {
		return cmp.Or(cmp.Compare(open(a), open(b)), records[a.ID].Began.Compare(records[b.ID].Began))
	})
}

// open makes a session of the exercise that is meant, on the lab that is meant. The lab is followed until ctx ends.
func (m *meant) open(ctx context.Context, c *cobra.Command, args []string) (*session.Session, error) {
	book, err := m.book()
	if err != nil {
		return nil, err
	}
	e, err := m.one(c, args, book)
	if err != nil {
		return nil, err
	}
	return m.openOn(ctx, e, book)
}

func (m *meant) openOn(ctx context.Context, e *exercises.Exercise, book *progress.Book) (*session.Session, error) {
	engine, err := m.Engine()
	if err != nil {
		return nil, err
	}
	lab, err := control.Attach(ctx, engine)
	if err != nil {
		return nil, err
	}
	return session.Open(session.Config{Lab: lab, Exercise: e, Book: book})
}

// during has a session watch the lab while f runs.
func during(ctx context.Context, s *session.Session, f func(context.Context) error) error {
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		err := s.Run(running)
		ended <- err
		if err != nil {
			cancel() // the lab has gone: nothing is to be waited for
		}
	}()
	err := f(running)
	cancel()
	if gone := <-ended; gone != nil {
		return gone
	}
	return err
}
