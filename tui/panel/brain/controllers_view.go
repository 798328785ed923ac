package brain

import (
	"fmt"
	"strconv"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/widget"
)

func (c *Controllers) View(s *panel.State, w, h int) string {
	p := &page{w: w, h: h}
	c.sync(s)
	p.add(leads(s, component.ControllerManager, w)...)
	// The heights depend on that of the panel alone: rows come and go in each part.
	queues, workloads := share(h - len(p.lines))
	workloads = min(workloads, max(len(c.shownWorkloads)+2, 3))
	if !c.all {
		queues = min(queues, mostBusy+2)
	}
	c.drawQueues(p, s, queues)
	c.drawWorkloads(p, s, workloads)
	c.drawWrites(p, s)
	return p.String()
}

// mostBusy is for how many work queues there is room when idle ones are hidden.
const mostBusy = 8

// share divides lines: what is left of the two parts is for writes. What there is no room for goes without, the last part first.
func share(h int) (queues, workloads int) {
	switch {
	case h < 6:
		return 0, h
	case h < 12:
		return h / 2, h - h/2
	}
	return h * 3 / 10, h * 4 / 10
}

func (c *Controllers) drawQueues(p *page, s *panel.State, h int) {
	t := s.Theme
	end := len(p.lines) + h
	if h < 3 {
		c.queues.h = 0
		return
	}
	note := "asking"
	switch {
	case c.answer == nil && c.err != nil:
		note = ""
	case c.answer != nil && c.err != nil:
		note = "as of " + panel.Clock(c.answerAt) + ": " + c.err.Error()
	case c.answer != nil:
		note = fmt.Sprintf("of %s, asked every 3 s", c.answer.Master)
		if hidden := len(c.answer.Queues) - len(c.shownQueues); hidden > 0 && !c.all {
			note += fmt.Sprintf(", %d idle ones hidden", hidden)
		}
	}
	p.add(heading(t, p.w, "Controllers", note))
	switch {
	case c.answer == nil && c.err != nil:
		p.prose(t.Muted, "not known: "+c.err.Error())
	case c.answer == nil:
		p.add(t.Muted.Render("asking for their work queues"))
	case len(c.shownQueues) == 0:
		p.prose(t.Muted, "All of them are idle: what is wanted is what is. A change of any object wakes those that watch it.")
	default:
		p.list(s, &c.queues, min(h-1, p.left()), c.deck.has(&c.queues), func(i int) []string { return queueCells(s, c.shownQueues[i]) })
	}
	p.end(end)
}

func queueCells(s *panel.State, q view.Controller) []string {
	t := s.Theme
	number := func(n int64) string {
		if n == 0 {
			return t.Muted.Render("0")
		}
		return strconv.FormatInt(n, 10)
	}
	depth := number(int64(q.Depth))
	if q.Depth > 0 {
		depth = t.Warn.Render(strconv.Itoa(q.Depth))
	}
	last, ago := t.Muted.Render("none remembered"), ""
	if q.Last != nil {
		last, ago = show(t.Muted, q.Last.Verb+" ")+object(t, q.Last), panel.Ago(s.Now, q.Last.Began)
		if changed(s, q.Last.Began) {
			ago = t.Changed.Render(ago)
		}
	}
	return []string{plain.Line(q.Name), depth, number(q.Adds), number(q.Retries), fmt.Sprintf("%.1f", q.Rate), last, ago}
}

func (c *Controllers) drawWorkloads(p *page, s *panel.State, h int) {
	t := s.Theme
	end := len(p.lines) + h
	if h < 3 {
		c.workloads.h = 0
		return
	}
	behind := 0
	for _, w := range c.shownWorkloads {
		if w.Ready < w.Desired || w.Current > w.Desired {
			behind++
		}
	}
	note := "all as wanted"
	if behind > 0 {
		note = fmt.Sprintf("%d of %d not yet as wanted", behind, len(c.shownWorkloads))
	}
	if old, is := panel.Stale(s, "objects"); is {
		note = "stale " + sinceText(s, old.Since) + ": " + old.Why
	}
	if len(c.shownWorkloads) == 0 {
		note = ""
	}
	p.add(heading(t, p.w, "Desired and actual", note))
	if len(c.shownWorkloads) == 0 {
		p.prose(t.Muted, "No workloads. Apply a Deployment, StatefulSet, DaemonSet or Job: it says how many pods are wanted, and controllers make them.")
	} else {
		p.list(s, &c.workloads, min(h-1, p.left()), c.deck.has(&c.workloads), func(i int) []string { return workloadCells(s, c.shownWorkloads[i]) })
	}
	p.end(end)
}

func workloadCells(s *panel.State, w view.Workload) []string {
	t := s.Theme
	name := show(t.Namespace(w.Namespace), w.Namespace) + t.Muted.Render("/") + plain.Line(w.Name)
	if w.Owner != "" {
		name = t.Muted.Render("└ ") + name
	}
	part, style, sign := 1.0, t.Good, t.Good.Render("●")
	if w.Desired > 0 {
		part = float64(w.Ready) / float64(w.Desired)
	}
	if w.Ready < w.Desired || w.Current > w.Desired {
		style, sign = t.Warn, t.Warn.Render("◐")
	}
	bar := sign + " " + widget.Bar(part, 8, style, t.Muted) + " " + fmt.Sprintf("%3.0f %%", part*100)
	if w.Desired == 0 {
		bar = t.Muted.Render("○ none wanted")
	}
	ready := strconv.Itoa(w.Ready)
	if w.Ready < w.Desired {
		ready = t.Warn.Render(ready)
	}
	return []string{t.Muted.Render(plain.Line(w.Kind)), name, strconv.Itoa(w.Desired), strconv.Itoa(w.Current), ready, strconv.Itoa(w.Updated), bar}
}

func (c *Controllers) drawWrites(p *page, s *panel.State) {
	if p.left() < 3 {
		c.writes.h = 0
		return
	}
	p.add(heading(s.Theme, p.w, "Writes", c.writes.note("by controllers, the newest first")))
	if len(c.writes.events) == 0 {
		p.prose(s.Theme.Muted, "No controller wrote anything lately. Delete a pod of a Deployment, and see who makes the new one.")
		return
	}
	p.list(s, &c.writes.list, p.left(), c.deck.has(&c.writes.list), func(i int) []string { return writeCells(s, c.writes.events[i]) })
}

func writeCells(s *panel.State, e *view.Event) []string {
	t, r := s.Theme, e.Request
	return []string{when(s, e.Time), plain.Line(who(r.User)), verb(t, r), object(t, r), code(t, r), panel.Brief(r.Took)}
}
