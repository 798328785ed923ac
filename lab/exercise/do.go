package exercise

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"kubelab/core/view"
	"kubelab/exercises/session"
	"kubelab/lab/progress"
)

// typed are lines that a person types, nil when nobody sits there.
func typed() <-chan string {
	if !term.IsTerminal(int(os.Stdin.Fd())) || !term.IsTerminal(int(os.Stdout.Fd())) {
		return nil
	}
	lines := make(chan string)
	go func() { // it ends with the process: nothing wakes who reads from a terminal
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() {
			lines <- strings.TrimSpace(in.Text())
		}
	}()
	return lines
}

// settingUp shows how a lab is brought into shape.
func settingUp(f func(view.Report) error) error {
	show := progress.New(os.Stdout)
	defer show.Close()
	err := f(show.Report)
	if errors.Is(err, context.Canceled) {
		return errors.New("interrupted; lab exercise reset brings the lab into shape again")
	}
	return err
}

func (m *meant) runCommand() *cobra.Command {
	var again, detach bool
	c := &cobra.Command{
		Use:   "run [ID]",
		Short: "Begin an exercise, or go on with it, and watch what passes",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			s, err := m.open(c.Context(), c, args)
			if err != nil {
				return err
			}
			st := s.Status(c.Context())
			if again || st.Phase == session.NotBegun || st.Phase == session.Done {
				printIntroduction(os.Stdout, st)
				if err := settingUp(func(report view.Report) error { return s.Start(c.Context(), report) }); err != nil {
					return err
				}
			}
			lines := typed()
			if detach || lines == nil {
				st, err := s.Check(c.Context())
				if err != nil {
					return err
				}
				printStep(os.Stdout, st)
				fmt.Fprintln(os.Stdout, "\nWhat is still missing: lab exercise check")
				return nil
			}
			return during(c.Context(), s, func(ctx context.Context) error { return watch(ctx, s, lines) })
		},
	}
	c.Flags().BoolVar(&again, "again", false, "from its beginning, also when it is under way")
	c.Flags().BoolVar(&detach, "detach", false, "return when the lab is in shape (always so without a terminal)")
	return c
}

// watch shows what passes until the exercise is done, and takes answers.
func watch(ctx context.Context, s *session.Session, lines <-chan string) error {
	w := &watcher{out: os.Stdout, terminal: true}
	w.show(s.Status(ctx))
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-s.Changes():
		case <-tick.C:
		case line := <-lines:
			w.typed(ctx, s, line)
		case <-ctx.Done():
			fmt.Fprintln(os.Stdout, "\nIt stays as it is. Go on with: lab exercise run "+s.Exercise.ID)
			return nil
		}
		st := s.Status(ctx)
		w.show(st)
		if st.Phase == session.Done {
			return nil
		}
	}
}

// typed takes a line: an answer to the first question that is open, or h for a hint.
func (w *watcher) typed(ctx context.Context, s *session.Session, line string) {
	st := s.Status(ctx)
	if line == "" || st.Current >= len(st.Steps) {
		return
	}
	if line == "h" {
		h, err := s.Hint(ctx, 0)
		if err != nil {
			fmt.Fprintln(w.out, err)
			return
		}
		printHint(w.out, h)
		return
	}
	for _, q := range st.Steps[st.Current].Asks {
		if q.Answer != nil {
			continue
		}
		if err := s.Answer(q.ID, line); err != nil {
			fmt.Fprintln(w.out, "   "+err.Error())
			return
		}
		for _, now := range s.Status(ctx).Steps[st.Current].Asks {
			if now.ID == q.ID {
				printAsk(w.out, now)
			}
		}
		return
	}
	fmt.Fprintln(w.out, "   Nothing is asked now. h gives a hint, Ctrl-C leaves.")
}

func (m *meant) answerCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "answer QUESTION ANSWER",
		Short: "Answer a question of the exercise under way: a choice, a number, or a part of the lab; ? passes it over",
		Args:  cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			s, err := m.open(c.Context(), c, nil)
			if err != nil {
				return err
			}
			if err := s.Answer(args[0], args[1]); err != nil {
				return err
			}
			st, err := s.Check(c.Context())
			if err != nil {
				return err
			}
			printStep(os.Stdout, st)
			return nil
		},
	}
}

func (m *meant) hintCommand() *cobra.Command {
	var level int
	var asJSON bool
	c := &cobra.Command{
		Use:   "hint [ID]",
		Short: "The next hint: what you see, where to look, almost the answer",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			s, err := m.open(c.Context(), c, args)
			if err != nil {
				return err
			}
			if _, err := s.Check(c.Context()); err != nil { // a remark is drawn from what is observed
				return err
			}
			h, err := s.Hint(c.Context(), level)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(os.Stdout, h)
			}
			printHint(os.Stdout, h)
			return nil
		},
	}
	c.Flags().IntVar(&level, "level", 0, "this one, from 1 (default: the next)")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (m *meant) resetCommand() *cobra.Command {
	var step bool
	c := &cobra.Command{
		Use:   "reset [ID]",
		Short: "Back to the beginning of an exercise, or of its step: the lab is brought into the shape that it had",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			s, err := m.open(c.Context(), c, args)
			if err != nil {
				return err
			}
			err = settingUp(func(report view.Report) error {
				if step {
					return s.ResetStep(c.Context(), report)
				}
				return s.Start(c.Context(), report)
			})
			if err != nil {
				return err
			}
			printStep(os.Stdout, s.Status(c.Context()))
			return nil
		},
	}
	c.Flags().BoolVar(&step, "step", false, "only to the beginning of the step")
	return c
}

func (m *meant) solveCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "solve [ID]",
		Short: "Play the solution step by step, from the step that is under way, and explain",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			s, err := m.open(c.Context(), c, args)
			if err != nil {
				return err
			}
			st := s.Status(c.Context())
			printIntroduction(os.Stdout, st)
			if st.Phase == session.NotBegun || st.Phase == session.Done {
				if err := settingUp(func(report view.Report) error { return s.Start(c.Context(), report) }); err != nil {
					return err
				}
			}
			return during(c.Context(), s, func(ctx context.Context) error { return m.solve(ctx, s) })
		},
	}
	return c
}

// solve plays the solution and shows beside it what passes.
func (m *meant) solve(ctx context.Context, s *session.Session) error {
	w := &watcher{out: os.Stdout}
	w.show(s.Status(ctx))
	shown, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-s.Changes():
				w.show(s.Status(ctx))
			case <-shown.Done():
				return
			}
		}
	}()
	err := s.Play(ctx, m.runner(), func(p session.Played) { w.played(p) })
	stop()
	<-done
	w.show(s.Status(context.WithoutCancel(ctx)))
	return err
}

// runner runs lab itself, on the lab that is meant.
func (m *meant) runner() session.Runner { return runner{name: m.Name(), root: m.Root} }

type runner struct{ name, root string }

// commandBound is how long a command of a solution may take: one that waits for what is measured takes a minute.
const commandBound = 10 * time.Minute

func (r runner) Lab(ctx context.Context, folder string, args []string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, commandBound)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, append([]string{"--name", r.name}, args...)...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "LAB_HOME="+r.root)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return string(out), fmt.Errorf("%w: %s", err, lines[len(lines)-1])
	}
	return string(out), nil
}

func printJSON(f *os.File, v any) error {
	e := json.NewEncoder(f)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
