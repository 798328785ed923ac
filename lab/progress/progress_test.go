package progress

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kubelab/core/view"
)

func TestPlainLinesWithoutATerminal(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p := New(f)
	p.Report(view.Step{Name: "etcd, 3 members", Bound: time.Minute})
	p.Report(view.Step{Name: "etcd, 3 members", Took: 310 * time.Millisecond, Done: true})
	p.Report(view.Step{Name: "3 nodes ready", Took: 12 * time.Second, Done: true, Error: "gave up"})
	p.Report(view.Step{Name: "Interrupted", Note: "undoing"})
	p.Close()
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		" ✓ etcd, 3 members                          0.31 s",
		" ✗ 3 nodes ready                              12 s  gave up",
		" • Interrupted: undoing",
	}
	if got := strings.TrimRight(string(b), "\n"); got != strings.Join(want, "\n") {
		t.Errorf("printed:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}
