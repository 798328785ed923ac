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

// detailHead is how many lines stand above the detail: a rule with the node's name.
const detailHead = 1

func (p *nodes) nodeColumns() []column[*view.Node] {
	muted := func(s *panel.State, text string) cell { return styled(text, &s.Theme.Muted) }
	return []column[*view.Node]{
		{title: "node", width: 8, measure: func(n *view.Node) int { return widget.Width(n.Name) },
			cell: func(_ *panel.State, n *view.Node) cell { return words(plain.Line(n.Name)) }, compare: by(func(n *view.Node) string { return n.Name })},
		{title: "state", width: 11, cell: p.nodeState, compare: by(func(n *view.Node) string { return fmt.Sprint(!n.Ready, n.Schedulable) })},
		{title: "heartbeat", right: true, width: 9, drop: 1, cell: heartbeatCell, compare: by(func(n *view.Node) int64 { return -n.Heartbeat.UnixNano() })},
		{title: "pods", right: true, width: 7, drop: 2, cell: func(_ *panel.State, n *view.Node) cell {
			return words(fmt.Sprintf("%d/%s", n.Pods, cmp.Or(plain.Line(n.Capacity["pods"]), "?")))
		},
			compare: by(func(n *view.Node) int { return n.Pods })},
		{title: "cpu asked for", width: 17, drop: 3, cell: func(s *panel.State, n *view.Node) cell {
			return share(s, quantity(n.Requested["cpu"]), quantity(n.Capacity["cpu"]), cores(n.Requested["cpu"])+"/"+cores(n.Capacity["cpu"]), 8)
		}, compare: by(func(n *view.Node) float64 { return quantity(n.Requested["cpu"]) })},
		{title: "memory asked for", width: 22, drop: 4, cell: func(s *panel.State, n *view.Node) cell {
			return share(s, quantity(n.Requested["memory"]), quantity(n.Capacity["memory"]), memory(n.Requested["memory"])+"/"+memory(n.Capacity["memory"]), 8)
		}, compare: by(func(n *view.Node) float64 { return quantity(n.Requested["memory"]) })},
		{title: "restarts", right: true, width: 8, drop: 5, cell: func(s *panel.State, n *view.Node) cell {
			if r := restartsOf(n); r > 0 {
				return styled(fmt.Sprint(r), &s.Theme.Warn)
			}
			return muted(s, "0")
		}, compare: by(restartsOf)},
		{title: "trouble and taints", min: 10, width: 24, fill: true, drop: 6, cell: troubleCell},
		{title: "address", width: 13, wide: true, drop: 7, cell: func(s *panel.State, n *view.Node) cell { return orDash(s, n.IP) }},
		{title: "pod range", width: 16, wide: true, drop: 8, cell: func(s *panel.State, n *view.Node) cell { return orDash(s, n.PodRange) }},
	}
}

func restartsOf(n *view.Node) int {
	sum := 0
	for _, c := range n.Components {
		sum += c.Restarts
	}
	return sum
}

// nodeState is whether a node is ready, and whether that is still known.
func (p *nodes) nodeState(s *panel.State, n *view.Node) cell {
	c := styled("● ready", &s.Theme.Good)
	_, silent := panel.Stale(s, n.Name)
	switch {
	case n.Conditions == nil && n.Heartbeat.IsZero() && !n.Ready:
		c = styled("· unknown", &s.Theme.Muted)
	case !n.Ready:
		c = styled("✗ not ready", &s.Theme.Bad)
	case silent:
		c = styled("▲ stale", &s.Theme.Warn)
	case !n.Schedulable:
		c = styled("◌ cordoned", &s.Theme.Warn)
	}
	if p.changed["nodes/"+n.Name] {
		c[0].style = &s.Theme.Changed
	}
	return c
}

func heartbeatCell(s *panel.State, n *view.Node) cell {
	if n.Heartbeat.IsZero() {
		return styled("none yet", &s.Theme.Muted)
	}
	style := &s.Theme.Text
	if _, silent := panel.Stale(s, n.Name); silent {
		style = &s.Theme.Warn
	}
	return styled(panel.Ago(s.Now, n.Heartbeat)+" ago", style)
}

// troubleCell is what keeps pods away: conditions that are not as they should be, and taints.
func troubleCell(s *panel.State, n *view.Node) cell {
	var words []string
	for _, kind := range slices.Sorted(maps.Keys(n.Conditions)) {
		switch state := n.Conditions[kind]; {
		case kind == "Ready" && state == "Unknown":
			words = append(words, "Ready is Unknown")
		case kind != "Ready" && state == "True":
			words = append(words, kind)
		case kind != "Ready" && state == "Unknown" && n.Conditions["Ready"] != "Unknown":
			words = append(words, kind+" is Unknown")
		}
	}
	if !n.Ready && !n.Schedulable {
		words = append(words, "cordoned")
	}
	for _, t := range n.Taints {
		words = append(words, strings.TrimPrefix(t, "node.kubernetes.io/"))
	}
	if words == nil {
		return styled("none", &s.Theme.Muted)
	}
	return styled(plain.Line(strings.Join(words, ", ")), &s.Theme.Warn)
}

func (p *nodes) View(s *panel.State, w, h int) string {
	p.sync(s)
	p.changed = recent(s, view.NodeChanged, view.Changed)
	n, ok := p.current()
	return footed(s, w, h, func() string { return p.footer(s) }, []string{objectsSource}, func(h int) []string {
		if !ok {
			return under(s, p.view(s, w, h, true), w, h, p.filter, len(p.all), "This lab has no nodes. lab add node makes one: a machine of its own with kubelet, containerd and kube-proxy.")
		}
		p.tableH = p.tableHeight(h)
		p.layoutDetail(w, h-p.tableH-detailHead)
		p.detail(s)
		lines := p.view(s, w, p.tableH, p.focus == onTable)
		if p.tableH >= h {
			return lines
		}
		lines = append(lines, p.ruled(s, n, w))
		return append(lines, p.detailLines(s, w, h-p.tableH-detailHead)...)
	})
}

// tableHeight leaves most of a low panel to where the keys go.
func (p *nodes) tableHeight(h int) int {
	all := len(p.rows) + 1
	switch {
	case h < 8:
		if p.focus == onTable {
			return h
		}
		return min(2, h)
	case p.focus != onTable && h < 24:
		return 2
	}
	return min(all, max(h/3, 4))
}

// layoutDetail decides whether what the node says itself stands beside the rest.
func (p *nodes) layoutDetail(w, h int) {
	p.beside = w >= 104 && h >= 6
	p.leftW, p.rightW = w, w
	if p.beside {
		p.leftW = min(max(w*9/20, 50), 76)
		p.rightW = w - p.leftW - 2
	} else if p.focus == onRight {
		p.focus = onLeft
	}
}

// ruled is the line between the table and the detail, which says what the detail is of.
func (p *nodes) ruled(s *panel.State, n *view.Node, w int) string {
	if v := p.chosen(s); v != nil {
		return ruler(s, w, fmt.Sprintf("Service %s/%s on %s", plain.Line(v.Namespace), plain.Line(v.Name), plain.Line(n.Name)), "")
	}
	return ruler(s, w, plain.Line(n.Name), fmt.Sprintf("%s, pods in %s", plain.Line(n.IP), cmp.Or(plain.Line(n.PodRange), "?")))
}

func (p *nodes) detailLines(s *panel.State, w, h int) []string {
	left := p.left.view(s, p.leftW, h, p.focus == onLeft)
	if !p.beside {
		return left
	}
	right := p.right.view(s, p.rightW, h, p.focus == onRight)
	for i := range left {
		left[i] += "  " + right[i]
	}
	return left
}

// footer sums up, or says how what is shown was asked for.
func (p *nodes) footer(s *panel.State) string {
	n, ok := p.current()
	if !ok {
		return p.status("node")
	}
	text := p.status("node")
	switch {
	case p.focus != onTable:
		text = "← back to the table"
	default:
		text += " · enter goes into " + plain.Line(n.Name)
	}
	if p.chosen(s) != nil {
		return text + " · v next Service · i try it"
	}
	if at := p.got[n.Name].at; !at.IsZero() {
		text += fmt.Sprintf(" · %s was asked %s ago", plain.Line(n.Name), panel.Ago(s.Now, at))
	}
	return text + " · v Services as it sees them"
}
