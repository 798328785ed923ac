package main

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
	kubernetes "k8s.io/component-base/version"

	"kubelab/core/assets"
	"kubelab/core/network"
	"kubelab/core/store"
	"kubelab/core/topology"
	"kubelab/core/view"
	"kubelab/lab/doctor"
	"kubelab/lab/tools"
)

// This file hands to the commands that have packages of their own what they need of a lab.

// toolEnv is the lab that kubectl, etcdctl and crictl are pointed at.
func (a *app) toolEnv(c *cobra.Command) (tools.Env, error) {
	d, spec, err := a.spec()
	if err != nil {
		return tools.Env{}, err
	}
	return tools.Env{
		Dir: d, Spec: spec,
		Bin: func() (string, error) {
			dir, err := assets.Unpack(c.Context(), store.Cache(a.root))
			return dir.Bin, err
		},
		PIDOf: func(node string) (int, error) { return a.pidOf(c.Context(), d, node) },
	}, nil
}

// pidOf is the first process of a node, as the host numbers it.
func (a *app) pidOf(ctx context.Context, d store.Dir, node string) (int, error) {
	s, err := a.snapshot(ctx, d)
	if err != nil {
		return 0, err
	}
	for _, n := range s.Nodes {
		if n.Name == node && n.PID > 0 {
			return n.PID, nil
		}
		if n.Name == node {
			return 0, view.Fail(view.Failed, "%s is off", node)
		}
	}
	return 0, view.Fail(view.NotFound, "there is no %s in lab %q", node, a.name)
}

// kubeconfigOf is the lab whose kubeconfig is meant, which need not exist for its context to be removed.
func (a *app) kubeconfigOf(_ *cobra.Command, removed bool) (store.Dir, string, error) {
	if removed {
		d, err := a.dir()
		return d, a.name, err
	}
	d, _, err := a.spec()
	return d, a.name, err
}

// doctorOptions is what the machine is wanted for: the lab that is meant, or one as "lab start" makes it.
func (a *app) doctorOptions(*cobra.Command) (doctor.Options, error) {
	d, err := a.dir()
	if err != nil {
		return doctor.Options{}, err
	}
	spec, err := d.Load()
	if err != nil {
		spec = topology.New(a.name, netip.Prefix{}, 3, 3)
	}
	return doctor.Options{Root: a.root, Spec: spec, Collisions: network.Collisions}, nil
}

// preflight refuses to start a lab that cannot come up on this machine.
func preflight(ctx context.Context, root string, spec topology.Spec) error {
	return doctor.Preflight(ctx, doctor.Options{Root: root, Spec: spec, Collisions: network.Collisions})
}

// moduleVersion is the version of a module that the binary was built with.
func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, m := range info.Deps {
		if m.Path == path {
			return m.Version
		}
	}
	return "unknown"
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "The versions of lab and of what it runs",
		Args:  cobra.NoArgs,
		Run: func(c *cobra.Command, _ []string) {
			w := c.OutOrStdout()
			fmt.Fprintf(w, "lab         %s\n", version)
			fmt.Fprintf(w, "Kubernetes  %s\n", kubernetes.Get().GitVersion)
			for _, m := range []struct{ name, path string }{
				{"etcd", "go.etcd.io/etcd/server/v3"},
				{"containerd", "github.com/containerd/containerd/v2"},
			} {
				fmt.Fprintf(w, "%-11s %s\n", m.name, moduleVersion(m.path))
			}
			fmt.Fprintf(w, "Go          %s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
		},
	}
}
