package logs

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"kubelab/core/view"
)

const (
	// look is how often a followed file is looked at. inotify would be quicker, but its instances are few
	// on many machines and kubelets need them.
	look = 200 * time.Millisecond
	// block is how much is read at once, and the longest line that is kept whole.
	block = 64 << 10
)

// Tail is the last n lines of a file, cleaned for a terminal. It is empty where nothing can be read: it is for
// messages about something else that went wrong.
func Tail(path string, n int) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	var lines []string
	t := &tail{file: f, emit: func(line string) error { lines = append(lines, Clean(line)); return nil }}
	if t.skipTo(n) != nil || t.read() != nil || t.flush() != nil {
		return ""
	}
	return strings.Join(lines, "\n")
}

// Crash is why a Go program died: at most n lines of a file, from where the runtime begins to say it, cleaned for a
// terminal. What follows there, goroutine by goroutine, can be thousands. It is empty where no runtime says such a thing.
func Crash(path string, n int) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	var found []string
	for lines := bufio.NewScanner(f); lines.Scan() && len(found) < n; {
		line := Clean(lines.Text())
		begins := slices.ContainsFunc([]string{"panic: ", "fatal error: ", "unexpected fault address ", "SIG"},
			func(word string) bool { return strings.HasPrefix(line, word) })
		if line != "" && (begins || len(found) > 0) {
			found = append(found, line)
		}
	}
	return strings.Join(found, "\n")
}

// fileSource is the log in a file that may be replaced by a new one while it is followed.
func fileSource(name, path string) source {
	return source{name, func(ctx context.Context, o Options, emit emitFunc) (func() error, error) {
		t := &tail{path: path, emit: emit}
		err := t.open()
		switch {
		case errors.Is(err, fs.ErrNotExist) && o.Follow:
			// It appears with the first line.
		case errors.Is(err, fs.ErrNotExist):
			return nil, view.Fail(view.Failed, "nothing is written yet: %s does not exist; see lab status, or wait for it with -f", path)
		case errors.Is(err, fs.ErrPermission):
			return nil, view.Fail(view.Failed, "%s is readable by root only: run it with sudo", path)
		case err != nil:
			return nil, err
		default:
			if err := errors.Join(t.skipTo(o.Tail), t.read()); err != nil {
				return nil, errors.Join(err, t.file.Close())
			}
		}
		if !o.Follow {
			return func() error { return nil }, errors.Join(t.flush(), t.file.Close())
		}
		return func() error { return t.follow(ctx) }, nil
	}}
}

// tail reads the lines of a file.
type tail struct {
	path string
	emit emitFunc
	file *os.File // nil while it does not exist
	rest []byte   // the beginning of a line whose end is not yet written
}

func (t *tail) open() (err error) {
	t.file, err = os.Open(t.path)
	if err != nil {
		t.file = nil
	}
	return err
}

// skipTo goes to where the last n lines begin; to the beginning if n is negative.
func (t *tail) skipTo(n int) error {
	if n < 0 {
		return nil
	}
	end, err := t.file.Seek(0, io.SeekEnd)
	if err != nil || n == 0 {
		return err
	}
	buf := make([]byte, block)
	for at, last := end, true; at > 0; {
		size := min(block, at)
		at -= size
		b := buf[:size]
		if _, err := t.file.ReadAt(b, at); err != nil {
			return err
		}
		if last { // the end of the last line begins none
			b, last = bytes.TrimSuffix(b, []byte("\n")), false
		}
		for i := len(b); ; n-- {
			i = bytes.LastIndexByte(b[:i], '\n')
			if i < 0 {
				break
			}
			if n == 1 {
				_, err := t.file.Seek(at+int64(i)+1, io.SeekStart)
				return err
			}
		}
	}
	_, err = t.file.Seek(0, io.SeekStart)
	return err
}

// read gives all whole lines up to the end of the file.
func (t *tail) read() error {
	buf := make([]byte, block)
	for {
		n, err := t.file.Read(buf)
		t.rest = append(t.rest, buf[:n]...)
		if err := t.lines(); err != nil {
			return err
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (t *tail) lines() error {
	for {
		line, rest, ok := bytes.Cut(t.rest, []byte("\n"))
		if !ok && len(t.rest) < block {
			return nil
		}
		if err := t.emit(string(line)); err != nil {
			return err
		}
		t.rest = rest
	}
}

// flush gives a last line that has no end.
func (t *tail) flush() error {
	if len(t.rest) == 0 {
		return nil
	}
	line := string(t.rest)
	t.rest = nil
	return t.emit(line)
}

// follow goes on until ctx ends.
func (t *tail) follow(ctx context.Context) error {
	defer func() {
		if t.file != nil {
			t.file.Close() // only read
		}
	}()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := t.step(); err != nil {
			return err
		}
	}
}

// step reads what is new. A file that was rotated has another one in its place, or is shorter than before;
// what was written to the old one until then is read first.
func (t *tail) step() error {
	if t.file == nil {
		if err := t.open(); err != nil {
			return ignoreAbsent(err)
		}
	}
	now, statErr := os.Stat(t.path) // before the read: what comes later is in the new file
	if err := t.read(); err != nil {
		return err
	}
	if statErr != nil {
		return ignoreAbsent(statErr) // between removal and the new one
	}
	mine, err := t.file.Stat()
	if err != nil {
		return err
	}
	at, err := t.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	switch {
	case !os.SameFile(now, mine):
		if err := errors.Join(t.flush(), t.file.Close()); err != nil {
			return err
		}
		t.file = nil
		return t.step()
	case mine.Size() < at:
		t.rest = nil
		_, err := t.file.Seek(0, io.SeekStart)
		return err
	}
	return nil
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
