package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestWhileRoom fills a small disk under a function that waits for ever.
func TestWhileRoom(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make a small disk")
	}
	root := t.TempDir()
	d := open(t, root, "demo")
	if err := unix.Mount("room", root, "tmpfs", 0, "size=4m"); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(root, unix.MNT_DETACH)

	other := errors.New("something else")
	if err := d.WhileRoom(t.Context(), func(context.Context) error { return other }); err != other {
		t.Errorf("with room left: %v, want what the function says", err)
	}
	if err := d.WhileRoom(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Errorf("with room left: %v", err)
	}

	if err := os.Mkdir(d.Path(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.Room(1 << 20); err != nil {
		t.Errorf("of 4 MiB one is wanted: %v", err)
	}
	if err := d.Room(8 << 20); !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "it takes 8") {
		t.Errorf("of 4 MiB 8 are wanted: %v", err)
	}

	fill := func() error { return os.WriteFile(filepath.Join(root, "fill"), make([]byte, 8<<20), 0o600) }
	err := d.WhileRoom(t.Context(), func(ctx context.Context) error {
		if err := fill(); !errors.Is(err, unix.ENOSPC) {
			t.Errorf("filling the disk: %v", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Second):
			t.Error("the function is left waiting on a full disk")
		}
		return ctx.Err()
	})
	if !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), root) {
		t.Errorf("on a full disk: %v, want that it is full and which", err)
	}
	if err := d.WhileRoom(t.Context(), func(context.Context) error { return other }); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("what fails at once on a full disk: %v, want that it is full", err)
	}
	if err := d.WhileRoom(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Errorf("what can be done on a full disk: %v", err)
	}
}
