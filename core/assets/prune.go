package assets

import (
	"os"
	"path/filepath"
	"strings"
)

// prune removes the assets of other versions of lab below root, but not those that a process still runs from: an engine
// that was started by another version, or a node of its. The caller holds the lock. What cannot be removed stays, and
// is tried again with the next start.
func prune(root, keep string) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return
	}
	for _, e := range entries {
		dir := filepath.Join(root, e.Name())
		// Only what was unpacked here has a mark.
		if _, err := os.Stat(filepath.Join(dir, markName)); err != nil || !e.IsDir() || e.Name() == keep || runsFrom(dir) {
			continue
		}
		_ = os.RemoveAll(dir)
	}
}

// runsFrom reports whether the program of any process lies below dir. Nodes see the same files elsewhere, but not
// without an engine, which sees them here.
func runsFrom(dir string) bool {
	programs, _ := filepath.Glob("/proc/[0-9]*/exe") // the pattern is well formed
	for _, link := range programs {
		if program, err := os.Readlink(link); err == nil && strings.HasPrefix(program, dir+string(filepath.Separator)) {
			return true
		}
	}
	return false
}
