package objects

import "kubelab/tui/panel"

func (p *nodes) Click(s *panel.State, x, y int) panel.Result {
	p.sync(s)
	if y < p.tableH {
		was := p.selected
		opens := p.click(x, y)
		switch {
		case opens && p.focus == onTable:
			return p.enter(s)
		case p.selected != was:
			p.focus = onTable
			return p.moved(s)
		}
		p.focus = onTable
		return panel.Result{}
	}
	at, d := onLeft, &p.left
	if p.beside && x > p.leftW {
		at, d = onRight, &p.right
	}
	i := d.offset + y - p.tableH - detailHead
	if i < d.offset || i >= len(d.entries) {
		return panel.Result{}
	}
	again := p.focus == at && d.cursor == i
	p.focus = at
	d.to(i)
	if again {
		return p.enter(s)
	}
	return panel.Result{}
}

// Wheel scrolls the detail: to move to another node is to ask it, which a wheel cannot.
func (p *nodes) Wheel(_ *panel.State, lines int) {
	if p.focus == onRight {
		p.right.to(p.right.cursor + lines)
		return
	}
	p.left.to(p.left.cursor + lines)
}
