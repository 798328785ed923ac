package topo

import (
	"fmt"
	"strings"

	"kubelab/core/component"
	"kubelab/core/view"
)

// partsOfNode are a node's components from the top to the bottom: kubelet has containerd run the pods.
var partsOfNode = []string{component.Kubelet, component.Containerd, component.KubeProxy}

// letters stand for them where there is no room for their names.
var letters = map[string]string{component.Kubelet: "k", component.Containerd: "c", component.KubeProxy: "p"}

// nodes draws all nodes, and the lines above them.
func (d *drawing) nodes() {
	if d.l.NodeForm != Row {
		d.buses()
	} else if d.l.Bus > 0 {
		d.divider()
	}
	for i := range d.s.Lab.Nodes {
		n, r := &d.s.Lab.Nodes[i], d.shown(d.l.Nodes[i])
		switch d.l.NodeForm {
		case Full:
			d.fullNode(n, r)
		case Small:
			d.smallNode(n, r)
		default:
			d.nodeLine(n, r)
		}
	}
}

// buses draws the lines from the nodes to the riser: one above each row of boxes, with what is wrong with a node's links.
func (d *drawing) buses() {
	if d.c.blind() {
		return
	}
	const port = 3
	for i := range d.s.Lab.Nodes {
		n, r := &d.s.Lab.Nodes[i], d.shown(d.l.Nodes[i])
		x, y := r.X+port, r.Y-1
		l := border
		if d.way.reaches(n.Name) {
			l = d.way.look
		}
		d.c.across(x, d.l.Riser, y, l, 0)
		d.c.join(x, y, down, l)
		trouble, bad := d.links.trouble(n.Name, d.names)
		if trouble == "" {
			continue
		}
		if mark, ok := strings.CutPrefix(trouble, "╳ isolated"); ok && mark == "" {
			d.c.put(x, y, r.W-port, trouble+" ", bad)
			continue
		}
		d.c.put(x+1, y, r.W-port-1, " "+trouble+" ", bad)
	}
}

// divider draws the line above nodes that are lines, with which of them are seen.
func (d *drawing) divider() {
	d.c.clip = Rect{0, 0, d.c.w, d.c.h}
	y := d.l.Area.Y - 1
	l := border
	if d.way.nodes() {
		l = d.way.look
	}
	d.c.across(0, d.l.Riser, y, l, 0)
	label := fmt.Sprintf(" %d nodes ", len(d.s.Lab.Nodes))
	if d.l.Content > d.l.Area.H {
		first, last := -1, 0
		for i, r := range d.l.Nodes {
			if r.Y >= d.off && r.Y < d.off+d.l.Area.H {
				last = i
				if first < 0 {
					first = i
				}
			}
		}
		if first >= 0 {
			label = fmt.Sprintf(" %s to %s of %d nodes ", d.s.Lab.Nodes[first].Name, d.s.Lab.Nodes[last].Name, len(d.s.Lab.Nodes))
		}
	}
	d.c.put(2, y, d.c.w-4, label, muted)
	d.c.clip = d.l.Area
}

// remark is something about a node that is not as it should be.
type remark struct {
	mark, word string
	look       look
}

// flags are the remarks of a node, the worst first.
func flags(n *view.Node) []remark {
	var list []remark
	if !n.Ready {
		list = append(list, remark{"✗", "not ready", bad})
	}
	for _, pressure := range []string{"DiskPressure", "MemoryPressure", "PIDPressure"} {
		if n.Conditions[pressure] == "True" {
			list = append(list, remark{"▲", strings.ToLower(strings.TrimSuffix(pressure, "Pressure")) + " pressure", warn})
		}
	}
	if !n.Schedulable {
		list = append(list, remark{"⊘", "cordoned", warn})
	}
	return list
}

// heartbeat is how long ago kubelet renewed its node's Lease.
func (d *drawing) heartbeat(n *view.Node) (string, look) {
	if n.Heartbeat.IsZero() {
		return "♥ -", muted
	}
	if _, stale := d.stale[n.Name]; stale {
		return "♥ " + age(d.s, n.Heartbeat) + " stale", warn
	}
	if _, stale := d.stale["objects"]; stale {
		return "♥ " + age(d.s, n.Heartbeat) + "?", warn
	}
	return "♥ " + age(d.s, n.Heartbeat), muted
}

// head draws the border of a node's box, with its name, its flags and its heartbeat in it.
func (d *drawing) head(n *view.Node, r Rect) {
	d.c.box(r, d.frame(n.Name, n.Components))
	l := title
	if !n.Ready {
		l = bad
	}
	name := d.c.put(r.X+1, r.Y, r.W-2, pad(n.Name, r.W), l)
	d.add(n.Name, ofNode, n.Name, Rect{r.X + 1, r.Y, max(name, 1), 1}, r)
	if d.c.blind() {
		return
	}
	beat, how := d.heartbeat(n)
	room := r.W - 2 - name
	end := r.X + r.W - 1
	all := flags(n)
	if width(beat)+2+2*len(all) > room {
		beat = strings.Replace(beat, " stale", "?", 1)
	}
	if w := width(beat) + 2; w+2*min(len(all), 1) <= room {
		d.c.put(end-w, r.Y, w, " "+beat+" ", how)
		room -= w
	}
	x := r.X + 1 + name
	for _, f := range all {
		word := f.mark + " " + f.word + " "
		if width(word) > room {
			word = f.mark + " "
		}
		if width(word) > room {
			break
		}
		got := d.c.put(x, r.Y, room, word, f.look)
		x, room = x+got, room-got
	}
}

// foot draws how much of a node's cores is asked for into the lower border of its box.
func (d *drawing) foot(n *view.Node, r Rect) {
	all, asked := cores(n.Capacity["cpu"]), cores(n.Requested["cpu"])
	if all <= 0 || d.c.blind() {
		return
	}
	share := min(asked/all, 1)
	y, x, room := r.Y+r.H-1, r.X+2, r.W-2
	figure := " cpu " + tenths(asked) + "/" + tenths(all) + " "
	if width(figure) > room {
		return
	}
	d.c.put(x-1, y, width(figure), figure, muted)
	if left := min(room-width(figure)-2, 10); left >= 4 {
		d.gauge(x-1+width(figure), y, left, share)
		d.c.put(x-1+width(figure)+left, y, 1, " ", plain)
	}
}

// gauge draws a share of 0 to 1.
func (d *drawing) gauge(x, y, w int, share float64) {
	l := good
	if share > 0.9 {
		l = warn
	}
	full := int(share*float64(w) + 0.5)
	if share > 0 {
		full = max(full, 1)
	}
	for i := range w {
		if i < full {
			d.c.set(x+i, y, 1, "▮", l)
		} else {
			d.c.set(x+i, y, 1, "▯", muted)
		}
	}
}

// fullNode draws a node as a box with a line for each component.
func (d *drawing) fullNode(n *view.Node, r Rect) {
	d.head(n, r)
	in := inside(r)
	for _, p := range partsOfNode {
		c := n.Components[p]
		at := Rect{in.X, in.Y, in.W, 1}
		d.part(at, n.Name, p, namesOf(p), c, nil, muted)
		in.Y++
		if d.l.Tall {
			pid := ""
			if c.PID > 0 {
				pid = fmt.Sprintf("pid %d", c.PID)
			}
			d.detail(Rect{in.X, in.Y, in.W, 1}, c, pid)
			in.Y++
		}
		d.add(n.Name+"/"+p, ofNode, n.Name, at, r)
	}
	d.podsIn(n, Rect{in.X, in.Y, in.W, d.l.Pods}, r)
	d.foot(n, r)
}

// smallNode draws a node as a box with a sign for each component.
func (d *drawing) smallNode(n *view.Node, r Rect) {
	d.head(n, r)
	in := inside(r)
	x := in.X
	for _, p := range partsOfNode {
		s := d.s.Theme.Component(n.Components[p])
		d.c.put(x, in.Y, 1, s.Mark, d.sign(s))
		d.c.put(x+1, in.Y, 1, letters[p], muted)
		d.add(n.Name+"/"+p, ofNode, n.Name, Rect{x, in.Y, 2, 1}, r)
		x += 4
	}
	d.podsIn(n, Rect{in.X, in.Y + 1, in.W, d.l.Pods}, r)
	d.foot(n, r)
}

// nodeLine draws a node as a line.
func (d *drawing) nodeLine(n *view.Node, r Rect) {
	const wide = 64 // cells from which there is room for words beside the signs
	x, end := r.X+1, r.X+r.W
	put := func(w int, s string, l look) {
		d.c.put(x, r.Y, min(w, end-x), s, l)
		x += w
	}
	l := title
	if !n.Ready {
		l = bad
	}
	d.add(n.Name, ofNode, n.Name, Rect{x, r.Y, max(min(8, end-x), 1), 1}, r)
	put(8, n.Name, l)
	trouble, how := d.links.trouble(n.Name, d.names)
	mark, _, _ := strings.Cut(trouble, " ")
	put(1, mark, how)
	all := flags(n)
	if len(all) == 0 {
		all = []remark{{}}
	}
	put(2, all[0].mark, all[0].look)
	beat, how2 := d.heartbeat(n)
	put(7, strings.Replace(beat, " stale", "?", 1), how2)
	for _, p := range partsOfNode {
		s := d.s.Theme.Component(n.Components[p])
		d.add(n.Name+"/"+p, ofNode, n.Name, Rect{x, r.Y, 1, 1}, r)
		put(1, s.Mark, d.sign(s))
		if r.W >= wide {
			put(2, letters[p], muted)
		}
	}
	x++
	if total := cores(n.Capacity["cpu"]); r.W >= rowMin {
		asked := cores(n.Requested["cpu"])
		if total > 0 {
			d.gauge(x, r.Y, 4, min(asked/total, 1))
		}
		x += 5
		if r.W >= wide && total > 0 {
			d.c.put(x, r.Y, 9, tenths(asked)+"/"+tenths(total), muted)
		}
	}
	if r.W >= wide {
		x += 9
		const words = 24
		line := trouble
		if all[0].word != "" {
			line, how = strings.TrimPrefix(line+"  "+all[0].mark+" "+all[0].word, "  "), max(how, all[0].look)
		}
		d.c.put(end-words, r.Y, words, line, how)
		end -= words + 1
	}
	d.podsIn(n, Rect{x, r.Y, max(end-x, 0), 1}, r)
}
