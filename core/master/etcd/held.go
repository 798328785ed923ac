package etcd

import (
	"io/fs"
	"os"
	"sync"

	"go.etcd.io/etcd/server/v3/storage/datadir"
)

// held are the databases of runs that gave up in the middle of their start, by data directory. Upstream means the process
// to end then; here what was opened goes on writing to the database and keeps it locked until the engine ends. The lock must
// not be taken away: two that write to one database destroy it.
var held sync.Map // of fs.FileInfo

// hold remembers the database that a run has left locked.
func hold(dir string) {
	if db, err := os.Stat(datadir.ToBackendFileName(dir)); err == nil {
		held.Store(dir, db)
	}
}

// isHeld reports whether a run that gave up holds the database. It does not hold one that was put in its place, as a wipe
// and a restore do.
func isHeld(dir string) bool {
	was, ok := held.Load(dir)
	if !ok {
		return false
	}
	now, err := os.Stat(datadir.ToBackendFileName(dir))
	return err == nil && os.SameFile(was.(fs.FileInfo), now)
}
