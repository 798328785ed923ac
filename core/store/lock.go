package store

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrHeld is returned when another process, the lab's engine, holds the lab.
var ErrHeld = errors.New("the lab is held by a running engine")

// ErrNameTaken is returned when a lab of that name runs under another root: links, cgroups and namespaces carry the
// name, so a machine has room for one of them.
var ErrNameTaken = errors.New("a lab of that name runs under another LAB_HOME: choose another --name")

// Lock is the exclusive hold of a lab. It ends with Release or with the process.
type Lock struct {
	f    *os.File
	name int // a socket that has the lab's name, for all roots of the machine
}

// The lock lies beside the lab's directory and not in it, so that it can be held while the directory is
// made and while it is removed.
func (d Dir) lockFile() string { return d.path + ".lock" }

// Lock takes the lab for this process, or returns ErrHeld at once. It writes the process's id into the lock,
// for messages only: whether an engine lives is told by the lock itself.
func (d Dir) Lock() (*Lock, error) {
	for {
		f, err := os.OpenFile(d.lockFile(), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			f.Close()
			if errors.Is(err, unix.EWOULDBLOCK) {
				return nil, ErrHeld
			}
			return nil, fmt.Errorf("lock %s: %w", d.lockFile(), err)
		}
		// Whoever held it before may have removed the file between our open and our lock: then we hold
		// a file that nobody else will find.
		if same(f, d.lockFile()) {
			name, err := claim(d.Name())
			if err != nil {
				return nil, errors.Join(err, os.Remove(f.Name()), f.Close())
			}
			return &Lock{f, name}, errors.Join(f.Truncate(0), writePID(f))
		}
		f.Close()
	}
}

// claim takes the lab's name for the machine, or rather for its network namespace, where the names of links must
// differ. An abstract socket's name goes with the process and needs no file.
func claim(name string) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: "@lab/" + name}); err != nil {
		unix.Close(fd)
		if errors.Is(err, unix.EADDRINUSE) {
			return -1, ErrNameTaken
		}
		return -1, fmt.Errorf("take the name %s: %w", name, err)
	}
	return fd, nil
}

func writePID(f *os.File) error {
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func same(f *os.File, path string) bool {
	a, errA := f.Stat()
	b, errB := os.Stat(path)
	return errA == nil && errB == nil && os.SameFile(a, b)
}

// Release gives the lab up and removes the lock's file.
func (l *Lock) Release() error {
	return errors.Join(os.Remove(l.f.Name()), l.f.Close(), unix.Close(l.name))
}

// Holder is the process that holds the lab, and whether any does.
func (d Dir) Holder() (pid int, held bool) {
	f, err := os.OpenFile(d.lockFile(), os.O_RDWR, 0)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	if unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB) == nil {
		return 0, false
	}
	b := make([]byte, 32)
	n, _ := f.Read(b) // an empty lock means that its holder has only just taken it
	pid, _ = strconv.Atoi(strings.TrimSpace(string(b[:n])))
	return pid, true
}
