package exercise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/session"
	"kubelab/lab/control"
	"kubelab/lab/progress"
)

// Proved is what came of the trial of an exercise.
type Proved struct {
	Exercise string          `json:"exercise"`
	Took     time.Duration   `json:"took"` // nanoseconds, the lab's setting up included
	Solution time.Duration   `json:"solution"`
	Steps    []session.Tried `json:"steps"`
	Error    string          `json:"error,omitempty"`
}

func (m *meant) testCommand() *cobra.Command {
	var here, asJSON, verbose bool
	c := &cobra.Command{
		Use:   "test [ID…]",
		Short: "Prove exercises on a fresh lab: no check has passed before, none by a wrong path, all by the solution",
		Long: `Prove exercises, all of them unless some are named, on a fresh lab that is deleted afterwards. For each step: no check has passed
before anything is done; what wrong.txtar does passes none that it names; back to the start of the step; the solution passes all.`,
		RunE: func(c *cobra.Command, args []string) error {
			list, err := m.catalog(func(err error) { c.PrintErrln(err) })
			if err != nil {
				return err
			}
			if len(args) > 0 {
				var named exercises.Catalog
				for _, id := range args {
					e, err := find(list, id)
					if err != nil {
						return err
					}
					named = append(named, e)
				}
				list = named
			}
			lab := *m
			if !here {
				fresh, err := m.fresh(c.Context(), list)
				if err != nil {
					return err
				}
				defer fresh.remove(c)
				lab.Env = fresh.env()
			}
			return lab.prove(c.Context(), list, asJSON, verbose)
		},
	}
	c.Flags().BoolVar(&here, "here", false, "on the lab that is meant by --name, which will be broken and mended")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "show each command and its output")
	return c
}

// prove tries exercises one after the other, and complains at the end of those that failed.
func (m *meant) prove(ctx context.Context, list exercises.Catalog, asJSON, verbose bool) error {
	var all []Proved
	var failed []string
	for _, e := range list {
		one := m.proveOne(ctx, e, asJSON, verbose)
		all = append(all, one)
		if one.Error != "" {
			failed = append(failed, e.ID)
		}
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
	}
	if asJSON {
		if err := printJSON(os.Stdout, all); err != nil {
			return err
		}
	}
	if len(failed) > 0 {
		return view.Fail(view.Failed, "%d of %d exercises are not proved: %s", len(failed), len(list), strings.Join(failed, ", "))
	}
	return nil
}

func (m *meant) proveOne(ctx context.Context, e *exercises.Exercise, asJSON, verbose bool) (one Proved) {
	one.Exercise = e.ID
	began := time.Now()
	say := func(format string, args ...any) {
		if !asJSON {
			fmt.Fprintf(os.Stdout, format+"\n", args...)
		}
	}
	fail := func(err error) Proved {
		one.Error, one.Took = err.Error(), time.Since(began)
		say(" ✗ %s: %s", e.ID, one.Error)
		return one
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := m.openOn(ctx, e, nil)
	if err != nil {
		return fail(err)
	}
	say("%s", e.ID)
	setup := func(view.Step) {}
	if verbose && !asJSON {
		show := progress.New(os.Stdout)
		defer show.Close()
		setup = show.Report
	}
	w := &watcher{out: os.Stdout}
	played := func(p session.Played) {
		if verbose && !asJSON {
			w.played(p)
		}
	}
	err = during(ctx, s, func(ctx context.Context) error {
		return s.Try(ctx, m.runner(), setup, played, func(t session.Tried) {
			one.Steps, one.Solution = append(one.Steps, t), one.Solution+t.Solved
			wrong := ""
			if t.Wrong {
				wrong = fmt.Sprintf("  wrong path not passed, back in %s", t.Reset.Round(100*time.Millisecond))
			}
			say(" ✓ %-24s %6s%s", t.Step, t.Solved.Round(100*time.Millisecond), wrong)
		})
	})
	if err != nil {
		return fail(err)
	}
	one.Took = time.Since(began)
	return one
}

// fresh is a lab for a trial.
type fresh struct {
	meant *meant
	name  string
}

// fresh makes a lab that is large enough for all of some exercises.
func (m *meant) fresh(ctx context.Context, list exercises.Catalog) (*fresh, error) {
	masters, nodes, timing := 1, 0, ""
	for _, e := range list {
		masters, nodes = max(masters, e.Lab.Masters), max(nodes, e.Lab.Nodes)
		switch {
		case e.Lab.Timing == "":
		case timing != "" && timing != e.Lab.Timing:
			return nil, view.Fail(view.Usage, "some exercises need a lab with timing %s and some with %s: test them one by one", timing, e.Lab.Timing)
		default:
			timing = e.Lab.Timing
		}
	}
	f := &fresh{meant: m, name: "trial-" + strconv.Itoa(os.Getpid())}
	args := []string{"start", "--detach", "--masters", strconv.Itoa(masters), "--nodes", strconv.Itoa(nodes)}
	if timing != "" {
		args = append(args, "--timing", timing)
	}
	if out, err := (runner{f.name, m.Root}).Lab(ctx, "", args); err != nil {
		return nil, view.Fail(view.Failed, "no lab for the trial: %w\n%s", err, out)
	}
	return f, nil
}

func (f *fresh) env() Env {
	return Env{
		Name: func() string { return f.name }, Root: f.meant.Root, At: f.meant.At,
		Engine: func() (*control.Client, error) { return f.meant.At(f.name) },
	}
}

// remove deletes the lab, also when the trial was interrupted.
func (f *fresh) remove(c *cobra.Command) {
	if _, err := (runner{f.name, f.meant.Root}).Lab(context.WithoutCancel(c.Context()), "", []string{"delete"}); err != nil {
		c.PrintErrln("the trial's lab is left behind; take it away with: lab --name", f.name, "delete:", err)
	}
}
