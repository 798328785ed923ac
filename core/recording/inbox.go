package recording

import (
	"sync"
	"time"

	"kubelab/core/view"
)

// backlog is how many events of noise may wait for whoever is slow: some minutes of an idle lab.
const backlog = 16 << 10

// inbox is where events wait until they are written, so that the lab need not.
type inbox struct {
	began time.Time

	mu      sync.Mutex // guards what follows
	list    []timed
	noise   int // how many of the list are
	dropped int
}

// timed is an event and when it came.
type timed struct {
	view.Event
	at time.Duration // since the recording began
}

func (b *inbox) put(e view.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e.Kind.Noise() {
		if b.noise >= backlog {
			b.dropped++
			return
		}
		b.noise++
	}
	b.list = append(b.list, timed{e, time.Since(b.began)})
}

// take empties the inbox. Where something was dropped, the list is not empty.
func (b *inbox) take() (list []timed, dropped int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	list, dropped = b.list, b.dropped
	b.list, b.noise, b.dropped = nil, 0, 0
	return list, dropped
}
