// Package applet holds the programs that run on a node and are too big to be separate ones: containerd, kubelet and
// kube-proxy, exactly as upstream builds them. They are linked into the lab binary, which becomes one of them when it
// is called by its name. Nothing else of ours may import this package: it registers plugins, flags and metrics
// with upstream's process-wide registries, and costs every start of the binary some milliseconds.
package applet

import (
	"context"
	"fmt"
	"os"

	// Whatever containerd's own binary has, but for what the build tags no_btrfs, no_devmapper and no_zfs leave out.
	_ "github.com/containerd/containerd/v2/cmd/containerd/builtins"
	"github.com/containerd/containerd/v2/cmd/containerd/command"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"

	"kubelab/core/component"
)

// Is reports whether name, the last element of the program's path, is that of an applet.
func Is(name string) bool {
	return name == component.Containerd || name == component.Kubelet || name == component.KubeProxy
}

// Run becomes the applet called name, with the process's arguments, and returns its exit code.
func Run(name string) int {
	ctx := context.Background()
	switch name {
	case component.Containerd:
		if err := command.App().Run(ctx, os.Args); err != nil {
			fmt.Fprintln(os.Stderr, "containerd:", err)
			return 1
		}
		return 0
	case component.Kubelet:
		return cli.Run(kubelet.NewKubeletCommand(ctx))
	case component.KubeProxy:
		return cli.Run(proxy.NewProxyCommand())
	}
	fmt.Fprintf(os.Stderr, "%s is no program of a node\n", name)
	return 2
}
