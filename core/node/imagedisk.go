package node

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// containerdRoot is where containerd keeps images and containers, below the node's disk.
const containerdRoot = "var/lib/containerd"

// installImages puts the images onto the node's disk, if it is a new one. Where the file system cannot link, it leaves
// the disk as it is, and the images are imported when containerd runs.
func (n *Node) installImages(ctx context.Context) error {
	root := filepath.Join(n.root(), containerdRoot)
	if _, err := os.Stat(filepath.Join(root, metadataDB)); err == nil || n.Images == nil {
		return nil
	}
	from, err := n.Images.prepared(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(root), 0o755); err != nil {
		return err
	}
	// Without its database containerd knows nothing of what else is there: leftovers of a start that was killed.
	if err := os.RemoveAll(root); err != nil {
		return err
	}
	err = linkTree(from, root)
	if errors.Is(err, unix.EXDEV) || errors.Is(err, unix.EMLINK) || errors.Is(err, unix.EPERM) {
		n.log.Info("images cannot be linked and are imported instead", "error", err)
		return os.RemoveAll(root)
	}
	return err
}

// linkTree makes to a copy of from in which files are links to the originals, and databases, which containerd goes on
// writing to, are copies. The one by which a disk counts as complete comes last.
func linkTree(from, to string) error {
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		switch {
		case e.IsDir():
			return copyDir(path, target)
		case strings.HasSuffix(path, "/"+metadataDB):
			return nil
		case strings.HasSuffix(path, "/"+snapshotDir+"/metadata.db"):
			return copyFile(path, target)
		}
		return os.Link(path, target) // of a symbolic link itself, too
	})
	if err != nil {
		return err
	}
	return copyFile(filepath.Join(from, metadataDB), filepath.Join(to, metadataDB))
}

// copyDir makes a directory like the original. It belongs to an image: owner, mode and attributes matter.
func copyDir(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	owner := info.Sys().(*syscall.Stat_t)
	if err := os.Chown(to, int(owner.Uid), int(owner.Gid)); err != nil {
		return err
	}
	if err := os.Chmod(to, info.Mode()); err != nil {
		return err
	}
	return copyAttributes(from, to)
}

// copyAttributes copies what overlayfs marks directories by, among others.
func copyAttributes(from, to string) error {
	names := make([]byte, 4096)
	size, err := unix.Llistxattr(from, names)
	if err != nil && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	for _, name := range strings.Split(string(names[:max(0, size)]), "\x00") {
		if name == "" {
			continue
		}
		value := make([]byte, 4096)
		size, err := unix.Lgetxattr(from, name, value)
		if err != nil {
			return err
		}
		if err := unix.Lsetxattr(to, name, value[:size], 0); err != nil {
			return err
		}
	}
	return nil
}

// copyFile gives the copy its name when it is complete.
func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	return os.Rename(to+".new", to)
}
