package brain

import (
	"fmt"
	"strings"
	"time"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// Controllers shows who leads as kube-controller-manager, how busy its controllers are, and how far the world is from what is wanted.
type Controllers struct {
	queues    list
	workloads list
	writes    stream
	deck      deck
	all       bool // idle ones too
	filter    string

	answer   *view.Controllers
	answerAt time.Time
	err      error

	shownQueues    []view.Controller
	shownWorkloads []view.Workload
}

// NewControllers makes the panel.
func NewControllers() *Controllers {
	c := &Controllers{
		queues: list{cols: []column{
			{title: "work queue", width: 16, share: 1}, {title: "waiting", width: 7, right: true}, {title: "added", width: 7, right: true},
			{title: "retries", width: 7, right: true}, {title: "per s", width: 6, right: true}, {title: "last write", width: 14, share: 2, from: 72},
			{title: "ago", width: 6, right: true, from: 72},
		}},
		workloads: list{cols: []column{
			{title: "kind", width: 11}, {title: "workload", width: 14, share: 1}, {title: "desired", width: 7, right: true},
			{title: "current", width: 7, right: true, from: 66}, {title: "ready", width: 5, right: true}, {title: "updated", width: 7, right: true, from: 74}, {title: "ready of desired", width: 16},
		}},
		writes: stream{list: list{cols: []column{
			{title: "time", width: 12}, {title: "controller", width: 18, share: 1}, {title: "verb", width: 6}, {title: "object", width: 16, share: 2},
			{title: "code", width: 5, right: true}, {title: "took", width: 8, right: true, from: 90},
		}}},
	}
	c.deck = deck{lists: []*list{&c.queues, &c.workloads, &c.writes.list}}
	return c
}

func (*Controllers) Name() string { return "controllers" }

func (*Controllers) Title(*panel.State) string { return "controllers" }

// Opened asks for the queues, again and again.
func (*Controllers) Opened(*panel.State) panel.Result {
	return panel.Result{Ask: &view.Question{Controllers: true}, Every: 3 * time.Second}
}

func (c *Controllers) sync(s *panel.State) {
	c.shownQueues, c.shownWorkloads = c.shownQueues[:0], c.shownWorkloads[:0]
	var ids []string
	if c.answer != nil {
		for _, q := range c.answer.Queues {
			if (c.all || !idle(s, q)) && (c.filter == "" || panel.Matches(c.filter, q.Name)) {
				c.shownQueues = append(c.shownQueues, q)
				ids = append(ids, q.Name)
			}
		}
	}
	c.queues.set(ids)
	ids = nil
	for _, w := range families(s.Lab.Workloads) {
		if (c.all || w.Desired > 0 || w.Current > 0 || w.Owner == "") && (c.filter == "" || panel.Matches(c.filter, w.Kind, w.Namespace, w.Name)) {
			c.shownWorkloads = append(c.shownWorkloads, w)
			ids = append(ids, w.Kind+"/"+w.Namespace+"/"+w.Name)
		}
	}
	c.workloads.set(ids)
	c.writes.take(s.Events[view.Requested], func(e *view.Event) bool {
		r := e.Request
		return r != nil && r.Write() && strings.HasPrefix(r.User, controllerAccounts) && (c.filter == "" || panel.Matches(c.filter, r.User, what(r)))
	})
}

// families puts what belongs to a workload right behind it.
func families(all []view.Workload) []view.Workload {
	name := func(namespace, owner string) string { return namespace + " " + owner }
	known, owned := map[string]bool{}, map[string][]view.Workload{}
	for _, w := range all {
		known[name(w.Namespace, w.Kind+"/"+w.Name)] = true
		if w.Owner != "" {
			owned[name(w.Namespace, w.Owner)] = append(owned[name(w.Namespace, w.Owner)], w)
		}
	}
	list := make([]view.Workload, 0, len(all))
	for _, w := range all {
		if w.Owner == "" || !known[name(w.Namespace, w.Owner)] {
			list = append(append(list, w), owned[name(w.Namespace, w.Kind+"/"+w.Name)]...)
		}
	}
	return list
}

// busy is how long a controller is shown after its last write.
const busy = time.Minute

// idle reports whether there is nothing to see of a queue.
func idle(s *panel.State, q view.Controller) bool {
	return q.Depth == 0 && q.Rate == 0 && (q.Last == nil || s.Now.Sub(q.Last.Began) > busy)
}

func (c *Controllers) Keys(*panel.State) []panel.Binding {
	does := "idle ones too"
	if c.all {
		does = "hide idle ones"
	}
	return []panel.Binding{{Keys: "a", Does: does, Short: true}, {Keys: "←/→", Does: "from list to list"}}
}

func (c *Controllers) Key(s *panel.State, key string) (panel.Result, bool) {
	c.sync(s)
	if key == "a" {
		c.all = !c.all
		return panel.Result{}, true
	}
	handled := c.deck.key(key)
	c.writes.moved()
	return panel.Result{}, handled
}

func (c *Controllers) Click(s *panel.State, x, y int) panel.Result {
	c.sync(s)
	c.deck.click(x, y)
	c.writes.moved()
	return panel.Result{}
}

func (c *Controllers) Wheel(s *panel.State, lines int) {
	c.sync(s)
	c.deck.current().table.Move(lines)
	c.writes.moved()
}

func (c *Controllers) Answered(s *panel.State, q view.Question, a view.Answer, err error) {
	if !q.Controllers {
		return
	}
	c.err = err
	if err == nil && a.Controllers != nil {
		c.answer, c.answerAt = a.Controllers, s.Now
	}
}

// Selected is the object of a row; for a queue the controller manager that it is in.
func (c *Controllers) Selected(s *panel.State) string {
	c.sync(s)
	switch {
	case c.deck.has(&c.workloads):
		if i := c.workloads.index(); i >= 0 {
			w := c.shownWorkloads[i]
			return target(view.Object{Resource: strings.ToLower(w.Kind) + "s", Namespace: w.Namespace, Name: w.Name})
		}
	case c.deck.has(&c.writes.list):
		if e := c.writes.selected(); e != nil {
			return target(e.Request.Object)
		}
	case c.answer != nil && c.answer.Master != "":
		return c.answer.Master + "/" + component.ControllerManager
	}
	return ""
}

func (c *Controllers) Filter(text string) { c.filter = text }
func (c *Controllers) Filtered() string   { return c.filter }

func (c *Controllers) Explain(s *panel.State) string {
	text := "A controller compares what is wanted with what is, and writes what brings them closer, again and again. "
	lease, ok := s.Lab.Holders[component.ControllerManager]
	if ok && lease.Holder != "" {
		text += fmt.Sprintf("All of them run in kube-controller-manager, of which only that of %s works: it holds the Lease, which has moved %s. ",
			lease.Holder, times(lease.Transitions))
	}
	for _, w := range s.Lab.Workloads {
		if w.Ready < w.Desired {
			return plain.Line(text + fmt.Sprintf("Here the %s %s wants %s and %d are ready: see below what is written until the rest is.",
				w.Kind, w.Name, panel.Plural(w.Desired, "pod"), w.Ready))
		}
	}
	for _, w := range s.Lab.Workloads {
		if w.Owner == "" {
			return plain.Line(text + fmt.Sprintf("Here the %s %s wants %s and has them ready, so its controller has nothing to do; delete one, and it will.",
				w.Kind, w.Name, panel.Plural(w.Desired, "pod")))
		}
	}
	return text + "There are no workloads at the moment: apply a Deployment, and see what is written for it."
}
