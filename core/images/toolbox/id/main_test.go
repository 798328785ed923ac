package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "group")
	if err := os.WriteFile(path, []byte("root:x:0:\nbroken\nstaff:x:50:a,b\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	groups := names(path)
	got := all(0, 50, []int{50, 7}, map[int]string{0: "root"}, groups)
	if want := "uid=0(root) gid=50(staff) groups=50(staff),7"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := one(50, groups, true) + one(50, groups, false) + one(9, groups, true); got != "staff509" {
		t.Errorf("got %q", got)
	}
	if len(names("/no/such/file")) != 0 {
		t.Error("names without a file")
	}
}
