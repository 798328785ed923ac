// Command lab starts real, highly available Kubernetes clusters on one Linux machine, to look at and to
// break.
//
// It is one file with several faces. Called as containerd, kubelet or kube-proxy, which is how a node's
// first process calls it, it is that component. Called as "lab engine" it is the engine of one lab.
// Otherwise it is the command line, which starts engines and talks to them.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"kubelab/core/node/applet"
	"kubelab/core/view"
)

// version of lab itself, set when it is built.
var version = "devel"

func main() {
	if name := filepath.Base(os.Args[0]); applet.Is(name) {
		os.Exit(applet.Run(name))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

// run carries out one command and returns its exit code.
func run(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return int(view.OK)
	}
	fmt.Fprintln(os.Stderr, "lab:", err)
	return int(view.CodeOf(err))
}
