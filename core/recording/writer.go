package recording

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"
)

// writer writes the lines of a file. It is used by one goroutine.
type writer struct {
	to   counter
	zstd *zstd.Encoder
	line bytes.Buffer
	json *json.Encoder // to line

	at      time.Duration // of the latest line
	flushed time.Duration
	cost    int64
	limit   int64 // of cost
	events  int
}

// counter counts what goes through it.
type counter struct {
	io.Writer
	bytes int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.bytes += int64(n)
	return n, err
}

// errFull is returned by write when a file has all that may be read of one.
var errFull = errors.New("the recording is as long as one can be; begin another one")

// maxEnd is what is left of the limit for the end mark.
const maxEnd = 1 << 10

func newWriter(to io.Writer, info Info) (*writer, error) {
	w := &writer{to: counter{Writer: to}, limit: maxCost}
	var err error
	// One goroutine is enough for a few hundred lines a second.
	w.zstd, err = zstd.NewWriter(&w.to, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression),
		zstd.WithWindowSize(maxWindow), zstd.WithEncoderCRC(true))
	if err != nil {
		return nil, fmt.Errorf("prepare to compress: %w", err)
	}
	w.json = json.NewEncoder(&w.line)
	w.json.SetEscapeHTML(false) // it is longer
	if _, err := fmt.Fprintf(&w.to, "%s%d\n", magic, format); err != nil {
		return nil, err
	}
	return w, w.write(0, line{Info: &info})
}

// write writes one line. Time does not go back: what comes late counts as of the line before.
func (w *writer) write(at time.Duration, l line) error {
	at = max(at.Truncate(time.Microsecond), w.at)
	l.At = at.Microseconds()
	w.line.Reset()
	if err := w.json.Encode(l); err != nil {
		return err
	}
	raw := w.line.Bytes()
	w.cost += cost(raw)
	switch {
	case len(raw) > maxLine:
		return fmt.Errorf("a line of %d bytes is too long to be read again", len(raw))
	case l.End == nil && (w.cost > w.limit-maxEnd || at > maxLength):
		return errFull
	}
	w.at = at
	if l.Event != nil {
		w.events++
	}
	_, err := w.zstd.Write(raw)
	return err
}

// flush brings all that is written to the file.
func (w *writer) flush() error {
	w.flushed = w.at
	return w.zstd.Flush()
}

// next ends the zstd frame and begins another one.
func (w *writer) next() error {
	if err := w.seal(); err != nil {
		return err
	}
	w.zstd.Reset(&w.to)
	return nil
}

// close writes the end mark and the rest.
func (w *writer) close(at time.Duration) error {
	if err := w.write(at, line{End: &end{Events: w.events}}); err != nil {
		return err
	}
	return w.seal()
}

// seal ends the zstd frame. All that is in it is flushed before, as a block whose frame's checksum is cut is not decoded.
func (w *writer) seal() error {
	if err := w.flush(); err != nil {
		return err
	}
	return w.zstd.Close()
}
