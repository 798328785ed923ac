package exercises

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"kubelab/core/view"
)

// skeleton is a small exercise that works. ID stands for its id.
//
//go:embed skeleton
var skeleton embed.FS

// New writes a small exercise that works into a new folder, to begin with. The folder's name is its id.
func New(folder string) error {
	id := filepath.Base(filepath.Clean(folder))
	if !idForm.MatchString(id) {
		return view.Fail(view.Usage, "%q cannot be the id of an exercise: name a folder with %s", id, strings.TrimPrefix(idRule, "use "))
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return fmt.Errorf("make a new exercise: %w", err)
	}
	switch err := os.Mkdir(folder, 0o755); {
	case errors.Is(err, fs.ErrExist):
		return view.Fail(view.Usage, "%s exists already: name a new folder, or lint what is there (lab exercise lint %s)", folder, folder)
	case err != nil:
		return fmt.Errorf("make a new exercise: %w", err)
	}
	entries, err := skeleton.ReadDir("skeleton")
	if err != nil {
		return fmt.Errorf("make a new exercise: %w", err)
	}
	for _, e := range entries {
		text, err := skeleton.ReadFile("skeleton/" + e.Name())
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, e.Name()), []byte(strings.ReplaceAll(string(text), "ID", id)), 0o644)
		}
		if err != nil {
			return fmt.Errorf("make a new exercise: %w", err)
		}
	}
	return nil
}
