package assets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// markName is a file that lists what was unpacked. It is written last, so it proves completeness; and
// its list shows when somebody removed or truncated a file later on.
const markName = ".complete"

// mark lists the files below dir with their sizes in dir's mark.
func mark(dir string) error {
	list, err := files(dir)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, markName), []byte(strings.Join(list, "\n")+"\n"), 0o644)
}

// complete says whether all that was unpacked into dir is still there.
func complete(dir string) bool {
	content, err := os.ReadFile(filepath.Join(dir, markName))
	if err != nil || len(content) == 0 {
		return false
	}
	for line := range strings.Lines(string(content)) {
		size, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || fmt.Sprint(info.Size()) != size || info.Mode().Perm()&0o111 == 0 {
			return false
		}
	}
	return true
}

// files returns "size name" of every file below dir.
func files(dir string) ([]string, error) {
	var list []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		list = append(list, fmt.Sprintf("%d %s", info.Size(), name))
		return err
	})
	return list, err
}

// lockName is the lock of a root: one process at a time unpacks into it or links in it.
const lockName = ".lock"

// lock waits until it holds the lock file at path, which the kernel releases with the process.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock of the assets: %w", err)
	}
	// Polling, because a blocked flock cannot be given up. Whoever holds it needs it for a moment only.
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { file.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			file.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			file.Close()
			return nil, fmt.Errorf("wait for another process that has locked %s: %w", path, ctx.Err())
		}
	}
}
