package node

import (
	"bytes"
	"context"
	"fmt"

	"kubelab/core/component"
)

// Free disk that kubelet wants to see (evictionHard, nodefs.available): a little, or all of it but for a ten-thousandth.
// What it wants to see it also takes off what pods may use, so it cannot want more than there is.
const (
	littleDisk = "100Mi"
	wholeDisk  = `"99.99%"`
)

const kubeletConfig = kubernetesDir + "/kubelet.yaml"

// SetDiskPressure has kubelet find too little free disk, or enough again. A node's disk is a directory on the host's,
// which must not be filled; so it is kubelet's threshold that moves (evictionHard in kubelet.yaml), and kubelet that
// is restarted with it. What follows is real: the condition DiskPressure, the taint, evictions. It ends with the
// node's next start.
func (n *Node) SetDiskPressure(ctx context.Context, on bool) error {
	if !n.Running() {
		if on {
			return fmt.Errorf("disk pressure on %s: %w", n.Machine, errOff)
		}
		return nil // its next start writes the file anew
	}
	s, err := n.settings(n.Network.MTU(), len(nameServers()) > 0)
	if err != nil {
		return err
	}
	if on {
		s.FreeDisk = wholeDisk
	}
	files, err := s.render()
	if err != nil {
		return err
	}
	d, err := openDisk(n.root())
	if err != nil {
		return err
	}
	defer d.root.Close()
	if err := d.write(kubeletConfig, files[kubeletConfig], 0o644); err != nil {
		return err
	}
	return Component{n, component.Kubelet}.Restart(ctx)
}

// DiskPressed reports whether SetDiskPressure is on.
func (n *Node) DiskPressed() bool {
	if !n.Running() {
		return false
	}
	d, err := openDisk(n.root())
	if err != nil {
		return false
	}
	defer d.root.Close()
	b, err := d.root.ReadFile(kubeletConfig[1:])
	return err == nil && bytes.Contains(b, []byte("nodefs.available: "+wholeDisk))
}
