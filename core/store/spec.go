package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"kubelab/core/topology"
)

// A lab's Spec lies in pendingFile while the lab is made for the first time, and in specFile ever after: the
// one is renamed to the other when the first start has succeeded. A directory without specFile is half-made.
const (
	specFile    = "lab.json"
	pendingFile = "lab.json.pending"
)

// ErrNoLab is returned when no complete lab lies in the directory.
var ErrNoLab = errors.New("no such lab")

// Begin makes the directory of a new lab.
func (d Dir) Begin(s topology.Spec) error {
	if err := os.MkdirAll(d.path, 0o700); err != nil {
		return err
	}
	return d.write(pendingFile, s)
}

// Complete turns a lab that was begun into one that Load finds.
func (d Dir) Complete() error { return os.Rename(d.Path(pendingFile), d.Path(specFile)) }

// Load reads the lab's Spec. It returns ErrNoLab where there is none or only half of one.
func (d Dir) Load() (topology.Spec, error) { return d.read(specFile) }

// Pending reads the Spec of a lab that is being made.
func (d Dir) Pending() (topology.Spec, error) { return d.read(pendingFile) }

// Save replaces the Spec of a lab that Load finds.
func (d Dir) Save(s topology.Spec) error { return d.write(specFile, s) }

func (d Dir) read(file string) (topology.Spec, error) {
	var s topology.Spec
	b, err := os.ReadFile(d.Path(file))
	if errors.Is(err, fs.ErrNotExist) {
		return s, ErrNoLab
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("read %s: %w", d.Path(file), err)
	}
	if err := s.Validate(); err != nil {
		return s, fmt.Errorf("read %s: %w", d.Path(file), err)
	}
	return s, nil
}

func (d Dir) write(file string, s topology.Spec) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return WriteFile(d.Path(file), append(b, '\n'), 0o600)
}

// Subnets lists the subnets of all labs under root, half-made and stopped ones included.
func Subnets(root string) []netip.Prefix {
	names, _ := Names(root) // a root that cannot be read holds no lab we could collide with
	var all []netip.Prefix
	for _, name := range names {
		d, err := Open(root, name)
		if err != nil {
			continue
		}
		s, err := d.Load()
		if err != nil {
			s, err = d.Pending()
		}
		if err == nil {
			all = append(all, s.Subnet)
		}
	}
	return all
}

// LockRoot lets one process at a time choose what must differ between labs. It waits for its turn, which
// is milliseconds away; the returned function ends it.
func LockRoot(root string) (unlock func(), err error) {
	f, err := os.Open(root)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", root, err)
	}
	return func() { f.Close() }, nil
}
