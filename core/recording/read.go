package recording

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"kubelab/core/view"
)

// Recording is what was read of a file. It does not change, so any number of replays may share it.
//
// It is in memory, some 90 MB for an hour of an idle lab: events decoded, snapshots and changes of them as they are in
// the file. What may take more than 3 GB, estimated from above, is read up to there: that is some nine hours of an idle
// lab, which take less than 1 GB. To read an hour takes two seconds.
type Recording struct {
	info   Info
	length time.Duration
	states []state // the first one is whole

	events []view.Event
	times  []time.Duration // when each of them came, in order
}

// state is a snapshot or what changed in it.
type state struct {
	at   time.Duration
	full bool
	raw  []byte
}

// Info says what the recording is of.
func (r *Recording) Info() Info { return r.info }

// Length is how long it lasts.
func (r *Recording) Length() time.Duration { return r.length }

// until is how many events there are up to and with a moment.
func (r *Recording) until(at time.Duration) int {
	return sort.Search(len(r.times), func(i int) bool { return r.times[i] > at })
}

// Incomplete says that a file was read, but not to its end.
type Incomplete struct {
	Path string
	Why  string
	// Until is up to where it can be replayed, since its beginning, and At the same on the clock.
	Until time.Duration
	At    time.Time
}

func (e *Incomplete) Error() string {
	return fmt.Sprintf("%s %s: it can be replayed up to %s, which is %s after its beginning",
		e.Path, e.Why, e.At.Local().Format("2006-01-02 15:04:05"), e.Until.Round(time.Second/10))
}

// Open reads a recording. When the file is cut short, damaged or too large, what comes before that is returned, together
// with an *Incomplete; whether that will do is for the caller to say. When there is nothing to replay at all, only the
// error is returned.
func Open(path string) (*Recording, error) {
	f, err := os.Open(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, view.Fail(view.NotFound, "there is no file %s: name one that lab record has made", path)
	case err != nil:
		return nil, fmt.Errorf("replay: %w", err)
	}
	defer f.Close()
	return Read(path, f)
}

// Read is Open for what is open already. The path is for errors.
func Read(path string, from io.Reader) (*Recording, error) {
	in := bufio.NewReader(from)
	if err := readMagic(path, in); err != nil {
		return nil, err
	}
	z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, fmt.Errorf("replay %s: %w", path, err)
	}
	defer z.Close()
	r := &reader{out: &Recording{}, known: newIntern(), limit: maxCost}
	why := r.read(z)
	out := r.out
	switch {
	case len(out.states) == 0:
		return nil, view.Fail(view.Failed, "%s %s, before there is anything to replay: record again", path, why)
	case why != "":
		return out, &Incomplete{Path: path, Why: why, Until: out.length, At: out.info.Began.Add(out.length)}
	}
	return out, nil
}

// readMagic reads the first line of a file.
func readMagic(path string, in *bufio.Reader) error {
	head, err := in.Peek(len(magic))
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return fmt.Errorf("replay %s: %w", path, err)
	case len(head) == 0:
		return view.Fail(view.Failed, "%s is empty: nothing was recorded; record again", path)
	case string(head) != magic:
		return view.Fail(view.Usage, "%s is not a recording of a lab: name a file that lab record has made", path)
	}
	version, err := in.ReadSlice('\n')
	if err != nil || len(version) > len(magic)+10 {
		return view.Fail(view.Failed, "%s is cut short or damaged in its first line: record again", path)
	}
	v, err := strconv.Atoi(strings.TrimSpace(string(version[len(magic):])))
	switch {
	case err != nil || v < 1:
		return view.Fail(view.Failed, "%s is damaged in its first line: record again", path)
	case v != format:
		with := "a later lab"
		if v < format {
			with = "an earlier lab"
		}
		return view.Fail(view.Failed, "%s has version %d of the format of recordings, and this lab reads version %d: replay it with %s",
			path, v, format, with)
	}
	return nil
}

// What may be wrong with a file, as it follows the file's name.
const (
	whyCut     = "is cut short"
	whyDamaged = "is damaged"
	whyLarge   = "is larger than can be replayed"
	whyFailed  = "cannot be read further (%v)"
)

// reader makes a Recording of lines.
type reader struct {
	out   *Recording
	known *intern
	cost  int64
	limit int64 // of cost
	ended bool
	// Up to here checksums hold: where the latest whole snapshot began.
	safe struct {
		states, events int
		at             time.Duration
	}
}

// read reads all lines. It returns what is wrong with the file, if anything is.
func (r *reader) read(from io.Reader) (why string) {
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	lines.Split(wholeLines)
	for why == "" && lines.Scan() {
		why = r.line(lines.Bytes())
	}
	var disk *os.PathError
	switch err := lines.Err(); {
	case why != "":
	case errors.As(err, &disk):
		why = fmt.Sprintf(whyFailed, disk.Err)
	case errors.Is(err, io.ErrUnexpectedEOF), err == nil && !r.ended:
		why = whyCut
	case err != nil:
		why = whyDamaged
	}
	if why == whyDamaged {
		r.rewind()
	}
	r.out.events, r.out.times = slices.Clip(r.out.events), slices.Clip(r.out.times)
	return why
}

// wholeLines splits at ends of lines. What is behind the last one was cut off.
func wholeLines(data []byte, _ bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	return 0, nil, nil
}

// rewind drops what may be damage that no checksum has shown: all since the latest whole snapshot.
func (r *reader) rewind() {
	o := r.out
	o.states, o.events, o.times, o.length = o.states[:r.safe.states], o.events[:r.safe.events], o.times[:r.safe.events], r.safe.at
}

// line takes one line.
func (r *reader) line(raw []byte) (why string) {
	if r.cost += cost(raw); r.cost > r.limit {
		return whyLarge
	}
	blank(raw)
	var l line
	if json.Unmarshal(raw, &l) != nil || r.ended {
		return whyDamaged
	}
	at, o := time.Duration(l.At)*time.Microsecond, r.out
	first := o.info.Began.IsZero()
	switch {
	case l.At < 0 || l.At > maxLength.Microseconds() || at < o.length: // time goes back
		return whyDamaged
	case first != (l.Info != nil), !first && len(o.states) == 0 && (l.Full == nil || at > 0):
		return whyDamaged
	}
	switch {
	case l.Info != nil && !l.Info.Began.IsZero():
		o.info = *l.Info
	case l.Full != nil:
		if json.Unmarshal(l.Full, new(view.Snapshot)) != nil {
			return whyDamaged
		}
		r.safe.states, r.safe.events, r.safe.at = len(o.states), len(o.events), o.length
		o.states = append(o.states, state{at, true, l.Full})
	case l.Patch != nil:
		o.states = append(o.states, state{at, false, l.Patch})
	case l.Event != nil:
		r.known.event(l.Event)
		o.events, o.times = append(o.events, *l.Event), append(o.times, at)
	case l.End != nil && l.End.Events == len(o.events):
		r.ended = true
	default:
		return whyDamaged
	}
	o.length = at
	return ""
}
