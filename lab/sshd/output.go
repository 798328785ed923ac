package sshd

import (
	"context"
	"errors"
	"io"
	"sync"

	tea "charm.land/bubbletea/v2"
)

const (
	// holdAt is how many bytes may wait for a terminal before no new picture is drawn for it: about a full screen in many colours.
	holdAt = 64 << 10
	// outputMax is how many bytes may wait at all. Pictures stay far below it, because they are held.
	outputMax = 4 << 20
)

// errOverflow ends a session whose program writes much more than its terminal takes.
var errOverflow = errors.New("the terminal does not keep up")

// output is what a program draws, on its way to a terminal that may be slow. Writing never waits, so that a slow terminal stops
// neither its program nor whoever sends it messages.
type output struct {
	to       io.Writer
	overflow func()
	caughtUp func() // called after behind has returned true, when nothing waits any more

	mu      sync.Mutex // guards the following
	changed sync.Cond
	taken   sync.Cond // something was sent, or nothing will be any more
	waiting []byte
	sending int  // bytes that are being written to the terminal
	held    bool // somebody was told that the terminal is behind
	ended   bool // nothing follows what waits
	done    chan struct{}
}

func newOutput(to io.Writer, overflow, caughtUp func()) *output {
	o := &output{to: to, overflow: overflow, caughtUp: caughtUp, done: make(chan struct{})}
	o.changed.L, o.taken.L = &o.mu, &o.mu
	go o.send()
	return o
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return 0, io.ErrClosedPipe
	}
	if len(o.waiting)+o.sending+len(p) > outputMax {
		o.ended, o.waiting = true, nil
		o.changed.Signal()
		o.taken.Broadcast()
		o.overflow()
		return 0, errOverflow
	}
	o.waiting = append(o.waiting, p...)
	o.changed.Signal()
	return len(p), nil
}

// behind says whether so much waits that nothing should be drawn until caughtUp is called.
func (o *output) behind() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.held = o.held || len(o.waiting)+o.sending > holdAt
	return o.held
}

// Await waits until the terminal has taken nearly all that was written, or takes nothing any more: for who writes much, and can be held up.
func (o *output) Await() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.waiting)+o.sending > holdAt && !o.ended {
		o.taken.Wait()
	}
}

// finish waits until everything is written, the terminal has gone, or ctx ends. Nothing can be written after it.
func (o *output) finish(ctx context.Context) {
	o.mu.Lock()
	o.ended = true
	o.changed.Signal()
	o.taken.Broadcast()
	o.mu.Unlock()
	select {
	case <-o.done:
	case <-ctx.Done():
	}
}

// send writes what waits until the end, or until the terminal has gone.
func (o *output) send() {
	defer close(o.done)
	for {
		batch := o.next()
		if batch == nil {
			return
		}
		_, err := o.to.Write(batch)
		if o.sent(err) {
			go o.caughtUp() // it may have to wait for a program that has lent its terminal, to which this must go on sending
		}
		if err != nil {
			return
		}
	}
}

// next waits for something to send; nil is the end.
func (o *output) next() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.waiting) == 0 && !o.ended {
		o.changed.Wait()
	}
	batch := o.waiting
	o.waiting, o.sending = nil, len(batch)
	return batch
}

// sent says whether the terminal has caught up after it was behind.
func (o *output) sent(err error) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sending = 0
	o.taken.Broadcast()
	if err != nil {
		o.ended, o.waiting = true, nil
	}
	if !o.held || len(o.waiting) > 0 || o.ended {
		return false
	}
	o.held = false
	return true
}

// paced is a model whose picture stands still while the terminal is behind. It goes on receiving messages; the terminal then gets
// the newest picture and none of those between.
type paced struct {
	tea.Model
	out   *output
	shown tea.View
}

// drawAgain has the newest picture drawn.
type drawAgain struct{}

func (p *paced) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	if _, ok := msg.(drawAgain); !ok {
		p.Model, cmd = p.Model.Update(msg)
	}
	return p, cmd
}

func (p *paced) View() tea.View {
	if !p.out.behind() {
		p.shown = p.Model.View()
	}
	return p.shown
}
