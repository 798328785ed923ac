package objects

import (
	"cmp"
	"fmt"
	"kubelab/tui/widget"
	"maps"
	"slices"
	"strings"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// nodeFacts are what the scheduler looks at: conditions, taints, and what is asked for of what there is.
func nodeFacts(s *panel.State, n *view.Node) []entry {
	fact := func(name string, c cell) entry {
		return entry{cell: append(cell{{widget.Fit(name, 12), &s.Theme.Title}}, c...)}
	}
	var conditions cell
	pressed := false
	for _, kind := range slices.SortedFunc(maps.Keys(n.Conditions), readyFirst) {
		switch state := n.Conditions[kind]; {
		case kind == "Ready" && state == "True":
			conditions = append(conditions, span{"Ready  ", &s.Theme.Good})
		case kind == "Ready" || state != "False":
			pressed = pressed || kind != "Ready"
			conditions = append(conditions, span{plain.Line(kind) + " is " + plain.Line(state) + "  ", &s.Theme.Warn})
		}
	}
	switch {
	case len(n.Conditions) == 0:
		conditions = styled("none are known", &s.Theme.Muted)
	case !pressed:
		conditions = append(conditions, span{"no pressure", &s.Theme.Muted})
	}
	taints := styled("none, every pod may come", &s.Theme.Muted)
	if len(n.Taints) > 0 {
		taints = styled(plain.Line(strings.ReplaceAll(strings.Join(n.Taints, "  "), "node.kubernetes.io/", "")), &s.Theme.Warn)
	}
	asked := words(fmt.Sprintf("cpu %s/%s  mem %s/%s  pods %d/%s", cores(n.Requested["cpu"]), cores(n.Capacity["cpu"]),
		memory(n.Requested["memory"]), memory(n.Capacity["memory"]), n.Pods, cmp.Or(plain.Line(n.Capacity["pods"]), "?")))
	return []entry{fact("conditions", conditions), fact("taints", taints), fact("asked for", asked)}
}

func readyFirst(a, b string) int {
	if (a == "Ready") != (b == "Ready") {
		if a == "Ready" {
			return -1
		}
		return 1
	}
	return strings.Compare(a, b)
}

// remembered is how many of the latest events a node shows.
const remembered = 40

// lately is what happened on the node, the latest first.
func lately(s *panel.State, n *view.Node) []entry {
	entries := []entry{section(s, "lately", "the latest first")}
	events := latest(s, n.Name)
	for _, e := range events {
		id, text := "", strings.TrimPrefix(e.Text, n.Name+": ")
		if e.Object != nil && e.Object.Resource == "pods" {
			id, text = podTarget(e.Object.Namespace, e.Object.Name), strings.ReplaceAll(text, e.Object.Namespace+"/", "")
		}
		style := &s.Theme.Muted
		if isRecent(s, e.Time) {
			style = &s.Theme.Changed
		}
		entries = append(entries, entry{id, cell{{fmt.Sprintf("%6s", panel.Ago(s.Now, e.Time)), style}, {"  " + plain.Line(text), toneOf(s, e)}}})
	}
	if len(events) == 0 {
		entries = append(entries, prose(s, "Nothing, since this program began to watch.", 60)...)
	}
	return entries
}

// latest are the latest events about the node or seen there. Each kind is searched from its end, and only as far as needed.
func latest(s *panel.State, node string) []*view.Event {
	var found []*view.Event
	for _, kind := range []view.EventKind{view.Changed, view.NodeChanged, view.SourceChanged, view.KubeEvent, view.ContainerDone, view.RuleChanged} {
		list, of := s.Events[kind], 0
		for i := len(list) - 1; i >= 0 && of < remembered; i-- {
			e := &list[i]
			machine, _, _ := strings.Cut(e.Source, "/")
			if machine == node || e.Object != nil && e.Object.Resource == "nodes" && e.Object.Name == node {
				found, of = append(found, e), of+1
			}
		}
	}
	slices.SortFunc(found, func(a, b *view.Event) int { return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.Seq, a.Seq)) })
	return found[:min(len(found), remembered)]
}
