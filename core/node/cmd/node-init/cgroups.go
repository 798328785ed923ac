package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"kubelab/core/node/control"
)

// leaf is the cgroup of the init and its daemons on version 2.
const leaf = "init.scope"

// cgroups mounts the node's cgroups. We are in their namespace, so each hierarchy shows the node's cgroup as its
// root, and kubelet finds itself on a machine of its own.
func (m machine) cgroups(boot control.Boot) error {
	top := m.at("sys/fs/cgroup")
	const flags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	if len(boot.Cgroups) == 0 {
		if err := unix.Mount("cgroup2", top, "cgroup2", flags, ""); err != nil {
			return fmt.Errorf("mount cgroups: %w", err)
		}
		return delegate(top)
	}
	if err := unix.Mount("tmpfs", top, "tmpfs", flags, "mode=755"); err != nil {
		return fmt.Errorf("mount cgroups: %w", err)
	}
	for _, c := range boot.Cgroups {
		at := filepath.Join(top, c.Dir)
		if err := os.Mkdir(at, 0o755); err != nil {
			return err
		}
		kind := "cgroup"
		if c.Options == "" {
			kind = "cgroup2"
		}
		if err := unix.Mount(kind, at, kind, flags, c.Options); err != nil {
			return fmt.Errorf("mount cgroups %s: %w", c.Dir, err)
		}
		for _, l := range c.Links {
			if err := os.Symlink(c.Dir, filepath.Join(top, l)); err != nil {
				return err
			}
		}
	}
	return nil
}

// delegate makes every controller available below the node's cgroup. Version 2 refuses that to a cgroup with
// processes in it, so the init goes into a leaf first; its daemons, started later, are then there too, and
// kubelet's "kubepods" lies beside it.
func delegate(top string) error {
	if err := os.Mkdir(filepath.Join(top, leaf), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(top, leaf, "cgroup.procs"), []byte("1"), 0); err != nil {
		return fmt.Errorf("enter cgroup %s: %w", leaf, err)
	}
	b, err := os.ReadFile(filepath.Join(top, "cgroup.controllers"))
	if err != nil {
		return err
	}
	for _, c := range strings.Fields(string(b)) {
		// One by one: a controller that cannot be delegated, such as cpu beside real-time processes, must not
		// keep the others back. Kubelet names the ones it misses.
		if err := os.WriteFile(filepath.Join(top, "cgroup.subtree_control"), []byte("+"+c), 0); err != nil {
			fmt.Fprintf(os.Stderr, "node-init: controller %s is not available to pods: %v\n", c, err)
		}
	}
	return nil
}
