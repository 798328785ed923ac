package store

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"kubelab/core/topology"
)

func open(t *testing.T, root, name string) Dir {
	t.Helper()
	d, err := Open(root, name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func spec(name string) topology.Spec {
	return topology.New(name, netip.MustParsePrefix("10.101.0.0/16"), 3, 3)
}

func TestHalfMadeIsNoLab(t *testing.T) {
	root := t.TempDir()
	d := open(t, root, "a")
	if _, err := d.Load(); !errors.Is(err, ErrNoLab) {
		t.Fatalf("Load of nothing: %v", err)
	}
	if err := d.Begin(spec("a")); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Load(); !errors.Is(err, ErrNoLab) {
		t.Errorf("Load of half a lab: %v, want ErrNoLab", err)
	}
	if got := Subnets(root); !slices.Contains(got, spec("a").Subnet) {
		t.Errorf("Subnets = %v: a lab that is being made must keep its subnet", got)
	}
	if err := d.Complete(); err != nil {
		t.Fatal(err)
	}
	if s, err := d.Load(); err != nil || len(s.Masters) != 3 {
		t.Errorf("Load = %v, %v", s, err)
	}
}

func TestDamagedSpecIsReported(t *testing.T) {
	d := open(t, t.TempDir(), "a")
	if err := errors.Join(d.Begin(spec("a")), d.Complete()); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "{", `{"name":"a"}`} {
		if err := os.WriteFile(d.Path(specFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Load(); err == nil || errors.Is(err, ErrNoLab) {
			t.Errorf("Load of %q: %v, want an error that names the file", text, err)
		}
	}
}

func TestLock(t *testing.T) {
	d := open(t, t.TempDir(), "a")
	if pid, held := d.Holder(); held {
		t.Fatalf("held by %d before anybody took it", pid)
	}
	lock, err := d.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Lock(); !errors.Is(err, ErrHeld) {
		t.Errorf("second Lock: %v, want ErrHeld", err)
	}
	if pid, held := d.Holder(); !held || pid != os.Getpid() {
		t.Errorf("Holder = %d, %v", pid, held)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	if _, held := d.Holder(); held {
		t.Error("held after Release")
	}
}

func TestHolderAfterACrash(t *testing.T) {
	d := open(t, t.TempDir(), "a")
	// An engine that was killed leaves the file with its id, and no lock on it.
	if err := os.WriteFile(d.lockFile(), []byte("123456789\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if pid, held := d.Holder(); held {
		t.Errorf("held by %d, who is dead", pid)
	}
	lock, err := d.Lock()
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	if pid, _ := d.Holder(); pid != os.Getpid() {
		t.Errorf("Holder = %d, want ours", pid)
	}
}

func TestTidy(t *testing.T) {
	root := filepath.Join(t.TempDir(), "labs")
	a, b := open(t, root, "a"), open(t, root, "b")
	if err := errors.Join(a.Begin(spec("a")), b.Begin(spec("b")), os.Mkdir(Cache(root), 0o755)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(a.Remove(), Tidy(root)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(Cache(root)); err != nil {
		t.Error("the cache went while a lab was left")
	}
	if err := errors.Join(b.Remove(), Tidy(root)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(root); !os.IsNotExist(err) {
		t.Errorf("the root is left: %v", err)
	}
}

func TestNamesCannotLeaveTheRoot(t *testing.T) {
	for _, name := range []string{"..", "a/b", "", ".cache", "a.b"} {
		if d, err := Open(t.TempDir(), name); err == nil {
			t.Errorf("Open(%q) = %v, want an error", name, d)
		}
	}
}

func TestNamesAreTheMachines(t *testing.T) {
	one, other := open(t, t.TempDir(), "named-once"), open(t, t.TempDir(), "named-once")
	lock, err := one.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Lock(); !errors.Is(err, ErrNameTaken) {
		t.Errorf("Lock under another root: %v, want ErrNameTaken", err)
	}
	if _, err := one.Lock(); !errors.Is(err, ErrHeld) {
		t.Errorf("Lock again: %v, want ErrHeld", err)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	again, err := other.Lock()
	if err != nil {
		t.Fatalf("Lock after Release: %v", err)
	}
	if err := again.Release(); err != nil {
		t.Error(err)
	}
}
