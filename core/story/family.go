package story

import "kubelab/core/view"

// Resources, as view.Object names them.
const (
	pods           = "pods"
	nodes          = "nodes"
	services       = "services"
	endpointSlices = "endpointslices"
	leases         = "leases"
	kubeEvents     = "events"
	addresses      = "addresses" // no resource of Kubernetes: the address of a pod, see view.KeyChange
)

// name is what an object is called, whichever of those that were called so one after the other it is.
type name struct{ resource, namespace, name string }

func nameOf(o view.Object) name { return name{o.Resource, o.Namespace, o.Name} }

// family is the set of objects that a story is about. Two objects are the same as view.Object.Same has it: the UID decides,
// and the name where one of them has no UID.
type family struct {
	uids map[string]bool
	// names are those of all members. The value is true where a member is known by its name alone: then it is everyone who
	// was ever called so.
	names map[name]bool
}

// add reports whether anything about o is new to the family.
func (f *family) add(o view.Object) bool {
	alone, known := f.names[nameOf(o)]
	if known && (o.UID == "" && alone || o.UID != "" && f.uids[o.UID]) {
		return false
	}
	f.names[nameOf(o)] = alone || o.UID == ""
	if o.UID != "" {
		f.uids[o.UID] = true
	}
	return true
}

func (f *family) has(o view.Object) bool {
	if o.UID != "" && f.uids[o.UID] {
		return true
	}
	alone, known := f.names[nameOf(o)]
	return known && (alone || o.UID == "")
}

// familyOf is of with all that it owns, and all that these own. It minds no circles.
func familyOf(events []view.Event, of view.Object) *family {
	byUID := map[string][]view.Object{}                                    // what the owner of the UID owns
	byName, nameless := map[name][]view.Object{}, map[name][]view.Object{} // likewise; by an owner with and without a UID
	for i := range events {
		e := &events[i]
		if e.Key == nil || e.Object == nil {
			continue
		}
		for _, o := range ownersOf(e) {
			if o.UID == "" {
				nameless[nameOf(o)] = append(nameless[nameOf(o)], *e.Object)
				continue
			}
			byUID[o.UID] = append(byUID[o.UID], *e.Object)
			byName[nameOf(o)] = append(byName[nameOf(o)], *e.Object)
		}
	}
	f := &family{uids: map[string]bool{}, names: map[name]bool{}}
	f.add(of)
	for next := []view.Object{of}; len(next) > 0; {
		o := next[0]
		next = next[1:]
		owned := nameless[nameOf(o)]
		delete(nameless, nameOf(o))
		if o.UID == "" {
			owned = append(owned, byName[nameOf(o)]...)
		} else {
			owned = append(owned, byUID[o.UID]...)
			delete(byUID, o.UID)
		}
		for _, child := range owned {
			if f.add(child) {
				next = append(next, child)
			}
		}
	}
	return f
}

// ownersOf are those of the object behind a key. A Service counts as an owner of its EndpointSlices, also of those that
// people made for it.
func ownersOf(e *view.Event) []view.Object {
	if e.Object.Resource != endpointSlices {
		return e.Key.Owners
	}
	list := e.Key.Owners
	for _, o := range e.Key.Refers {
		if o.Resource == services {
			list = append(list[:len(list):len(list)], o)
		}
	}
	return list
}
