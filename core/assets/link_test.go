package assets

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// linked is a directory as Unpack makes it, without files, and a lab binary to put there.
func linked(t *testing.T) (dir Dir, self string) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "id")
	dir = Dir{Root: root, Bin: filepath.Join(root, binFolder)}
	if err := os.MkdirAll(dir.Bin, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir, build(t, t.TempDir(), "first build")
}

func build(t *testing.T, dir, content string) string {
	t.Helper()
	path := filepath.Join(dir, "lab")
	os.Remove(path) // the linker makes a new file too
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// all returns the file behind the four names, which has to be one.
func all(t *testing.T, dir Dir) os.FileInfo {
	t.Helper()
	first, err := os.Stat(filepath.Join(dir.Bin, labName))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range applets {
		if other, err := os.Stat(filepath.Join(dir.Bin, name)); err != nil || !os.SameFile(first, other) {
			t.Errorf("%s is not the lab binary: %v", name, err)
		}
	}
	if entries, _ := os.ReadDir(dir.Bin); len(entries) != 1+len(applets) {
		t.Errorf("%d names in %s: %v", len(entries), dir.Bin, entries)
	}
	return first
}

func mustLink(t *testing.T, dir Dir, self string) string {
	t.Helper()
	path, err := Link(dir, self)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLinkSharesTheFile(t *testing.T) {
	dir, self := linked(t)
	if path := mustLink(t, dir, self); path != filepath.Join(dir.Bin, "lab") {
		t.Errorf("path %s", path)
	}
	original, err := os.Stat(self)
	if err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(original, all(t, dir)) {
		t.Error("the names in Bin are not links to the original")
	}
	mustLink(t, dir, self)
	mustLink(t, dir, filepath.Join(dir.Bin, "lab")) // the engine runs from there
	all(t, dir)

	if err := os.Remove(self); err != nil {
		t.Fatal(err)
	}
	all(t, dir)
}

func TestLinkReplacesAnOlderBuild(t *testing.T) {
	dir, self := linked(t)
	mustLink(t, dir, self)
	old := all(t, dir)
	mustLink(t, dir, build(t, filepath.Dir(self), "second build"))
	if os.SameFile(old, all(t, dir)) {
		t.Error("the older build is still there")
	}
}

func TestLinkToItsApplet(t *testing.T) {
	dir, self := linked(t)
	mustLink(t, dir, self)
	if err := os.Remove(filepath.Join(dir.Bin, "kubelet")); err != nil {
		t.Fatal(err)
	}
	mustLink(t, dir, self)
	all(t, dir)
}

// On another file system the binary is copied once. Needs root.
func TestLinkAcrossFileSystems(t *testing.T) {
	dir, self := linked(t)
	if err := unix.Mount("tmpfs", dir.Bin, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("mount another file system: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir.Bin, unix.MNT_DETACH) })
	mustLink(t, dir, self)
	copied := all(t, dir)
	mustLink(t, dir, self)
	if !os.SameFile(copied, all(t, dir)) {
		t.Error("the same build was copied twice")
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(self, later, later); err != nil {
		t.Fatal(err)
	}
	mustLink(t, dir, self)
	if os.SameFile(copied, all(t, dir)) {
		t.Error("another build of the same size was not copied")
	}
}

func TestLinkSaysWhatIsMissing(t *testing.T) {
	dir, self := linked(t)
	if _, err := Link(dir, self+"-gone"); err == nil {
		t.Error("a binary that is not there was linked")
	}
	if entries, _ := os.ReadDir(dir.Bin); len(entries) != 0 {
		t.Errorf("left %v", entries)
	}
}
