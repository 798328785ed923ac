package store

import (
	"os"
	"path/filepath"
	"testing"
)

func TestLogIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	daemon, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer daemon.Close()
	write := func(s string) {
		if _, err := daemon.WriteString(s); err != nil {
			t.Fatal(err)
		}
	}
	check := func(path, want string) {
		t.Helper()
		if b, err := os.ReadFile(path); string(b) != want {
			t.Errorf("%s holds %q (%v), want %q", path, b, err, want)
		}
	}
	write("one")
	BoundLog(path, 4)
	check(path, "one")
	write("two")
	BoundLog(path, 4)
	write("three") // the daemon has the same file open all the time
	check(path, "three")
	check(path+".1", "onetwo")
}
