package topo

import (
	"fmt"
	"net"
	"slices"
	"strconv"

	"kubelab/core/topology"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// top draws the line about the latest write, the clients and the balancer.
func (d *drawing) top() {
	d.lastWrite()
	c, b := d.l.Clients, d.l.Balancer
	flow := border
	if d.traffic.fromClients {
		flow = accent
	}
	if d.way.client {
		flow = max(flow, d.way.look)
	}
	if c.W >= clientsW {
		d.c.put(c.X+1, c.Y, c.W, "clients", text)
		d.c.putRight(c.X+c.W, c.Y, c.W-9, d.traffic.clients.String(), muted)
	}
	if x := c.X + c.W + 1; x < b.X-2 {
		d.c.across(x, b.X-2, c.Y, flow, 0)
		d.c.put(b.X-2, c.Y, 1, "▶", flow)
	}
	d.balancer(b)
}

// lastWrite says who wrote what last, or why nobody can.
func (d *drawing) lastWrite() {
	r := d.l.Write
	if r.H == 0 {
		return
	}
	w := d.traffic.write
	switch {
	case !d.s.Lab.Etcd.Quorum:
		d.c.put(r.X+1, r.Y, r.W-1, fmt.Sprintf("✗ no write is accepted: fewer than %d of %s of etcd can agree", d.s.Lab.Etcd.Members/2+1, panel.Plural(d.s.Lab.Etcd.Members, "member")), bad)
	case w == nil:
		d.c.put(r.X+1, r.Y, r.W-1, "last write  none seen yet but heartbeats", muted)
	default:
		l := text
		if within(d.s.Now, w.Time, fresh) {
			l = changed
			if w.Request.Code >= 400 {
				l = bad
			}
		}
		x := r.X + 1 + d.c.put(r.X+1, r.Y, r.W-1, "last write  ", muted)
		end, room := "  "+age(d.s, w.Time)+" ago", r.X+r.W-x
		if long := fmt.Sprintf("  %s, %s,%s", w.Request.Server, panel.Brief(w.Request.Took), end[1:]); width(w.Text)+width(long) <= room {
			end = long
		}
		x += d.c.put(x, r.Y, room-width(end), w.Text, l)
		d.c.put(x, r.Y, width(end), end, muted)
	}
}

// balancer draws the load balancer as text; one that has no API server left to lead to says so.
func (d *drawing) balancer(r Rect) {
	if len(d.s.Lab.Balancer.Healthy) == 0 {
		d.c.put(r.X+1, r.Y, r.W-2, "✗ balancer: none", bad)
	} else {
		d.c.put(r.X+1, r.Y, r.W-2, "balancer", accent)
		d.c.putRight(r.X+r.W-1, r.Y, r.W-11, d.traffic.balancer.String(), text)
	}
	d.add(balancer, ofBalancer, balancer, r, r)
}

// balancerLine draws the balancer as a line of a list.
func (d *drawing) balancerLine() {
	r := d.shown(d.l.Balancer)
	x := r.X + 1
	if n := len(d.s.Lab.Balancer.Healthy); n == 0 {
		d.c.put(x, r.Y, r.W-1, "✗ balancer: no API server is up", bad)
	} else {
		x += d.c.put(x, r.Y, r.W-1, "balancer  ", accent)
		x += d.c.put(x, r.Y, r.X+r.W-x, d.traffic.balancer.String(), text)
		d.c.put(x, r.Y, r.X+r.W-x, fmt.Sprintf("  to %d of %s", n, panel.Plural(len(d.s.Lab.Masters), "API server")), muted)
	}
	d.add(balancer, ofBalancer, balancer, Rect{r.X, r.Y, min(r.W, 10), 1}, r)
}

// used reports whether the balancer leads connections to a master.
func (d *drawing) used(m *view.Master) bool {
	return slices.Contains(d.s.Lab.Balancer.Healthy, net.JoinHostPort(m.IP, strconv.Itoa(topology.APIServerPort)))
}

// trunk draws the lines from the balancer to the API servers.
func (d *drawing) trunk() {
	t, from := d.l.Trunk, d.l.Balancer.X+d.l.Balancer.W/2
	last := t.Y + t.H - 1
	d.c.join(from, t.Y, up, border)
	for i := range d.s.Lab.Masters {
		m := &d.s.Lab.Masters[i]
		to := d.l.Masters[i].X + d.l.Masters[i].W/2
		l := border
		if d.traffic.busy[m.Name] {
			l = accent
		}
		if d.way.master == m.Name && d.way.balanced {
			l = max(l, d.way.look)
		}
		used := d.used(m)
		if !used {
			l = border
		}
		d.c.across(from, to, t.Y, l, 0)
		d.c.join(from, t.Y, up, l)
		d.c.join(to, t.Y, down, l)
		switch {
		case !used:
			d.c.put(to, last, 1, "╳", bad)
			if t.H > 1 {
				d.c.put(to+2, last, d.l.Masters[i].W/2-2, "not used", bad)
			}
		case t.H > 1:
			d.c.put(to, last, 1, "▼", l)
		}
	}
}

// riser draws the line on which nodes reach the balancer.
func (d *drawing) riser() {
	if d.l.Riser < 0 {
		return
	}
	l := border
	if d.traffic.fromNodes {
		l = accent
	}
	if d.way.nodes() {
		l = max(l, d.way.look)
	}
	b := d.l.Balancer
	d.c.across(b.X+b.W+1, d.l.Riser, b.Y, l, 0)
	d.c.put(b.X+b.W+1, b.Y, 1, "◀", l)
	end := d.l.Area.Y - 1
	if d.l.NodeForm != Row {
		end = d.l.Area.Y + d.l.Nodes[len(d.l.Nodes)-1].Y - 1
	}
	d.c.along(d.l.Riser, b.Y, end, l, 0)
}
