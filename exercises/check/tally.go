package check

import (
	"strings"

	"kubelab/core/view"
)

// tally compares what an API server has acknowledged to the lab's stopwatch with what etcd holds. Each of the stopwatch's
// ConfigMaps is written over and over; etcd counts the writes of a key as its version. So there must never be fewer of
// them than were acknowledged. There may be more: a write whose answer got lost.
type tally struct {
	of           map[string]*written // by name and UID of the ConfigMap
	acknowledged int
}

type written struct {
	acknowledged, version int64
}

func (t *tally) add(e view.Event) {
	if e.Object == nil || e.Object.Resource != "configmaps" || !strings.HasPrefix(e.Object.Name, view.Stopwatch) {
		return
	}
	if t.of == nil {
		t.of = map[string]*written{}
	}
	switch {
	case e.Kind == view.Requested && e.Request.Code < 300 && (e.Request.Verb == "create" || e.Request.Verb == "update"):
		t.key(e.Object).acknowledged++
		t.acknowledged++
	case e.Kind == view.KeyChanged && e.Key.Deleted:
		// The stopwatch tidies up behind itself. Whether the last write was there is known by then.
	case e.Kind == view.KeyChanged:
		t.key(e.Object).version = e.Key.Version
	}
}

func (t *tally) key(o *view.Object) *written {
	name := o.Name + " " + o.UID
	if t.of[name] == nil {
		t.of[name] = &written{}
	}
	return t.of[name]
}

// lost is how many writes were acknowledged and are not there.
func (t *tally) lost() int64 {
	var n int64
	for _, w := range t.of {
		n += max(w.acknowledged-w.version, 0)
	}
	return n
}
