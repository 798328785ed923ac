package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/diff"
	"github.com/containerd/containerd/v2/core/diff/apply"
	"github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"go.etcd.io/bbolt"
)

// Where containerd's plugins keep their data, below its root.
const (
	contentDir  = "io.containerd.content.v1.content"
	snapshotDir = "io.containerd.snapshotter.v1.overlayfs"
	metadataDB  = "io.containerd.metadata.v1.bolt/meta.db"

	// storeFormat changes when the image store is made in another way than before.
	storeFormat = "1"
)

// ImageStore holds the images that every node has, as containerd keeps them on disk, imported and unpacked once for all
// labs of a machine. The disk of a new node gets hard links to it: that takes some milliseconds instead of a good
// part of a second, and nodes share the images' pages in memory. Nothing writes to these files: blobs never change,
// and containers write to layers of their own.
//
// An ImageStore may be used by several nodes, and its directory by several engines.
type ImageStore struct {
	cache    string
	archives []string

	mu  sync.Mutex // held while the store is being made
	dir string     // where it is, once it is made
}

// NewImageStore describes the store of what is in the OCI archives. It lies below cache, which should be on the same
// file system as the nodes' disks. NewImageStore touches nothing.
func NewImageStore(cache string, archives []string) *ImageStore {
	return &ImageStore{cache: cache, archives: archives}
}

// Prepare makes the store where it is missing, so that no node has to wait for it. It may be called early.
func (s *ImageStore) Prepare(ctx context.Context) error {
	_, err := s.prepared(ctx)
	return err
}

func (s *ImageStore) prepared(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir != "" {
		return s.dir, nil
	}
	key, err := s.key()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(s.cache, key)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := s.make(ctx, dir); err != nil {
			return "", fmt.Errorf("prepare images: %w", err)
		}
	}
	s.dir = dir
	return dir, nil
}

// key names the content of the archives.
func (s *ImageStore) key() (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, storeFormat)
	for _, path := range s.archives {
		index, err := indexOf(path)
		if err != nil {
			return "", err
		}
		b, err := json.Marshal(index)
		if err != nil {
			return "", err
		}
		sum.Write(b)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil
}

// make imports the archives into a new directory and gives it its name when it is complete.
func (s *ImageStore) make(ctx context.Context, dir string) (err error) {
	if err := os.MkdirAll(s.cache, 0o700); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(s.cache, ".new-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	if err := importOffline(ctx, temp, s.archives); err != nil {
		return err
	}
	err = os.Rename(temp, dir)
	if errors.Is(err, fs.ErrExist) {
		return nil // another engine was faster
	}
	return err
}

// importOffline does what a running containerd would do with the archives, with its own packages and in its own
// format, to the root directory of a containerd that does not run.
func importOffline(ctx context.Context, root string, archives []string) (err error) {
	content, err := local.NewStore(filepath.Join(root, contentDir))
	if err != nil {
		return err
	}
	snapshotter, err := overlay.NewSnapshotter(filepath.Join(root, snapshotDir))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, snapshotter.Close()) }()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(root, metadataDB)), 0o711); err != nil {
		return err
	}
	bolt, err := bbolt.Open(filepath.Join(root, metadataDB), 0o644, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bolt.Close()) }()
	db := metadata.NewDB(bolt, content, map[string]snapshots.Snapshotter{snapshotterName: snapshotter})
	if err := db.Init(ctx); err != nil {
		return err
	}
	client, err := containerd.New("", containerd.WithServices(
		containerd.WithImageStore(metadata.NewImageStore(db)),
		containerd.WithContentStore(db.ContentStore()),
		containerd.WithSnapshotters(map[string]snapshots.Snapshotter{snapshotterName: db.Snapshotter(snapshotterName)}),
		containerd.WithLeasesService(metadata.NewLeaseManager(db)),
		containerd.WithDiffService(applier{Applier: apply.NewFileSystemApplier(db.ContentStore())}),
	))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	ctx = namespaces.WithNamespace(ctx, namespace)
	for _, path := range archives {
		if err := importArchive(ctx, client, path); err != nil {
			return err
		}
	}
	return nil
}

// applier can unpack layers, but not compare them: nobody asks.
type applier struct {
	diff.Applier
	diff.Comparer
}

// Apply unpacks a layer into the snapshot's directory. The first layer of an image is to be mounted for that, on the host: a mount
// that would stay when the engine is killed in this moment.
func (a applier) Apply(ctx context.Context, layer ocispec.Descriptor, on []mount.Mount, opts ...diff.ApplyOpt) (ocispec.Descriptor, error) {
	return a.Applier.Apply(ctx, layer, unmounted(on), opts...)
}

// unmounted says of a directory that is to be mounted what is said of an upper layer, which is unpacked where it lies.
func unmounted(on []mount.Mount) []mount.Mount {
	if len(on) == 1 && on[0].Type == "bind" {
		return []mount.Mount{{Type: "overlay", Options: []string{"upperdir=" + on[0].Source}}}
	}
	return on
}

func importArchive(ctx context.Context, c *containerd.Client, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := importInto(ctx, c, f); err != nil {
		return fmt.Errorf("import %s: %w", path, err)
	}
	return nil
}
