package assets

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"
)

// archive returns a compressed archive of files, names and contents in turn.
func archive(t *testing.T, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := zstd.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	for i := 0; i < len(files); i += 2 {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: files[i], Size: int64(len(files[i+1])), Mode: 0o600}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, files[i+1])
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func sample(t *testing.T) []byte {
	return archive(t, "bin/runc", "run it", "bin/shim", "shim it", "images/2-demo.tar", "demo", "images/1-pause.tar", "pause")
}

func mustUnpack(t *testing.T, root string, content []byte) Dir {
	t.Helper()
	dir, err := unpack(t.Context(), root, "id", bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// never fails the test when it is read.
type never struct{ t *testing.T }

func (n never) Read([]byte) (int, error) {
	n.t.Error("the archive was read again")
	return 0, io.EOF
}

func TestUnpack(t *testing.T) {
	root := filepath.Join(t.TempDir(), "cache")
	defer unix.Umask(unix.Umask(0o077)) // must not show in the result
	dir := mustUnpack(t, root, sample(t))

	want := filepath.Join(root, "id")
	if dir.Root != want || dir.Bin != want+"/bin" || strings.Join(dir.Images, " ") != want+"/images/1-pause.tar "+want+"/images/2-demo.tar" {
		t.Errorf("%+v", dir)
	}
	for _, path := range []string{dir.Root, dir.Bin, dir.Bin + "/runc"} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("%s: %v, %v; want 0755", path, info.Mode(), err)
		}
	}
	if content, err := os.ReadFile(dir.Bin + "/runc"); string(content) != "run it" {
		t.Errorf("runc holds %q, %v", content, err)
	}
	if _, err := unpack(t.Context(), root, "id", never{t}); err != nil {
		t.Error(err)
	}
}

func TestUnpackRepairs(t *testing.T) {
	for what, damage := range map[string]func(Dir) error{
		"a missing mark":      func(d Dir) error { return os.Remove(filepath.Join(d.Root, markName)) },
		"an empty mark":       func(d Dir) error { return os.Truncate(filepath.Join(d.Root, markName), 0) },
		"a missing file":      func(d Dir) error { return os.Remove(d.Bin + "/runc") },
		"a truncated file":    func(d Dir) error { return os.Truncate(d.Images[0], 1) },
		"a file not runnable": func(d Dir) error { return os.Chmod(d.Bin+"/shim", 0o644) },
	} {
		root := t.TempDir()
		if err := damage(mustUnpack(t, root, sample(t))); err != nil {
			t.Fatal(err)
		}
		if !complete(mustUnpack(t, root, sample(t)).Root) {
			t.Errorf("%s was not repaired", what)
		}
	}
}

func TestUnpackUndoes(t *testing.T) {
	good := sample(t)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for what, test := range map[string]struct {
		ctx     context.Context
		content io.Reader
		want    string
	}{
		"a damaged archive":       {t.Context(), bytes.NewReader(good[:len(good)/2]), "read the archive"},
		"an entry outside":        {t.Context(), bytes.NewReader(archive(t, "bin/a", "a", "../b", "b")), "unexpected entry"},
		"a file in a file":        {t.Context(), bytes.NewReader(archive(t, "bin", "a", "bin/a", "b")), "not a directory"},
		"a start that was broken": {cancelled, bytes.NewReader(good), "canceled"},
	} {
		root := t.TempDir()
		if _, err := unpack(test.ctx, root, "id", test.content); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v does not say %q", what, err, test.want)
		}
		entries, err := os.ReadDir(root)
		if err != nil || len(entries) > 1 || len(entries) == 1 && entries[0].Name() != lockName {
			t.Errorf("%s left %v behind, %v", what, entries, err)
		}
	}
}

// A small file system stands for a full disk. Needs root.
func TestUnpackOnAFullDisk(t *testing.T) {
	root := t.TempDir()
	if err := unix.Mount("tmpfs", root, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("mount a small file system: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(root, unix.MNT_DETACH) })
	noise := make([]byte, 1<<20)
	_, err := unpack(t.Context(), root, "id", bytes.NewReader(archive(t, "bin/small", "a", "bin/large", string(noise))))
	if !errors.Is(err, unix.ENOSPC) {
		t.Errorf("error %v, want one of no space", err)
	}
	if entries, _ := os.ReadDir(root); len(entries) != 1 { // the lock
		t.Errorf("left %v behind", entries)
	}
}

func TestUnpackClearsAnInterruptedOne(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, ".unpacking-123/bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	mustUnpack(t, root, sample(t))
	if left, _ := filepath.Glob(filepath.Join(root, temporary)); left != nil {
		t.Errorf("%v is still there", left)
	}
}

func TestUnpackByTwoAtOnce(t *testing.T) {
	root, content := t.TempDir(), sample(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := unpack(t.Context(), root, "id", bytes.NewReader(content)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if !complete(filepath.Join(root, "id")) {
		t.Error("incomplete")
	}
}

func TestLockIsGivenUpWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), lockName)
	unlock, err := lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := lock(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a lock that is held: %v", err)
	}
	unlock()
	again, err := lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	again()
}

// What is built in depends on how the test was built; either way the answer has to be a clear one.
func TestBuiltIn(t *testing.T) {
	dir, err := Unpack(t.Context(), t.TempDir())
	if !Present() {
		if !errors.Is(err, ErrAbsent) || ID() != "" {
			t.Errorf("without assets: %v, ID %q", err, ID())
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"runc", "containerd-shim-runc-v2", "bridge", "loopback", "host-local", "portmap", "crictl", "node-init"} {
		if _, err := os.Stat(filepath.Join(dir.Bin, name)); err != nil {
			t.Error(err)
		}
	}
	if len(dir.Images) == 0 {
		t.Error("no images")
	}
}
