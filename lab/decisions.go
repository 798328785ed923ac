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

	"kubelab/core/logs"
	"kubelab/core/target"
	"kubelab/core/view"
)

func (a *app) decisionsCommand() *cobra.Command {
	var asJSON bool
	var last int
	var at lookAt
	c := &cobra.Command{
		Use:   "decisions [POD]",
		Short: "Where the scheduler put pods, and why: each node's verdict by filter and by score",
		Long: `The scheduler's decisions. With a pod, as NAMESPACE/NAME or pod/NAMESPACE/NAME, each node's verdict: which filter rejected it, or what
each plugin scored.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			q := view.Query{Kinds: []view.EventKind{view.Decided}, Last: last}
			if len(args) > 0 {
				name := args[0]
				if strings.Count(name, "/") < 2 {
					name = "pod/" + name
				}
				pod, err := target.Object(name)
				if err != nil {
					return err
				}
				if pod.Resource != "pods" {
					return view.Fail(view.Usage, "%s is no pod: the scheduler decides about pods only", args[0])
				}
				q.Object = &pod
			}
			from, err := a.source(at)
			if err != nil {
				return err
			}
			ctx, cancel := bounded(c, askBound)
			defer cancel()
			list, err := from.Events(ctx, q)
			if err != nil {
				return err
			}
			if len(list) == 0 && q.Object != nil {
				return view.Fail(view.NotFound, "no decision about %s is remembered; see: lab decisions", q.Object)
			}
			if asJSON {
				return printJSON(os.Stdout, list)
			}
			if q.Object != nil {
				return printDecision(os.Stdout, *list[len(list)-1].Decision, len(list))
			}
			return printDecisions(os.Stdout, list)
		},
	}
	c.Flags().IntVar(&last, "last", 50, "at most so many, the latest")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	at.flags(c)
	return c
}

func printDecisions(out io.Writer, list []view.Event) error {
	if len(list) == 0 {
		fmt.Fprintln(out, "The scheduler has decided nothing yet.")
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TIME\tPOD\tNODE\tFIT\tSCORE\tTOOK\tBY\tWHY")
	for _, e := range list {
		d := e.Decision
		fit, score, why := 0, "-", d.Why
		for _, v := range d.Nodes {
			if v.Fits {
				fit++
			}
			if v.Node == d.Node && len(v.Scores) > 0 {
				score = fmt.Sprint(v.Total)
			}
		}
		if d.Node != "" && score == "-" {
			why = "nothing to score"
		}
		fmt.Fprintf(w, "%s\t%s/%s\t%s\t%d of %d\t%s\t%s\t%s\t%s\n", clock(e.Time), d.Pod.Namespace, d.Pod.Name, cmp.Or(d.Node, "-"), fit, len(d.Nodes),
			score, brief(d.Took), d.Master, logs.Clean(why))
	}
	return w.Flush()
}

// printDecision shows the matrix of nodes and plugins.
func printDecision(out io.Writer, d view.Decision, of int) error {
	fmt.Fprintf(out, "%s/%s", d.Pod.Namespace, d.Pod.Name)
	switch {
	case d.WhatIf && d.Node != "":
		fmt.Fprintf(out, " would go to %s", d.Node)
	case d.WhatIf:
		fmt.Fprintf(out, " would fit nowhere")
	case d.Node != "":
		fmt.Fprintf(out, " goes to %s", d.Node)
	default:
		fmt.Fprintf(out, " fits nowhere")
	}
	fmt.Fprintf(out, ", says kube-scheduler of %s", d.Master)
	if d.Took > 0 {
		fmt.Fprintf(out, " after %s (attempt %d", brief(d.Took.Round(time.Microsecond)), d.Attempt)
		if of > 1 {
			fmt.Fprintf(out, ", %d are remembered", of)
		}
		fmt.Fprint(out, ")")
	}
	fmt.Fprintln(out)
	if d.Why != "" {
		fmt.Fprintln(out, logs.Clean(d.Why))
	}
	fmt.Fprintf(out, "\nFilters asked: %s\n", strings.Join(d.Filters, ", "))
	if len(d.Skipped) > 0 {
		fmt.Fprintf(out, "Nothing to say: %s\n", strings.Join(d.Skipped, ", "))
	}
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "NODE\tVERDICT\t%s", strings.Join(d.Scorers, "\t"))
	if len(d.Scorers) > 0 {
		fmt.Fprint(w, "\tTOTAL")
	}
	fmt.Fprintln(w)
	for _, v := range d.Nodes {
		mark := "fits"
		if !v.Fits {
			mark = logs.Clean(fmt.Sprintf("✗ %s: %s", v.Rejected, v.Why))
		}
		fmt.Fprintf(w, "%s\t%s", v.Node, mark)
		if len(v.Scores) > 0 {
			for _, name := range d.Scorers {
				fmt.Fprintf(w, "\t%d", v.Scores[name])
			}
			fmt.Fprintf(w, "\t%d", v.Total)
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}
