package progress

import (
	"crypto/sha256"
	"encoding/hex"
)

// maxName keeps files' names below what file systems take, with what is added to them.
const maxName = 120

// shorten makes a long name one that is short and still nobody else's.
func shorten(name string) string {
	if len(name) <= maxName && name != "" {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return name[:min(len(name), maxName-33)] + "_" + hex.EncodeToString(sum[:16])
}
