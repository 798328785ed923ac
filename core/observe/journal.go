package observe

import (
	"context"
	"slices"
	"sync"
	"time"

	"kubelab/core/view"
)

// backlog is how much noise waits for a reader before it is dropped.
const backlog = 4 << 10

// journal remembers events and tells them to everybody who watches. What is no noise is told to everybody, however
// slow he is.
type journal struct {
	since time.Time

	mu       sync.Mutex // guards what follows, and the queues of the readers
	seq      uint64
	memory   [len(remembered)]ring
	watchers map[*reader]struct{}
}

// The kinds of memory: so that the many requests that renew Leases do not push out what stories are made of, and
// these not what is rare.
const (
	chatter = iota // reads, and what only says that somebody is alive
	changes        // noise that changed something
	rare           // what is no noise
)

// remembered is how many events each memory keeps: some 10 MB in all.
var remembered = [...]int{chatter: 2 << 10, changes: 8 << 10, rare: 8 << 10}

func newJournal() *journal {
	return &journal{since: time.Now(), watchers: map[*reader]struct{}{}}
}

// kindOfMemory is where e is kept.
func kindOfMemory(e view.Event) int {
	switch {
	case !e.Kind.Noise():
		return rare
	case e.Kind == view.Requested && (!e.Request.Write() || e.Request.Object.Routine()),
		e.Kind == view.KeyChanged && e.Object != nil && e.Object.Routine():
		return chatter
	}
	return changes
}

// tell remembers an event and tells it to everybody. Its Seq and, if it has none, its Time are filled in.
func (j *journal) tell(e view.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seq++
	e.Seq = j.seq
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	kind := kindOfMemory(e)
	j.memory[kind].add(e, remembered[kind])
	if len(j.watchers) == 0 {
		return
	}
	e = told(e)
	for w := range j.watchers {
		w.take(e)
	}
}

// told is the event as it is told: requests are described only for those who want to know of them.
func told(e view.Event) view.Event {
	if e.Request != nil && e.Text == "" {
		e.Text = describeRequest(e.Request)
	}
	return e
}

// events are those that are remembered and that q selects, in order.
func (j *journal) events(q view.Query) []view.Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := []view.Event{}
	for i := range j.memory {
		j.memory[i].each(func(e view.Event) {
			if q.Selects(e) {
				list = append(list, told(e))
			}
		})
	}
	slices.SortFunc(list, func(a, b view.Event) int { return int(int64(a.Seq) - int64(b.Seq)) })
	if q.Last > 0 && len(list) > q.Last {
		list = list[len(list)-q.Last:]
	}
	return list
}

// ring is the last events of one kind.
type ring struct {
	list []view.Event
	next int // where the oldest is, once the ring is full
}

func (r *ring) add(e view.Event, most int) {
	if len(r.list) < most {
		r.list = append(r.list, e)
		return
	}
	r.list[r.next] = e
	r.next = (r.next + 1) % most
}

func (r *ring) each(f func(view.Event)) {
	for i := range r.list {
		f(r.list[(r.next+i)%len(r.list)])
	}
}

// reader is somebody who watches.
type reader struct {
	queue   []view.Event // guarded by the journal's mu, as all fields
	noise   int          // how many of the queue may be dropped
	dropped int
	more    chan struct{} // holds a token while the queue may not be empty
}

// take is called with the journal's mu held.
func (r *reader) take(e view.Event) {
	switch {
	case !e.Kind.Noise():
	case r.noise >= backlog:
		r.dropped++
		return
	default:
		r.noise++
	}
	r.queue = append(r.queue, e)
	select {
	case r.more <- struct{}{}:
	default:
	}
}

// empty takes all that waits. What was dropped meanwhile came after it.
func (j *journal) empty(r *reader) []view.Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	queue := r.queue
	if r.dropped > 0 {
		queue = append(queue, view.Event{Seq: j.seq, Time: time.Now(), Kind: view.Dropped, Source: lab, Count: r.dropped})
	}
	r.queue, r.noise, r.dropped = nil, 0, 0
	return queue
}

// watch tells what happens from now on, until ctx ends.
func (j *journal) watch(ctx context.Context) <-chan view.Event {
	r := &reader{more: make(chan struct{}, 1)}
	j.mu.Lock()
	j.watchers[r] = struct{}{}
	j.mu.Unlock()
	out := make(chan view.Event)
	go func() {
		defer close(out)
		defer func() {
			j.mu.Lock()
			delete(j.watchers, r)
			j.mu.Unlock()
		}()
		for {
			select {
			case <-r.more:
			case <-ctx.Done():
				return
			}
			for _, e := range j.empty(r) {
				select {
				case out <- e:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return out
}
