package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// inputs makes directories as make does, with text for programs.
func inputs(t *testing.T) (bin, programs string) {
	t.Helper()
	bin, programs = t.TempDir(), t.TempDir()
	for _, path := range []string{
		bin + "/runc", bin + "/bridge", programs + "/pause", programs + "/coredns", programs + "/demo", programs + "/toolbox",
	} {
		if err := os.WriteFile(path, []byte("program "+filepath.Base(path)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return bin, programs
}

func TestBuildIsDeterministic(t *testing.T) {
	bin, programs := inputs(t)
	var results [2][]byte
	for i := range results {
		out := t.TempDir()
		if err := build(bin, programs, []string{"ls", "sh"}, out); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"assets.tar.zst", "assets.id"} {
			content, err := os.ReadFile(filepath.Join(out, name))
			if err != nil {
				t.Fatal(err)
			}
			results[i] = append(results[i], content...)
		}
	}
	if !bytes.Equal(results[0], results[1]) {
		t.Error("the same input gave different archives")
	}
}

func TestIDFollowsTheContent(t *testing.T) {
	a, errA := write(new(bytes.Buffer), []entry{{"bin/runc", []byte("a")}})
	b, errB := write(new(bytes.Buffer), []entry{{"bin/runc", []byte("b")}})
	if errA != nil || errB != nil || a == b || len(a) != 16 {
		t.Errorf("IDs %q and %q, %v, %v", a, b, errA, errB)
	}
}

func TestImagesComeInTheOrderOfImport(t *testing.T) {
	_, programs := inputs(t)
	entries, err := imageArchives(programs, []string{"sh"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.name)
	}
	if got := strings.Join(names, " "); got != "images/1-pause.tar images/2-coredns.tar images/3-demo.tar images/4-toolbox.tar" {
		t.Error(got)
	}
}

func TestBuildSaysWhatIsMissing(t *testing.T) {
	bin, programs := inputs(t)
	if err := os.Remove(programs + "/demo"); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	if err := build(bin, programs, nil, out); err == nil || !strings.Contains(err.Error(), "image demo") {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(out); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}
