package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kubelab/core/topology"
	"kubelab/core/view"
	"kubelab/lab/progress"
)

// machineBound is how long adding or removing a machine may take; draining a node waits for its pods.
const machineBound = 3 * time.Minute

func (a *app) addCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "add master|node",
		Short:     "Add a machine to the running lab",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{string(topology.Master), string(topology.Node)},
		RunE: func(c *cobra.Command, args []string) error {
			engine, err := a.engine()
			if err != nil {
				return err
			}
			return do(c, engine, view.Action{Verb: view.Add, Targets: args}, machineBound)
		},
	}
}

func (a *app) removeCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "remove MACHINE",
		Short:             "Remove a machine from the running lab: a node is drained, a member leaves etcd",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeMachines,
		RunE: func(c *cobra.Command, args []string) error {
			engine, err := a.engine()
			if err != nil {
				return err
			}
			return do(c, engine, view.Action{Verb: view.Remove, Targets: args}, machineBound)
		},
	}
}

func (a *app) imageCommand() *cobra.Command {
	c := &cobra.Command{Use: "image", Short: "Images on the nodes", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(&cobra.Command{
		Use:   "load FILE",
		Short: "Import an image archive (docker save, or OCI layout) into every node",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return &view.Failure{Code: view.Usage, Err: err}
			}
			defer f.Close()
			if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
				return view.Fail(view.Usage, "%s is not a file; give an image archive as docker save writes it", args[0])
			}
			engine, err := a.engine()
			if err != nil {
				return err
			}
			return shown(c, machineBound, isUndone, func(ctx context.Context, report view.Report) error {
				names, err := engine.LoadImage(ctx, io.Reader(f), report)
				if err == nil {
					fmt.Println("On every node:", strings.Join(names, ", "))
				}
				return err
			})
		},
	})
	return c
}

// What becomes of work whose watcher has gone away.
const (
	isUndone   = "the engine undoes what it had begun"
	staysBroke = "what was done stays done, and is measured all the same; see it with lab faults, undo it with lab heal"
)

// shown runs work with its steps on the screen. Whoever interrupts it is told what that means.
func shown(c *cobra.Command, bound time.Duration, meaning string, work func(context.Context, view.Report) error) error {
	ctx, cancel := bounded(c, bound)
	defer cancel()
	show := progress.New(os.Stdout)
	defer show.Close()
	err := work(ctx, show.Report)
	if errors.Is(err, context.Canceled) {
		return errors.New("interrupted; " + meaning)
	}
	return err
}

func (a *app) completeMachines(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	_, s, err := a.spec()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, m := range s.Machines() {
		names = append(names, m.Name())
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
