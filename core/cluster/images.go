package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"kubelab/core/topology"
	"kubelab/core/view"
)

const (
	importBound = 2 * time.Minute
	// maxArchive keeps a mistake (a disk image, an endless pipe) from filling the disk: bytes.
	maxArchive = 8 << 30
)

// LoadImage imports an image archive, as docker save or an OCI tool writes it, into every node. It returns
// the names under which pods can use the images.
func (c *Cluster) LoadImage(ctx context.Context, archive io.Reader, report view.Report) ([]string, error) {
	done, err := c.changing.alone(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	spec := c.Spec()
	switch {
	case len(spec.Nodes) == 0:
		return nil, view.Fail(view.Failed, "lab %q has no node to load an image into; add one with: lab add node", spec.Name)
	case spec.Empty:
		return nil, view.Fail(view.Failed, "containerd does not run on the nodes of lab %q, which was started with --empty", spec.Name)
	}
	// Every node reads it from the start, at its own speed.
	f, err := os.CreateTemp(c.dir.Path(), ".image-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	n, err := io.Copy(f, io.LimitReader(archive, maxArchive+1))
	if err != nil {
		return nil, fmt.Errorf("receive the archive: %w", err)
	}
	if n > maxArchive {
		return nil, view.Fail(view.Usage, "the archive is larger than %d GiB", maxArchive>>30)
	}
	imported := make([][]string, len(spec.Nodes))
	err = step(ctx, report, "Image on "+count(spec.Nodes), importBound, func(ctx context.Context) error {
		return inParallel(ctx, forEach(spec.Nodes, func(ctx context.Context, m topology.Machine) error {
			names, err := c.Node(m).Import(ctx, "the archive", io.NewSectionReader(f, 0, n))
			imported[slices.Index(spec.Nodes, m)] = names
			if err != nil {
				return fmt.Errorf("import into %s: %w", m, err)
			}
			return nil
		})...)
	})
	if err != nil {
		return nil, err
	}
	if len(imported[0]) == 0 {
		return nil, errors.New("the archive holds no image that has a name; save it with docker save NAME:TAG")
	}
	return imported[0], nil
}
