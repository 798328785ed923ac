package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"kubelab/core/view"
)

func (a *app) faultsCommand() *cobra.Command {
	var history, asJSON bool
	c := &cobra.Command{
		Use:   "faults",
		Short: "What is broken, what can be broken and why not, and what was measured",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			engine, err := a.engine()
			if err != nil {
				return err
			}
			ctx, cancel := bounded(c, statusBound)
			defer cancel()
			if history {
				list, err := engine.History(ctx)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(os.Stdout, list)
				}
				return printHistory(os.Stdout, list)
			}
			possible, err := engine.Possibilities(ctx)
			if err != nil {
				return err
			}
			s, err := engine.Status(ctx)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(os.Stdout, struct {
					Injected []view.Fault    `json:"injected"`
					Possible []view.Possible `json:"possible"`
				}{s.Faults, possible})
			}
			printInjected(os.Stdout, s.Faults)
			return printPossible(os.Stdout, possible)
		},
	}
	c.Flags().BoolVar(&history, "history", false, "what was broken so far, predicted and measured")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func printInjected(w io.Writer, list []view.Fault) {
	if len(list) == 0 {
		fmt.Fprintln(w, "Nothing is injected.")
		return
	}
	fmt.Fprintln(w, "Injected (undo with lab heal ID, or lab heal --all):")
	for _, f := range list {
		fmt.Fprintf(w, "  %-4s %s for %s\n", f.ID, strings.TrimSpace(string(f.Kind)+" "+f.What), ago(f.Since))
	}
}

func printPossible(out io.Writer, list []view.Possible) error {
	fmt.Fprintln(out, "\nWhat can be done, as lab VERB:")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, p := range list {
		if p.Why == "" {
			fmt.Fprintf(w, "  %s\t%s\n", p.Verb, p.Does)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, p := range list {
		if p.Why != "" {
			fmt.Fprintf(out, "\nNot on this machine: %s (%s), because %s.\n", p.Verb, p.Does, p.Why)
		}
	}
	return nil
}

func printHistory(w io.Writer, list []view.Record) error {
	if len(list) == 0 {
		fmt.Fprintln(w, "Nothing was broken yet.")
	}
	for i, r := range list {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s  %s  %s\n", r.ID, r.Since.Local().Format(time.DateTime), r.Action)
		fmt.Fprintf(w, "  before: %s\n", cmp.Or(r.Before, "unknown"))
		switch {
		case r.Measured != nil:
			printMeasured(w, *r.Measured)
		case r.Active():
			fmt.Fprintln(w, "  is being measured")
		}
		switch {
		case r.Active():
			fmt.Fprintln(w, "  still injected")
		case r.Kind != "" && r.HealedBy != "" && r.Healed.After(r.Since):
			fmt.Fprintf(w, "  over after %s, %s\n", took(r.Healed.Sub(r.Since)), r.HealedBy)
		}
		if r.Recovery != nil {
			printMeasured(w, *r.Recovery)
		}
	}
	return nil
}

// printMeasured shows each phase beside what was expected and what upstream's defaults would make of it.
func printMeasured(out io.Writer, m view.Measured) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, mark := range m.Marks {
		seen := "not seen"
		if mark.Seen {
			seen = took(mark.Took)
		}
		sign := "✓"
		if mark.Late() {
			sign = "✗"
		}
		fmt.Fprintf(w, "  %s %s\t%s\twithin %s\tupstream %s\n", sign, mark.Phase, seen, roughly(mark.Within), roughly(mark.Upstream))
	}
	_ = w.Flush() // the terminal has gone: nobody to tell
	fmt.Fprintf(out, "  writes %s; reads %s\n", traffic(m.Writes), traffic(m.Reads))
	if m.Service != nil {
		fmt.Fprintf(out, "  Service %s; ", traffic(*m.Service))
	} else {
		fmt.Fprint(out, "  ")
	}
	fmt.Fprintf(out, "watched for %s\n", took(m.For))
}

// roughly writes what was expected, with fewer digits than what was measured.
func roughly(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }

func traffic(t view.Traffic) string {
	gap := "gap " + took(t.Gap)
	if t.Open {
		gap = "none for " + took(t.Gap)
	}
	return fmt.Sprintf("%d, %d failed, %s", t.Sent, t.Failed, gap)
}

// printOutcome says what an action has come to.
func printOutcome(w io.Writer, out view.Outcome, detached bool) {
	if r := out.Record; r != nil {
		m := r.Measured
		if r.Recovery != nil {
			m = r.Recovery
		}
		if m != nil {
			fmt.Fprintf(w, "\nwrites   %s\nreads    %s\n", traffic(m.Writes), traffic(m.Reads))
			if m.Service != nil {
				fmt.Fprintf(w, "Service  %s\n", traffic(*m.Service))
			}
			for _, mark := range m.Marks {
				if !mark.Seen {
					fmt.Fprintf(w, "not seen within %s: %s\n", took(m.For), mark.Phase)
				}
			}
		}
		if r.Active() {
			fmt.Fprintf(w, "\nFault %s is injected. Undo it: lab heal %s\n", r.ID, r.ID)
		}
		if detached && m == nil {
			fmt.Fprintln(w, "It is being measured: lab faults --history")
		}
	}
	if len(out.Snapshots) > 0 && out.Text == "" {
		printSnapshots(w, out.Snapshots)
	}
	if len(out.Commands) > 0 {
		fmt.Fprintln(w, "\nThe same by hand:")
		_ = printCommands(w, "  ", out.Commands) // the terminal has gone: nobody to tell
	}
	if out.Text != "" {
		fmt.Fprintln(w, out.Text)
	} else if out.Record == nil && len(out.Snapshots) == 0 {
		fmt.Fprintln(w, "There is none.")
	}
}

func printSnapshots(out io.Writer, list []view.EtcdSnapshot) {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "NAME\tTAKEN\tREVISION\tKEYS\tSIZE")
	for _, s := range list {
		if s.Error != "" {
			fmt.Fprintf(w, "%s\t%s\n", s.Name, s.Error)
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%.1f MiB\n", s.Name, s.Time.Local().Format(time.DateTime), s.Revision, s.Keys, float64(s.Size)/(1<<20))
	}
	_ = w.Flush() // the terminal has gone: nobody to tell
}

// took writes a duration with as many digits as matter.
func took(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func ago(t time.Time) string { return time.Since(t).Round(time.Second).String() }
