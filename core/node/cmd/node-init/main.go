// Command node-init is process 1 of a node. The engine starts it in new mount, PID, UTS and IPC namespaces, in the
// node's network namespace and cgroups; it makes a machine of that, and then keeps containerd, kubelet and
// kube-proxy running, as systemd does elsewhere. It speaks with the engine as package control says, ends at once
// when the engine does, and whatever runs on the node ends with it: that is the kernel's rule for process 1.
//
// It runs in two stages. Setup makes mounts and enters the node's cgroup namespace, which a process can only do for
// one of its threads; so it then executes itself again, and everything after that is of the node.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"kubelab/core/node/control"
)

// supervise is the argument of the second stage.
const supervise = "supervise"

// init is early enough for main to run on the process's first thread, which is the one that execve keeps.
func init() { runtime.LockOSThread() }

func main() {
	boot, err := readBoot()
	if err == nil {
		if len(os.Args) > 1 && os.Args[1] == supervise {
			runtime.UnlockOSThread()
			err = newSupervisor(boot).run()
		} else {
			err = firstStage(boot)
		}
	}
	if err != nil {
		// The engine reports it; where even that fails, it is in the node's log.
		fmt.Fprintln(os.Stderr, "node-init:", err)
		_ = json.NewEncoder(os.NewFile(control.SocketFD, "engine")).Encode(control.Message{Fatal: err.Error()})
		os.Exit(1)
	}
}

func firstStage(boot control.Boot) error {
	if err := setup(boot); err != nil {
		return err
	}
	err := unix.Exec("/proc/self/exe", []string{"node-init", supervise}, os.Environ())
	return fmt.Errorf("execute the second stage: %w", err)
}

// readBoot reads the file from its start, whatever was read of it before.
func readBoot() (control.Boot, error) {
	var boot control.Boot
	b, err := os.ReadFile(fmt.Sprintf("/proc/self/fd/%d", control.BootFD))
	if err != nil {
		return boot, fmt.Errorf("read what the node is to be: %w", err)
	}
	return boot, json.Unmarshal(b, &boot)
}
