// Package tools runs the real kubectl, etcdctl and crictl, pointed at one lab. It is not for talking to the
// lab from our own code: each tool takes the process over, as if it had been started by itself, with its own
// arguments, signals, terminal and exit code.
//
// The main type is Env, which says where the lab is. Kubectl and Etcdctl are linked in; Crictl is a helper
// binary that is executed inside a node's network.
package tools

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"kubelab/core/store"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// Env is the lab that a tool is pointed at.
type Env struct {
	Dir  store.Dir
	Spec topology.Spec

	// Bin returns the folder of the unpacked helper binaries. Only Crictl calls it.
	Bin func() (string, error)
	// PIDOf returns the first process of a node, as the host numbers it. Only Crictl calls it.
	PIDOf func(node string) (int, error)
}

// Commands are the three tools as commands of the lab. open is called when one of them runs. The root must
// have TraverseChildren set, or cobra hands the root's own flags (--name) on to the tool.
func Commands(open func(*cobra.Command) (Env, error)) []*cobra.Command {
	tool := func(name, short, long string, run func(Env, []string) error) *cobra.Command {
		return &cobra.Command{
			Use:   name,
			Short: short,
			Long:  long,
			// Every argument, --help included, is the tool's.
			DisableFlagParsing: true,
			SilenceUsage:       true,
			RunE: func(cmd *cobra.Command, args []string) error {
				env, err := open(cmd)
				if err != nil {
					return err
				}
				return run(env, args)
			},
		}
	}
	kubectl := tool("kubectl [ARGS…]", "Run kubectl against this lab",
		"The real kubectl with this lab's administrator. Its own --kubeconfig, if given, wins.", Kubectl)
	kubectl.ValidArgsFunction = func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		env, err := open(cmd)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return completeKubectl(env, args, word)
	}
	return []*cobra.Command{
		kubectl,
		tool("etcdctl [ARGS…]", "Run etcdctl against this lab's etcd members",
			"The real etcdctl with the client URLs of all members and a client certificate. Its own\n--endpoints, --cacert, --cert and --key, if given, win.", Etcdctl),
		tool("crictl [NODE] [ARGS…]", "Run crictl on a node of this lab",
			"The real crictl on the containerd of NODE. Without a name it is the lab's first node.", Crictl),
	}
}

// ownSignals gives signals back to the kernel's defaults: a lab command may have caught them, and kubectl
// and etcdctl expect Ctrl-C to end them.
func ownSignals() { signal.Reset(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP) }

// readable reports, in words that help, why a file of the lab cannot be used by whoever runs the tool.
func readable(tool, path string) error {
	f, err := os.Open(path)
	switch {
	case err == nil:
		return f.Close()
	case errors.Is(err, os.ErrPermission):
		return view.Fail(view.Failed, "%s: %s is readable by root only: run it with sudo", tool, path)
	case errors.Is(err, os.ErrNotExist):
		return view.Fail(view.Failed, "%s: %s does not exist: the lab was never started, run lab start first", tool, path)
	}
	return fmt.Errorf("%s: %w", tool, err)
}
