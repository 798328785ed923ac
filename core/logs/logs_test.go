package logs

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gopkg.in/natefinch/lumberjack.v2"

	"kubelab/core/store"
	"kubelab/core/topology"
	"kubelab/core/view"
)

func newLab(t *testing.T) (store.Dir, topology.Spec) {
	t.Helper()
	d, err := store.Open(t.TempDir(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	return d, topology.New("demo", netip.MustParsePrefix("10.100.0.0/16"), 1, 1)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func printed(t *testing.T, d store.Dir, spec topology.Spec, target string, o Options) string {
	t.Helper()
	var out strings.Builder
	if err := Print(t.Context(), &out, d, spec, target, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestPrint(t *testing.T) {
	d, spec := newLab(t)
	write(t, d.EngineLog(), "one\ntwo\nthree")
	write(t, d.Log(spec.Masters[0], "etcd"), "elected\n")
	write(t, d.Log(spec.Masters[0], "kube-apiserver"), "serving\n\x1b[31mred\x1b[0m\n")

	for _, c := range []struct {
		target string
		tail   int
		want   string
	}{
		{"engine", -1, "one\ntwo\nthree\n"},
		{"engine", 2, "two\nthree\n"},
		{"engine", 0, ""},
		{"engine", 9, "one\ntwo\nthree\n"},
		{"master-1/etcd", 1, "elected\n"},
		{"master-1", -1, "etcd           | elected\nkube-apiserver | serving\nkube-apiserver | red\n"},
	} {
		if got := printed(t, d, spec, c.target, Options{Tail: c.tail}); got != c.want {
			t.Errorf("%s, tail %d: got %q, want %q", c.target, c.tail, got, c.want)
		}
	}
}

func TestTailAcrossBlocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	var all []string
	for i := range 20_000 { // three blocks
		all = append(all, fmt.Sprintf("line %d", i))
	}
	write(t, path, strings.Join(all, "\n")+"\n")
	for _, n := range []int{1, 2, 9_000, 19_999, 20_000, 30_000} {
		want := strings.Join(all[max(0, len(all)-n):], "\n")
		if got := Tail(path, n); got != want {
			t.Errorf("the last %d lines begin with %.20q and are %d long, want %.20q and %d", n, got, len(got), want, len(want))
		}
	}
	if got := Tail(filepath.Join(t.TempDir(), "none"), 3); got != "" {
		t.Errorf("of no file: %q", got)
	}
}

func TestCrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	write(t, path, "time=1 msg=hello\nunexpected fault address 0x7f00\nfatal error: fault\n[signal SIGBUS: bus error]\n\n"+
		"goroutine 7 [running]:\nruntime.throw()\n"+strings.Repeat("\tanother.go:1\n", 1000))
	want := "unexpected fault address 0x7f00\nfatal error: fault\n[signal SIGBUS: bus error]\ngoroutine 7 [running]:"
	if got := Crash(path, 4); got != want {
		t.Errorf("Crash says\n%s\nwant\n%s", got, want)
	}
	write(t, path, "time=1 msg=hello\nwhat is no panic: here\n")
	if got := Crash(path, 4); got != "" {
		t.Errorf("without a crash: %q", got)
	}
}

func TestUnknownTargets(t *testing.T) {
	d, spec := newLab(t)
	for target, want := range map[string]string{
		"master-1/etdc": "did you mean master-1/etcd?",
		"etcd":          "did you mean master-1/etcd?",
		"node-2":        "did you mean node-1?",
		"kubelet":       "did you mean node-1/kubelet?",
		"engin":         "did you mean engine?",
		"nonsense":      "use a machine (master-1, node-1), one of its components, for example master-1/etcd",
		"node-1/etcd/x": "use a machine",
	} {
		err := Print(t.Context(), os.Stdout, d, spec, target, Options{})
		if view.CodeOf(err) != view.NotFound || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", target, err, want)
		}
	}
	if err := Print(t.Context(), os.Stdout, d, spec, "pod/web", Options{}); view.CodeOf(err) != view.Usage {
		t.Errorf("pod/web: got %v, want wrong usage", err)
	}
	if err := Print(t.Context(), os.Stdout, d, spec, "node-1/kubelet", Options{}); err == nil || !strings.Contains(err.Error(), "nothing is written yet") {
		t.Errorf("a component without a log: got %v", err)
	}
}

// lineWriter gives each line to whoever waits for it.
type lineWriter chan string

func (w lineWriter) Write(b []byte) (int, error) {
	w <- strings.TrimSuffix(string(b), "\n")
	return len(b), nil
}

func (w lineWriter) expect(t *testing.T, want ...string) {
	t.Helper()
	for _, line := range want {
		select {
		case got := <-w:
			if got != line {
				t.Fatalf("got %q, want %q", got, line)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("no line within 5 s, want %q", line)
		}
	}
}

func TestFollow(t *testing.T) {
	d, spec := newLab(t)
	path := d.Log(spec.Masters[0], "etcd")
	ctx, cancel := context.WithCancel(t.Context())
	lines, ended := make(lineWriter, 16), make(chan error, 1)
	go func() { ended <- Print(ctx, lines, d, spec, "master-1/etcd", Options{Follow: true, Tail: -1}) }()

	log := &lumberjack.Logger{Filename: path}
	defer log.Close()
	say := func(text string) {
		t.Helper()
		if _, err := log.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	say("a file that appears\n")
	lines.expect(t, "a file that appears")
	say("half a ")
	say("line\n")
	lines.expect(t, "half a line")

	// Rotation: nothing is lost and nothing comes twice, neither before nor after it.
	say("last of the old\nunfinished")
	if err := log.Rotate(); err != nil {
		t.Fatal(err)
	}
	say("first of the new\n")
	lines.expect(t, "last of the old", "unfinished", "first of the new")

	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	write(t, path, "new\n")
	lines.expect(t, "new")

	cancel()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v, want nothing", err)
	}
}

func TestFollowEndsWhenNobodyReads(t *testing.T) {
	d, spec := newLab(t)
	write(t, d.EngineLog(), "line\n")
	gone := errors.New("nobody reads")
	err := Print(t.Context(), failing{gone}, d, spec, "engine", Options{Follow: true, Tail: -1})
	if !errors.Is(err, gone) {
		t.Errorf("got %v, want %v", err, gone)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ttext é 漢":            "plain\ttext é 漢",
		"\x1b[31mred\x1b[0m":         "red",
		"\x1b]0;title\x07x":          "x",
		"\x1b]8;;http://x\x1b\\y":    "y",
		"over\rwritten\b\x00\x7f":    "overwritten",
		"c1 \u009b31m end":           "c1 31m end",
		"bad \xff byte":              "bad \uFFFD byte",
		"cut short \x1b[":            "cut short ",
		"\x1bPq#0;2;0;0;0\x1b\\done": "done",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}
