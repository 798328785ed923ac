package store

import (
	"io"
	"os"
)

// BoundLog keeps the log at path from growing without end: what is in it becomes path.1, and it starts anew.
// Bound is in bytes. It is copied and not renamed because whoever writes it goes on with the file that it has open.
func BoundLog(path string, bound int64) {
	info, err := os.Stat(path)
	if err != nil || info.Size() < bound {
		return
	}
	from, err := os.Open(path)
	if err != nil {
		return
	}
	defer from.Close()
	to, err := os.OpenFile(path+".1", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	defer to.Close()
	if _, err := io.Copy(to, from); err == nil {
		// Lines written between the two are lost. So be it: it is that or a copy of every line.
		_ = os.Truncate(path, 0)
	}
}
