package topo

import (
	"fmt"

	"kubelab/core/view"
)

// listFrom is from how many lines and cells on pods are listed by name.
const (
	listLines = fewPods
	listCells = 16
)

func idOf(p *view.Pod) string { return "pod/" + p.Namespace + "/" + p.Name }

// podsIn draws a node's pods into a rectangle: by name where there is room for a list, the rest of them as cells.
func (d *drawing) podsIn(n *view.Node, r, owner Rect) {
	pods := d.pods[n.Name]
	if r.W < 1 || r.H < 1 {
		return
	}
	if r.H < listLines || r.W < listCells {
		d.cells(pods, r, owner, ofNode, n.Name)
		return
	}
	if len(pods) == 0 {
		d.c.put(r.X, r.Y, r.W, "no pods", muted)
		return
	}
	listed := len(pods)
	if listed > r.H {
		listed = r.H - 1
	}
	for i, p := range pods[:listed] {
		d.podLine(p, Rect{r.X, r.Y + i, r.W, 1})
		d.add(idOf(p), ofNode, n.Name, Rect{r.X, r.Y + i, r.W, 1}, owner)
	}
	if listed < len(pods) {
		d.cells(pods[listed:], Rect{r.X, r.Y + listed, r.W, 1}, owner, ofNode, n.Name)
	}
}

// podLine draws a pod with its name, and with its status if it is not just running.
func (d *drawing) podLine(p *view.Pod, r Rect) {
	s := d.s.Theme.Pod(*p)
	d.c.put(r.X, r.Y, 1, s.Mark, d.podLook(p))
	note := ""
	switch {
	case p.Status != "Running":
		note = p.Status
	case !p.Ready:
		note = "not ready"
	case p.Restarts > 0:
		note = fmt.Sprintf("↻ %d", p.Restarts)
	}
	room := r.W - 2
	if n := width(note); note != "" && n+14 <= room {
		d.c.putRight(r.X+r.W, r.Y, n, note, d.podLook(p))
		room -= n + 1
	}
	name := d.c.style("namespace "+p.Namespace, d.s.Theme.Namespace(p.Namespace))
	d.c.put(r.X+2, r.Y, room, middle(p.Name, room), name)
}

// podLook is that of a pod's sign; what is not confirmed is pale.
func (d *drawing) podLook(p *view.Pod) look {
	if _, stale := d.stale["objects"]; stale {
		return muted
	}
	return d.sign(d.s.Theme.Pod(*p))
}

// cells draws pods as one cell each: with blanks between them if all have room so, else without, and what has no room even then is counted.
func (d *drawing) cells(pods []*view.Pod, r, owner Rect, k kind, name string) {
	step, shown := 2, len(pods)
	if (r.W+1)/2*r.H < shown {
		step = 1
	}
	rest := ""
	if r.W*r.H < shown {
		for shown = r.W * r.H; shown > 0; shown-- { // the number needs room, too
			rest = fmt.Sprintf("+%d", len(pods)-shown)
			if shown <= r.W*(r.H-1)+max(0, r.W-width(rest)) {
				break
			}
		}
	}
	across := max(1, (r.W+step-1)/step)
	for i, p := range pods[:shown] {
		at := Rect{r.X + i%across*step, r.Y + i/across, 1, 1}
		d.c.put(at.X, at.Y, 1, d.s.Theme.Pod(*p).Mark, d.podLook(p))
		d.add(idOf(p), k, name, at, owner)
	}
	if rest != "" {
		d.c.putRight(r.X+r.W, r.Y+r.H-1, r.W, rest, muted)
	}
}
