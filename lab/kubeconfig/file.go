package kubeconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"kubelab/core/store"
)

// lockBound is how long to wait for a kubectl that changes the same file; it needs milliseconds.
const lockBound = 2 * time.Second

// edit replaces the kubeconfig at path by what change makes of it, or leaves it alone when change says that
// nothing has changed. A file that does not exist is an empty one.
func edit(path string, change func(*api.Config) (changed bool, err error)) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	// A link stays a link: many keep the file elsewhere.
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	unlock, err := lock(path + ".lock")
	if err != nil {
		return err
	}
	defer unlock()

	config, err := clientcmd.LoadFromFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		config = api.NewConfig()
	case errors.Is(err, fs.ErrPermission):
		return err
	case err != nil:
		return fmt.Errorf("it is damaged and was left alone: mend or move it first: %w", err)
	}
	changed, err := change(config)
	if err != nil || !changed {
		return err
	}
	b, err := clientcmd.Write(*config)
	if err != nil {
		return err
	}
	return store.WriteFile(path, b, 0o600)
}

// lock keeps kubectl out: it makes the file that kubectl makes while it changes a kubeconfig, as in lockFile
// of client-go/tools/clientcmd/loader.go.
func lock(path string) (unlock func(), err error) {
	for deadline := time.Now().Add(lockBound); ; time.Sleep(20 * time.Millisecond) {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0)
		switch {
		case err == nil:
			f.Close()
			return func() { _ = os.Remove(path) }, nil // it was there a moment ago
		case !errors.Is(err, fs.ErrExist):
			return nil, err
		case time.Now().After(deadline):
			return nil, fmt.Errorf("another command holds %s: if none runs, it was killed: remove that file", path)
		}
	}
}
