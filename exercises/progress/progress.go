// Package progress keeps what a person has done in exercises: a JSON file for each person. Files are replaced as a
// whole, so that no crash leaves half of one; one that is damaged all the same is set aside, with a word to its owner,
// and never overwritten.
//
// The main types are Book, the file of one person, and Record, what it says of one exercise.
package progress

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"kubelab/core/view"
)

// version of the format of files.
const version = 1

// maxFile is the size in bytes above which a file is taken for damaged. One with all units of the workshop has 200 KB.
const maxFile = 16 << 20

// Book is what one person has done. It may be used from several goroutines and processes at once.
type Book struct {
	path string
}

// Record is how far a person is in one exercise.
type Record struct {
	Began  time.Time `json:"began"`           // for the last time
	Step   int       `json:"step"`            // that is to be done, from 0; the number of steps when all are
	Passed time.Time `json:"passed,omitzero"` // for the first time: it stays when the exercise is done once more

	StepBegan time.Time                       `json:"stepBegan,omitzero"`
	Start     *view.Snapshot                  `json:"start,omitempty"`  // the lab when the step began
	Checks    map[string]map[string]time.Time `json:"checks,omitempty"` // when each was passed, by step and check
	Answers   map[string]Answer               `json:"answers,omitempty"`
	Kept      map[string]any                  `json:"kept,omitempty"`
	Hints     map[string]int                  `json:"hints,omitempty"` // how many were shown, by step
	Debrief   string                          `json:"debrief,omitempty"`
}

// OfAnother reports whether the exercise was begun on another lab than this one, as far as both are known. A lab that was deleted and made
// again is another one.
func (r *Record) OfAnother(lab *view.Snapshot) bool {
	return r.Start != nil && lab != nil && (r.Start.Name != lab.Name || !r.Start.Made.Equal(lab.Made))
}

// Answer is an answer to a question.
type Answer struct {
	Value any       `json:"value"` // a string or a float64
	At    time.Time `json:"at"`
	// Late says that it was given when the step was begun to be passed already: it predicts nothing.
	Late bool `json:"late,omitempty"`
	// Right says whether it came true, nil when nothing says so; Was what did happen.
	Right *bool  `json:"right,omitempty"`
	Was   string `json:"was,omitempty"`
}

// file is a Book on disk.
type file struct {
	Version   int                `json:"version"`
	Exercises map[string]*Record `json:"exercises"`
}

// Open opens the book of a person, which is kept in a directory. Any name will do. Nothing is written before there is something to keep.
func Open(dir, person string) (*Book, error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("keep progress in %s: it is no directory", dir)
	}
	return &Book{filepath.Join(dir, fileName(person))}, nil
}

// fileName makes a file's name of a person's, so that no two persons have the same one and none leads elsewhere: what is no
// letter, digit, dash or dot inside is written as _ and its hexadecimal code. Long names end with a sum of them.
func fileName(person string) string {
	var b strings.Builder
	for i, c := range []byte(person) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || i > 0 && (c == '-' || c == '.') {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	return shorten(b.String()) + ".json"
}

// Path is where the book is.
func (b *Book) Path() string { return b.path }

// Read is what the book says of all exercises, by their ids. A book that is damaged is set aside; the notice says so and
// where, and the person begins anew. Empty maps mean that nothing was done yet.
func (b *Book) Read() (records map[string]*Record, notice string, err error) {
	if _, err := os.Stat(filepath.Dir(b.path)); errors.Is(err, fs.ErrNotExist) {
		return map[string]*Record{}, "", nil
	}
	err = b.locked(func() error {
		var f file
		f, notice, err = b.read()
		records = f.Exercises
		return err
	})
	return records, notice, err
}

// Update changes what the book says of one exercise. The Record is new when there was none. What others have written
// meanwhile is kept.
func (b *Book) Update(exercise string, change func(*Record)) (notice string, err error) {
	err = b.locked(func() error {
		var f file
		if f, notice, err = b.read(); err != nil {
			return err
		}
		r := f.Exercises[exercise]
		if r == nil {
			r = &Record{}
			f.Exercises[exercise] = r
		}
		change(r)
		return b.write(f)
	})
	return notice, err
}

// Stamp is another one whenever somebody has changed the book. It costs one look at the file.
func (b *Book) Stamp() string {
	info, err := os.Stat(b.path)
	if err != nil {
		return ""
	}
	return fmt.Sprint(info.ModTime().UnixNano(), info.Size(), info.Sys().(*syscall.Stat_t).Ino)
}

// locked runs f while nobody else reads or writes the book.
func (b *Book) locked(f func() error) error {
	if err := os.MkdirAll(filepath.Dir(b.path), 0o700); err != nil {
		return fmt.Errorf("keep progress: %w", err)
	}
	lock, err := os.OpenFile(b.path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("keep progress: %w", err)
	}
	defer lock.Close() // which gives the lock back
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("keep progress: lock %s: %w", b.path, err)
	}
	return f()
}

func (b *Book) read() (f file, notice string, err error) {
	f = file{Version: version, Exercises: map[string]*Record{}}
	in, err := os.Open(b.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f, "", nil
	case err != nil:
		return f, "", fmt.Errorf("read progress: %w", err)
	}
	defer in.Close()
	raw, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err != nil {
		return f, "", fmt.Errorf("read progress of %s: %w", b.path, err)
	}
	var got file
	switch err := json.Unmarshal(raw, &got); {
	case len(raw) > maxFile:
		return b.setAside(f, "is too large")
	case err != nil:
		return b.setAside(f, "is damaged")
	case got.Version > version:
		return f, "", view.Fail(view.Failed,
			"%s was written by a later lab (version %d, this one knows %d): use that one, or move the file away", b.path, got.Version, version)
	case got.Version != version || hasNil(got.Exercises):
		return b.setAside(f, "is damaged")
	}
	if got.Exercises == nil {
		got.Exercises = f.Exercises
	}
	return got, "", nil
}

func hasNil(records map[string]*Record) bool {
	for _, r := range records {
		if r == nil {
			return true
		}
	}
	return false
}

// setAside moves the file away, so that it can be looked at, and begins a new one.
func (b *Book) setAside(empty file, why string) (file, string, error) {
	aside := b.path + ".damaged-" + time.Now().UTC().Format("20060102-150405.000000000")
	if err := os.Rename(b.path, aside); err != nil {
		return empty, "", fmt.Errorf("%s %s, and cannot be set aside: %w", b.path, why, err)
	}
	return empty, fmt.Sprintf("%s %s: it was set aside as %s, and a new one begun", b.path, why, aside), nil
}

// write replaces the file by a new one.
func (b *Book) write(f file) error {
	raw, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return fmt.Errorf("keep progress: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(b.path), filepath.Base(b.path)+".new-*")
	if err != nil {
		return fmt.Errorf("keep progress: %w", err)
	}
	_, err = tmp.Write(raw)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), b.path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name()) // the error above says more
		return fmt.Errorf("keep progress: %w", err)
	}
	return nil
}
