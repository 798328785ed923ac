package topo

import (
	"fmt"
	"strings"

	"kubelab/core/component"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// partsOfMaster are a master's components in the order in which a request meets them.
var partsOfMaster = []string{component.APIServer, component.Scheduler, component.ControllerManager, component.Etcd}

// master draws a master as a box.
func (d *drawing) master(m *view.Master, r Rect) {
	d.c.box(r, d.frame(m.Name, m.Components))
	name := d.c.put(r.X+1, r.Y, r.W-2, pad(m.Name, r.W), title)
	if note := " " + m.IP + " "; name+width(note)+6 <= r.W && r.W >= 32 {
		d.c.putRight(r.X+r.W-2, r.Y, width(note), note, muted)
	}
	d.add(m.Name, ofMaster, m.Name, Rect{r.X + 1, r.Y, max(name, 1), 1}, r)
	in := inside(r)
	for _, p := range partsOfMaster {
		c := m.Components[p]
		figures, l := d.figures(m, p, c)
		at := Rect{in.X, in.Y, in.W, 1}
		d.part(at, m.Name, p, namesFor(p, in.W), c, figures, l)
		in.Y++
		if d.l.Tall {
			d.detail(Rect{in.X, in.Y, in.W, 1}, c, d.more(m, p)...)
			in.Y++
		}
		d.add(m.Name+"/"+p, ofMaster, m.Name, at, r)
	}
}

// pad is a name with a blank on each side where a box of so many cells has room for them.
func pad(name string, w int) string {
	if width(name)+4 <= w {
		return " " + name + " "
	}
	return name
}

// inside is the room in a box: with a blank on each side if it is wide.
func inside(r Rect) Rect {
	in := Rect{r.X + 1, r.Y + 1, r.W - 2, r.H - 2}
	if r.W >= 16 {
		in.X, in.W = in.X+1, in.W-2
	}
	return in
}

// namesFor are the names that a box with so much room inside calls a component by: all boxes do the same, whatever else they say.
func namesFor(part string, room int) []string {
	names := namesOf(part)
	switch {
	case len(names) < 3 || room >= 30:
		return names
	case room >= 17:
		return names[1:]
	}
	return names[2:]
}

// figures are what is said of a component that runs, the most telling first.
func (d *drawing) figures(m *view.Master, part string, c component.Status) ([]string, look) {
	switch part {
	case component.APIServer:
		return []string{d.traffic.server[m.Name].String()}, text
	case component.Etcd:
		return d.member(m.Name)
	}
	if c.Leading {
		return []string{"leads"}, leads
	}
	return nil, muted
}

// behind is from how many entries on a member counts as behind: those that are on their way just now are no trouble.
const behind = 10

// member says how far an etcd member is.
func (d *drawing) member(name string) ([]string, look) {
	for _, e := range d.s.Lab.Etcd.Each {
		if e.Name != name || e.ID == "" {
			continue
		}
		revision := fmt.Sprintf("rev %d", e.Revision)
		switch {
		case len(e.Alarms) > 0:
			return []string{strings.Join(e.Alarms, " "), "alarm"}, bad
		case e.Lag >= behind:
			return []string{fmt.Sprintf("%d behind, %s", e.Lag, revision), fmt.Sprintf("%d behind", e.Lag), fmt.Sprintf("-%d", e.Lag)}, warn
		}
		plain := fmt.Sprint(e.Revision)
		return []string{revision, plain, "…" + plain[max(len(plain)-5, 0):]}, text // after a restore it has ten digits, and the last ones move
	}
	return nil, muted
}

// more are words for the second line about a component.
func (d *drawing) more(m *view.Master, part string) []string {
	switch part {
	case component.Etcd:
		for _, e := range d.s.Lab.Etcd.Each {
			if e.Name == m.Name && e.ID != "" {
				return []string{fmt.Sprintf("%s, term %d", e.Role, e.Term), panel.Size(e.Size)}
			}
		}
	case component.Scheduler, component.ControllerManager:
		if d.s.Lab.Leases[part] == m.Name {
			return []string{"holds the Lease"}
		}
		return []string{"awaits the Lease"}
	case component.APIServer:
		if mean := d.traffic.server[m.Name].mean(); mean > 0 {
			return []string{"mean " + panel.Brief(mean)}
		}
	}
	return nil
}

// masterLine draws a master as a line of a list.
func (d *drawing) masterLine(m *view.Master, r Rect) {
	x, end := r.X, r.X+r.W
	mark, l := "─", border
	if !d.used(m) {
		mark, l = "╳", bad
	}
	d.c.put(x, r.Y, end-x, mark, l)
	x++
	n := d.c.put(x, r.Y, end-x, fmt.Sprintf("%-9s", m.Name), title)
	d.add(m.Name, ofMaster, m.Name, Rect{x, r.Y, min(max(n, 1), 9), 1}, r)
	x += 10
	const parts = 4
	w := (end - x - (parts-1)*2) / parts
	for _, p := range partsOfMaster {
		c := m.Components[p]
		s := d.s.Theme.Component(c)
		at := Rect{x, r.Y, max(min(w, 22), 1), 1}
		if w < 7 { // only signs
			d.c.put(x, r.Y, min(1, end-x), s.Mark, d.sign(s))
			x += 2
		} else {
			figures, l := d.figures(m, p, c)
			d.part(at, m.Name, p, namesOf(p)[len(namesOf(p))-1:], c, figures, l)
			x += at.W + 2
		}
		if w < 7 {
			at.W = 1
		}
		d.add(m.Name+"/"+p, ofMaster, m.Name, at, r)
	}
	if trouble, l := d.links.trouble(m.Name, d.names); trouble != "" && end-x > 3 {
		d.c.put(x, r.Y, end-x, trouble, l)
	}
}
