package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Load reads the file of whoever sits at the terminal. Nobody is kept out by a file: if there is none the Screen is empty, and if there is
// something wrong with it, that is the Note.
func Load() Screen { return caller{os.Geteuid(), os.Getenv, user.Lookup}.load() }

// caller is who typed the command.
type caller struct {
	uid    int
	getenv func(string) string
	lookup func(name string) (*user.User, error)
}

// place is where a file may be.
type place struct {
	path  string
	shown string // to people
	owner string // who must own it, if root does not; empty if that does not matter
	uid   int    // of owner
}

func (c caller) load() Screen {
	for _, p := range c.places() {
		text, err := p.read()
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			continue
		}
		if err != nil {
			return Screen{Note: Mistakes{{File: p.shown, Text: err.Error()}}.note()}
		}
		s, mistakes := Parse(p.shown, text)
		s.Note = mistakes.note()
		return s
	}
	return Screen{}
}

// places are where the file may be, the first one first: behind sudo in the home of who called it.
func (c caller) places() []place {
	var list []place
	add := func(dir, home, owner string, uid int) {
		path := filepath.Join(dir, "lab", "config")
		shown := path
		if rest, ok := strings.CutPrefix(path, filepath.Clean(home)+"/"); ok && home != "" {
			shown = "~/" + rest
		}
		list = append(list, place{path, shown, owner, uid})
	}
	if name := c.getenv("SUDO_USER"); name != "" && c.uid == 0 {
		if u, err := c.lookup(name); err == nil && filepath.IsAbs(u.HomeDir) {
			if uid, err := strconv.Atoi(u.Uid); err == nil && uid > 0 {
				add(filepath.Join(u.HomeDir, ".config"), u.HomeDir, name, uid)
			}
		}
	}
	home := c.getenv("HOME")
	if dir := c.getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		add(dir, home, "", 0)
	} else if filepath.IsAbs(home) {
		add(filepath.Join(home, ".config"), home, "", 0)
	}
	return list
}

// read reads the file, one byte more of it than it may have at most. Root must not be led by a link to what the person could not read: what
// stands there would come back in a Mistake. Nor must it open devices and pipes, to which opening alone does something.
func (p place) read() ([]byte, error) {
	is, err := os.Stat(p.path)
	if err != nil {
		return nil, bare(err)
	}
	if !is.Mode().IsRegular() {
		return nil, errors.New("this is no file that can be read; remove it, or write one")
	}
	f, err := os.OpenFile(p.path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, bare(err)
	}
	defer f.Close()
	opened, err := f.Stat()
	if err != nil {
		return nil, bare(err)
	}
	if !os.SameFile(is, opened) {
		return nil, errors.New("the file was being replaced; come again")
	}
	if st, ok := opened.Sys().(*syscall.Stat_t); ok && p.owner != "" && int(st.Uid) != p.uid && (st.Uid != 0 || opened.Mode().Perm()&0o004 == 0) {
		return nil, fmt.Errorf("the file is not one of %s, so it is not read; change its owner: chown %s", p.owner, p.owner)
	}
	return io.ReadAll(io.LimitReader(f, mostFile+1))
}

// bare is err without the path, which the Mistake names.
func bare(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return fmt.Errorf("the file cannot be read: %w", e.Err)
	}
	return err
}
