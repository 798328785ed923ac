package observe

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"kubelab/core/plain"
	"kubelab/core/view"
)

// health knows which sources are cut off, and since when.
type health struct {
	tell func(view.Event)

	mu    sync.Mutex // guards stale
	stale map[string]view.Stale
}

// set says how a source is: fresh if err is nil.
func (h *health) set(source string, err error) {
	if err == nil {
		h.fresh(source)
		return
	}
	h.cutOff(source, time.Now(), err.Error())
}

// cutOff says that nothing was heard of the source since then.
func (h *health) cutOff(source string, since time.Time, why string) {
	h.mu.Lock()
	was, known := h.stale[source]
	if known {
		since = was.Since
	}
	h.stale[source] = view.Stale{Source: source, Since: since, Why: plain.Line(why)}
	h.mu.Unlock()
	if !known {
		h.tell(view.Event{Kind: view.SourceChanged, Source: source, Text: plain.Line("what is shown of " + source + " is stale: " + why)})
	}
}

func (h *health) fresh(source string) {
	h.mu.Lock()
	was, known := h.stale[source]
	delete(h.stale, source)
	h.mu.Unlock()
	if known {
		h.tell(view.Event{Kind: view.SourceChanged, Source: source,
			Text: plain.Line("what is shown of " + source + " is fresh again, after " + time.Since(was.Since).Round(100*time.Millisecond).String())})
	}
}

// forget is for sources that are gone for good.
func (h *health) forget(source string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.stale, source)
}

func (h *health) list() []view.Stale {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := slices.AppendSeq([]view.Stale{}, maps.Values(h.stale))
	slices.SortFunc(list, func(a, b view.Stale) int { return cmp.Compare(a.Source, b.Source) })
	return list
}
