package sshd

import (
	"io"
	"testing"
)

// Who writes without end is held up by a terminal, instead of ending its session, and is let go when the terminal has gone.
func TestWhoCanWaitDoesNotOverflow(t *testing.T) {
	taken, to := io.Pipe()
	o := newOutput(to, func() { t.Error("it overflows") }, func() {})
	piece := make([]byte, 32<<10)
	const pieces = 3 * outputMax / (32 << 10)
	go func() {
		for range pieces {
			o.Await()
			_, _ = o.Write(piece) // its reader counts
		}
	}()
	if n, err := io.CopyN(io.Discard, taken, int64(pieces*len(piece))); err != nil {
		t.Errorf("%d bytes: %v", n, err)
	}

	_, _ = o.Write(make([]byte, 4*holdAt)) // nobody takes it
	waits := make(chan struct{})
	go func() {
		defer close(waits)
		o.Await()
	}()
	_ = taken.Close()
	<-waits
	o.finish(t.Context())
	o.Await()
}

// A program that has lent its terminal takes no messages; what is written goes on all the same.
func TestCatchingUpHoldsNothingUp(t *testing.T) {
	taken, to := io.Pipe()
	lent := make(chan struct{})
	o := newOutput(to, func() {}, func() { <-lent })
	_, _ = o.Write(make([]byte, 2*holdAt))
	if !o.behind() {
		t.Error("nothing waits")
	}
	_, _ = io.CopyN(io.Discard, taken, 2*holdAt) // what follows would not come otherwise
	_, _ = o.Write([]byte("x"))
	if n, err := io.CopyN(io.Discard, taken, 1); n != 1 {
		t.Error(err)
	}
	close(lent)
	_ = taken.Close()
	o.finish(t.Context())
}
