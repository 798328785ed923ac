package load

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/plugins/content/local"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"kubelab/core/images/archive"
)

// sample writes an archive of two images that share their layer.
func sample(t *testing.T) *os.File {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "images.tar"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	files := append(archive.Skeleton(), archive.Program("/demo", []byte("program")))
	if err := archive.Write(file,
		archive.Image{Name: "lab.local/demo:1", Config: v1.ImageConfig{Env: []string{"VERSION=1"}}, Files: files},
		archive.Image{Name: "lab.local/demo:2", Config: v1.ImageConfig{Env: []string{"VERSION=2"}}, Files: files},
	); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestScan(t *testing.T) {
	index, blobs, err := scan(sample(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(index.Manifests) != 2 || len(blobs) != 5 {
		t.Errorf("%d images and %d blobs, want 2 and 5", len(index.Manifests), len(blobs))
	}
}

// With the store's directory or without, the store ends up with the same content. It checks what it is
// sent against the digest; what was put into its directory is read back here.
func TestAdd(t *testing.T) {
	for _, direct := range []bool{true, false} {
		file := sample(t)
		_, blobs, err := scan(file)
		if err != nil {
			t.Fatal(err)
		}
		root := t.TempDir()
		store, err := local.NewStore(root)
		if err != nil {
			t.Fatal(err)
		}
		dir := ""
		if direct {
			dir = root
		}
		for range 2 { // the second time everything is there
			for _, b := range blobs {
				if err := b.add(t.Context(), store, file, dir); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, b := range blobs {
			got, err := content.ReadBlob(t.Context(), store, v1.Descriptor{Digest: b.digest, Size: b.size})
			if err != nil || b.digest.Algorithm().FromBytes(got) != b.digest {
				t.Errorf("direct %v: %s holds other content: %v", direct, b.digest, err)
			}
		}
		if left, _ := filepath.Glob(filepath.Join(root, "blobs/sha256/.load-*")); left != nil {
			t.Errorf("left %v", left)
		}
	}
}

func TestScanRefuses(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "empty.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, _, err := scan(file); err == nil || !strings.Contains(err.Error(), "no index.json") {
		t.Errorf("an empty archive: %v", err)
	}
	file.WriteString("this is no archive, though it is long enough to be looked at")
	file.Seek(0, io.SeekStart)
	if _, _, err := scan(file); err == nil {
		t.Error("text was taken for an archive")
	}
}
