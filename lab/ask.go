package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"kubelab/core/logs"
	"kubelab/core/target"
	"kubelab/core/view"
)

// asking is a question that is a command.
type asking struct {
	use, short string
	args       cobra.PositionalArgs
	question   func(c *cobra.Command, args []string) (view.Question, error)
	print      func(io.Writer, view.Answer) error
	flags      func(*cobra.Command)
}

func (a *app) askCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "ask",
		Short: "Ask a component: queue, what-if, controllers, reads, node, proxy",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	for _, q := range askings() {
		c.AddCommand(a.asking(q))
	}
	return c
}

func (a *app) asking(q asking) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: q.use, Short: q.short, Args: q.args,
		RunE: func(c *cobra.Command, args []string) error {
			question, err := q.question(c, args)
			if err != nil {
				return err
			}
			answer, err := a.ask(c, question)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(os.Stdout, answer)
			}
			return q.print(os.Stdout, answer)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	if q.flags != nil {
		q.flags(c)
	}
	return c
}

// maxManifest is the largest manifest that is read, in bytes.
const maxManifest = 1 << 20

func askings() []asking {
	always := func(q view.Question) func(*cobra.Command, []string) (view.Question, error) {
		return func(*cobra.Command, []string) (view.Question, error) { return q, nil }
	}
	try := 0
	return []asking{
		{use: "queue", short: "What the scheduler has still to do", args: cobra.NoArgs, question: always(view.Question{Queue: true}), print: printQueue},
		{use: "controllers", short: "How busy the controllers of the controller manager are", args: cobra.NoArgs,
			question: always(view.Question{Controllers: true}), print: printControllers},
		{use: "what-if FILE", short: "Where the scheduler would put a pod that is not created; FILE is its manifest, - is standard input", args: cobra.ExactArgs(1),
			question: func(_ *cobra.Command, args []string) (view.Question, error) {
				text, err := readManifest(args[0])
				return view.Question{WhatIf: text}, err
			},
			print: func(w io.Writer, a view.Answer) error { return printDecision(w, *a.WhatIf, 1) }},
		{use: "reads KEY", short: "How each member of etcd reads a key: with a majority's consent, and from what it has itself", args: cobra.ExactArgs(1),
			question: func(_ *cobra.Command, args []string) (view.Question, error) {
				return view.Question{Reads: args[0]}, nil
			},
			print: printReads},
		{use: "node NODE", short: "What kubelet and containerd of a node say: pods, probes, CRI calls, containers with their processes, images", args: cobra.ExactArgs(1),
			question: func(_ *cobra.Command, args []string) (view.Question, error) { return view.Question{Node: args[0]}, nil },
			print:    printNode},
		{use: "proxy NODE SERVICE", short: "What a node's kube-proxy has made of a Service (NAMESPACE/NAME), and with --try which endpoints answer", args: cobra.ExactArgs(2),
			question: func(_ *cobra.Command, args []string) (view.Question, error) {
				service, err := target.Object("service/" + strings.TrimPrefix(args[1], "service/"))
				if err == nil && (try < 0 || try > 1000) {
					err = view.Fail(view.Usage, "--try %d: use 0 to 1000", try)
				}
				return view.Question{Proxy: &view.ProxyRequest{Node: args[0], Service: service, Try: try}}, err
			},
			print: printProxy,
			flags: func(c *cobra.Command) {
				c.Flags().IntVar(&try, "try", 0, "make so many requests from the node and count who answers")
			}},
	}
}

func readManifest(file string) (string, error) {
	in := io.Reader(os.Stdin)
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", view.Fail(view.Usage, "read the manifest: %v", err)
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxManifest+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("read the manifest: %w", err)
	case len(b) > maxManifest:
		return "", view.Fail(view.Usage, "%s is larger than %s: that is no manifest of a pod", file, size(maxManifest))
	case len(strings.TrimSpace(string(b))) == 0:
		return "", view.Fail(view.Usage, "%s is empty: it wants the manifest of a pod", file)
	}
	return string(b), nil
}

func printQueue(w io.Writer, a view.Answer) error {
	q := a.Queue
	fmt.Fprintf(w, "kube-scheduler of %s\n", q.Master)
	for _, part := range []struct {
		name string
		list []view.Object
	}{{"active", q.Active}, {"in flight", q.InFlight}, {"backoff", q.Backoff}, {"unschedulable", q.Unschedulable}} {
		fmt.Fprintf(w, "%-14s %d\n", part.name, len(part.list))
		for _, o := range part.list {
			fmt.Fprintf(w, "  %s/%s\n", o.Namespace, o.Name)
		}
	}
	return nil
}

func printControllers(out io.Writer, a view.Answer) error {
	fmt.Fprintf(out, "kube-controller-manager of %s\n\n", cmp.Or(a.Controllers.Master, "-"))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "QUEUE\tWAIT\tADDED\tRETRIES\tPER SECOND\tLAST WRITE")
	for _, c := range a.Controllers.Queues {
		last := "-"
		if r := c.Last; r != nil {
			last = fmt.Sprintf("%s %s, %s ago", r.Verb, r.Object, time.Since(r.Began).Round(time.Second))
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%.1f\t%s\n", c.Name, c.Depth, c.Adds, c.Retries, c.Rate, logs.Clean(last))
	}
	return w.Flush()
}

func printReads(out io.Writer, a view.Answer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MEMBER\tLINEARIZABLE\tTOOK\tSERIALIZABLE\tTOOK")
	one := func(g view.Got) string {
		switch {
		case g.Error != "":
			return "✗ " + g.Error
		case g.Modified == 0:
			return fmt.Sprintf("no such key at revision %d", g.Revision)
		}
		return fmt.Sprintf("modified at %d, read at %d", g.Modified, g.Revision)
	}
	for _, r := range a.Reads {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.Member, one(r.Linearizable), brief(r.Linearizable.Took), one(r.Serializable), brief(r.Serializable.Took))
	}
	return w.Flush()
}

func printNode(out io.Writer, a view.Answer) error {
	n := a.Node
	k := n.Kubelet
	fmt.Fprintf(out, "kubelet of %s", n.Node)
	if k.Error != "" {
		fmt.Fprintf(out, " cannot be asked: %s\n", logs.Clean(k.Error))
	} else {
		fmt.Fprintf(out, ": %d pods, %d syncs of %s in the mean\nprobes: %s\nCRI calls: %s\n", k.Pods, k.Syncs, brief(k.SyncMean), counts(k.Probes), counts(k.CRICalls))
		if len(k.CRIErrors) > 0 {
			fmt.Fprintf(out, "CRI errors: %s\n", counts(k.CRIErrors))
		}
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nCONTAINER\tPOD\tNAME\tSTATUS\tPID\tPROCESSES\tIMAGE")
	for _, c := range n.Containers {
		name := c.Name
		if name == "" {
			name = "(sandbox)"
		}
		fmt.Fprintf(w, "%.12s\t%s/%s\t%s\t%s\t%s\t%d\t%s\n", c.ID, c.Pod.Namespace, c.Pod.Name, name, c.Status, number(c.PID), len(c.Process), c.Image)
	}
	fmt.Fprintln(w, "\nIMAGE\tSIZE")
	for _, i := range n.Images {
		fmt.Fprintf(w, "%s\t%s\n", logs.Clean(i.Name), size(i.Size))
	}
	fmt.Fprintf(w, "\n%d snapshots of file systems\n", n.Snapshots)
	return w.Flush()
}

// counts writes what was counted, by name.
func counts(m map[string]int64) string {
	if len(m) == 0 {
		return "none"
	}
	var words []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		words = append(words, fmt.Sprintf("%s %d", name, m[name]))
	}
	return strings.Join(words, ", ")
}

func printProxy(w io.Writer, a view.Answer) error {
	p := a.Proxy
	fmt.Fprintf(w, "Service %s/%s on %s leads to: %s\n", p.Service.Namespace, p.Service.Name, p.Node, cmp.Or(strings.Join(p.Endpoints, ", "), "-"))
	for _, name := range slices.Sorted(maps.Keys(p.Answered)) {
		fmt.Fprintf(w, "  %4d answered by %s\n", p.Answered[name], logs.Clean(name))
	}
	if p.Failed > 0 {
		fmt.Fprintf(w, "  %4d failed: %s\n", p.Failed, logs.Clean(p.Why))
	} else if p.Why != "" {
		fmt.Fprintf(w, "  %s\n", logs.Clean(p.Why))
	}
	fmt.Fprintln(w, "\nRules:")
	for _, r := range p.Rules {
		fmt.Fprintln(w, "  "+logs.Clean(r))
	}
	return nil
}
