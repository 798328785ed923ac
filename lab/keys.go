package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kubelab/core/logs"
	"kubelab/core/view"
)

func (a *app) keysCommand() *cobra.Command {
	var q view.KeyQuestion
	var follow, asJSON, heartbeats bool
	c := &cobra.Command{
		Use:   "keys [PREFIX]",
		Short: "What is in etcd, and with -f what changes there",
		Long: `Keys of etcd that begin with PREFIX; /registry/ in front can be left out. A whole key is shown with its value.

  lab keys pods/demo
  lab keys -f
  lab keys /registry/leases/kube-system/kube-scheduler`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			q.Prefix = strings.Join(args, "")
			if q.Limit < 1 || q.Revision < 0 {
				return view.Fail(view.Usage, "--limit must be at least 1, --revision at least 0")
			}
			if follow {
				return a.followKeys(c, q.Prefix, heartbeats, asJSON)
			}
			wanted := q.Values
			q.Values = true // of a whole key
			if !wanted {
				q.Values = q.Prefix != "" && !strings.HasSuffix(q.Prefix, "/")
			}
			answer, err := a.ask(c, view.Question{Keys: &q})
			if err != nil {
				return err
			}
			k := answer.Keys
			whole := len(k.List) == 1 && strings.HasSuffix(k.List[0].Key, q.Prefix)
			if !wanted && !whole {
				for i := range k.List {
					k.List[i].Value, k.List[i].Hidden = "", ""
				}
			}
			switch {
			case len(k.List) == 0 && q.Prefix != "":
				return view.Fail(view.NotFound, "etcd has no key that begins with %s; see: lab keys", q.Prefix)
			case asJSON:
				return printJSON(os.Stdout, k)
			case wanted || whole:
				printValues(os.Stdout, k)
				return nil
			}
			return printKeys(os.Stdout, k)
		},
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "show what changes, until Ctrl-C")
	c.Flags().BoolVar(&q.Values, "values", false, "with their values, as YAML")
	c.Flags().BoolVar(&q.Secrets, "secrets", false, "the values of Secrets too")
	c.Flags().BoolVar(&heartbeats, "heartbeats", false, "with -f: also renewals of Leases, and what the stopwatch writes")
	c.Flags().Int64Var(&q.Revision, "revision", 0, "as of this revision of etcd")
	c.Flags().IntVar(&q.Limit, "limit", 1000, "at most so many")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (a *app) followKeys(c *cobra.Command, prefix string, heartbeats, asJSON bool) error {
	engine, err := a.engine()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(prefix, "/") {
		prefix = "/registry/" + prefix
	}
	p := printer{out: os.Stdout, asJSON: asJSON, line: keyLine}
	return p.show(c.Context(), engine, []view.EventKind{view.KeyChanged}, func(e view.Event) bool {
		return strings.HasPrefix(e.Key.Key, prefix) && (heartbeats || !e.Object.Routine())
	}, 1, true)
}

func keyLine(e view.Event) string {
	if e.Key == nil {
		return eventLine(e)
	}
	what := fmt.Sprintf("version %d, %s", e.Key.Version, size(int64(e.Key.Size)))
	if e.Key.Deleted {
		what = "deleted"
	}
	return fmt.Sprintf("%s  revision %-7d %s  %s  %s", clock(e.Time), e.Key.Revision, e.Key.Key, what, strings.TrimPrefix(e.Text, e.Object.String()+": "))
}

func size(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

func printKeys(out io.Writer, k *view.Keys) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KEY\tCREATED\tMODIFIED\tVERSION\tSIZE")
	for _, one := range k.List {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\n", logs.Clean(one.Key), one.Created, one.Modified, one.Version, size(int64(one.Size)))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%d of %d keys, as %s has them at revision %d\n", len(k.List), k.Count, k.Member, k.Revision)
	return nil
}

func printValues(out io.Writer, k *view.Keys) {
	for i, one := range k.List {
		if i > 0 {
			fmt.Fprintln(out, "---")
		}
		fmt.Fprintf(out, "# %s\n# created at revision %d, modified at %d, version %d, %s\n", logs.Clean(one.Key), one.Created, one.Modified, one.Version, size(int64(one.Size)))
		if one.Hidden != "" {
			fmt.Fprintf(out, "# %s; see them with --secrets\n", one.Hidden)
		}
		for line := range strings.Lines(one.Value) {
			fmt.Fprintln(out, logs.Clean(strings.TrimSuffix(line, "\n")))
		}
	}
}
