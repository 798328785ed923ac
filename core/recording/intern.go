package recording

import (
	"strings"

	"kubelab/core/view"
)

// intern has equal strings share their memory, and equal objects too: requests are the same few over and over. Events
// are told by pointer and must not be changed by whoever sees them, so that is safe.
type intern struct {
	strings map[string]string
	objects map[view.Object]*view.Object
	groups  map[string][]string
}

func newIntern() *intern {
	return &intern{map[string]string{}, map[view.Object]*view.Object{}, map[string][]string{}}
}

// event replaces in e what comes often.
func (n *intern) event(e *view.Event) {
	n.share((*string)(&e.Kind), &e.Source, &e.Text)
	if e.Object != nil {
		e.Object = n.object(*e.Object)
	}
	if r := e.Request; r != nil {
		n.share(&r.Server, &r.User, &r.Agent, &r.From, &r.Verb, &r.Path, &r.Sub, (*string)(&r.Refused), &r.Why)
		r.Object = *n.object(r.Object)
		if len(r.Groups) > 0 {
			r.Groups = n.list(r.Groups)
		}
		n.shareAll(r.Mutations)
		for i := range r.Stages {
			n.share(&r.Stages[i].Name)
		}
	}
	if k := e.Key; k != nil {
		n.share(&k.Key)
		for _, list := range [][]view.Object{k.Owners, k.Refers} {
			for i := range list {
				list[i] = *n.object(list[i])
			}
		}
	}
}

func (n *intern) share(fields ...*string) {
	for _, s := range fields {
		*s = n.string(*s)
	}
}

func (n *intern) shareAll(list []string) {
	for i := range list {
		list[i] = n.string(list[i])
	}
}

func (n *intern) string(s string) string {
	if known, ok := n.strings[s]; ok {
		return known
	}
	n.strings[s] = s
	return s
}

func (n *intern) object(o view.Object) *view.Object {
	if known, ok := n.objects[o]; ok {
		return known
	}
	n.share(&o.Resource, &o.Namespace, &o.Name, &o.UID)
	n.objects[o] = &o
	return &o
}

func (n *intern) list(list []string) []string {
	key := strings.Join(list, "\x00")
	if known, ok := n.groups[key]; ok {
		return known
	}
	n.shareAll(list)
	n.groups[key] = list
	return list
}
