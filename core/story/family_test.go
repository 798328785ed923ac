package story

import (
	"fmt"
	"testing"

	"kubelab/core/view"
)

func TestOwnersInACircle(t *testing.T) {
	s := newScene()
	a, b, c := object("as", "a", "u-a"), object("bs", "b", "u-b"), object("cs", "c", "")
	s.key(a, "a", view.KeyChange{Owners: []view.Object{c, a}})
	s.key(b, "b", view.KeyChange{Owners: []view.Object{a}})
	s.key(c, "c", view.KeyChange{Owners: []view.Object{b}})
	for _, of := range []view.Object{a, b, c} {
		expect(t, Tell(s.events, of, began), "+0 key a\n+0 key b\n+0 key c")
	}
}

// Names that would become the same if they were only joined, and such as no API server lets through.
func TestHostileNames(t *testing.T) {
	list := []view.Object{
		{Resource: "pods", Namespace: "a/b", Name: "c"},
		{Resource: "pods", Namespace: "a", Name: "b/c"},
		{Resource: "pods/a", Namespace: "b", Name: "c"},
		{Resource: "pods", Namespace: "", Name: ""},
		{Resource: "pods", Namespace: "a", Name: "\x00"},
		{Resource: "pods", Namespace: "a", Name: "\x1b[2J"},
		{Resource: "pods", Namespace: "a", Name: "-n"},
		{Resource: "pods", Namespace: "a", Name: "../../b"},
		{Resource: "", Namespace: "", Name: "pods/a/b"},
	}
	s := newScene()
	for i, o := range list {
		s.key(o, fmt.Sprint(i), view.KeyChange{Owners: []view.Object{{Resource: "xs", Namespace: o.Name, Name: o.Namespace}}})
	}
	s.tell(view.Event{Kind: view.RuleChanged, Text: "rule", Rule: &view.RuleChange{Endpoint: "::::"}})
	for i, o := range list {
		expect(t, Tell(s.events, o, began), fmt.Sprintf("+0 key %d", i))
	}
}

func TestOwnersByName(t *testing.T) {
	s := newScene()
	child := object(pods, "a-1", "u-1")
	s.key(child, "child", view.KeyChange{Owners: []view.Object{object("replicasets", "a", "")}})
	s.key(object(pods, "b-1", "u-2"), "of another", view.KeyChange{Owners: []view.Object{object("replicasets", "a", "u-old")}})
	expect(t, Tell(s.events, object("replicasets", "a", "u-new"), began), "+0 key child")
	expect(t, Tell(s.events, object("replicasets", "a", ""), began), "+0 key child\n+0 key of another")
}
