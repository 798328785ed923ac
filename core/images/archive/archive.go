// Package archive writes container images as an OCI image layout in a tar file, the format that
// containerd imports.
//
// The same input gives the same bytes, always: times are fixed, files are sorted, digests are the names.
// Layers are not compressed; the archive that carries them is. Blobs which images have in common are
// written once. It does not read images, and it knows nothing of registries.
//
// Main types: Image, with its Files.
package archive

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// nameAnnotation is where containerd looks for the full name of an image when it imports an archive.
const nameAnnotation = "io.containerd.image.name"

// epoch is the time of everything in an archive.
var epoch = time.Unix(0, 0).UTC()

// Image is one image to write: a name, what to run, and the files of its only layer.
type Image struct {
	Name   string // with registry and tag, for example lab.local/pause:1
	Config v1.ImageConfig
	Files  []File
}

// Write writes one archive with all the images to w. Importing it creates every one of them. The index
// comes first, so that a reader knows what is in the archive without reading it all.
func Write(w io.Writer, images ...Image) error {
	var content blobs
	index := v1.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageIndex}
	for _, image := range images {
		manifest, err := content.image(image)
		if err != nil {
			return fmt.Errorf("make image %s: %w", image.Name, err)
		}
		index.Manifests = append(index.Manifests, manifest)
	}
	marker, err := json.Marshal(v1.ImageLayout{Version: v1.ImageLayoutVersion})
	if err != nil {
		return fmt.Errorf("encode the layout's version: %w", err)
	}
	list, err := json.Marshal(index)
	if err != nil {
		return fmt.Errorf("encode the index: %w", err)
	}
	out := tar.NewWriter(w)
	for _, f := range append(blobs{{v1.ImageLayoutFile, marker}, {v1.ImageIndexFile, list}}, content...) {
		if err := f.write(out); err != nil {
			return fmt.Errorf("write %s: %w", f.name, err)
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("finish the archive: %w", err)
	}
	return nil
}

// blobs is the content of an archive, in the order in which it is written.
type blobs []blob

type blob struct {
	name    string
	content []byte
}

// image adds the blobs of one image and returns the descriptor of its manifest for the index.
func (b *blobs) image(image Image) (v1.Descriptor, error) {
	content, err := layer(image.Files)
	if err != nil {
		return v1.Descriptor{}, err
	}
	layerBlob := b.add(v1.MediaTypeImageLayer, content)
	platform := v1.Platform{Architecture: runtime.GOARCH, OS: "linux"}
	configBlob, err := b.addJSON(v1.MediaTypeImageConfig, v1.Image{
		Created:  &epoch,
		Platform: platform,
		Config:   image.Config,
		// An uncompressed layer's digest is its diff ID.
		RootFS: v1.RootFS{Type: "layers", DiffIDs: []digest.Digest{layerBlob.Digest}},
	})
	if err != nil {
		return v1.Descriptor{}, err
	}
	manifest, err := b.addJSON(v1.MediaTypeImageManifest, v1.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: v1.MediaTypeImageManifest,
		Config:    configBlob,
		Layers:    []v1.Descriptor{layerBlob},
	})
	if err != nil {
		return v1.Descriptor{}, err
	}
	manifest.Platform = &platform
	manifest.Annotations = map[string]string{nameAnnotation: image.Name}
	return manifest, nil
}

func (b *blobs) addJSON(mediaType string, value any) (v1.Descriptor, error) {
	content, err := json.Marshal(value)
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("encode %s: %w", mediaType, err)
	}
	return b.add(mediaType, content), nil
}

// add adds content under its digest, unless it is there already.
func (b *blobs) add(mediaType string, content []byte) v1.Descriptor {
	d := v1.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(content), Size: int64(len(content))}
	name := v1.ImageBlobsDir + "/" + d.Digest.Algorithm().String() + "/" + d.Digest.Encoded()
	if !slices.ContainsFunc(*b, func(other blob) bool { return other.name == name }) {
		*b = append(*b, blob{name, content})
	}
	return d
}

func (b blob) write(w *tar.Writer) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: b.name, Mode: 0o644, Size: int64(len(b.content)), ModTime: epoch}
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err := w.Write(b.content)
	return err
}
