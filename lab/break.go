package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kubelab/core/target"
	"kubelab/core/view"
	"kubelab/lab/control"
)

// actBound is how long breaking or healing something may take, what is measured of it included: pods are evicted
// after minutes under upstream's timing.
const actBound = 20 * time.Minute

// act has the engine do something to the lab that is meant, and shows what it comes to.
func (a *app) act(c *cobra.Command, action view.Action) error {
	engine, err := a.engine()
	if err != nil {
		return err
	}
	return do(c, engine, action, actBound)
}

// do shows the steps of an action and its outcome.
func do(c *cobra.Command, engine *control.Client, action view.Action, bound time.Duration) error {
	asJSON := c.Flags().Lookup("json") != nil && c.Flags().Lookup("json").Value.String() == "true"
	if d := c.Flags().Lookup("detach"); d != nil && c.GroupID == "break" {
		action.Detach = d.Value.String() == "true"
	}
	if asJSON {
		ctx, cancel := bounded(c, bound)
		defer cancel()
		out, err := engine.Do(ctx, action, func(view.Step) {})
		if err != nil {
			return err
		}
		return printJSON(os.Stdout, out)
	}
	var out view.Outcome
	meaning := staysBroke
	switch action.Verb {
	case view.Add, view.Remove, view.SaveSnapshot, view.RestoreSnapshot:
		meaning = isUndone
	}
	err := shown(c, bound, meaning, func(ctx context.Context, report view.Report) (err error) {
		out, err = engine.Do(ctx, action, report)
		return err
	})
	if err != nil {
		return err
	}
	printOutcome(os.Stdout, out, action.Detach)
	return nil
}

// breaking is a command that breaks or mends something.
type breaking struct {
	verb     view.Verb
	args     string // what follows the verb
	short    string
	complete bool // its arguments are targets
	// fill puts arguments and flags into the action; nil makes targets of all arguments.
	fill  func(action *view.Action, args []string) error
	flags func(c *cobra.Command, action *view.Action)
}

func oneWay(c *cobra.Command, action *view.Action) {
	c.Flags().BoolVar(&action.OneWay, "one-way", false, "only what the first machine sends to the second")
}

func breakings() []breaking {
	return []breaking{
		{verb: view.Kill, args: "TARGET…", short: "End a machine, component, pod or container at once, without a farewell", complete: true},
		{verb: view.Restart, args: "TARGET…", short: "Stop a machine or component in good order and start it again", complete: true},
		{verb: view.Pause, args: "TARGET…", short: "Have a node, a component of one, or a container hang", complete: true},
		{verb: view.Resume, args: "TARGET…", short: "Let it go on after a pause", complete: true},
		{verb: view.PowerLoss, args: "MACHINE…", short: "End everything on a machine at once, and its network with it", complete: true},
		{verb: view.Cordon, args: "NODE…", short: "Keep new pods off a node", complete: true},
		{verb: view.Uncordon, args: "NODE…", short: "Let pods come to a node again", complete: true},
		{verb: view.Drain, args: "NODE…", short: "Cordon a node and have its pods leave", complete: true},
		{verb: view.DiskPressure, args: "NODE…", short: "Have a node's kubelet find its disk full", complete: true},
		{verb: view.OutOfMemory, args: "container/NAMESPACE/POD/CONTAINER", short: "Have a demo container take more memory than its limit", complete: true},
		{verb: view.Cut, args: "A B", short: "Cut the link between two machines", complete: true, flags: oneWay},
		{verb: view.Loss, args: "A B PERCENT", short: "Lose a share of what passes between two machines", complete: true, flags: oneWay, fill: fillLoss},
		{verb: view.Delay, args: "A B DURATION", short: "Make everything between two machines late", complete: true, flags: oneWay, fill: fillDelay},
		{verb: view.Flap, args: "A B", short: "Cut and restore the link between two machines by turns", complete: true,
			flags: func(c *cobra.Command, action *view.Action) {
				oneWay(c, action)
				c.Flags().DurationVar(&action.Every, "every", 2*time.Second, "how long each cut and each whole spell lasts")
			}},
		{verb: view.Isolate, args: "MACHINE…", short: "Cut all links of a machine", complete: true},
		{verb: view.Split, args: "GROUP GROUP…", short: "Cut all links between groups, for example: lab split master-1 master-2,master-3", complete: true},
		{verb: view.LoseQuorum, short: "Crash a majority of etcd's members"},
		{verb: view.MoveLeader, args: "[MASTER]", short: "Have another member of etcd lead", complete: true},
		{verb: view.Compact, short: "Throw away the history of all keys in etcd"},
		{verb: view.Defragment, short: "Give free pages of etcd's files back to the disk"},
		{verb: view.FillQuota, short: "Fill etcd's database to its quota"},
		{verb: view.WipeData, args: "MASTER…", short: "Crash members of etcd and delete their data", complete: true},
		{verb: view.RollingRestart, short: "Restart all masters, one after the other, without a failed write"},
	}
}

func (a *app) breakCommands() []*cobra.Command {
	var list []*cobra.Command
	for _, b := range breakings() {
		list = append(list, a.breakCommand(b))
	}
	return list
}

func (a *app) breakCommand(b breaking) *cobra.Command {
	action := view.Action{Verb: b.verb}
	c := &cobra.Command{
		Use: strings.TrimSpace(string(b.verb) + " " + b.args), Short: b.short,
		Long: b.short + `.

What will happen is predicted first; then it happens, and a stopwatch measures it. Ctrl-C ends the watching, not the
fault. lab heal undoes it.`,
		RunE: func(c *cobra.Command, args []string) error {
			if b.fill == nil {
				action.Targets = args
			} else if err := b.fill(&action, args); err != nil {
				return err
			}
			return a.act(c, action)
		},
	}
	if b.complete {
		c.ValidArgsFunction = a.completeTargets
	}
	if b.flags != nil {
		b.flags(c, &action)
	}
	actFlags(c)
	return c
}

func actFlags(c *cobra.Command) {
	c.Flags().Bool("detach", false, "return once it is done; it is measured all the same, see lab faults --history")
	c.Flags().Bool("json", false, "print JSON")
}

func fillLoss(action *view.Action, args []string) error {
	if len(args) != 3 {
		return view.Fail(view.Usage, "loss needs two machines and a share, for example: lab loss master-1 master-2 30")
	}
	n, err := strconv.Atoi(strings.TrimSuffix(args[2], "%"))
	if err != nil {
		return view.Fail(view.Usage, "%q is no share: use 1 to 100, in percent", args[2])
	}
	action.Targets, action.Percent = args[:2], n
	return nil
}

func fillDelay(action *view.Action, args []string) error {
	if len(args) != 3 {
		return view.Fail(view.Usage, "delay needs two machines and a duration, for example: lab delay master-1 master-2 50ms")
	}
	d, err := time.ParseDuration(args[2])
	if err != nil {
		return view.Fail(view.Usage, "%q is no duration: use for example 50ms or 1s", args[2])
	}
	action.Targets, action.Delay = args[:2], d
	return nil
}

func (a *app) healCommand() *cobra.Command {
	action := view.Action{Verb: view.Heal}
	c := &cobra.Command{
		Use:   "heal [ID…]",
		Short: "Undo what was broken: the fault of that id, the only one, or all",
		ValidArgsFunction: func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			var ids []string
			if d, err := a.dir(); err == nil {
				s, _ := a.snapshot(c.Context(), d) // nothing to offer
				for _, f := range s.Faults {
					ids = append(ids, f.ID)
				}
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			action.Targets = args
			return a.act(c, action)
		},
	}
	c.Flags().BoolVar(&action.All, "all", false, "everything that is injected")
	actFlags(c)
	return c
}

func (a *app) snapshotCommand() *cobra.Command {
	c := &cobra.Command{Use: "snapshot", Short: "Keep all that etcd holds in a file, and set the cluster back to it", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	for _, s := range []struct {
		verb       view.Verb
		use, short string
		args       cobra.PositionalArgs
	}{
		{view.SaveSnapshot, "save [NAME|PATH]", "Save a snapshot", cobra.MaximumNArgs(1)},
		{view.VerifySnapshot, "verify NAME|PATH", "Check a snapshot from its first byte to its last", cobra.ExactArgs(1)},
		{view.RestoreSnapshot, "restore NAME|PATH", "Set the whole cluster back to a snapshot; nodes follow", cobra.ExactArgs(1)},
		{view.ListSnapshots, "list", "The snapshots that the lab keeps", cobra.NoArgs},
	} {
		sub := &cobra.Command{Use: s.use, Short: s.short, Args: s.args, RunE: func(c *cobra.Command, args []string) error {
			for i, name := range args {
				if strings.ContainsRune(name, os.PathSeparator) { // the engine works elsewhere
					path, err := filepath.Abs(name)
					if err != nil {
						return err
					}
					args[i] = path
				}
			}
			return a.act(c, view.Action{Verb: s.verb, Targets: args})
		}}
		sub.Flags().Bool("json", false, "print JSON")
		c.AddCommand(sub)
	}
	return c
}

func (a *app) completeTargets(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	_, s, err := a.spec()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return target.All(s), cobra.ShellCompDirectiveNoFileComp
}
