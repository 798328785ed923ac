package node

import (
	"errors"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Sweep ends every process of the lab's nodes and removes their cgroups, whether or not their engine is alive. Mounts
// need no sweeping: a node's are in a namespace that ends with its processes. It may be called again.
func Sweep(lab string) error {
	in, err := hierarchies()
	if err != nil {
		return err
	}
	group := labCgroup(in, lab)
	if err := errors.Join(group.kill(), group.remove()); err != nil {
		return err
	}
	removeEmptyParents(in)
	return nil
}

// removeEmptyParents removes the cgroup of all labs when none is left in it.
func removeEmptyParents(in []hierarchy) {
	for _, h := range in {
		_ = unix.Rmdir(filepath.Join(h.dir, cgroupOfAll)) // it stays when another lab's is in it
	}
}
