package etcd

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// lost are the data directories in which a run gave up in the middle of its start and another has not begun yet.
var lost sync.Map

// lose gives up the locks of a run that has given up, as the end of its process would.
func lose(dir string) {
	unlock(dir)
	lost.Store(dir, nil)
}

// reclaim lets a run begin where one has given up. What that left still makes a spare file of the log, once, and locks it:
// it is unlocked, and taken away from who would find it.
func reclaim(dir string) {
	if _, was := lost.LoadAndDelete(dir); !was {
		return
	}
	unlock(dir)
	spares, _ := filepath.Glob(filepath.Join(dir, "member", "wal", "*.tmp")) // the pattern is well formed
	for _, spare := range spares {
		_ = os.Remove(spare) // it may be gone
	}
}

// unlock gives up all locks that this process holds on files below dir. Who opens a database or a file of the log waits
// for its lock, without a bound in the database's case. A lock belongs to what is open, not to the descriptor, so it can
// be given up through a copy of a descriptor that somebody has lost.
func unlock(dir string) {
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return // then the next start fails
	}
	for _, name := range names {
		fd, err := strconv.Atoi(name.Name())
		if err != nil || !below(fd, dir) {
			continue
		}
		// The runtime may have closed it and given its number to another file: look again through a copy.
		own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			continue
		}
		if below(own, dir) {
			// The database takes locks of one kind, the log of the other. Both calls succeed where there is no lock.
			_ = unix.Flock(own, unix.LOCK_UN)
			_ = unix.FcntlFlock(uintptr(own), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_UNLCK})
		}
		unix.Close(own)
	}
}

// below reports whether the file behind fd is below dir, or was until it was removed.
func below(fd int, dir string) bool {
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	return err == nil && strings.HasPrefix(path, dir+"/")
}
