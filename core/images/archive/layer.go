package archive

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// File is one entry of a layer. Its parent directories come by themselves, with mode 0755.
type File struct {
	Path    string      // absolute, clean: /bin/sh
	Mode    fs.FileMode // permissions, and fs.ModeDir, fs.ModeSymlink or fs.ModeSticky
	Link    string      // where a symbolic link points
	Content []byte      // what a regular file holds
}

// Program returns an executable file.
func Program(path string, content []byte) File {
	return File{Path: path, Mode: 0o755, Content: content}
}

// Symlink returns a symbolic link at path to target.
func Symlink(path, target string) File {
	return File{Path: path, Mode: fs.ModeSymlink | 0o777, Link: target}
}

// Skeleton returns what every image needs besides its program: the places that the runtime mounts onto,
// a directory for temporary files, and names for the users root and nobody.
func Skeleton() []File {
	return []File{
		{Path: "/dev", Mode: fs.ModeDir | 0o755},
		{Path: "/etc/passwd", Mode: 0o644, Content: []byte("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")},
		{Path: "/etc/group", Mode: 0o644, Content: []byte("root:x:0:\nnobody:x:65534:\n")},
		{Path: "/proc", Mode: fs.ModeDir | 0o555},
		{Path: "/root", Mode: fs.ModeDir | 0o700},
		{Path: "/sys", Mode: fs.ModeDir | 0o555},
		{Path: "/tmp", Mode: fs.ModeDir | fs.ModeSticky | 0o777},
	}
}

// layer returns files as a tar archive, sorted by path, parents first.
func layer(files []File) ([]byte, error) {
	entries := map[string]File{}
	for _, f := range files {
		if !path.IsAbs(f.Path) || path.Clean(f.Path) != f.Path || f.Path == "/" {
			return nil, fmt.Errorf("add %q: want an absolute, clean path below /", f.Path)
		}
		if _, twice := entries[f.Path]; twice {
			return nil, fmt.Errorf("add %s: it is there already", f.Path)
		}
		entries[f.Path] = f
	}
	for _, f := range files {
		for dir := path.Dir(f.Path); dir != "/"; dir = path.Dir(dir) {
			if parent, ok := entries[dir]; !ok {
				entries[dir] = File{Path: dir, Mode: fs.ModeDir | 0o755}
			} else if !parent.Mode.IsDir() {
				return nil, fmt.Errorf("add %s: %s is not a directory", f.Path, dir)
			}
		}
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		if err := entries[name].write(w); err != nil {
			return nil, fmt.Errorf("add %s: %w", name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("finish layer: %w", err)
	}
	return out.Bytes(), nil
}

func (f File) write(w *tar.Writer) error {
	h := &tar.Header{Name: strings.TrimPrefix(f.Path, "/"), Mode: int64(f.Mode.Perm()), ModTime: epoch}
	if f.Mode&fs.ModeSticky != 0 {
		h.Mode |= 0o1000
	}
	switch f.Mode.Type() {
	case 0:
		h.Typeflag, h.Size = tar.TypeReg, int64(len(f.Content))
	case fs.ModeDir:
		h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
	case fs.ModeSymlink:
		h.Typeflag, h.Linkname = tar.TypeSymlink, f.Link
	default:
		return fmt.Errorf("mode %s: want a file, directory or symbolic link", f.Mode)
	}
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err := w.Write(f.Content)
	return err
}
