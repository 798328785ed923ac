package tools

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"kubelab/core/topology"
	"kubelab/core/view"
)

// Crictl runs crictl on a node. The first argument may name the node; without a name it is the lab's first
// node, which is said on standard error where there are several. It replaces the process and returns only
// when it could not.
//
// crictl keeps the host's files, so that it can read a pod.json of the user: it reaches containerd through
// the node's root in /proc. But it joins the node's network, because "crictl exec", "attach" and
// "port-forward" go on over a port that containerd opens on the node's 127.0.0.1.
func Crictl(env Env, args []string) error {
	node, rest, err := crictlNode(env.Spec, args)
	if err != nil {
		return err
	}
	if len(env.Spec.Nodes) > 1 && len(rest) == len(args) {
		fmt.Fprintf(os.Stderr, "on %s; for another node: lab crictl NODE %s\n", node, strings.Join(args, " "))
	}
	bin, err := env.Bin()
	if err != nil {
		return fmt.Errorf("crictl on %s: %w", node, err)
	}
	pid, err := env.PIDOf(node.Name())
	if err != nil {
		return fmt.Errorf("crictl on %s: %w", node, err)
	}
	if pid <= 0 {
		return view.Fail(view.Failed, "crictl on %s: the node is not running: see lab status, start it with lab restart %s", node, node)
	}
	// The thread stays in the node's network: it becomes crictl.
	runtime.LockOSThread()
	if err := joinNetwork(pid); err != nil {
		return fmt.Errorf("crictl on %s: join the network of process %d: %w", node, pid, err)
	}
	path := filepath.Join(bin, "crictl")
	// A configuration of the host's is about another containerd, and crictl complains when there is none.
	if err := os.Setenv("CRI_CONFIG_FILE", os.DevNull); err != nil {
		return err
	}
	err = syscall.Exec(path, append(crictlArgs(pid), rest...), os.Environ())
	return fmt.Errorf("crictl on %s: execute %s: %w", node, path, err)
}

func crictlNode(spec topology.Spec, args []string) (node topology.Machine, rest []string, err error) {
	if len(spec.Nodes) == 0 {
		return node, nil, view.Fail(view.NotFound, "crictl: lab %s has no nodes: add one with lab add node", spec.Name)
	}
	if len(args) == 0 {
		return spec.Nodes[0], args, nil
	}
	// No subcommand of crictl has the form of a machine's name.
	m, err := topology.ParseMachine(args[0])
	switch {
	case err != nil:
		return spec.Nodes[0], args, nil
	case m.Kind == topology.Master:
		return m, nil, view.Fail(view.NotFound, "crictl: %s is a master, its components run without containers: use one of %s", m, names(spec.Nodes))
	case !slices.Contains(spec.Nodes, m):
		return m, nil, view.Fail(view.NotFound, "crictl: lab %s has no %s: use one of %s", spec.Name, m, names(spec.Nodes))
	}
	return m, args[1:], nil
}

func names(machines []topology.Machine) string {
	var list []string
	for _, m := range machines {
		list = append(list, m.Name())
	}
	return strings.Join(list, ", ")
}

func crictlArgs(pid int) []string {
	socket := fmt.Sprintf("unix:///proc/%d/root/run/containerd/containerd.sock", pid)
	return []string{"crictl", "--runtime-endpoint", socket, "--image-endpoint", socket}
}

func joinNetwork(pid int) error {
	f, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", pid))
	if err != nil {
		return err
	}
	return errors.Join(unix.Setns(int(f.Fd()), unix.CLONE_NEWNET), f.Close())
}
