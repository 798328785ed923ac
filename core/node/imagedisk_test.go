package node

import (
	"os"
	"path/filepath"
	"testing"
)

func TestLinkTree(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "store"), filepath.Join(t.TempDir(), "disk")
	for _, path := range []string{
		metadataDB, snapshotDir + "/metadata.db", contentDir + "/blobs/sha256/a", snapshotDir + "/snapshots/1/fs/bin/metadata.db",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(from, path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(from, path), []byte(path), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	private := snapshotDir + "/snapshots/1/fs/private"
	if err := os.Mkdir(filepath.Join(from, private), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(from, private, "link")); err != nil {
		t.Fatal(err)
	}
	if err := linkTree(from, to); err != nil {
		t.Fatal(err)
	}
	for path, shared := range map[string]bool{
		metadataDB: false, snapshotDir + "/metadata.db": false,
		contentDir + "/blobs/sha256/a": true, snapshotDir + "/snapshots/1/fs/bin/metadata.db": true, private + "/link": true,
	} {
		a, err := os.Lstat(filepath.Join(from, path))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.Lstat(filepath.Join(to, path))
		if err != nil {
			t.Error(err)
		} else if os.SameFile(a, b) != shared {
			t.Errorf("%s is the same file: %v, want %v", path, !shared, shared)
		}
	}
	if info, err := os.Stat(filepath.Join(to, private)); err != nil || info.Mode().Perm() != 0o750 {
		t.Errorf("directory: %v, %v", info, err)
	}
}
