package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kubelab/core/store"
	"kubelab/core/topology"
	"kubelab/core/view"
	"kubelab/lab/control"
	"kubelab/lab/doctor"
	"kubelab/lab/exercise"
	"kubelab/lab/kubeconfig"
	"kubelab/lab/tools"
)

// app is what all commands share: which lab they mean.
type app struct {
	name string // of the lab
	root string // where labs are kept
}

func newRoot() *cobra.Command {
	a := &app{root: store.Root(), name: topology.DefaultName}
	if name := os.Getenv("LAB_NAME"); name != "" {
		a.name = name
	}
	// What is linked in leaves traces in process-wide places that cobra looks at: Kubernetes its flags, etcdctl
	// its wish to have commands abbreviated.
	pflag.CommandLine = pflag.NewFlagSet("lab", pflag.ContinueOnError)
	cobra.EnablePrefixMatching = false
	root := &cobra.Command{
		Use:     "lab",
		Version: version,
		Short:   "A real, highly available Kubernetes on this machine, to look at and to break",
		Long: `lab starts a real, highly available Kubernetes on this machine in seconds: masters with etcd,
kube-apiserver, kube-scheduler and kube-controller-manager; nodes with containerd, kubelet and kube-proxy.

First steps:
  lab start              three masters, three nodes, and a small workload
  lab status             what runs where
  lab kubectl get pods -A
  lab delete             everything gone

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no such lab or target, 4 timed out.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		// Flags before kubectl, etcdctl and crictl are ours, flags after them are theirs.
		TraverseChildren: true,
		Args:             cobra.NoArgs,
		RunE:             func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.PersistentFlags().StringVar(&a.name, "name", a.name, "which lab (or LAB_NAME)")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return usage(c, err) })
	root.AddGroup(
		&cobra.Group{ID: "life", Title: "A lab's life:"},
		&cobra.Group{ID: "look", Title: "Look:"},
		&cobra.Group{ID: "change", Title: "Change:"},
		&cobra.Group{ID: "break", Title: "Break, and heal:"},
		&cobra.Group{ID: "learn", Title: "Learn:"},
		&cobra.Group{ID: "tools", Title: "The real tools, pointed at the lab:"},
	)
	add := func(group string, cs ...*cobra.Command) {
		for _, c := range cs {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("life", a.startCommand(), a.attachCommand(), a.stopCommand(), a.deleteCommand(), a.listCommand(), doctor.Command(a.doctorOptions))
	add("look", a.statusCommand(), a.eventsCommand(), a.storyCommand(), a.requestsCommand(), a.decisionsCommand(), a.keysCommand(), a.askCommand(), a.recordCommand(), a.replayCommand(), a.logsCommand())
	add("change", a.addCommand(), a.removeCommand(), a.imageCommand(), a.snapshotCommand())
	add("break", a.breakCommands()...)
	add("break", a.healCommand(), a.faultsCommand())
	add("learn", exercise.Command(exercise.Env{Name: func() string { return a.name }, Root: a.root, Engine: a.engine, At: a.engineOf}))
	add("tools", tools.Commands(a.toolEnv)...)
	add("tools", kubeconfig.Command(a.kubeconfigOf))
	root.AddCommand(a.versionCommand(), a.engineCommand())
	wrapArgs(root)
	return root
}

// wrapArgs gives every complaint about arguments the code of wrong usage.
func wrapArgs(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return usage(c, err)
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		wrapArgs(sub)
	}
}

// usage is an error about how a command was called.
func usage(c *cobra.Command, err error) error {
	first, _, _ := strings.Cut(err.Error(), "\n")
	return view.Fail(view.Usage, "%s; see %s --help", first, c.CommandPath())
}

// dir is the directory of the lab that is meant, which need not exist.
func (a *app) dir() (store.Dir, error) {
	d, err := store.Open(a.root, a.name)
	if err != nil {
		return d, &view.Failure{Code: view.Usage, Err: err}
	}
	return d, nil
}

// spec loads the lab that is meant, which must exist.
func (a *app) spec() (store.Dir, topology.Spec, error) {
	d, err := a.dir()
	if err != nil {
		return d, topology.Spec{}, err
	}
	s, err := d.Load()
	if errors.Is(err, store.ErrNoLab) {
		return d, s, a.noLab()
	}
	return d, s, err
}

func (a *app) noLab() error {
	if err := asRoot(); err != nil {
		return err // who cannot see the directory cannot say that nothing is in it
	}
	others, _ := store.Names(a.root) // only to help
	hint := "make it with: lab start"
	if a.name != topology.DefaultName {
		hint = "make it with: lab --name " + a.name + " start"
	}
	if len(others) > 0 {
		hint += "; there is: " + strings.Join(others, ", ")
	}
	return view.Fail(view.NotFound, "there is no lab %q; %s", a.name, hint)
}

// engine reaches the running engine of the lab that is meant.
func (a *app) engine() (*control.Client, error) {
	d, err := a.dir()
	if err != nil {
		return nil, err
	}
	if _, held := d.Holder(); !held {
		if _, _, err := a.spec(); err != nil {
			return nil, err
		}
		return nil, view.Fail(view.Failed, "lab %q is stopped; start it with: lab start%s", a.name, a.flag())
	}
	return control.Dial(d.Socket()), nil
}

// engineOf reaches the running engine of another lab.
func (a *app) engineOf(name string) (*control.Client, error) {
	other := *a
	other.name = name
	return other.engine()
}

// flag is how the lab that is meant is named on a command line.
func (a *app) flag() string {
	if a.name == topology.DefaultName {
		return ""
	}
	return " --name " + a.name
}

// asRoot refuses to go on for anybody but root.
func asRoot() error {
	if os.Geteuid() == 0 {
		return nil
	}
	return view.Fail(view.Failed, "lab needs root: it makes network namespaces, cgroups and mounts; run it with sudo")
}

// bounded is the context of a command that must not take longer than d.
func bounded(c *cobra.Command, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(c.Context(), d, fmt.Errorf("gave up after %s: %w", d, context.DeadlineExceeded))
}
