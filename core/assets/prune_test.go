package assets

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestOldAssetsGoUnlessSomethingRunsFromThem(t *testing.T) {
	root := t.TempDir()
	for _, id := range []string{"old", "used"} {
		if _, err := unpack(t.Context(), root, id, bytes.NewReader(sample(t))); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(root, "used", "bin", "program")
	copyFile(t, "/proc/self/exe", program)
	c := exec.Command(program, "-test.run=TestWaitForInput$")
	c.Env = append(os.Environ(), "WAIT_FOR_INPUT=1")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	mustUnpack(t, root, sample(t))
	if _, err := os.Stat(filepath.Join(root, "used")); err != nil {
		t.Errorf("assets that a process runs from are gone: %v", err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	prune(root, "id")
	for id, want := range map[string]bool{"old": false, "used": false, "id": true} {
		if _, err := os.Stat(filepath.Join(root, id)); (err == nil) != want {
			t.Errorf("%s is there: %t, want %t", id, err == nil, want)
		}
	}
}

// TestWaitForInput is the process that TestOldAssetsGoUnlessSomethingRunsFromThem starts.
func TestWaitForInput(t *testing.T) {
	if os.Getenv("WAIT_FOR_INPUT") == "" {
		return
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // its end is the signal
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o755); err != nil {
		t.Fatal(err)
	}
}
