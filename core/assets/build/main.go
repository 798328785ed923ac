// Command build writes the archive that core/assets embeds: helper binaries, and container images made
// of programs that were built before. make runs it.
//
//	build -bin DIR -programs DIR -commands "ls cat …" -out DIR
//
// The same input gives the same archive.
package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

func main() {
	bin := flag.String("bin", "", "directory of the helper binaries; all files in it are taken")
	programs := flag.String("programs", "", "directory of the images' programs: pause, demo, toolbox, coredns")
	commands := flag.String("commands", "", "names of the toolbox's commands, separated by spaces")
	out := flag.String("out", "", "directory to write assets.tar.zst and assets.id to")
	flag.Parse()
	if err := build(*bin, *programs, strings.Fields(*commands), *out); err != nil {
		fmt.Fprintln(os.Stderr, "build assets:", err)
		os.Exit(1)
	}
}

// entry is one file of the archive.
type entry struct {
	name    string
	content []byte
}

func build(bin, programs string, commands []string, out string) error {
	entries, err := binaries(bin)
	if err != nil {
		return err
	}
	images, err := imageArchives(programs, commands)
	if err != nil {
		return err
	}
	entries = append(entries, images...)

	var archive bytes.Buffer
	id, err := write(&archive, entries)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	if err := replace(filepath.Join(out, "assets.tar.zst"), archive.Bytes()); err != nil {
		return err
	}
	// The ID last: without it there are no assets, so a half-written archive is never taken for one.
	if err := replace(filepath.Join(out, "assets.id"), []byte(id+"\n")); err != nil {
		return err
	}
	report(entries, archive.Len(), id)
	return nil
}

// binaries reads the helper binaries.
func binaries(dir string) ([]entry, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list helper binaries: %w", err)
	}
	var entries []entry
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return nil, fmt.Errorf("read helper binary: %w", err)
		}
		entries = append(entries, entry{"bin/" + f.Name(), content})
	}
	return entries, nil
}

// write compresses entries into w and returns their ID, a digest of the content before compression.
func write(w io.Writer, entries []entry) (id string, err error) {
	// The best level makes the lab binary 4 MB smaller than the default and costs a second per build.
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedBetterCompression))
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	t := tar.NewWriter(io.MultiWriter(z, sum))
	for _, e := range entries {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: e.name, Size: int64(len(e.content)), Mode: 0o755, ModTime: time.Unix(0, 0)}
		if err := t.WriteHeader(h); err != nil {
			return "", fmt.Errorf("archive %s: %w", e.name, err)
		}
		if _, err := t.Write(e.content); err != nil {
			return "", fmt.Errorf("archive %s: %w", e.name, err)
		}
	}
	if err := errors.Join(t.Close(), z.Close()); err != nil {
		return "", fmt.Errorf("finish the archive: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil // a directory's name: 64 bits tell builds apart
}

// replace writes a file by renaming, so that an interrupted build leaves the old one.
func replace(path string, content []byte) error {
	temp := path + ".new"
	if err := os.WriteFile(temp, content, 0o644); err != nil {
		return errors.Join(err, os.RemoveAll(temp))
	}
	return os.Rename(temp, path)
}

func report(entries []entry, packed int, id string) {
	const mb = 1e6
	total := 0
	for _, e := range entries {
		total += len(e.content)
		fmt.Printf("  %-32s %6.1f MB\n", e.name, float64(len(e.content))/mb)
	}
	fmt.Printf("  assets %s: %.1f MB, %.1f MB compressed\n", id, float64(total)/mb, float64(packed)/mb)
}
