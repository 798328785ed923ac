// Package topo holds the map: the home screen, which shows every machine of a lab, what runs on it, and what connects it with the others. Nodes reach
// the API servers through the load balancer, and so they do on the map: a line leads from each of them up to it.
//
// It is not for details: what can be opened has a panel of its own. The main types are Map, the panel, and Layout, where everything is.
package topo

import (
	"cmp"
	"slices"
	"strings"

	"kubelab/core/component"
	"kubelab/tui/panel"
)

// Panels are those of this package.
func Panels() []panel.Panel { return []panel.Panel{&Map{w: 118, h: 36}} }

// Map is the panel. It remembers what is selected and where that was, so that the selection stays near when what was selected is gone.
type Map struct {
	panel.Quiet
	w, h   int    // of the last View
	id     string // of what is selected; empty before anybody has moved
	last   item   // what was selected, as it was when it was
	goal   int    // column that vertical moves keep to
	offset int    // first line of the nodes that is shown
}

// Name is "map".
func (*Map) Name() string { return "map" }

// Title names what is selected: a pod is one cell, too little for a name.
func (m *Map) Title(s *panel.State) string {
	at := m.find(m.items(s))
	if at.id == "" {
		return "Map"
	}
	return "Map · " + at.id
}

// View draws the lab.
func (m *Map) View(s *panel.State, w, h int) string {
	m.w, m.h = w, h
	if w <= 0 || h <= 0 {
		return ""
	}
	c := newCanvas(w, h)
	m.draw(s, c)
	return c.String(s.Theme)
}

// draw draws onto the canvas. The selection is found first, since what scrolls follows it.
func (m *Map) draw(s *panel.State, c *canvas) {
	l := Arrange(len(s.Lab.Masters), len(s.Lab.Nodes), c.w, c.h)
	d := newDrawing(s, l)
	at := m.find(d.place())
	d.paint(c, l.follow(m.offset, at.lines), at)
}

// find is what is selected: the thing itself, or what is nearest to where it was.
func (m *Map) find(items []item) item {
	if len(items) == 0 {
		return item{}
	}
	if m.id == "" { // at first a machine: to the balancer nothing can be done
		return items[min(1, len(items)-1)]
	}
	if i := slices.IndexFunc(items, func(it item) bool { return it.id == m.id }); i >= 0 {
		return items[i]
	}
	return slices.MinFunc(items, func(a, b item) int { return cmp.Compare(far(a, m.last), far(b, m.last)) })
}

// Selected is a target as on the command line. The balancer is none: nothing can be done to it.
func (m *Map) Selected(s *panel.State) string {
	id := m.find(m.items(s)).id
	if id == balancer {
		return ""
	}
	return id
}

// items are what can be selected, without anything being drawn.
func (m *Map) items(s *panel.State) []item {
	return newDrawing(s, m.layout(s)).place()
}

// Key moves the selection or opens what is selected.
func (m *Map) Key(s *panel.State, key string) (panel.Result, bool) {
	items := m.items(s)
	at := m.find(items)
	if len(items) == 0 {
		return panel.Result{}, false
	}
	switch key {
	case "left", "h":
		m.choose(sideways(items, at, -1), true)
	case "right", "l":
		m.choose(sideways(items, at, 1), true)
	case "up", "k":
		m.choose(vertically(items, at, m.goalOf(at), -1), false)
	case "down", "j":
		m.choose(vertically(items, at, m.goalOf(at), 1), false)
	case "home", "g":
		m.choose(items[0], true)
	case "end", "G":
		m.choose(items[len(items)-1], true)
	case "pgup", "ctrl+b", "pgdown", "ctrl+f":
		dir := 1
		if key == "pgup" || key == "ctrl+b" {
			dir = -1
		}
		for range max(m.layout(s).Area.H, 1) {
			at = bandwise(items, at, m.goalOf(at), dir)
		}
		m.choose(at, false)
	case "enter":
		return m.open(s, items, at), true
	case "L": // the "l" of other panels, which goes to the right here
		if at.id == balancer {
			return panel.Result{Note: "the balancer writes no log; select a component, a machine or a pod"}, true
		}
		return panel.Result{Open: "logs", With: at.id}, true
	default:
		return panel.Result{}, false
	}
	m.reveal(s)
	return panel.Result{}, true
}

func (m *Map) layout(s *panel.State) Layout {
	return Arrange(len(s.Lab.Masters), len(s.Lab.Nodes), m.w, m.h)
}

// goalOf is the column that a vertical move keeps to: the one that was moved to sideways, or that of what is selected at first.
func (m *Map) goalOf(at item) int {
	if m.id == "" {
		return at.centre()
	}
	return m.goal
}

func (m *Map) choose(it item, sideways bool) {
	if sideways || m.id == "" {
		m.goal = it.centre()
	}
	m.id, m.last = it.id, it
}

// reveal scrolls so that the selection is seen.
func (m *Map) reveal(s *panel.State) { m.offset = m.layout(s).follow(m.offset, m.last.lines) }

// open opens the panel about what is selected.
func (m *Map) open(s *panel.State, items []item, at item) panel.Result {
	machine, part, _ := strings.Cut(at.id, "/")
	switch {
	case at.id == balancer:
		return panel.Result{Open: "api"}
	case machine == "pod":
		return panel.Result{Open: "pod", With: "pods/" + part}
	case part == component.Etcd:
		return panel.Result{Open: "etcd"}
	case part == component.APIServer:
		return panel.Result{Open: "api"}
	case part == component.Scheduler:
		return panel.Result{Open: "scheduler"}
	case part == component.ControllerManager:
		return panel.Result{Open: "controllers"}
	case at.kind == ofNode:
		return panel.Result{Open: "nodes", With: machine}
	}
	// A master has no panel of its own; what is in its box has.
	m.choose(vertically(items, at, at.centre(), 1), true)
	m.reveal(s)
	return panel.Result{Note: machine + ": enter opens the component that is selected; K, P and R mean the whole machine on its name"}
}

// Click selects what is under it, or opens it if that was selected.
func (m *Map) Click(s *panel.State, x, y int) panel.Result {
	items := m.items(s)
	l := m.layout(s)
	at := m.find(items)
	off := l.follow(m.offset, at.lines)
	for _, it := range items {
		if !it.hit(l, off, x, y) {
			continue
		}
		if it.id == at.id && m.id != "" {
			return m.open(s, items, at)
		}
		m.choose(it, true)
		break
	}
	return panel.Result{}
}

// Wheel scrolls the nodes, where they are too many; the selection stays on the screen.
func (m *Map) Wheel(s *panel.State, lines int) {
	l := m.layout(s)
	items := m.items(s)
	at := m.find(items)
	m.offset = l.clamp(l.follow(m.offset, at.lines) + lines)
	if !at.scrolls || l.follow(m.offset, at.lines) == m.offset {
		return
	}
	seen := slices.DeleteFunc(slices.Clone(items), func(it item) bool {
		return !it.scrolls || l.follow(m.offset, it.lines) != m.offset
	})
	if len(seen) == 0 {
		return
	}
	m.choose(slices.MinFunc(seen, func(a, b item) int { return cmp.Compare(far(a, at), far(b, at)) }), false)
}
