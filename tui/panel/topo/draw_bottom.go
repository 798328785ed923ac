package topo

import (
	"kubelab/core/component"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
)

// bottom draws the last line: what is stale, pods that no node has yet, and the signs, as far as there is room.
func (d *drawing) bottom() {
	r := d.l.Bottom
	if r.H == 0 {
		return
	}
	x, end := r.X+1, r.X+r.W
	waiting := d.pods[""]
	words := panel.Plural(len(waiting), "pod") + " without a node  "
	if one, ok := d.stale["objects"]; ok {
		room := end - x
		if len(waiting) > 0 {
			room = max(room-len(words)-8, 0)
		}
		x += d.c.put(x, r.Y, room, "▲ pods and heartbeats as of "+age(d.s, one.Since)+" ago: "+one.Why, warn) + 2
	}
	if len(waiting) > 0 {
		x += d.c.put(x, r.Y, end-x, words, warn)
		w := min(2*len(waiting), max((end-x)/2, 8), end-x)
		if w > 0 {
			d.cells(waiting, Rect{x, r.Y, w, 1}, r, ofNone, "waiting")
			x += w + 2
		}
	}
	for _, s := range legend(d.s.Theme) {
		if x+2+width(s.Word) > end {
			break
		}
		d.c.put(x, r.Y, 1, s.Mark, d.sign(s))
		x += 4 + d.c.put(x+2, r.Y, end-x-2, s.Word, muted)
	}
}

// legend are the signs with their words, those that are needed most first.
func legend(t *theme.Theme) []theme.Sign {
	of := func(s component.State, leading bool) theme.Sign {
		return t.Component(component.Status{State: s, Leading: leading})
	}
	pod := func(status string, ready bool) theme.Sign { return t.Pod(view.Pod{Status: status, Ready: ready}) }
	list := []theme.Sign{of(component.Running, false), of(component.Running, true), of(component.Crashed, false), {Mark: "╳", Word: "cut", Style: t.Bad}}
	r := pod("Running", true)
	r.Word = "pod"
	list = append(list, r, pod("Pending", false), pod("ContainerCreating", false), pod("Failed", false), pod("Terminating", false),
		theme.Sign{Mark: "♥", Word: "heartbeat", Style: t.Muted}, theme.Sign{Mark: "⊘", Word: "cordoned", Style: t.Warn},
		of(component.Paused, false), of(component.Starting, false), of(component.Stopped, false), theme.Sign{Mark: "┄", Word: "lossy", Style: t.Warn})
	return list
}
