// Package load puts the images of an archive that core/images/archive wrote into a node's containerd.
//
// It does what containerd's own import does, with a fraction of the work. Import sends every byte to the
// daemon, which hashes it, writes it and waits for the disk: for our images 0.6 s of CPU per node, at a
// time when everything starts at once. But engine and node share a disk, and we know the digests. So the
// blobs are copied straight into the daemon's content store, by the kernel, and the daemon is only told
// that they are there. Where that fails it falls back to sending them.
//
// It trusts the digests in the archive. Archives of others go through containerd's import.
package load

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// Store is the content store below containerd's root directory.
const Store = "io.containerd.content.v1.content"

// Into adds the images of the archive at path to containerd, unpacked for snapshotter, and returns their
// names. The client's namespace is used. The store is the daemon's content store (root/Store) as this
// process sees it; with an empty one everything is sent to the daemon. Images that are there already cost
// next to nothing.
func Into(ctx context.Context, client *containerd.Client, path, store, snapshotter string, labels map[string]string) ([]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open images: %w", err)
	}
	defer file.Close()
	index, blobs, err := scan(file)
	if err != nil {
		return nil, fmt.Errorf("read images from %s: %w", path, err)
	}
	// What is not referred to yet is garbage to the daemon. The lease protects it.
	ctx, done, err := client.WithLease(ctx)
	if err != nil {
		return nil, fmt.Errorf("take a lease for the content of %s: %w", path, err)
	}
	defer done(context.WithoutCancel(ctx))

	for _, b := range blobs {
		if err := b.add(ctx, client.ContentStore(), file, store); err != nil {
			return nil, fmt.Errorf("add content %s of %s: %w", b.digest, path, err)
		}
	}
	var names []string
	for _, manifest := range index.Manifests {
		name := manifest.Annotations[images.AnnotationImageName]
		if err := create(ctx, client, images.Image{Name: name, Target: manifest, Labels: labels}, snapshotter); err != nil {
			return names, fmt.Errorf("add image %s: %w", name, err)
		}
		names = append(names, name)
	}
	return names, nil
}

// create records an image whose content is there, and unpacks it.
func create(ctx context.Context, client *containerd.Client, image images.Image, snapshotter string) error {
	store := client.ContentStore()
	// The labels keep what a manifest refers to from being collected as garbage.
	handler := images.SetChildrenLabels(store, images.ChildrenHandler(store))
	if err := images.Walk(ctx, handler, image.Target); err != nil {
		return err
	}
	created, err := client.ImageService().Create(ctx, image)
	if errdefs.IsAlreadyExists(err) {
		created, err = client.ImageService().Update(ctx, image, "target", "labels")
	}
	if err != nil {
		return err
	}
	return containerd.NewImage(client, created).Unpack(ctx, snapshotter)
}

// blob is a piece of content in an archive.
type blob struct {
	digest       digest.Digest
	offset, size int64
}

// scan returns an archive's index, and where its blobs are.
func scan(file *os.File) (index v1.Index, blobs []blob, err error) {
	found := false
	for r := tar.NewReader(file); ; {
		h, err := r.Next()
		if err == io.EOF {
			if !found {
				err = fmt.Errorf("there is no %s", v1.ImageIndexFile)
			} else {
				err = nil
			}
			return index, blobs, err
		}
		if err != nil {
			return index, nil, err
		}
		if h.Name == v1.ImageIndexFile {
			found = true
			if err := json.NewDecoder(r).Decode(&index); err != nil {
				return index, nil, fmt.Errorf("%s: %w", h.Name, err)
			}
			continue
		}
		encoded, ok := strings.CutPrefix(h.Name, v1.ImageBlobsDir+"/sha256/")
		if !ok {
			continue
		}
		// The tar reader does not read ahead: the file stands where the content begins.
		offset, err := file.Seek(0, io.SeekCurrent)
		if err != nil {
			return index, nil, err
		}
		d := digest.NewDigestFromEncoded(digest.SHA256, encoded)
		if err := d.Validate(); err != nil {
			return index, nil, fmt.Errorf("%s: %w", h.Name, err)
		}
		blobs = append(blobs, blob{d, offset, h.Size})
	}
}

// add makes the daemon know the blob. The writer finds it in the store when place has put it there and
// skips the bytes; it takes them from file when not.
func (b blob) add(ctx context.Context, store content.Store, file *os.File, dir string) error {
	if dir != "" {
		if err := b.place(file, filepath.Join(dir, v1.ImageBlobsDir, b.digest.Algorithm().String())); err != nil {
			return err
		}
	}
	d := v1.Descriptor{Digest: b.digest, Size: b.size}
	return content.WriteBlob(ctx, store, "load-"+b.digest.String(), io.NewSectionReader(file, b.offset, b.size), d)
}

// place copies the blob into the daemon's content store. It appears there under its name at once and whole.
func (b blob) place(file *os.File, dir string) error {
	path := filepath.Join(dir, b.digest.Encoded())
	if info, err := os.Stat(path); err == nil && info.Size() == b.size {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, ".load-*")
	if err != nil {
		return err
	}
	_, err = file.Seek(b.offset, io.SeekStart)
	if err == nil {
		// copy_file_range, by way of os.File's ReadFrom.
		_, err = io.CopyN(temp, file, b.size)
	}
	err = errors.Join(err, temp.Chmod(0o444), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}
