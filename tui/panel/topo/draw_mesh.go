package topo

import (
	"strings"

	"kubelab/core/component"
	"kubelab/core/view"
)

// mesh draws the links among the masters, on which the members of etcd talk: each of them while there are few, and else a line that stands
// for all with a list of those that are not whole.
func (d *drawing) mesh() {
	switch n := len(d.s.Lab.Masters); {
	case n < 2 || d.l.Mesh.H == 0:
	case n == 2:
		d.between(0, 1, 0, 0, d.l.Mesh.Y)
	case n == 3:
		o := max(1, d.l.Masters[0].W/6)
		d.between(0, 1, o, -o, d.l.Mesh.Y)
		d.between(1, 2, o, -o, d.l.Mesh.Y)
		d.between(0, 2, -o, o, d.l.Mesh.Y+1)
	default:
		d.bar()
	}
}

func (d *drawing) middleOf(i int) int { return d.l.Masters[i].X + d.l.Masters[i].W/2 }

// lineLook is how the link between two masters is drawn: what etcd's leader is told goes on to the others.
func (d *drawing) lineLook(m, n *view.Master) look {
	leader := d.s.Lab.Etcd.Leader
	talk := m.Components[component.Etcd].State == component.Running && n.Components[component.Etcd].State == component.Running
	if d.way.stored && talk && (m.Name == leader || n.Name == leader) {
		return d.way.look
	}
	return border
}

// between draws the link between two masters in line y; from and to say where it begins and ends, in columns from the middles of their boxes.
func (d *drawing) between(i, j, from, to, y int) {
	a, b := &d.s.Lab.Masters[i], &d.s.Lab.Masters[j]
	x0, x1 := d.middleOf(i)+from, d.middleOf(j)+to
	how := d.links.of(a.Name, b.Name)
	l, style := d.lineLook(a, b), uint8(0)
	if how.word != "" {
		l = how.look()
		if !how.cut {
			style = dashed
		}
	}
	for _, x := range []int{x0, x1} {
		d.c.join(x, d.l.Mesh.Y-1, down, border)
		d.c.join(x, d.l.Mesh.Y, up|style, l)
		d.c.along(x, d.l.Mesh.Y, y, l, style)
	}
	d.c.across(x0, x1, y, l, style)
	if how.word == "" {
		return
	}
	label := " " + how.word + " "
	if how.cut {
		label = " ╳ " + how.word + " "
	}
	if room := x1 - x0 - 2; width(label) > room {
		label = how.mark()
	}
	d.c.put((x0+x1+1-width(label))/2, y, width(label), label, how.look())
}

// bar draws the line that stands for all links, and the list of those that are not whole.
func (d *drawing) bar() {
	y, n := d.l.Mesh.Y, len(d.s.Lab.Masters)
	var faulty, isolated []string
	worst := look(0)
	for i := range n {
		m := &d.s.Lab.Masters[i]
		a := m.Name
		l, cuts, flaws := border, 0, 0
		for j := range n {
			b := d.s.Lab.Masters[j].Name
			if i == j {
				continue
			}
			how := d.links.of(a, b)
			if how.word == "" {
				l = max(l, d.lineLook(m, &d.s.Lab.Masters[j]))
				continue
			}
			flaws++
			if how.cut {
				cuts++
			}
			worst = max(worst, how.look())
			if i < j && !d.links.isolated[a] && !d.links.isolated[b] {
				faulty = append(faulty, how.mark()+" "+short(a)+"–"+short(b)+" "+how.word)
			}
		}
		if d.links.isolated[a] {
			isolated = append(isolated, "╳ "+a+" isolated")
		}
		x := d.middleOf(i)
		d.c.join(x, y-1, down, border)
		d.c.join(x, y, up, l)
		if i+1 < n {
			d.c.across(x, d.middleOf(i+1), y, l, 0)
		}
		switch {
		case cuts == n-1:
			d.c.put(x, y, 1, "╳", bad)
		case flaws > 0:
			d.c.put(x, y, 1, "┄", warn)
		}
	}
	if d.l.Mesh.H < 2 {
		return
	}
	x, room := d.middleOf(0), d.l.Mesh.X+d.l.Mesh.W-d.middleOf(0)
	faulty = append(isolated, faulty...)
	if len(faulty) == 0 {
		d.c.put(x, y+1, room, "every master is linked with every other", muted)
		return
	}
	d.c.put(x, y+1, room, strings.Join(faulty, "   "), worst)
}
