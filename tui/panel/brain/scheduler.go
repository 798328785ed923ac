package brain

import (
	"cmp"
	"fmt"
	"time"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// Scheduler shows who leads as kube-scheduler, what waits, and how each pod got its node.
type Scheduler struct {
	decisions stream
	filter    string

	queue    *view.Queue
	queueAt  time.Time
	queueErr error

	open   *view.Decision // whose matrix is shown
	at     time.Time      // of it
	matrix matrix

	line     string // the pod of the last what-if, as it was typed
	manifest string // the same as it was asked
	asking   bool
}

// NewScheduler makes the panel.
func NewScheduler() *Scheduler {
	return &Scheduler{decisions: stream{list: list{cols: []column{
		{title: "time", width: 12}, {title: "pod", width: 30, share: 1}, {title: "node", width: 10}, {title: "fit", width: 8, right: true},
		{title: "score", width: 5, right: true, from: 70}, {title: "took", width: 8, right: true, from: 78}, {title: "why", width: 20, share: 2, from: 99},
	}}}}
}

func (*Scheduler) Name() string { return "scheduler" }

func (p *Scheduler) Title(s *panel.State) string {
	switch {
	case p.open != nil && p.open.WhatIf:
		return "scheduler · what if"
	case p.open != nil:
		return "scheduler · " + plain.Line(p.open.Pod.Name)
	}
	return "scheduler"
}

// Opened asks for the queue, again and again.
func (p *Scheduler) Opened(*panel.State) panel.Result {
	return panel.Result{Ask: &view.Question{Queue: true}, Every: 2 * time.Second}
}

func (p *Scheduler) sync(s *panel.State) {
	p.decisions.take(s.Events[view.Decided], func(e *view.Event) bool {
		return e.Decision != nil && (p.filter == "" || panel.Matches(p.filter, e.Decision.Pod.String(), e.Decision.Node, e.Decision.Why))
	})
}

func (p *Scheduler) Keys(*panel.State) []panel.Binding {
	whatIf := panel.Binding{Keys: "w", Does: "what if: where would a pod go", Short: true}
	if p.open != nil {
		return []panel.Binding{whatIf, {Keys: "←/→", Does: "other nodes"}, {Keys: "backspace", Does: "back to all decisions", Short: true}}
	}
	return []panel.Binding{{Keys: "enter", Does: "why that node", Short: true}, whatIf, {Keys: "g", Does: "follow the newest decision"}}
}

func (p *Scheduler) Key(s *panel.State, key string) (panel.Result, bool) {
	if key == "w" {
		return p.prompt("What if: which pod?", cmp.Or(p.line, "cpu=500m memory=128Mi"), false), true
	}
	if p.open != nil {
		if key == "backspace" || key == "enter" {
			p.Back()
			return panel.Result{}, true
		}
		return panel.Result{}, p.matrix.key(key)
	}
	p.sync(s)
	if key == "enter" {
		if e := p.decisions.selected(); e != nil {
			p.show(e.Decision, e.Time)
		}
		return panel.Result{}, true
	}
	handled := p.decisions.table.Key(key, p.decisions.h-2)
	p.decisions.moved()
	return panel.Result{}, handled
}

func (p *Scheduler) show(d *view.Decision, at time.Time) { p.open, p.at, p.matrix = d, at, matrix{} }

// prompt asks for a pod, and again with what was typed if that cannot be read.
func (p *Scheduler) prompt(title, text string, typed bool) panel.Result {
	return panel.Result{Prompt: &panel.Prompt{Title: title, Text: text, Typed: typed, Done: func(line string) panel.Result {
		manifest, err := podManifest(line)
		if err != nil {
			return p.prompt(err.Error(), line, true)
		}
		p.line, p.manifest, p.asking = line, manifest, true
		return panel.Result{Ask: &view.Question{WhatIf: manifest}, Note: "asking the scheduler's plugins about a pod that is not created"}
	}}}
}

func (p *Scheduler) Click(s *panel.State, x, y int) panel.Result {
	if p.open == nil {
		p.sync(s)
		p.decisions.click(x, y)
		p.decisions.moved()
	}
	return panel.Result{}
}

func (p *Scheduler) Wheel(s *panel.State, lines int) {
	if p.open != nil {
		p.matrix.top = max(p.matrix.top+lines, 0)
		return
	}
	p.sync(s)
	p.decisions.table.Move(lines)
	p.decisions.moved()
}

func (p *Scheduler) Answered(s *panel.State, q view.Question, a view.Answer, err error) {
	switch {
	case q.Queue:
		p.queueErr = err
		if err == nil && a.Queue != nil {
			p.queue, p.queueAt = a.Queue, s.Now
		}
	case q.WhatIf != "" && q.WhatIf == p.manifest && p.asking:
		p.asking = false
		switch {
		case err != nil:
			p.show(&view.Decision{WhatIf: true, Why: err.Error()}, s.Now)
		case a.WhatIf != nil:
			p.show(a.WhatIf, s.Now)
		}
	}
}

// Selected is the pod of a decision.
func (p *Scheduler) Selected(s *panel.State) string {
	if p.open != nil {
		if p.open.WhatIf { // there is no such pod
			return ""
		}
		return target(p.open.Pod)
	}
	p.sync(s)
	if e := p.decisions.selected(); e != nil {
		return target(e.Decision.Pod)
	}
	if holder := s.Lab.Holders[component.Scheduler].Holder; holder != "" {
		return holder + "/" + component.Scheduler
	}
	return ""
}

// Show opens the latest decision about a pod.
func (p *Scheduler) Show(s *panel.State, what string) panel.Result {
	all := s.Events[view.Decided]
	for i := len(all) - 1; i >= 0; i-- {
		if d := all[i].Decision; d != nil && (d.Pod.String() == what || target(d.Pod) == what) {
			p.show(d, all[i].Time)
			return panel.Result{}
		}
	}
	p.open = nil
	return panel.Result{Note: "no decision about " + plain.Line(what) + " is remembered"}
}

func (p *Scheduler) Filter(text string) { p.filter = text }
func (p *Scheduler) Filtered() string   { return p.filter }

// Back leaves the matrix.
func (p *Scheduler) Back() bool {
	was := p.open != nil
	p.open = nil
	return was
}

func (p *Scheduler) Explain(s *panel.State) string {
	text := "The scheduler gives each new pod a node: its filters rule out nodes that cannot take the pod, its scorers rate those that are left, and the best one wins. "
	if holder := s.Lab.Holders[component.Scheduler].Holder; holder != "" {
		text += fmt.Sprintf("Each master has one, but only %s decides, because it holds the Lease. ", holder)
	} else {
		text += "Each master has one, but only the one that holds the Lease decides; at the moment nobody does. "
	}
	d := p.open
	if d == nil {
		p.sync(s)
		if e := p.decisions.selected(); e != nil {
			d = e.Decision
		}
	}
	switch {
	case d == nil:
		return text + "No decision is remembered yet: scale a Deployment, and see its pods find their nodes."
	case d.Node == "":
		return plain.Line(text + fmt.Sprintf("For %s there is no node at the moment: %s.", d.Pod.Name, d.Why))
	}
	return plain.Line(text + fmt.Sprintf("%s went to %s, one of %d nodes of %d that could take it: %s.", d.Pod.Name, d.Node, fits(d), len(d.Nodes), reason(d)))
}
