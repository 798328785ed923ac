package recording

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kubelab/core/view"
)

func TestRecordFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lesson.rec")
	synctest.Test(t, func(t *testing.T) {
		lab := newFake(&view.Snapshot{Name: "school"})
		ctx, stop := context.WithCancel(t.Context())
		var told []Progress
		done := make(chan error, 1)
		go func() {
			done <- RecordFile(ctx, lab, path, Options{Progress: func(p Progress) { told = append(told, p) }})
		}()
		for range 10 {
			time.Sleep(500 * ms)
			lab.tell(view.Event{Kind: view.Changed})
		}
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		last := told[len(told)-1]
		if len(told) != 6 || last.Events != 10 || last.Snapshots != 1 || last.For != 5*time.Second {
			t.Errorf("it told %+v", told)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 || info.Size() != last.Bytes {
			t.Errorf("the file is %v, %v; it told of %d bytes", info, err, last.Bytes)
		}
		if r, err := Open(path); err != nil || len(r.events) != 10 {
			t.Errorf("Open: %v", err)
		}
		// Nobody's recording is written over.
		err := RecordFile(t.Context(), lab, path, Options{})
		if view.CodeOf(err) != view.Usage || !strings.Contains(err.Error(), path) {
			t.Errorf("to the same file: %v", err)
		}
		if r, err := Open(path); err != nil || len(r.events) != 10 {
			t.Errorf("Open once more: %v", err)
		}
	})
}

// TestTheLabEnds before the recording is ended.
func TestTheLabEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := newFake(&view.Snapshot{Name: "school"})
		var b bytes.Buffer
		done := make(chan error, 1)
		go func() { done <- Record(t.Context(), lab, &b, Options{}) }()
		time.Sleep(5100 * ms)
		lab.tell(view.Event{Kind: view.Changed, Text: "its last word"})
		lab.stop()
		if err := <-done; view.CodeOf(err) != view.Failed || !strings.Contains(err.Error(), "the lab ended") {
			t.Errorf("Record: %v", err)
		}
		if r := read(t, b.Bytes()); len(r.events) != 1 || r.length != 5100*ms {
			t.Errorf("there are %d events in %v", len(r.events), r.length)
		}
	})
}

// TestTheLabDoesNotWait for a disk that takes nothing for a while.
func TestTheLabDoesNotWait(t *testing.T) {
	const noise = backlog + 1234
	synctest.Test(t, func(t *testing.T) {
		lab := newFake(&view.Snapshot{Name: "busy"})
		from, to := io.Pipe()
		var last Progress
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			err := Record(ctx, lab, to, Options{Progress: func(p Progress) { last = p }})
			done <- errors.Join(err, to.Close())
		}()
		synctest.Wait() // it hangs in its first Write
		begin := time.Now()
		for n := range noise {
			lab.tell(view.Event{Kind: view.KeyChanged})
			if n%1000 == 0 {
				lab.tell(view.Event{Kind: view.Changed})
			}
		}
		synctest.Wait()
		if d := time.Since(begin); d > 0 {
			t.Errorf("the lab waited for %v", d)
		}
		raw := make(chan []byte, 1)
		go func() {
			all, _ := io.ReadAll(from) // the other end has the error
			raw <- all
		}()
		time.Sleep(time.Second)
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		counts, dropped := map[view.EventKind]int{}, 0
		for _, e := range read(t, <-raw).events {
			counts[e.Kind]++
			dropped += e.Count
		}
		if counts[view.Changed] != noise/1000+1 || counts[view.KeyChanged]+dropped != noise || dropped == 0 || last.Dropped != dropped {
			t.Errorf("it has %v, and %d were dropped; it told of %d", counts, dropped, last.Dropped)
		}
	})
}

// full is a disk that has room for so many bytes.
type full int

var errSpace = errors.New("no space left on device")

func (f *full) Write(p []byte) (int, error) {
	if len(p) > int(*f) {
		return 0, errSpace
	}
	*f -= full(len(p))
	return len(p), nil
}

func TestTheDiskIsFull(t *testing.T) {
	for _, room := range []full{0, 30, 500, 5000} {
		synctest.Test(t, func(t *testing.T) {
			lab := newIdle()
			done := make(chan error, 1)
			go func() { done <- Record(t.Context(), lab, &room, Options{}) }()
			for range 30 {
				lab.live(time.Second)
			}
			select {
			case err := <-done:
				if !errors.Is(err, errSpace) || strings.Count(err.Error(), "space") != 1 {
					t.Errorf("Record: %v", err)
				}
			default:
				t.Error("it goes on")
			}
		})
	}
}

func TestARecordingIsFull(t *testing.T) {
	var b bytes.Buffer
	w, err := newWriter(&b, Info{Lab: "long", Began: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	w.limit = 10_000
	err = w.write(0, line{Full: []byte("{}")})
	n := 0
	for ; err == nil; n++ {
		err = w.write(time.Duration(n)*time.Second, line{Event: &view.Event{Kind: view.Changed}})
	}
	if !errors.Is(err, errFull) || n < 20 {
		t.Fatalf("after %d events: %v", n, err)
	}
	if err := w.close(w.at); err != nil {
		t.Fatal(err)
	}
	if w.cost > w.limit {
		t.Errorf("it costs %d, more than %d", w.cost, w.limit)
	}
	if r := read(t, b.Bytes()); len(r.events) != n-1 {
		t.Errorf("it has %d events, want %d", len(r.events), n-1)
	}
}

// TestSnapshotsAreWrittenAtMostSoOften: of many changes only the latest is written.
func TestSnapshotsAreWrittenAtMostSoOften(t *testing.T) {
	for every, want := range map[time.Duration]int{0: 40, time.Millisecond: 1000, 100 * ms: 100, time.Minute: 10} {
		synctest.Test(t, func(t *testing.T) {
			lab := newFake(&view.Snapshot{Name: "fast"})
			r := read(t, recorded(t, lab, Options{Every: every}, func() {
				for range 10_000 {
					time.Sleep(ms)
					lab.show(func(*view.Snapshot) {})
				}
			}))
			if got := len(r.states); got < want || got > want+2 {
				t.Errorf("every %v: %d snapshots in 10 s, want %d", every, got, want)
			}
			l := Replay(r)
			l.Seek(r.Length())
			if got, want := l.Snapshot().Revision, lab.Snapshot().Revision; got != want {
				t.Errorf("every %v: the last is %d, want %d", every, got, want)
			}
		})
	}
}
