package sshd

import (
	"io"
	"sync"
)

// keysAhead is how many bytes may be typed ahead of a program, before the peer is made to wait.
const keysAhead = 64 << 10

// keyboard is what is typed, on its way to a program. Only the newest Read gets something; one that still waits ends when the next
// begins. So a program can lend its keyboard to a shell and take it back, though neither can be interrupted while it reads.
type keyboard struct {
	mu      sync.Mutex // guards the following
	changed sync.Cond
	typed   []byte
	reads   int // so far
	closed  bool
}

func newKeyboard() *keyboard {
	k := &keyboard{}
	k.changed.L = &k.mu
	return k
}

func (k *keyboard) Read(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.reads++
	me := k.reads
	k.changed.Broadcast()
	for len(k.typed) == 0 && !k.closed && k.reads == me {
		k.changed.Wait()
	}
	if k.reads != me || len(k.typed) == 0 {
		return 0, io.EOF
	}
	n := copy(p, k.typed)
	k.typed = k.typed[n:]
	k.changed.Broadcast()
	return n, nil
}

// Write waits while too much is typed ahead.
func (k *keyboard) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.typed) > keysAhead && !k.closed {
		k.changed.Wait()
	}
	if k.closed {
		return 0, io.ErrClosedPipe
	}
	k.typed = append(k.typed, p...)
	k.changed.Broadcast()
	return len(p), nil
}

// close ends all writing, and reading after what is typed has been read.
func (k *keyboard) close() { k.finish("") }

// finish adds the last that is read, and closes.
func (k *keyboard) finish(last string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.closed {
		k.typed = append(k.typed, last...)
		k.closed = true
	}
	k.changed.Broadcast()
}
