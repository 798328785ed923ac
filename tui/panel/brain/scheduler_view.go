package brain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/widget"
)

func (p *Scheduler) View(s *panel.State, w, h int) string {
	pg := &page{w: w, h: h}
	if p.open != nil {
		p.drawOpen(pg, s)
		return pg.String()
	}
	p.sync(s)
	pg.add(leads(s, component.Scheduler, w)...)
	if h >= 12 {
		p.drawQueue(pg, s)
	}
	if pg.left() >= 2 {
		note := "what is tried for each pod, the newest first"
		if p.filter != "" {
			note = "only " + strconv.Quote(p.filter)
		}
		if p.asking {
			note = "asking what if " + p.line
		}
		pg.add(heading(s.Theme, w, "Decisions", p.decisions.note(note)))
	}
	if len(p.decisions.events) == 0 {
		pg.prose(s.Theme.Muted, "No decision is remembered. The scheduler makes one for every new pod: scale a Deployment to see some, or press w to ask where a pod would go.")
		return pg.String()
	}
	pg.list(s, &p.decisions.list, pg.left(), true, func(i int) []string { return decisionCells(s, p.decisions.events[i]) })
	return pg.String()
}

// drawQueue is always as high: what waits comes and goes.
func (p *Scheduler) drawQueue(pg *page, s *panel.State) {
	t := s.Theme
	note, q := "asking", p.queue
	switch {
	case q == nil && p.queueErr != nil:
		note = ""
	case q != nil && p.queueErr != nil:
		note = "as of " + panel.Clock(p.queueAt) + ": " + p.queueErr.Error()
	case q != nil:
		note = "of " + q.Master + ", asked every 2 s"
	}
	pg.add(heading(t, pg.w, "Queue", note))
	if q == nil && p.queueErr != nil {
		pg.add(t.Muted.Render("not known: "+plain.Line(p.queueErr.Error())), "", "", "")
		return
	}
	if q == nil {
		q = &view.Queue{}
	}
	for _, part := range []struct {
		name string
		list []view.Object
		says string
	}{
		{"active", q.Active, "ready to be looked at"},
		{"in flight", q.InFlight, "being decided or bound just now"},
		{"backoff", q.Backoff, "tried in vain, waiting a moment before the next try"},
		{"unschedulable", q.Unschedulable, "no node fits until something changes"},
	} {
		count := widget.FitLeft(strconv.Itoa(len(part.list)), 4)
		names := t.Muted.Render(part.says)
		switch {
		case p.queue == nil:
			count = "   -"
		case len(part.list) > 0:
			names = podNames(part.list, pg.w-22)
			count = t.Warn.Render(count)
		default:
			count = t.Muted.Render(count)
		}
		pg.add("  " + widget.Fit(part.name, 13) + count + "  " + names)
	}
}

// podNames are as many names as there is room for.
func podNames(list []view.Object, w int) string {
	text := ""
	for i, o := range list {
		name := plain.Line(o.Namespace + "/" + o.Name)
		if i > 0 && ansi.StringWidth(text)+len(name)+12 > w {
			return text + fmt.Sprintf("  and %d more", len(list)-i)
		}
		if i > 0 {
			text += "  "
		}
		text += name
	}
	return text
}

func decisionCells(s *panel.State, e *view.Event) []string {
	t, d := s.Theme, e.Decision
	node := t.Good.Render("→ ") + plain.Line(d.Node)
	why := t.Muted.Render(plain.Line(reason(d)))
	if d.Node == "" {
		node, why = t.Bad.Render("✗ none"), t.Warn.Render(plain.Line(reason(d)))
	}
	score := "-"
	if v := verdict(d, d.Node); v != nil && len(v.Scores) > 0 {
		score = strconv.FormatInt(v.Total, 10)
	}
	pod := show(t.Namespace(d.Pod.Namespace), d.Pod.Namespace) + t.Muted.Render("/") + plain.Line(d.Pod.Name)
	return []string{when(s, e.Time), pod, node, fmt.Sprintf("%d of %d", fits(d), len(d.Nodes)), score, panel.Brief(d.Took), why}
}

// fits is how many nodes could take the pod.
func fits(d *view.Decision) (n int) {
	for _, v := range d.Nodes {
		if v.Fits {
			n++
		}
	}
	return n
}

func verdict(d *view.Decision, node string) *view.Verdict {
	if i := slices.IndexFunc(d.Nodes, func(v view.Verdict) bool { return v.Node == node }); i >= 0 {
		return &d.Nodes[i]
	}
	return nil
}

// reason says why it was that node, in a few words.
func reason(d *view.Decision) string {
	if d.Node == "" {
		return strings.TrimSuffix(d.Why, ".")
	}
	best := verdict(d, d.Node)
	if fits(d) <= 1 || best == nil || len(best.Scores) == 0 {
		return "the only node that fits"
	}
	var second *view.Verdict
	equal := 0
	for i := range d.Nodes {
		v := &d.Nodes[i]
		if v.Node == d.Node || !v.Fits {
			continue
		}
		if v.Total == best.Total {
			equal++
		}
		if second == nil || v.Total > second.Total {
			second = v
		}
	}
	switch {
	case equal == 1:
		return "tie with " + second.Node + ", at random"
	case equal > 1:
		return fmt.Sprintf("tie with %d others, at random", equal)
	case second != nil:
		return fmt.Sprintf("%+d over %s%s", best.Total-second.Total, second.Node, decisive(d, best, second))
	}
	return "best score"
}

// decisive is the scorer that made the greatest difference.
func decisive(d *view.Decision, best, second *view.Verdict) string {
	name, most := "", int64(0)
	for _, scorer := range d.Scorers {
		if by := best.Scores[scorer] - second.Scores[scorer]; by > most {
			name, most = scorer, by
		}
	}
	if name == "" {
		return ""
	}
	return ": " + name
}
