package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"kubelab/core/cluster"
	"kubelab/core/store"
	"kubelab/core/view"
	"kubelab/lab/control"
	"kubelab/lab/kubeconfig"
	"kubelab/lab/progress"
)

const (
	stopBound = 2 * time.Minute  // of a graceful stop, pods' grace periods included
	killBound = 10 * time.Second // until the kernel has ended a killed engine
)

func (a *app) stopCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "stop [TARGET…]",
		Short: "Stop a lab gracefully, or something in it; lab start brings it back",
		Long: `Stop a lab gracefully: pods are asked to end, Leases are released, etcd is closed. lab start brings it back as it
was.

With TARGETs it stops only these, in good order, and they stay down: master-1, master-1/etcd, node-2,
node-2/kubelet, pod/NAMESPACE/NAME, …`,
		ValidArgsFunction: a.completeTargets,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return a.act(c, view.Action{Verb: view.Stop, Targets: args})
			}
			if err := asRoot(); err != nil {
				return err
			}
			d, _, err := a.spec()
			if err != nil {
				return err
			}
			if _, held := d.Holder(); !held {
				fmt.Printf("Lab %q is already stopped.\n", a.name)
				return nil
			}
			ctx, cancel := bounded(c, stopBound)
			defer cancel()
			show := progress.New(os.Stdout)
			err = control.Dial(d.Socket()).Stop(ctx, show.Report)
			show.Close()
			if err != nil {
				return fmt.Errorf("stop lab %q: %w; to end it the hard way, as a power cut would: lab delete, or kill its engine and lab start", a.name, err)
			}
			if err := freed(ctx, d); err != nil {
				return err
			}
			fmt.Printf("\nLab %q is stopped. Next: lab start%s, or lab delete%s\n", a.name, a.flag(), a.flag())
			return nil
		},
	}
}

func (a *app) deleteCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "delete",
		Short: "Remove a lab with everything in it, running or not, whole or half-made",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := asRoot(); err != nil {
				return err
			}
			d, err := a.dir()
			if err != nil {
				return err
			}
			if _, held := d.Holder(); !held && !d.Exists() {
				return a.noLab()
			}
			begin := time.Now()
			if err := a.delete(c.Context(), d); err != nil {
				return fmt.Errorf("delete lab %q: %w", a.name, err)
			}
			if err := kubeconfig.Remove(a.name); err != nil {
				fmt.Fprintf(os.Stderr, "lab: the lab is gone, but not its context in your kubeconfig: %v\n", err)
			}
			fmt.Printf("Lab %q is gone (%s).\n", a.name, progress.Seconds(time.Since(begin)))
			return nil
		},
	}
}

// delete ends the engine as a power cut would, then removes what it held. The same way works for a lab in
// any condition.
func (a *app) delete(ctx context.Context, d store.Dir) error {
	if err := kill(ctx, d); err != nil {
		return err
	}
	lock, err := d.Lock()
	if err != nil {
		return err
	}
	err = errors.Join(cluster.Sweep(ctx, a.name), d.Remove(), lock.Release())
	return errors.Join(err, store.Tidy(a.root))
}

// kill ends the engine that holds the lab, if one does.
func kill(ctx context.Context, d store.Dir) error {
	pid, held := d.Holder()
	if !held {
		return nil
	}
	// The holder has the lock as long as it lives, so between the two looks the id cannot have gone to
	// another process; the handle keeps it so.
	engine, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	if again, held := d.Holder(); !held || again != pid {
		return kill(ctx, d)
	}
	if err := engine.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end engine %d: %w", pid, err)
	}
	ctx, cancel := context.WithTimeout(ctx, killBound)
	defer cancel()
	return freed(ctx, d)
}

// freed waits until no engine holds the lab.
func freed(ctx context.Context, d store.Dir) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		pid, held := d.Holder()
		if !held {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return view.Fail(view.TimedOut, "engine %d still runs: %w", pid, context.Cause(ctx))
		}
	}
}
