package assets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// labName is the lab binary beside the helpers; applets are its other names. Which one it is called by
// tells it what to be.
const labName = "lab"

var applets = []string{"containerd", "kubelet", "kube-proxy"}

// Link puts the lab binary at self into dir.Bin as lab, containerd, kubelet and kube-proxy, and returns
// the path of the first. The names are hard links: nodes and engine share one copy in memory, the
// processes are called in ps what they are, and the original may be moved or built anew. On another file
// system than self's it is a copy with links to it.
//
// A binary that was put there by an earlier call and differs is replaced. What runs of it goes on with
// it; what is started afterwards, on the nodes of whichever lab, is the new one.
func Link(dir Dir, self string) (path string, err error) {
	// Copying takes a fraction of a second; whoever holds the lock for longer is stuck.
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	unlock, err := lock(ctx, filepath.Join(filepath.Dir(dir.Root), lockName))
	if err != nil {
		return "", err
	}
	defer unlock()
	path = filepath.Join(dir.Bin, labName)
	if !same(self, path) {
		if err := place(path, func(temp string) error { return linkOrCopy(self, temp) }); err != nil {
			return "", fmt.Errorf("link %s as %s: %w", self, path, err)
		}
	}
	for _, name := range applets {
		applet := filepath.Join(dir.Bin, name)
		if same(path, applet) {
			continue
		}
		if err := place(applet, func(temp string) error { return os.Link(path, temp) }); err != nil {
			return "", fmt.Errorf("link %s as %s: %w", path, applet, err)
		}
	}
	return path, nil
}

// same says whether b is a, or a copy that linkOrCopy made of it.
func same(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	if errX != nil || errY != nil {
		return false
	}
	return os.SameFile(x, y) || x.Size() == y.Size() && x.ModTime().Equal(y.ModTime())
}

// place makes a file under a temporary name and renames it to path: nobody finds a half-made one there.
func place(path string, create func(temp string) error) error {
	temp := path + ".new"
	if err := os.RemoveAll(temp); err != nil {
		return err
	}
	if err := create(temp); err != nil {
		return errors.Join(err, os.RemoveAll(temp))
	}
	// Renaming one name of a file to another of its names does nothing, so the first has to go after all.
	return errors.Join(os.Rename(temp, path), os.RemoveAll(temp))
}

func linkOrCopy(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	// Another file system, or one without links.
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Chmod(0o755), out.Close()); err != nil {
		return err
	}
	// The time tells a copy from one of another build.
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}
