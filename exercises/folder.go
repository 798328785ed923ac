package exercises

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"

	"kubelab/exercises/expr"
)

// Bounds of a folder. The largest of the built-in ones has 20 KB in 6 files.
const (
	maxFiles  = 64
	maxFile   = 256 << 10 // bytes
	maxFolder = 2 << 20   // bytes
	maxNested = 3         // folders within
)

// The files that every exercise has.
const (
	fileExercise = "exercise.yaml"
	fileTask     = "task.md"
	fileDebrief  = "debrief.md"
	fileSolution = "solution.txtar"
	fileWrong    = "wrong.txtar"
)

// readFolder reads all files of a folder, by their paths in it. What is no ordinary file, too large, or no plain text is
// refused before anything of it is looked at.
func readFolder(fsys fs.FS, dir string) (map[string]string, Problems) {
	files, total := map[string]string{}, 0
	var problems Problems
	refuse := func(file string, line int, format string, args ...any) {
		problems = append(problems, Problem{File: file, Line: line, Text: fmt.Sprintf(format, args...)})
	}
	err := fs.WalkDir(fsys, dir, func(name string, d fs.DirEntry, err error) error {
		file := strings.TrimPrefix(strings.TrimPrefix(name, dir), "/")
		hidden := file != "" && strings.HasPrefix(path.Base(name), ".")
		switch {
		case err != nil:
			return err
		case d.IsDir() && (hidden || strings.Count(file, "/") >= maxNested):
			return fs.SkipDir
		case d.IsDir() || hidden:
			return nil
		case !d.Type().IsRegular():
			refuse(file, 1, "this is no ordinary file: an exercise has no links, pipes or devices")
			return nil
		case len(files) >= maxFiles:
			refuse(file, 1, "there are more than %d files in the folder", maxFiles)
			return fs.SkipAll
		}
		text, err := readFile(fsys, name)
		if err != nil {
			refuse(file, 1, "%v", err)
			return nil
		}
		if total += len(text); total > maxFolder {
			refuse(file, 1, "the folder has more than %d KiB up to here", maxFolder>>10)
			return fs.SkipAll
		}
		if line, what := unfit(text); line > 0 {
			refuse(file, line, "%s", what)
			return nil
		}
		files[file] = string(text)
		return nil
	})
	if err != nil {
		refuse(fileExercise, 1, "read the folder: %v", err)
	}
	return files, problems
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxFile:
		return nil, fmt.Errorf("the file is larger than %d KiB", maxFile>>10)
	}
	return text, nil
}

// unfit is the first line that has something in it which is no text, and what that is; 0 when all is well.
func unfit(text []byte) (line int, what string) {
	for i, raw := range bytes.Split(text, []byte("\n")) {
		raw = bytes.TrimSuffix(raw, []byte("\r"))
		if !utf8.Valid(raw) {
			return i + 1, "this is not UTF-8"
		}
		if at := bytes.IndexFunc(raw, expr.Unfit); at >= 0 {
			r, _ := utf8.DecodeRune(raw[at:])
			return i + 1, fmt.Sprintf("there is a control character in this line (%U): terminals would obey it", r)
		}
	}
	return 0, ""
}

// inFolder reports why a path leads to no file of the folder.
func inFolder(files map[string]string, name string) error {
	switch {
	case !fs.ValidPath(name) || name == ".":
		return fmt.Errorf("%q leads out of the exercise's folder: name a file in it", name)
	case !has(files, name):
		return errors.New("there is no file " + name + " in the exercise's folder")
	}
	return nil
}

func has(files map[string]string, name string) bool {
	_, ok := files[name]
	return ok
}
