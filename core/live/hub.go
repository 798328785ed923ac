package live

import (
	"context"
	"sync"

	"kubelab/core/view"
)

// hub tells events to everybody who watches. Whoever is slow gets them late, but gets all of them.
type hub struct {
	mu       sync.Mutex // guards watchers and their queues
	watchers map[*watcher]struct{}
}

type watcher struct {
	queue []view.Event
	more  chan struct{} // holds a token while the queue may not be empty
}

func newHub() *hub { return &hub{watchers: map[*watcher]struct{}{}} }

func (h *hub) tell(e view.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.watchers {
		w.queue = append(w.queue, e)
		select {
		case w.more <- struct{}{}:
		default:
		}
	}
}

func (h *hub) watch(ctx context.Context) <-chan view.Event {
	w := &watcher{more: make(chan struct{}, 1)}
	h.mu.Lock()
	h.watchers[w] = struct{}{}
	h.mu.Unlock()
	out := make(chan view.Event)
	go func() {
		defer close(out)
		defer func() {
			h.mu.Lock()
			delete(h.watchers, w)
			h.mu.Unlock()
		}()
		for {
			select {
			case <-w.more:
			case <-ctx.Done():
				return
			}
			for _, e := range h.take(w) {
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

func (h *hub) take(w *watcher) []view.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	queue := w.queue
	w.queue = nil
	return queue
}
