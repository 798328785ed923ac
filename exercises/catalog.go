package exercises

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"kubelab/core/target"
	"kubelab/core/view"
	"kubelab/exercises/content"
	"kubelab/exercises/expr"
)

// maxExercises is how many folders are looked at.
const maxExercises = 200

// Catalog are exercises in the order of the names of their folders.
type Catalog []*Exercise

// Builtin are the exercises in the binary. That they have no problems is tested; if they had, the error lists them.
func Builtin(env *expr.Env) (Catalog, error) {
	c, problems := ReadAll(env, content.FS)
	if len(problems) > 0 {
		return c, problems
	}
	return c, nil
}

// ReadDir reads the exercises in a directory: in folders of it, or the one that it is itself. Those with serious problems
// are left out.
func ReadDir(env *expr.Env, dir string) (Catalog, Problems, error) {
	root, err := os.OpenRoot(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, view.Fail(view.NotFound, "there is no directory %s: name one with exercises in it", dir)
	case err != nil:
		return nil, nil, fmt.Errorf("read exercises: %w", err)
	}
	defer root.Close()
	c, problems := ReadAll(env, root.FS())
	for i := range problems {
		problems[i].File = path.Join(dir, problems[i].File)
	}
	if len(c) == 0 && len(problems) == 0 {
		return nil, nil, view.Fail(view.NotFound, "there is no exercise in %s: one has a folder with %s in it", dir, fileExercise)
	}
	return c, problems, nil
}

// ReadAll is ReadDir for what is open already.
func ReadAll(env *expr.Env, fsys fs.FS) (Catalog, Problems) {
	if _, err := fs.Stat(fsys, fileExercise); err == nil {
		e, problems := Read(env, fsys, ".")
		if e == nil {
			return nil, problems
		}
		return Catalog{e}, problems
	}
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, Problems{{File: ".", Line: 1, Text: err.Error()}}
	}
	var c Catalog
	var all Problems
	for _, d := range entries {
		if _, err := fs.Stat(fsys, path.Join(d.Name(), fileExercise)); !d.IsDir() || err != nil {
			continue
		}
		e, problems := Read(env, fsys, d.Name())
		all = append(all, problems...)
		switch {
		case e == nil:
		case c.find(e.ID) != nil:
			text := fmt.Sprintf("there is another exercise %s, in %s", e.ID, c.find(e.ID).Folder)
			all = append(all, Problem{File: path.Join(d.Name(), fileExercise), Line: 1, Text: text})
		case len(c) == maxExercises:
			return c, append(all, Problem{File: d.Name(), Line: 1, Text: fmt.Sprintf("there are more than %d exercises", maxExercises)})
		default:
			c = append(c, e)
		}
	}
	return c, all
}

func (c Catalog) find(id string) *Exercise {
	for _, e := range c {
		if e.ID == id {
			return e
		}
	}
	return nil
}

// Find is the exercise of an id, or of its number in the catalog, from 1.
func (c Catalog) Find(id string) (*Exercise, error) {
	if e := c.find(id); e != nil {
		return e, nil
	}
	var ids []string
	for i, e := range c {
		if fmt.Sprint(i+1) == id {
			return e, nil
		}
		ids = append(ids, e.ID)
	}
	if near := target.Near(id, ids); len(near) > 0 {
		return nil, view.Fail(view.NotFound, "there is no exercise %q: did you mean %s?", id, strings.Join(near, " or "))
	}
	return nil, view.Fail(view.NotFound, "there is no exercise %q: see lab exercise list", id)
}
