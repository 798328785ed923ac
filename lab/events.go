package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kubelab/core/logs"
	"kubelab/core/view"
	"kubelab/lab/control"
)

// askBound is how long a question to the engine may take.
const askBound = 20 * time.Second

// following is a command that shows events.
type following struct {
	use, short, long string
	kinds            []view.EventKind
	// selects narrows down what is shown beyond its kinds; nil shows all. It is made when flags are known.
	selects func() (func(view.Event) bool, error)
	line    func(view.Event) string
	flags   func(*cobra.Command)
	empty   string // said when there is nothing
}

// followCommand shows what is remembered, and with -f what comes.
func (a *app) followCommand(f following) *cobra.Command {
	var follow, asJSON bool
	var last int
	var at lookAt
	c := &cobra.Command{
		Use: f.use, Short: f.short, Long: f.long, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if last < 1 {
				return view.Fail(view.Usage, "--last %d: it must be at least 1", last)
			}
			selects := func(view.Event) bool { return true }
			if f.selects != nil {
				var err error
				if selects, err = f.selects(); err != nil {
					return err
				}
			}
			from, err := a.source(at)
			if err != nil {
				return err
			}
			if follow && at.recording != "" {
				return view.Fail(view.Usage, "a recording does not go on; play it: lab replay %s", at.recording)
			}
			p := printer{out: os.Stdout, asJSON: asJSON, line: f.line}
			err = p.show(c.Context(), from, f.kinds, selects, last, follow)
			if err == nil && p.shown == 0 && !asJSON && !follow {
				fmt.Println(f.empty)
			}
			return err
		},
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on with what happens, until Ctrl-C")
	c.Flags().IntVar(&last, "last", 50, "at most so many of what is remembered")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, an object a line")
	at.flags(c)
	if f.flags != nil {
		f.flags(c)
	}
	return c
}

// printer shows events.
type printer struct {
	out    io.Writer
	asJSON bool
	line   func(view.Event) string
	shown  int
}

// show prints what is remembered, and what comes if it is to follow. Whoever follows ends it with Ctrl-C, which is no error.
func (p *printer) show(ctx context.Context, from source, kinds []view.EventKind, selects func(view.Event) bool, last int, follow bool) error {
	if !follow {
		bounded, cancel := context.WithTimeout(ctx, askBound)
		defer cancel()
		list, err := from.Events(bounded, view.Query{Kinds: kinds})
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(e view.Event) bool { return !selects(e) })
		for _, e := range list[max(0, len(list)-last):] {
			if err := p.print(e); err != nil {
				return err
			}
		}
		return nil
	}
	err := from.Follow(ctx, control.Following{Query: view.Query{Kinds: kinds, Last: last}, Remembered: true}, func(l control.Line) error {
		if l.Event.Kind != view.Dropped && !selects(*l.Event) {
			return nil
		}
		return p.print(*l.Event)
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (p *printer) print(e view.Event) error {
	p.shown++
	if p.asJSON {
		return printLine(p.out, e)
	}
	if _, err := fmt.Fprintln(p.out, logs.Clean(p.line(e))); err != nil {
		return err
	}
	return printCommands(p.out, strings.Repeat(" ", len("15:04:05.000  ")), e.Commands)
}

// printCommands shows what does the same by hand. Lines for people begin with # already.
func printCommands(w io.Writer, indent string, commands []string) error {
	for _, c := range commands {
		prompt := "$ "
		if strings.HasPrefix(c, "#") {
			prompt = ""
		}
		if _, err := fmt.Fprintln(w, logs.Clean(indent+prompt+c)); err != nil {
			return err
		}
	}
	return nil
}

// clock is how moments are shown: of today, to the millisecond.
func clock(t time.Time) string { return t.Local().Format("15:04:05.000") }

func (a *app) eventsCommand() *cobra.Command {
	var all bool
	var only []string
	quiet := []view.EventKind{
		view.FaultInjected, view.FaultMeasured, view.FaultHealed, view.Acted, view.Changed, view.Elected, view.LeaseMoved, view.NodeChanged,
		view.PodChanged, view.Decided, view.SourceChanged, view.KubeEvent,
	}
	loud := append(slices.Clone(quiet), view.Requested, view.KeyChanged, view.ContainerDone, view.RuleChanged)
	return a.followCommand(following{
		use: "events", short: "What happened in the lab, from all its components",
		long: `What happened in the lab: components, leaders, nodes, pods, the scheduler's decisions, faults, and Kubernetes' own Events.
With --all also requests, keys of etcd, containers and rules.`,
		flags: func(c *cobra.Command) {
			c.Flags().BoolVar(&all, "all", false, "also requests, keys of etcd, what containerd says, and rules of kube-proxy")
			c.Flags().StringSliceVar(&only, "only", nil, "kinds of events, for example pod,node; one of "+join(loud))
		},
		kinds: loud,
		selects: func() (func(view.Event) bool, error) {
			kinds := quiet
			if all {
				kinds = loud
			}
			if len(only) > 0 {
				kinds = nil
			}
			for _, name := range only {
				if !slices.Contains(loud, view.EventKind(name)) {
					return nil, view.Fail(view.Usage, "--only %s: there is no such kind of event; use %s", name, join(loud))
				}
				kinds = append(kinds, view.EventKind(name))
			}
			return func(e view.Event) bool { return slices.Contains(kinds, e.Kind) && e.Text != "" }, nil
		},
		line:  eventLine,
		empty: "Nothing has happened yet.",
	})
}

func join(kinds []view.EventKind) string {
	var names []string
	for _, k := range kinds {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

func eventLine(e view.Event) string {
	switch {
	case e.Kind == view.Dropped:
		return fmt.Sprintf("%s  … %d events came faster than they could be shown", clock(e.Time), e.Count)
	}
	who := e.Source
	if e.Kind == view.KubeEvent && e.Object != nil {
		who = e.Object.String()
	}
	return fmt.Sprintf("%s  %-9s %s  %s", clock(e.Time), e.Kind, who, e.Text)
}

func (a *app) requestsCommand() *cobra.Command {
	var writes, refused, watches, heartbeats bool
	var user, server string
	return a.followCommand(following{
		use: "requests", short: "Requests to the API servers, with who, what, and which layer refused",
		kinds: []view.EventKind{view.Requested, view.Dropped},
		flags: func(c *cobra.Command) {
			c.Flags().BoolVar(&writes, "writes", false, "only what was to change something")
			c.Flags().BoolVar(&refused, "refused", false, "only what was refused")
			c.Flags().BoolVar(&watches, "watches", false, "also watches, which last for minutes")
			c.Flags().BoolVar(&heartbeats, "heartbeats", false, "also the renewals of Leases, and what the stopwatch writes")
			c.Flags().StringVar(&user, "user", "", "only of users whose name contains this")
			c.Flags().StringVar(&server, "server", "", "only to the API server of this master")
		},
		selects: func() (func(view.Event) bool, error) {
			return func(e view.Event) bool {
				r := e.Request
				return r != nil && (!writes || r.Write()) && (!refused || r.Refused != "") && (watches || !r.Long) &&
					(heartbeats || !r.Object.Routine()) && (strings.Contains(r.User, user) || strings.Contains(r.As, user)) && (server == "" || r.Server == server)
			}, nil
		},
		line:  requestLine,
		empty: "There were no such requests.",
	})
}

func requestLine(e view.Event) string {
	r := e.Request
	if r == nil {
		return eventLine(e)
	}
	what := r.Path
	if r.Object.Resource != "" {
		what = strings.TrimSuffix(r.Object.String(), "/")
		if r.Sub != "" {
			what += ":" + r.Sub
		}
	}
	line := fmt.Sprintf("%s  %-8s  %3d  %8s  %-6s %s  by %s", clock(r.Began), r.Server, r.Code, brief(r.Took), r.Verb, what, cmp.Or(r.User, "nobody known"))
	if r.As != "" {
		line += " as " + r.As
	}
	if r.Refused != "" {
		line += fmt.Sprintf("  ✗ %s: %s", r.Refused, r.Why)
	}
	if len(r.Mutations) > 0 {
		line += "  ± " + strings.Join(r.Mutations, "; ")
	}
	return line
}

// brief writes a short time with three digits.
func brief(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", float64(d)/1e6)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
