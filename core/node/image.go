package node

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

const (
	// namespace is where kubelet looks for images and containers.
	namespace       = "k8s.io"
	snapshotterName = "overlayfs"
)

// managed is the label by which containerd's CRI plugin knows its images (crilabels.ImageLabelKey).
var managed = map[string]string{"io.cri-containerd.image": "managed"}

// Containerd is a client of the node's containerd that uses Kubernetes' namespace. The caller closes it.
func (n *Node) Containerd() (*containerd.Client, error) {
	path := n.Socket()
	if path == "" {
		return nil, fmt.Errorf("containerd on %s: %w", n.Machine, errOff)
	}
	c, err := containerd.New(path, containerd.WithDefaultNamespace(namespace))
	if err != nil {
		return nil, fmt.Errorf("containerd on %s: %w", n.Machine, err)
	}
	return c, nil
}

// Import adds the images of an archive, OCI or as docker save writes it, to the node, ready to run, and returns their
// names. The name of the archive is for messages.
func (n *Node) Import(ctx context.Context, name string, r io.Reader) ([]string, error) {
	c, err := n.Containerd()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	names, err := importInto(ctx, c, r)
	if err != nil {
		return names, fmt.Errorf("import %s on %s: %w", name, n.Machine, err)
	}
	return names, nil
}

// ImageNames lists the images on the node, sorted.
func (n *Node) ImageNames(ctx context.Context) ([]string, error) {
	c, err := n.Containerd()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	list, err := c.ImageService().List(ctx)
	if err != nil {
		return nil, fmt.Errorf("list images on %s: %w", n.Machine, err)
	}
	var names []string
	for _, i := range list {
		names = append(names, i.Name)
	}
	slices.Sort(names)
	return names, nil
}

// importAll imports those of the node's images that its disk does not have.
func (n *Node) importAll(ctx context.Context) error {
	if n.Images == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, importBound)
	defer cancel()
	c, err := n.Containerd()
	if err != nil {
		return err
	}
	defer c.Close()
	have, err := c.ImageService().List(namespaces.WithNamespace(ctx, namespace))
	if err != nil {
		return fmt.Errorf("list images on %s: %w", n.Machine, err)
	}
	for _, path := range n.Images.archives {
		wanted, err := indexOf(path)
		if err != nil {
			return err
		}
		if hasAll(have, wanted) {
			continue
		}
		if err := importArchive(ctx, c, path); err != nil {
			return fmt.Errorf("%s: %w", n.Machine, err)
		}
	}
	return nil
}

// importInto imports the images of an archive, makes them ready to run, and returns their names.
func importInto(ctx context.Context, c *containerd.Client, r io.Reader) ([]string, error) {
	imported, err := c.Import(ctx, r, containerd.WithImageLabels(managed))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, i := range imported {
		if err := containerd.NewImage(c, i).Unpack(ctx, snapshotterName); err != nil {
			return names, fmt.Errorf("unpack %s: %w", i.Name, err)
		}
		names = append(names, i.Name)
	}
	return names, nil
}

func indexOf(path string) (v1.Index, error) {
	f, err := os.Open(path)
	if err != nil {
		return v1.Index{}, err
	}
	defer f.Close()
	index, err := archiveIndex(f)
	if err != nil {
		return index, fmt.Errorf("read %s: %w", path, err)
	}
	return index, nil
}

// archiveIndex is the index of an OCI archive, found without reading the rest when r can seek.
func archiveIndex(r io.Reader) (v1.Index, error) {
	var index v1.Index
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return index, fmt.Errorf("no %s in it: not an OCI archive", v1.ImageIndexFile)
		}
		if err != nil {
			return index, err
		}
		if h.Name == v1.ImageIndexFile {
			return index, json.NewDecoder(t).Decode(&index)
		}
	}
}

// hasAll reports whether every image of the index is there under its name. An image is made after it is unpacked, or
// by a run that was killed in between; then containerd unpacks it when a pod wants it.
func hasAll(have []images.Image, wanted v1.Index) bool {
	for _, m := range wanted.Manifests {
		if !slices.ContainsFunc(have, func(i images.Image) bool {
			return i.Name == m.Annotations[images.AnnotationImageName] && i.Target.Digest == m.Digest
		}) {
			return false
		}
	}
	return true
}
