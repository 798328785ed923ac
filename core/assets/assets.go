// Package assets carries what a node needs besides the lab binary: runc, containerd's shim, the CNI
// plugins, crictl, the node init, and the container images. All of it is in one compressed archive inside
// the binary and is unpacked once per content, for all labs of a machine.
//
// make builds the archive (core/assets/build) into data/. Without it this package compiles all the same,
// and Unpack says what to do. It does not import images into containerd, and it starts nothing.
//
// Main type: Dir.
package assets

import (
	"archive/tar"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// The names that core/assets/build gives to the archive and its digest.
const (
	archiveName = "data/assets.tar.zst"
	idName      = "data/assets.id"
)

// The folders in the archive.
const (
	binFolder    = "bin"
	imagesFolder = "images"
)

//go:embed all:data
var data embed.FS

// ErrAbsent is returned when the binary was built without the archive.
var ErrAbsent = errors.New("this binary was built without its assets; run make")

// Dir is where the assets lie.
type Dir struct {
	Root   string   // the directory that Unpack made, named by its content
	Bin    string   // helper binaries; after Link the lab binary too
	Images []string // OCI archives, in the order in which to import them: the sandbox image first
}

// Present says whether the binary carries its assets.
func Present() bool { return ID() != "" }

// ID names the content of the assets; it is empty when there are none.
func ID() string {
	id, err := fs.ReadFile(data, idName)
	if err != nil {
		return "" // not built in
	}
	return strings.TrimSpace(string(id))
}

// Unpack makes sure that the assets lie in a directory below root, and says where. It takes 0.3 s the
// first time and nothing afterwards. Several processes may call it at once. When it fails, for example on
// a full disk, it leaves nothing behind.
func Unpack(ctx context.Context, root string) (Dir, error) {
	if !Present() {
		return Dir{}, ErrAbsent
	}
	archive, err := data.Open(archiveName)
	if err != nil {
		return Dir{}, fmt.Errorf("open the assets: %w", err)
	}
	defer archive.Close()
	return unpack(ctx, root, ID(), archive)
}

func unpack(ctx context.Context, root, id string, archive io.Reader) (Dir, error) {
	dir := filepath.Join(root, id)
	if complete(dir) {
		return open(dir)
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return Dir{}, fmt.Errorf("make the directory of the assets: %w", err)
	}
	unlock, err := lock(ctx, filepath.Join(root, lockName))
	if err != nil {
		return Dir{}, err
	}
	defer unlock()
	if complete(dir) { // another process was faster
		return open(dir)
	}
	if err := replace(ctx, root, dir, archive); err != nil {
		return Dir{}, fmt.Errorf("unpack the assets into %s: %w", dir, err)
	}
	prune(root, id)
	return open(dir)
}

// replace unpacks the archive beside dir and renames it to dir. The caller holds the lock.
func replace(ctx context.Context, root, dir string, archive io.Reader) (err error) {
	leftovers, _ := filepath.Glob(filepath.Join(root, temporary)) // the pattern is well formed
	for _, old := range append(leftovers, dir) {
		if err := os.RemoveAll(old); err != nil {
			return fmt.Errorf("remove what an interrupted start left: %w", err)
		}
	}
	temp, err := os.MkdirTemp(root, temporary)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(temp))
		}
	}()
	if err := os.Chmod(temp, 0o755); err != nil {
		return err
	}
	if err := extract(ctx, temp, archive); err != nil {
		return err
	}
	if err := mark(temp); err != nil {
		return err
	}
	return os.Rename(temp, dir)
}

// temporary is how a directory is called while it is filled, for MkdirTemp and Glob.
const temporary = ".unpacking-*"

// extract writes the files of a compressed tar archive below dir.
func extract(ctx context.Context, dir string, archive io.Reader) error {
	plain, err := zstd.NewReader(archive)
	if err != nil {
		return fmt.Errorf("read the archive: %w", err)
	}
	defer plain.Close()
	for r := tar.NewReader(plain); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the archive: %w", err)
		}
		if h.Typeflag != tar.TypeReg || !filepath.IsLocal(h.Name) {
			return fmt.Errorf("read the archive: unexpected entry %q", h.Name)
		}
		if err := write(filepath.Join(dir, h.Name), r); err != nil {
			return err
		}
	}
}

// write makes one file. All modes are set afterwards too, whatever the umask says.
func write(path string, content io.Reader) error {
	folder := filepath.Dir(path)
	if err := errors.Join(os.MkdirAll(folder, 0o755), os.Chmod(folder, 0o755)); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Chmod(0o755), file.Close())
}

// open describes an unpacked directory.
func open(dir string) (Dir, error) {
	// Glob sorts: the archive's names start with the order of import.
	images, err := filepath.Glob(filepath.Join(dir, imagesFolder, "*.tar"))
	if err != nil {
		return Dir{}, fmt.Errorf("list the images in %s: %w", dir, err)
	}
	return Dir{Root: dir, Bin: filepath.Join(dir, binFolder), Images: images}, nil
}
