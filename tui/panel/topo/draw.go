package topo

import (
	"strings"

	"kubelab/core/component"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
	"kubelab/tui/widget"
)

// drawing draws a State by a Layout, and notes where what can be selected is. The same code does both, so that they cannot differ: to find out
// what can be selected, it draws onto a canvas without cells.
type drawing struct {
	s   *panel.State
	l   Layout
	c   *canvas
	off int // lines that the nodes are scrolled down

	items    []item
	selected item

	names   []string               // of all machines, masters first
	pods    map[string][]*view.Pod // by node; those without one under ""
	links   links
	traffic traffic
	news    map[string]bool
	stale   map[string]view.Stale
	way     way
}

func newDrawing(s *panel.State, l Layout) *drawing {
	d := &drawing{s: s, l: l, pods: make(map[string][]*view.Pod, len(s.Lab.Nodes)+1)}
	for i := range s.Lab.Pods {
		p := &s.Lab.Pods[i]
		d.pods[p.Node] = append(d.pods[p.Node], p)
	}
	for i := range s.Lab.Masters {
		d.names = append(d.names, s.Lab.Masters[i].Name)
	}
	for i := range s.Lab.Nodes {
		d.names = append(d.names, s.Lab.Nodes[i].Name)
	}
	return d
}

// place says what can be selected, and where.
func (d *drawing) place() []item {
	d.c, d.off, d.items = newCanvas(0, 0), 0, nil
	d.all()
	return d.items
}

// paint draws, with what is selected.
func (d *drawing) paint(c *canvas, off int, selected item) {
	d.c, d.off, d.items, d.selected = c, off, nil, selected
	d.links = linksOf(d.s.Lab.Faults)
	d.traffic = trafficOf(d.s)
	d.news = newsOf(d.s)
	d.stale = map[string]view.Stale{}
	for _, one := range d.s.Lab.Stale {
		d.stale[one.Source] = one
	}
	d.way = wayOf(d.s, d.traffic.flow)
	d.all()
}

func (d *drawing) all() {
	if len(d.s.Lab.Masters)+len(d.s.Lab.Nodes) == 0 {
		d.nothing()
		return
	}
	if d.l.MasterForm == Row {
		d.scroll(func() {
			d.balancerLine()
			for i := range d.s.Lab.Masters {
				d.masterLine(&d.s.Lab.Masters[i], d.shown(d.l.Masters[i]))
			}
		})
	} else {
		d.top()
		d.trunk()
		for i := range d.s.Lab.Masters {
			d.master(&d.s.Lab.Masters[i], d.l.Masters[i])
		}
		d.mesh()
		d.riser()
	}
	d.scroll(d.nodes)
	d.bottom()
	d.emphasize()
}

// nothing says what would be here.
func (d *drawing) nothing() {
	lines := []string{
		"There is no machine in this lab yet.",
		"",
		"Masters will stand here side by side, the load balancer above them and nodes below.",
		"lab start makes them; lab add master and lab add node add one more of them.",
	}
	y := 0
	for _, s := range lines {
		for _, line := range widget.Wrap(s, d.c.w-2) {
			d.c.put(1, y, d.c.w-2, line, muted)
			y++
		}
	}
}

// scroll draws what scrolls: no line of it outside of its area.
func (d *drawing) scroll(f func()) {
	d.c.clip = d.l.Area
	f()
	d.c.clip = Rect{0, 0, d.c.w, d.c.h}
}

// shown is where a rectangle of what scrolls is now.
func (d *drawing) shown(r Rect) Rect {
	r.X, r.Y = r.X+d.l.Area.X, r.Y+d.l.Area.Y-d.off
	return r
}

// add notes something that can be selected, at where it is drawn. owner is where its owner is drawn.
func (d *drawing) add(id string, k kind, name string, at, owner Rect) {
	it := item{id: id, owner: name, kind: k, rect: at, band: owner.Y}
	if k == ofNode || k != ofNone && d.l.MasterForm == Row {
		it.scrolls = true
		it.rect.Y += d.off
		it.band += d.off
		it.lines = Rect{owner.X, it.band - d.l.Area.Y, owner.W, owner.H}
	}
	if k == ofNone {
		it.band = 1 << 20 // below all nodes, however many are scrolled away
	}
	d.items = append(d.items, it)
}

// emphasize draws what has just changed and what is selected so that it is seen.
func (d *drawing) emphasize() {
	for _, it := range d.items {
		at, l := it.rect, plain
		if it.scrolls {
			at.Y -= d.off
			d.c.clip = d.l.Area
		}
		if d.news[it.id] {
			l = changed
		}
		if how, on := d.way.parts[it.id]; on {
			l = how
		}
		if it.id == d.selected.id {
			l = selected
		}
		if l != plain {
			d.c.tint(at, l)
		}
		d.c.clip = Rect{0, 0, d.c.w, d.c.h}
	}
}

// sign is a sign's look.
func (d *drawing) sign(s theme.Sign) look { return d.c.style(s.Word, s.Style) }

// isStale is for how long nobody has confirmed what is shown of a source, in words; empty if somebody has.
func (d *drawing) isStale(source string) string {
	if one, ok := d.stale[source]; ok {
		return "stale " + age(d.s, one.Since)
	}
	return ""
}

// isDown reports whether nothing of a machine runs.
func isDown(parts map[string]component.Status) bool {
	for _, c := range parts {
		if c.State == component.Running || c.State == component.Starting || c.State == component.Paused {
			return false
		}
	}
	return true
}

// frame is the look of a machine's border.
func (d *drawing) frame(name string, parts map[string]component.Status) look {
	switch {
	case d.selected.id == name:
		return accent
	case isDown(parts):
		return bad
	}
	return border
}

// part draws a component in a line: a sign, its name as long as there is room, and on the right the first of the figures that fits.
func (d *drawing) part(r Rect, machine, name string, names []string, c component.Status, figures []string, figure look) {
	if d.c.blind() {
		return
	}
	s := d.s.Theme.Component(c)
	d.c.put(r.X, r.Y, 1, s.Mark, d.sign(s))
	if word := d.isStale(machine + "/" + name); word != "" && c.State == component.Running {
		figures, figure = []string{word}, warn
	} else if c.State != component.Running {
		figures, figure = []string{s.Word + " " + age(d.s, c.Since), s.Word, age(d.s, c.Since)}, d.sign(s)
	}
	called := text
	if c.State != component.Running {
		called = figure
	}
	for _, n := range names { // a shorter name is better than no figure
		for _, f := range figures {
			if 2+width(n)+1+width(f) <= r.W {
				d.c.put(r.X+2, r.Y, r.W-2, n, called)
				d.c.putRight(r.X+r.W, r.Y, width(f), f, figure)
				return
			}
		}
	}
	for i, n := range names {
		if 2+width(n) <= r.W || i == len(names)-1 {
			d.c.put(r.X+2, r.Y, r.W-2, n, called)
			return
		}
	}
}

// detail is the second line about a component: what more is to be said of it, and how long it is up.
func (d *drawing) detail(r Rect, c component.Status, more ...string) {
	if d.c.blind() {
		return
	}
	if c.Error != "" && c.State != component.Running {
		d.c.put(r.X+2, r.Y, r.W-2, c.Error, bad)
		return
	}
	if c.State != component.Running && c.State != component.Paused {
		more = nil
	}
	if c.Restarts > 0 {
		more = append(more, panel.Plural(c.Restarts, "restart"))
	}
	if c.State == component.Running && !c.Since.IsZero() {
		more = append(more, "up "+age(d.s, c.Since))
	}
	line := ""
	for _, w := range more {
		next := strings.TrimPrefix(line+" · "+w, " · ")
		if w == "" || 2+width(next) > r.W {
			continue
		}
		line = next
	}
	d.c.put(r.X+2, r.Y, r.W-2, line, muted)
}
