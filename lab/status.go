package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"kubelab/core/component"
	"kubelab/core/store"
	"kubelab/core/topology"
	"kubelab/core/view"
	"kubelab/lab/control"
)

const statusBound = 5 * time.Second

func (a *app) statusCommand() *cobra.Command {
	var asJSON bool
	var at lookAt
	c := &cobra.Command{
		Use:   "status",
		Short: "What runs where, who leads, and what is broken",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := a.seen(c.Context(), at)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(os.Stdout, s)
			}
			return printStatus(os.Stdout, s)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	at.flags(c)
	return c
}

// seen is the lab that is meant, or the recording.
func (a *app) seen(ctx context.Context, at lookAt) (view.Snapshot, error) {
	if at != (lookAt{}) {
		from, err := a.source(at)
		if err != nil {
			return view.Snapshot{}, err
		}
		return from.Status(ctx)
	}
	d, err := a.dir()
	if err != nil {
		return view.Snapshot{}, err
	}
	return a.snapshot(ctx, d)
}

// snapshot asks the engine for its lab, or says what is on disk of a lab that has none.
func (a *app) snapshot(ctx context.Context, d store.Dir) (view.Snapshot, error) {
	_, held := d.Holder()
	spec, err := d.Load()
	switch {
	case err == nil && held:
		ctx, cancel := context.WithTimeout(ctx, statusBound)
		defer cancel()
		s, err := control.Dial(d.Socket()).Status(ctx)
		if err != nil && resuming(d) {
			return atRest(spec, view.Starting), nil
		}
		return s, err
	case err == nil:
		return atRest(spec, view.Stopped), nil
	case held:
		spec, _ = d.Pending() // shown as far as it is known
		spec.Name = d.Name()
		return atRest(spec, view.Starting), nil
	}
	_, _, err = a.spec()
	return view.Snapshot{}, err
}

// resuming reports whether an engine holds the lab but does not serve it yet.
func resuming(d store.Dir) bool {
	_, err := os.Stat(d.Socket())
	return os.IsNotExist(err)
}

// atRest is a lab of which no engine tells anything.
func atRest(s topology.Spec, state view.State) view.Snapshot {
	v := view.Snapshot{
		Name: s.Name, State: state, Timing: string(s.Timing), Subnet: s.Subnet.String(),
		Etcd: view.Etcd{Members: len(s.Masters)}, Leases: map[string]string{},
		Masters: []view.Master{}, Nodes: []view.Node{}, Faults: []view.Fault{}, Holders: map[string]view.Lease{},
		Pods: []view.Pod{}, Workloads: []view.Workload{}, Services: []view.Service{}, Stale: []view.Stale{}, Time: time.Now(),
	}
	stopped := func(names []string) map[string]component.Status {
		all := map[string]component.Status{}
		for _, n := range names {
			all[n] = component.Status{State: component.Stopped}
		}
		return all
	}
	for _, m := range s.Masters {
		v.Masters = append(v.Masters, view.Master{Name: m.Name(), IP: s.Addr(m).String(), Components: stopped(component.OfMaster)})
	}
	for _, n := range s.Nodes {
		v.Nodes = append(v.Nodes, view.Node{Name: n.Name(), IP: s.Addr(n).String(), Components: stopped(component.OfNode)})
	}
	return v
}

func (a *app) listCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "The labs of this machine",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := asRoot(); err != nil {
				return err
			}
			names, err := store.Names(a.root)
			if err != nil {
				return err
			}
			list := []view.Listed{}
			for _, name := range names {
				list = append(list, a.listed(c.Context(), name))
			}
			if asJSON {
				return printJSON(os.Stdout, list)
			}
			if len(list) == 0 {
				fmt.Println("There is no lab. Make one with: lab start")
				return nil
			}
			w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
			fmt.Fprintln(w, "NAME\tSTATE\tENGINE\tMASTERS\tNODES")
			for _, l := range list {
				fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\n", l.Name, l.State, number(l.PID), l.Masters, l.Nodes)
			}
			return w.Flush()
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// halfMade is the state of a directory that no start has completed and no engine holds.
const halfMade view.State = "half-made"

func (a *app) listed(ctx context.Context, name string) view.Listed {
	l := view.Listed{Name: name, State: halfMade}
	d, err := store.Open(a.root, name)
	if err != nil {
		return l
	}
	l.PID, _ = d.Holder()
	if s, err := a.snapshot(ctx, d); err == nil {
		l.State, l.Masters, l.Nodes = s.State, len(s.Masters), len(s.Nodes)
	}
	return l
}

// printLine prints JSON on one line.
func printLine(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) }

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// printStatus shows a lab as tables: the verdict, then masters, then nodes.
func printStatus(out io.Writer, s view.Snapshot) error {
	fmt.Fprintf(out, "Lab %q is %s", s.Name, s.State)
	if s.Reason != "" {
		fmt.Fprintf(out, ": %s", s.Reason)
	}
	fmt.Fprintln(out)
	if s.Etcd.Term > 0 {
		fmt.Fprintf(out, "up %s, %s timing, API at https://%s:%d\netcd leader %s in term %d at revision %d\n",
			time.Duration(s.UptimeSeconds)*time.Second, s.Timing, s.Balancer.Address, topology.APIServerPort,
			cmp.Or(s.Etcd.Leader, "none"), s.Etcd.Term, s.Etcd.Revision)
	}
	for _, f := range s.Faults {
		fmt.Fprintf(out, "injected %s: %s for %s; undo it with lab heal %s\n", f.ID, strings.TrimSpace(string(f.Kind)+" "+f.What), s.Time.Sub(f.Since).Round(time.Second), f.ID)
	}
	for _, stale := range s.Stale {
		fmt.Fprintf(out, "stale for %s: %s, %s\n", s.Time.Sub(stale.Since).Round(time.Second), stale.Source, stale.Why)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	// Without "kube-" the widest row fits into 80 columns.
	fmt.Fprintf(w, "\nMASTER\tIP\t%s\n", strings.ReplaceAll(strings.ToUpper(strings.Join(component.OfMaster, "\t")), "KUBE-", ""))
	for _, m := range s.Masters {
		fmt.Fprintf(w, "%s\t%s\t%s\n", m.Name, m.IP, row(component.OfMaster, m.Components))
	}
	fmt.Fprintf(w, "\nNODE\tIP\tREADY\tPODS\t%s\n", strings.ToUpper(strings.Join(component.OfNode, "\t")))
	for _, n := range s.Nodes {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\n", n.Name, n.IP, readiness(n), n.Pods, row(component.OfNode, n.Components))
	}
	return w.Flush()
}

func row(names []string, all map[string]component.Status) string {
	var cells []string
	for _, name := range names {
		c := all[name]
		cell := cmp.Or(string(c.State), "-")
		if c.Leading {
			cell = "leads"
		}
		if c.Restarts > 0 {
			cell += fmt.Sprintf(" ↻%d", c.Restarts)
		}
		cells = append(cells, cell)
	}
	return strings.Join(cells, "\t")
}

func readiness(n view.Node) string {
	switch {
	case n.Ready && n.Schedulable:
		return "ready"
	case n.Ready:
		return "cordoned"
	}
	return "not ready"
}

// number leaves an empty cell for what does not exist.
func number(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}
