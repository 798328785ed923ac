package main

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pack runs tar with args and returns what it wrote.
func pack(t *testing.T, args ...string) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	if err := run(args, nil, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	return &out
}

func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "data/sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data/sub/run"), []byte("hello"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("sub/run", filepath.Join(dir, "data/link")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// As kubectl cp calls it, in both directions.
func TestCopy(t *testing.T) {
	from := tree(t)
	for _, args := range [][]string{
		{"cf", "-", "-C", from, "data"},
		{"-czf", "-", "-C", from, "data"},
	} {
		packed, to := pack(t, args...), t.TempDir()
		letters := strings.Replace(args[0], "c", "xm", 1)
		if err := run([]string{letters, "-", "-C", to}, packed, io.Discard, io.Discard); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(to, "data/link"))
		if err != nil || string(content) != "hello" {
			t.Errorf("tar %v: %q, %v", args, content, err)
		}
		if info, err := os.Stat(filepath.Join(to, "data/sub/run")); err != nil || info.Mode().Perm() != 0o750 {
			t.Errorf("tar %v: %v, %v", args, info, err)
		}
	}
}

func TestAbsolutePathsLoseTheirSlash(t *testing.T) {
	from := tree(t)
	var names strings.Builder
	if err := run([]string{"t"}, pack(t, "cf", "-", from+"/data/sub"), &names, io.Discard); err != nil {
		t.Fatal(err)
	}
	inside := strings.TrimPrefix(from, "/") + "/data/sub/"
	if want := inside + "\n" + inside + "run\n"; names.String() != want {
		t.Errorf("got\n%swant\n%s", &names, want)
	}
}

func TestExtractOnlyWhatIsNamed(t *testing.T) {
	packed, to := pack(t, "c", "-C", tree(t), "data"), t.TempDir()
	if err := run([]string{"-x", "-C", to, "data/sub"}, packed, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(to, "data/link")); err == nil {
		t.Error("the link was extracted too")
	}
	if _, err := os.Stat(filepath.Join(to, "data/sub/run")); err != nil {
		t.Error(err)
	}
}

func TestExtractStaysInside(t *testing.T) {
	for name, entries := range map[string][]tar.Header{
		"dots":   {{Name: "../escaped", Typeflag: tar.TypeReg}},
		"a link": {{Name: "out", Typeflag: tar.TypeSymlink, Linkname: ".."}, {Name: "out/escaped", Typeflag: tar.TypeReg}},
	} {
		var packed bytes.Buffer
		w := tar.NewWriter(&packed)
		for _, h := range entries {
			h.Mode = 0o644
			if err := w.WriteHeader(&h); err != nil {
				t.Fatal(err)
			}
		}
		w.Close()
		to := filepath.Join(t.TempDir(), "to")
		if err := os.Mkdir(to, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := run([]string{"x", "-C", to}, &packed, io.Discard, io.Discard); err == nil {
			t.Errorf("an archive that leaves its directory by %s was extracted", name)
		}
		if _, err := os.Lstat(filepath.Join(to, "../escaped")); err == nil {
			t.Errorf("%s led outside", name)
		}
	}
}

func TestWrongUse(t *testing.T) {
	for _, line := range []string{"", "f -", "c", "xf", "-q", "xf /no/such/file"} {
		if err := run(strings.Fields(line), strings.NewReader(""), io.Discard, io.Discard); err == nil {
			t.Errorf("tar %s was accepted", line)
		}
	}
}
