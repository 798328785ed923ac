package brain

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/widget"
)

// matrix is where a decision is looked at: a column for each node, the winner's first, and a row for each plugin.
type matrix struct {
	left  int // first node that is shown
	top   int // first line that is shown
	nodes int // that are shown
}

func (m *matrix) key(key string) bool {
	switch key {
	case "left", "h":
		m.left = max(m.left-1, 0)
	case "right":
		m.left++
	case "up", "k":
		m.top = max(m.top-1, 0)
	case "down", "j":
		m.top++
	case "home", "g":
		m.left, m.top = 0, 0
	default:
		return false
	}
	return true
}

func (p *Scheduler) drawOpen(pg *page, s *panel.State) {
	t, d := s.Theme, p.open
	name := plain.Line(d.Pod.Namespace + "/" + d.Pod.Name)
	result := t.Bad.Render("✗ fits nowhere")
	if d.Node != "" {
		result = t.Leads.Render("★ " + plain.Line(d.Node))
	}
	head := t.Title.Render(name) + "  " + result
	if d.WhatIf {
		would := t.Bad.Render("✗ would fit nowhere")
		if d.Node != "" {
			would = "would go to " + t.Leads.Render("★ "+plain.Line(d.Node))
		}
		head = t.Warn.Render("WHAT IF ") + show(t.Title, p.line) + "  " + would
	}
	pg.add(head)
	facts := fmt.Sprintf("%d of %d nodes fit", fits(d), len(d.Nodes))
	if d.Node != "" {
		facts += ", " + reason(d)
	}
	if !d.WhatIf {
		facts += fmt.Sprintf(" · took %s, try %d, %s at %s", panel.Brief(d.Took), d.Attempt, d.Master, panel.Clock(p.at))
	} else if len(d.Nodes) > 0 {
		facts += " · no pod was created; " + d.Master + " was asked at " + panel.Clock(p.at)
	}
	if len(d.Nodes) == 0 {
		pg.prose(t.Bad, "✗ "+d.Why)
		pg.prose(t.Muted, "No node was looked at. Backspace goes back to all decisions.")
		return
	}
	pg.prose(t.Muted, facts)
	body := p.matrix.lines(s, d, pg.w)
	p.matrix.top = min(p.matrix.top, max(len(body)-pg.left(), 0))
	pg.add(body[p.matrix.top:min(p.matrix.top+pg.left(), len(body))]...)
}

// ranked are the nodes: the winner, then those that fit by their scores, then the others.
func ranked(d *view.Decision) []view.Verdict {
	rank := func(v view.Verdict) int {
		switch {
		case v.Node == d.Node:
			return 0
		case v.Fits:
			return 1
		}
		return 2
	}
	nodes := slices.Clone(d.Nodes)
	slices.SortStableFunc(nodes, func(a, b view.Verdict) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.Total, a.Total), cmp.Compare(a.Node, b.Node))
	})
	return nodes
}

func (m *matrix) lines(s *panel.State, d *view.Decision, w int) []string {
	t := s.Theme
	nodes := ranked(d)
	label := 14
	for _, name := range slices.Concat(d.Filters, d.Scorers) {
		label = max(label, len(name)+2)
	}
	cell := 8
	for _, v := range nodes {
		cell = min(max(cell, len(v.Node)+4), 16)
	}
	label = min(label, max(w/3, w-cell*len(nodes), 8))
	m.nodes = max((w-label)/cell, 1)
	m.left = min(m.left, max(len(nodes)-m.nodes, 0))
	shown := nodes[m.left:min(m.left+m.nodes, len(nodes))]
	row := func(name string, of func(v view.Verdict) string) string {
		line := widget.Fit(name, label)
		for _, v := range shown {
			line += widget.FitLeft(of(v), cell)
		}
		return line
	}
	note := ""
	if len(shown) < len(nodes) {
		note = fmt.Sprintf("nodes %d to %d of %d, ←→ shows others", m.left+1, m.left+len(shown), len(nodes))
	}
	out := []string{row(t.Muted.Render("  plugin"), func(v view.Verdict) string { return nodeHead(s, d, v) })}
	out = append(out, heading(t, w, "Filters", strings.TrimSpace("✓ may run there  ✗ says no  · not asked any more  "+note)))
	for i, filter := range d.Filters {
		out = append(out, row("  "+plain.Line(filter), func(v view.Verdict) string { return filtered(s, d, v, i) }))
	}
	out = append(out, rejections(s, nodes, w)...)
	if len(d.Scorers) > 0 {
		out = append(out, heading(t, w, "Scores", "the more the better"))
		for _, scorer := range d.Scorers {
			out = append(out, row("  "+plain.Line(scorer), func(v view.Verdict) string { return score(s, d, v, scorer) }))
		}
		out = append(out, row(t.Title.Render("  total"), func(v view.Verdict) string {
			switch {
			case !v.Fits:
				return t.Muted.Render("-")
			case v.Node == d.Node:
				return t.Leads.Render("★ " + strconv.FormatInt(v.Total, 10))
			}
			return t.Title.Render(strconv.FormatInt(v.Total, 10))
		}))
	} else {
		out = append(out, heading(t, w, "Scores", map[bool]string{true: "none: only one node fits", false: "none: no node fits"}[fits(d) == 1]))
	}
	if len(d.Skipped) > 0 {
		out = append(out, heading(t, w, "Skipped", "filters that this pod gives nothing to judge"))
		out = append(out, wrapped(t.Muted, "  ", strings.Join(d.Skipped, ", "), w)...)
	}
	return out
}

func nodeHead(s *panel.State, d *view.Decision, v view.Verdict) string {
	t := s.Theme
	switch name := plain.Line(v.Node); {
	case v.Node == d.Node:
		return t.Leads.Render("★ " + name)
	case v.Fits:
		return name
	default:
		return t.Muted.Render(name)
	}
}

// filtered is what filter number i said of a node. Those after the one that rejected it were not asked, and none of them where it was ruled
// out before.
func filtered(s *panel.State, d *view.Decision, v view.Verdict, i int) string {
	t := s.Theme
	no := len(d.Filters)
	if !v.Fits {
		no = slices.Index(d.Filters, v.Rejected)
	}
	switch {
	case i < no:
		return t.Good.Render("✓")
	case i == no:
		return t.Bad.Render("✗")
	}
	return t.Muted.Render("·")
}

func score(s *panel.State, d *view.Decision, v view.Verdict, scorer string) string {
	points, ok := v.Scores[scorer]
	switch text := strconv.FormatInt(points, 10); {
	case !ok:
		return s.Theme.Muted.Render("-")
	case points == 0:
		return s.Theme.Muted.Render(text)
	case v.Node == d.Node:
		return s.Theme.Leads.Render(text)
	default:
		return text
	}
}

// rejections say why nodes were ruled out, each reason once.
func rejections(s *panel.State, nodes []view.Verdict, w int) (out []string) {
	type why struct{ by, why string }
	var order []why
	by := map[why][]string{}
	for _, v := range nodes {
		if v.Fits {
			continue
		}
		k := why{v.Rejected, v.Why}
		if by[k] == nil {
			order = append(order, k)
		}
		by[k] = append(by[k], v.Node)
	}
	for _, k := range order {
		names := by[k]
		text := strings.Join(names[:min(len(names), 3)], ", ")
		if len(names) > 3 {
			text += fmt.Sprintf(" and %d more", len(names)-3)
		}
		text += ": "
		if k.by != "" {
			text += k.by + " says "
		}
		out = append(out, wrapped(s.Theme.Bad, "  ✗ ", text+k.why, w)...)
	}
	return out
}

// wrapped is text in lines that begin below each other, the first one with a sign.
func wrapped(style lipgloss.Style, sign, text string, w int) (out []string) {
	n := len([]rune(sign))
	for i, line := range widget.Wrap(plain.Line(text), max(w-n, 8)) {
		if i > 0 {
			sign = strings.Repeat(" ", n)
		}
		out = append(out, style.Render(sign+line))
	}
	return out
}
