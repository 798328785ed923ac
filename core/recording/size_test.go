package recording

import (
	"bytes"
	"context"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kubelab/core/view"
)

// recorded is what Record makes of the lab while live runs.
func recorded(t testing.TB, lab view.Lab, o Options, live func()) []byte {
	t.Helper()
	var b bytes.Buffer
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Record(ctx, lab, &b, o) }()
	live()
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestAnIdleHourIsSmall records an hour of an idle lab, and then jumps about in it.
func TestAnIdleHourIsSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some 20 s")
	}
	const bound = 20 << 20
	var raw []byte
	var last Progress
	synctest.Test(t, func(t *testing.T) {
		lab := newIdle()
		raw = recorded(t, lab, Options{Program: "test", Progress: func(p Progress) { last = p }}, func() { lab.live(time.Hour) })
	})
	t.Logf("%d bytes, %+v", len(raw), last)
	if len(raw) > bound {
		t.Errorf("an idle hour takes %d bytes, more than %d", len(raw), bound)
	}
	if last.Events < 200_000 || last.Snapshots < 10_000 || last.Dropped > 0 || last.Bytes != int64(len(raw)) || last.For < time.Hour {
		t.Errorf("it ended with %+v: an hour is more", last)
	}
	before := heap()
	begin := time.Now()
	r := read(t, raw)
	took := time.Since(begin)
	used := heap() - before
	t.Logf("opened in %v, takes %d MB", took, used>>20)
	if used > 250<<20 {
		t.Errorf("opened it takes %d MB", used>>20)
	}

	// The bound on a jump is a median, so that it fails for what the code does and not for what the machine does.
	l := Replay(r)
	var jumps []time.Duration
	for n := range 41 {
		begin := time.Now()
		// The worst place is right before the next whole snapshot.
		l.Seek((time.Duration(n*37%60)*time.Minute + 59*time.Second))
		l.Snapshot()
		l.Events(view.Query{Last: 200})
		jumps = append(jumps, time.Since(begin))
	}
	slices.Sort(jumps)
	t.Logf("a jump takes %v, at most %v", jumps[len(jumps)/2], jumps[len(jumps)-1])
	if jumps[len(jumps)/2] > 100*time.Millisecond {
		t.Errorf("half of the jumps take longer than %v", jumps[len(jumps)/2])
	}
}

// heap is what is in use of it, in bytes.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
