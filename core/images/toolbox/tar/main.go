// Command tar packs and unpacks archives, as far as kubectl cp and people in a pod need it.
//
//	tar c|x|t[v][z][f FILE] [-C DIR] [PATH…]
//
// The letters may come with or without a dash. The archive is standard input or output unless f names a
// file other than -. Letters that ask for what happens anyway (m, p, o) are accepted.
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

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "tar:", err)
		os.Exit(1)
	}
}

// job is what was asked for.
type job struct {
	mode          byte // c, x or t
	verbose, gzip bool
	file, dir     string
	paths         []string
	log           io.Writer // names of files, with v
}

func parse(args []string) (job, error) {
	j := job{file: "-", dir: "."}
	for first := true; len(args) > 0; first = false {
		arg := args[0]
		args = args[1:]
		letters, dashed := strings.CutPrefix(arg, "-")
		if arg == "--" {
			j.paths = append(j.paths, args...)
			break
		}
		if !dashed && !first {
			j.paths = append(j.paths, arg)
			continue
		}
		for _, letter := range letters {
			switch letter {
			case 'c', 'x', 't':
				j.mode = byte(letter)
			case 'v':
				j.verbose = true
			case 'z':
				j.gzip = true
			case 'm', 'p', 'o':
			case 'f', 'C':
				if len(args) == 0 {
					return j, fmt.Errorf("option %c: want a value", letter)
				}
				if letter == 'f' {
					j.file = args[0]
				} else {
					j.dir = args[0]
				}
				args = args[1:]
			default:
				return j, fmt.Errorf("option %c is unknown", letter)
			}
		}
	}
	if j.mode == 0 {
		return j, errors.New("want c to create, x to extract or t to list")
	}
	return j, nil
}

func run(args []string, in io.Reader, out, log io.Writer) (err error) {
	j, err := parse(args)
	if err != nil {
		return err
	}
	j.log = io.Discard
	if j.verbose {
		j.log = log
	}
	if j.mode == 'c' {
		if j.file != "-" {
			file, err := os.Create(j.file)
			if err != nil {
				return err
			}
			return errors.Join(j.create(file), file.Close())
		}
		return j.create(out)
	}
	if j.file != "-" {
		file, err := os.Open(j.file)
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	if j.mode == 't' {
		j.log = out
	}
	return j.read(in)
}

func (j job) create(out io.Writer) error {
	if len(j.paths) == 0 {
		return errors.New("want files to put into the archive")
	}
	packed := io.WriteCloser(nopCloser{out})
	if j.gzip {
		packed = gzip.NewWriter(out)
	}
	w := tar.NewWriter(packed)
	for _, path := range j.paths {
		root := path
		if !filepath.IsAbs(path) {
			root = filepath.Join(j.dir, path)
		}
		err := filepath.Walk(root, func(name string, info os.FileInfo, err error) error {
			if err != nil {
				return err
			}
			inside, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			return j.add(w, name, filepath.Join(path, inside), info)
		})
		if err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), packed.Close())
}

// add writes the file at name into the archive as inside.
func (j job) add(w *tar.Writer, name, inside string, info os.FileInfo) error {
	link := ""
	if info.Mode()&os.ModeSymlink != 0 {
		var err error
		if link, err = os.Readlink(name); err != nil {
			return err
		}
	}
	h, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return err
	}
	h.Name = strings.TrimLeft(filepath.ToSlash(inside), "/")
	if h.Name == "" {
		return nil // the root itself
	}
	if info.IsDir() {
		h.Name += "/"
	}
	fmt.Fprintln(j.log, h.Name)
	if err := w.WriteHeader(h); err != nil || !info.Mode().IsRegular() {
		return err
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(w, file)
	return err
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
