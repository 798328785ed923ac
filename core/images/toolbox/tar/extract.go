package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// read lists or extracts an archive.
func (j job) read(in io.Reader) error {
	if j.gzip {
		plain, err := gzip.NewReader(in)
		if err != nil {
			return err
		}
		in = plain
	}
	// An archive must not write outside the directory, by .. or by a link: that is what os.Root is for.
	var root *os.Root
	if j.mode == 'x' {
		var err error
		if root, err = os.OpenRoot(j.dir); err != nil {
			return err
		}
		defer root.Close()
	}
	for r := tar.NewReader(in); ; {
		h, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if !j.wants(h.Name) {
			continue
		}
		fmt.Fprintln(j.log, h.Name)
		if root == nil {
			continue
		}
		if err := extract(root, h, r); err != nil {
			return fmt.Errorf("extract %s: %w", h.Name, err)
		}
	}
}

// wants says whether an entry is one of the named paths or below one; without names all are.
func (j job) wants(name string) bool {
	name = filepath.Clean(name)
	for _, p := range j.paths {
		p = strings.TrimLeft(filepath.Clean(p), "/")
		if name == p || strings.HasPrefix(name, p+"/") {
			return true
		}
	}
	return len(j.paths) == 0
}

func extract(root *os.Root, h *tar.Header, content io.Reader) error {
	name := strings.TrimLeft(filepath.Clean(h.Name), "/")
	if name == "." || name == "" {
		return nil
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	mode := os.FileMode(h.Mode).Perm()
	switch h.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, mode|0o700)
	case tar.TypeSymlink:
		if err := root.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return root.Symlink(h.Linkname, name)
	case tar.TypeReg:
		file, err := root.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
		if err != nil {
			return err
		}
		_, err = io.Copy(file, content)
		return errors.Join(err, file.Close())
	}
	return fmt.Errorf("type %q: only files, directories and symbolic links", h.Typeflag)
}
