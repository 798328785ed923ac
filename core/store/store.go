// Package store is the lab's place on disk: where everything lies, who holds it, and how it is removed.
//
// Everything of a lab is under one directory, readable by root only. The engine holds an exclusive lock on
// it for as long as it lives; the kernel releases the lock when the process dies in whatever way, so a lock
// that can be taken proves that no engine runs.
package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kubelab/core/topology"
)

// DefaultRoot holds all labs of a machine; LAB_HOME overrides it.
const DefaultRoot = "/var/lib/lab"

// cacheDir, in the root, holds what all labs share: unpacked helper binaries and images.
const cacheDir = ".cache"

// Root is where labs are kept.
func Root() string {
	if dir := os.Getenv("LAB_HOME"); dir != "" {
		return dir
	}
	return DefaultRoot
}

// Cache is where helper binaries and images are unpacked, for all labs under root.
func Cache(root string) string { return filepath.Join(root, cacheDir) }

// Progress is where it is kept what people have done in exercises, in all labs under root. It stays when labs are deleted.
func Progress(root string) string { return filepath.Join(root, ".progress") }

// Dir is the directory of one lab. Its methods name what lies in it.
type Dir struct{ path string }

// Open names the directory of the lab called name under root. It touches nothing.
func Open(root, name string) (Dir, error) {
	if err := topology.ValidateName(name); err != nil {
		return Dir{}, err
	}
	return Dir{filepath.Join(root, name)}, nil
}

// Name is the lab's.
func (d Dir) Name() string { return filepath.Base(d.path) }

// Root is where the lab lies beside others.
func (d Dir) Root() string { return filepath.Dir(d.path) }

// Path joins elements below the lab's directory.
func (d Dir) Path(elem ...string) string {
	return filepath.Join(append([]string{d.path}, elem...)...)
}

// Socket is where the engine serves front ends and commands.
func (d Dir) Socket() string { return d.Path("engine.sock") }

// EngineLog is where the engine itself writes.
func (d Dir) EngineLog() string { return d.Path("engine.log") }

// PKI holds certificates, keys and kubeconfigs.
func (d Dir) PKI(elem ...string) string { return d.Path(append([]string{"pki"}, elem...)...) }

// Master is the directory of one master: etcd's data and the components' own files.
func (d Dir) Master(m topology.Machine, elem ...string) string {
	return d.Path(append([]string{"masters", m.Name()}, elem...)...)
}

// Node is the directory of one node: its disks.
func (d Dir) Node(m topology.Machine, elem ...string) string {
	return d.Path(append([]string{"nodes", m.Name()}, elem...)...)
}

// Log is where a component of a machine writes, for example logs/master-1/etcd.log.
func (d Dir) Log(m topology.Machine, component string) string {
	return d.Path("logs", m.Name(), component+".log")
}

// LogTail is the last lines of a component's log, empty where there is none.
func (d Dir) LogTail(m topology.Machine, component string, lines int) string {
	f, err := os.Open(d.Log(m, component))
	if err != nil {
		return ""
	}
	defer f.Close()
	const enough = 16 << 10 // bytes, for some lines of a verbose component
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	b := make([]byte, min(enough, info.Size()))
	n, _ := f.ReadAt(b, info.Size()-int64(len(b))) // what could be read is shown
	all := strings.Split(strings.TrimSpace(string(b[:n])), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// RemoveMachine deletes everything of a machine that has left the lab.
func (d Dir) RemoveMachine(m topology.Machine) error {
	return errors.Join(os.RemoveAll(d.Master(m)), os.RemoveAll(d.Node(m)), os.RemoveAll(d.Path("logs", m.Name())))
}

// Exists reports whether a lab lies here, complete or half-made.
func (d Dir) Exists() bool {
	_, err := os.Stat(d.path)
	return err == nil
}

// Remove deletes the lab's directory.
func (d Dir) Remove() error { return os.RemoveAll(d.path) }

// Tidy removes what all labs under root share, once no lab is left.
func Tidy(root string) error {
	if rest, err := Names(root); err != nil || len(rest) > 0 {
		return err
	}
	if err := os.RemoveAll(Cache(root)); err != nil {
		return err
	}
	// It stays when something else lies there: that is not ours.
	_ = os.Remove(root)
	return nil
}

// Names lists the labs under root, half-made ones included, sorted.
func Names(root string) ([]string, error) {
	entries, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && topology.ValidateName(e.Name()) == nil {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// WriteFile replaces the file at path by data, whole or not at all, also when the power fails.
func WriteFile(path string, data []byte, mode fs.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			// The first error matters; a left-over temporary file goes with the lab.
			_, _ = f.Close(), os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
