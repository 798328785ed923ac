package recording

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/zstd"

	"kubelab/core/view"
)

// oneLine fails the test when err is not one line that names the file.
func oneLine(t testing.TB, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "lab.rec") || strings.Contains(err.Error(), "\n") || len(err.Error()) > 200 {
		t.Errorf("the error is %q, want one line that names the file", err)
	}
}

// beginOf fails the test when r, of a file that is not whole, has anything else than the whole one has up to there.
func beginOf(t testing.TB, what string, r *Recording, err error, whole *Recording) {
	t.Helper()
	var cut *Incomplete
	if !errors.As(err, &cut) || cut.Until != r.length || !cut.At.Equal(r.info.Began.Add(r.length)) || r.length > whole.length {
		t.Fatalf("%s: it lasts %v, and the error is %v", what, r.length, err)
	}
	if n := len(r.events); n > len(whole.events) || n > 0 && !reflect.DeepEqual(r.events, whole.events[:n]) {
		t.Errorf("%s: its %d events are not those of the whole one", what, len(r.events))
	}
	for i, s := range r.states {
		if w := whole.states[i]; s.at != w.at || s.full != w.full || !bytes.Equal(s.raw, w.raw) {
			t.Errorf("%s: snapshot %d is %s, want %s", what, i, s.raw, w.raw)
		}
	}
	l := Replay(r)
	l.Seek(r.length)
	l.Snapshot()
}

// log is a file that notes how long it was when.
type log struct {
	bytes.Buffer
	began time.Time
	sizes []int
	at    []time.Duration
}

func (l *log) Write(p []byte) (int, error) {
	n, err := l.Buffer.Write(p)
	l.sizes, l.at = append(l.sizes, l.Len()), append(l.at, time.Since(l.began))
	return n, err
}

// twoMinutes is a recording with three whole snapshots.
func twoMinutes(t *testing.T) *log {
	t.Helper()
	var file log
	synctest.Test(t, func(t *testing.T) {
		lab := newFake(&view.Snapshot{Name: "school", State: view.Healthy})
		file.began = time.Now()
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- Record(ctx, lab, &file, Options{}) }()
		for n := range 130 {
			time.Sleep(time.Second)
			lab.tell(view.Event{Kind: view.Changed, Source: fmt.Sprintf("node-%d/kubelet", n%3), Text: strings.Repeat("x", n%20)})
			lab.show(func(s *view.Snapshot) { s.Etcd.Revision += int64(n) })
		}
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
	return &file
}

// TestCutShortAnywhere cuts a file after each of its bytes.
func TestCutShortAnywhere(t *testing.T) {
	file := twoMinutes(t)
	raw, whole := file.Bytes(), read(t, file.Bytes())
	events, written := 0, 0
	for n := range raw {
		r, err := Read("lab.rec", bytes.NewReader(raw[:n]))
		oneLine(t, err)
		for written < len(file.sizes) && file.sizes[written] <= n {
			written++
		}
		if r == nil {
			if events > 0 || written > 3 {
				t.Fatalf("cut after %d bytes there is nothing: %v", n, err)
			}
			continue
		}
		beginOf(t, fmt.Sprintf("cut after %d bytes", n), r, err, whole)
		if len(r.events) < events {
			t.Errorf("cut after %d bytes it has %d events; with fewer bytes it had %d", n, len(r.events), events)
		}
		events = len(r.events)
		// When the machine dies just before more is written, that misses a second at most.
		if written < len(file.at) {
			if until := file.at[written] - flushEvery - 1; whole.until(until) > events {
				t.Fatalf("until %v there are %d events in the file, want the %d until %v", file.at[written], events, whole.until(until), until)
			}
		}
	}
	if events != len(whole.events) {
		t.Errorf("without the last byte it has %d events, want %d", events, len(whole.events))
	}
}

// TestFlippedBits flips a bit of each byte of a file, and all those of its beginning and its end.
func TestFlippedBits(t *testing.T) {
	file := twoMinutes(t)
	raw, whole := file.Bytes(), read(t, file.Bytes())
	found := 0
	for n := range raw {
		if testing.Short() && n%4 > 0 {
			continue
		}
		for bit := range 8 {
			if n%8 != bit && n > 80 && n < len(raw)-40 {
				continue
			}
			flipped := bytes.Clone(raw)
			flipped[n] ^= 1 << bit
			r, err := Read("lab.rec", bytes.NewReader(flipped))
			what := fmt.Sprintf("bit %d of byte %d", bit, n)
			switch {
			case err == nil: // zstd has a few bits that mean nothing
				if !reflect.DeepEqual(r.events, whole.events) || r.length != whole.length || r.info != whole.info {
					t.Errorf("%s: nobody noticed", what)
				}
			default:
				found++
				oneLine(t, err)
				if r != nil {
					beginOf(t, what, r, err, whole)
				}
			}
		}
	}
	t.Logf("%d flips in %d bytes were noticed", found, len(raw))
}

// pack is a file with these lines.
func pack(t testing.TB, lines ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%d\n", magic, format)
	z, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(maxWindow))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if _, err := io.WriteString(z, l+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	infoLine = `{"at":0,"info":{"lab":"a","began":"2026-01-02T03:04:05Z"}}`
	fullLine = `{"at":0,"full":{"name":"a"}}`
	endLine  = `{"at":9000000,"end":{"events":0}}`
)

func TestFilesThatAreNone(t *testing.T) {
	nested := strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000)
	for name, tt := range map[string]struct {
		raw  []byte
		want string
		left int // lines of snapshots that can be replayed
	}{
		"empty":           {nil, "is empty", 0},
		"something else":  {[]byte("\x7fELF and a lot more than a line of it"), "is not a recording", 0},
		"short":           {[]byte("kube"), "is not a recording", 0},
		"no version":      {[]byte(magic), "first line", 0},
		"long version":    {[]byte(magic + strings.Repeat("1", 100_000)), "first line", 0},
		"bad version":     {[]byte(magic + "one\n"), "first line", 0},
		"version 0":       {[]byte(magic + "0\n"), "first line", 0},
		"later version":   {[]byte(magic + "7\n"), "a later lab", 0},
		"only a line":     {[]byte(fmt.Sprintf("%s%d\n", magic, format)), "is cut short", 0},
		"no zstd":         {[]byte(fmt.Sprintf("%s%d\n%s", magic, format, infoLine)), "is damaged", 0},
		"nothing in it":   {pack(t), "is cut short", 0},
		"no info":         {pack(t, fullLine, endLine), "is damaged", 0},
		"no beginning":    {pack(t, `{"at":0,"info":{"lab":"a"}}`, fullLine, endLine), "is damaged", 0},
		"no snapshot":     {pack(t, infoLine, endLine), "is damaged", 0},
		"a change first":  {pack(t, infoLine, `{"at":0,"patch":{}}`, endLine), "is damaged", 0},
		"a late snapshot": {pack(t, infoLine, `{"at":1,"full":{}}`, endLine), "is damaged", 0},
		"two infos":       {pack(t, infoLine, fullLine, infoLine, endLine), "is damaged", 0},
		"no end":          {pack(t, infoLine, fullLine, `{"at":5,"patch":{}}`), "is cut short", 2},
		"more events":     {pack(t, infoLine, fullLine, fullLine, `{"at":9,"end":{"events":1}}`), "is damaged", 1},
		"after the end":   {pack(t, infoLine, fullLine, fullLine, endLine, fullLine), "is damaged", 1},
		"time goes back":  {pack(t, infoLine, fullLine, `{"at":5,"full":{}}`, `{"at":4,"event":{}}`, endLine), "is damaged", 1},
		"before it began": {pack(t, infoLine, `{"at":-5,"full":{}}`, endLine), "is damaged", 0},
		"too long a time": {pack(t, infoLine, fullLine, fullLine, `{"at":9223372036854775807,"end":{"events":0}}`), "is damaged", 1},
		"no JSON":         {pack(t, infoLine, fullLine, fullLine, "hello"), "is damaged", 1},
		"empty lines":     {pack(t, infoLine, fullLine, fullLine, "", ""), "is damaged", 1},
		"unknown lines":   {pack(t, infoLine, fullLine, fullLine, `{"at":5,"colour":"red"}`, endLine), "is damaged", 1},
		"no snapshot's":   {pack(t, infoLine, fullLine, fullLine, `{"at":5,"full":{"name":7}}`, endLine), "is damaged", 1},
		"a long line":     {pack(t, infoLine, fullLine, fullLine, `{"at":0,"event":{"text":"`+strings.Repeat("a", maxLine)+`"}}`, endLine), "is damaged", 1},
		"deep":            {pack(t, infoLine, fullLine, fullLine, `{"at":0,"patch":`+nested+`}`, endLine), "is damaged", 1},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Read("lab.rec", bytes.NewReader(tt.raw))
			oneLine(t, err)
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %q, want %q", err, tt.want)
			}
			if left := 0; r != nil {
				left = len(r.states)
				if left != tt.left {
					t.Errorf("%d snapshots are left, want %d", left, tt.left)
				}
				Replay(r).Snapshot()
			} else if tt.left > 0 {
				t.Errorf("nothing is left: %v", err)
			}
		})
	}
}

// TestPatchesThatDoNotFit are no reason to show nothing.
func TestPatchesThatDoNotFit(t *testing.T) {
	l := Replay(read(t, pack(t, infoLine, `{"at":0,"full":{"name":"a","nodes":[{"name":"n"}],"pods":[]}}`,
		`{"at":1000000,"patch":{"nodes":{"7":{"name":"x"},"-1":1,"y":2},"pods":7,"etcd":{"term":-3,"leader":"m"}}}`,
		`{"at":2000000,"patch":[1]}`, `{"at":3000000,"patch":null}`, endLine)))
	l.Seek(time.Second)
	if s := l.Snapshot(); s.Name != "a" || len(s.Nodes) != 1 || s.Nodes[0].Name != "n" || s.Etcd.Leader != "m" {
		t.Errorf("it shows %+v", s)
	}
	for at := range 10 {
		l.Seek(time.Duration(at) * time.Second)
		l.Snapshot()
	}
}

func TestATooLargeFileIsReadUpToItsBound(t *testing.T) {
	raw := twoMinutes(t).Bytes()
	whole := read(t, raw)
	in := bytes.NewReader(raw[len(magic)+2:])
	z, err := zstd.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	r := &reader{out: &Recording{}, known: newIntern(), limit: 30_000}
	if why := r.read(z); why != whyLarge {
		t.Errorf("what is wrong is %q", why)
	}
	if n := len(r.out.events); n < 20 || n >= len(whole.events) || asJSON(t, r.out.events) != asJSON(t, whole.events[:n]) {
		t.Errorf("it has %d of %d events", n, len(whole.events))
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(filepath.Join(dir, "lab.rec"))
	oneLine(t, err)
	if view.CodeOf(err) != view.NotFound {
		t.Errorf("no file: %v has code %d", err, view.CodeOf(err))
	}
	if err := os.Mkdir(filepath.Join(dir, "lab.rec"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = Open(filepath.Join(dir, "lab.rec"))
	oneLine(t, err)
}

// TestNothingThatATerminalWouldObey comes out of a file that somebody has made with bad intent.
func TestNothingThatATerminalWouldObey(t *testing.T) {
	evil := "\u007f\u0085\u009b31m\u202e" + `\u001b[2J\u009b\u0007\b\f\r\u202e\u200f\ud83d\ude00`
	good := `line\n\ttab \"q\" \\ \/ \u00e9 é 😀 \u003c \u2028`
	l := Replay(read(t, pack(t, infoLine, `{"at":0,"full":{"name":"`+evil+good+`"}}`,
		`{"at":0,"patch":{"reason":"`+evil+good+`","leases":{"`+evil+`":"m"}}}`, `{"at":0,"event":{"seq":1,"kind":"component","text":"`+evil+good+`"}}`,
		`{"at":9000000,"end":{"events":1}}`)))
	want := "line\n\ttab \"q\" \\ / é é 😀 < " + strings.Repeat(" ", len(`\u2028`)) // it would break the line
	for _, got := range []string{l.Snapshot().Name, l.Snapshot().Reason, l.Events(view.Query{})[0].Text} {
		if strings.ContainsFunc(got, unfit) || !strings.HasSuffix(got, want) {
			t.Errorf("it shows %q", got)
		}
	}
	for key := range l.Snapshot().Leases {
		if strings.ContainsFunc(key, unfit) {
			t.Errorf("it shows %q", key)
		}
	}
}

// FuzzOpen reads anything: as a file, and as what is in one.
func FuzzOpen(f *testing.F) {
	lines := strings.Join([]string{infoLine, `{"at":0,"full":{"name":"a","nodes":[{"name":"n"}]}}`, `{"at":5,"patch":{"nodes":{"0":{"name":"m"}}}}`,
		`{"at":6,"event":{"seq":1,"kind":"request","text":"\u001b[2J","request":{"id":"7","groups":["a"],"object":{"resource":"pods"},"stages":[{}]}}}`,
		endLine}, "\n")
	f.Add(pack(f, lines), false)
	f.Add([]byte(lines), true)
	f.Add([]byte(nil), false)
	f.Add([]byte(magic+"9\n"), false)
	f.Fuzz(func(t *testing.T, raw []byte, wrap bool) {
		if wrap {
			raw = pack(t, string(raw))
		}
		r, err := Read("lab.rec", bytes.NewReader(raw))
		if err != nil {
			oneLine(t, err)
		}
		if r == nil {
			return
		}
		l := Replay(r)
		for n := range 5 {
			l.Seek(r.length * time.Duration(n) / 4)
			l.Snapshot()
			l.Events(view.Query{Last: 3})
			l.Step(n%2 == 0)
		}
	})
}
