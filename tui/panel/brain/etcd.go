package brain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kubelab/core/component"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
)

// Etcd shows the members of etcd, who leads, and what is written.
type Etcd struct {
	members list
	keys    stream
	deck    deck
	beats   bool // renewals of Leases are shown
	filter  string

	browsing bool
	browser  browser
	reads    reads
}

// NewEtcd makes the panel.
func NewEtcd() *Etcd {
	e := &Etcd{
		members: list{cols: []column{
			{title: "  member", width: 11}, {title: "role", width: 8}, {title: "term", width: 4, right: true}, {title: "committed", width: 9, right: true, from: 62},
			{title: "applied", width: 8, right: true, from: 92}, {title: "lag", width: 4, right: true}, {title: "revision", width: 8, right: true, from: 70},
			{title: "db size", width: 9, right: true}, {title: "in use", width: 6, right: true, from: 90}, {title: "peers, alarms", width: 11, share: 1},
		}},
		keys: stream{list: list{cols: []column{
			{title: "time", width: 12, from: 50}, {title: "revision", width: 8, right: true}, {title: "", width: 8}, {title: "key", width: 12, share: 3},
			{title: "what it holds now", width: 18, share: 2, from: 90},
		}}},
	}
	e.deck = deck{lists: []*list{&e.members, &e.keys.list}}
	return e
}

func (*Etcd) Name() string { return "etcd" }

func (e *Etcd) Title(s *panel.State) string {
	if e.browsing {
		return "etcd · keys"
	}
	return fmt.Sprintf("etcd · revision %d", s.Lab.Etcd.Revision)
}

// registry is what all keys of Kubernetes begin with.
const registry = "/registry/"

// leaseKey is the key that members are asked to read if no other is chosen: it is written all the time.
const leaseKey = registry + "leases/kube-system/" + component.Scheduler

func (e *Etcd) sync(s *panel.State) {
	ids := make([]string, len(s.Lab.Etcd.Each))
	for i, m := range s.Lab.Etcd.Each {
		ids[i] = m.Name
	}
	e.members.set(ids)
	e.keys.take(s.Events[view.KeyChanged], func(event *view.Event) bool {
		k := event.Key
		return k != nil && (e.beats || !strings.HasPrefix(k.Key, registry+"leases/")) && (e.filter == "" || panel.Matches(e.filter, k.Key, event.Text))
	})
}

func (e *Etcd) Keys(s *panel.State) []panel.Binding {
	if e.browsing {
		return append(e.browser.bindings(),
			panel.Binding{Keys: "b", Does: "members and changes", Short: true}, panel.Binding{Keys: "r", Does: "how each member reads the key"})
	}
	does := "show renewals of Leases"
	if e.beats {
		does = "hide renewals of Leases"
	}
	list := []panel.Binding{
		{Keys: "a", Does: does, Short: true}, {Keys: "b", Does: "browse keys", Short: true},
		{Keys: "r", Does: "how each member reads the key", Short: true}, {Keys: "enter", Does: "open the key that changed"},
		{Keys: "g", Does: "follow the newest change"},
	}
	if e.reads.key != "" {
		list = append(list, panel.Binding{Keys: "c", Does: "close the reads"})
	}
	return list
}

func (e *Etcd) Key(s *panel.State, key string) (panel.Result, bool) {
	e.sync(s)
	switch key {
	case "b":
		e.browsing = !e.browsing
		if e.browsing && !e.browser.loaded() {
			return e.browser.open(registry), true
		}
		return panel.Result{}, true
	case "r":
		e.reads.ask(s, e.chosenKey())
		e.browsing = false
		return panel.Result{Ask: &view.Question{Reads: e.reads.key}}, true
	case "c":
		closed := e.reads.key != ""
		e.reads = reads{}
		return panel.Result{}, closed
	}
	if e.browsing {
		r, handled := e.browser.key(key)
		return r, handled
	}
	switch key {
	case "a":
		e.beats = !e.beats
		return panel.Result{}, true
	case "enter":
		if event := e.keys.selected(); event != nil && e.deck.has(&e.keys.list) {
			e.browsing = true
			return e.browser.open(event.Key.Key), true
		}
		return panel.Result{}, false
	}
	handled := e.deck.key(key)
	e.keys.moved()
	return panel.Result{}, handled
}

// chosenKey is the key that is selected, or one that is always there.
func (e *Etcd) chosenKey() string {
	if e.browsing {
		if key := e.browser.selectedKey(); key != "" {
			return key
		}
	} else if event := e.keys.selected(); event != nil && e.deck.has(&e.keys.list) {
		return event.Key.Key
	}
	return leaseKey
}

func (e *Etcd) Click(s *panel.State, x, y int) panel.Result {
	e.sync(s)
	if e.browsing {
		e.browser.list.click(x, y)
		return panel.Result{}
	}
	e.deck.click(x, y)
	e.keys.moved()
	return panel.Result{}
}

func (e *Etcd) Wheel(s *panel.State, lines int) {
	if e.browsing {
		e.browser.scroll(lines)
		return
	}
	e.sync(s)
	e.deck.current().table.Move(lines)
	e.keys.moved()
}

func (e *Etcd) Answered(s *panel.State, q view.Question, a view.Answer, err error) {
	switch {
	case q.Keys != nil:
		e.browser.answered(q.Keys, a.Keys, err)
	case q.Reads != "" && q.Reads == e.reads.key:
		e.reads.answered(s, a.Reads, err)
	}
}

func (e *Etcd) Selected(s *panel.State) string {
	if e.browsing {
		return ""
	}
	e.sync(s)
	if e.deck.has(&e.members) {
		if name := e.members.table.Selected(); name != "" {
			return name + "/" + component.Etcd
		}
		return ""
	}
	if event := e.keys.selected(); event != nil && event.Object != nil {
		return target(*event.Object)
	}
	return ""
}

// Filter narrows down the changes, and the keys that are browsed.
func (e *Etcd) Filter(text string) {
	e.filter, e.browser.filter = text, text
	e.browser.arrange()
}

func (e *Etcd) Filtered() string { return e.filter }

// Back leaves a value, a folder of keys, the browser.
func (e *Etcd) Back() bool {
	if e.browsing {
		if !e.browser.up() {
			e.browsing = false
		}
		return true
	}
	open := e.reads.key != ""
	e.reads = reads{}
	return open
}

// quorum counts the members that vote.
func quorum(s *panel.State) (up, of int) {
	for _, m := range s.Lab.Etcd.Each {
		if m.Role == "learner" {
			continue
		}
		of++
		if runs(s, m) {
			up++
		}
	}
	return up, of
}

// runs reports whether a member takes part: one that is paused does not.
func runs(s *panel.State, m view.EtcdMember) bool {
	return m.ID != "" && status(s, m.Name, component.Etcd).State == component.Running
}

// memberSign is how a member is.
func memberSign(s *panel.State, m view.EtcdMember) theme.Sign {
	c := status(s, m.Name, component.Etcd)
	c.Leading = m.Role == "leader"
	return s.Theme.Component(c)
}

// Show opens a key, or what keys begin with.
func (e *Etcd) Show(_ *panel.State, what string) panel.Result {
	if !strings.HasPrefix(what, registry) {
		return panel.Result{}
	}
	e.browsing = true
	return e.browser.open(what)
}

func (e *Etcd) Explain(s *panel.State) string {
	etcd := s.Lab.Etcd
	up, of := quorum(s)
	if of == 0 {
		return "etcd is the database that holds everything Kubernetes knows. Its members keep the same log, and a write counts once a majority " +
			"has it. None has started yet."
	}
	leader := "At the moment nobody leads, so nothing can be written until the members have elected one."
	if etcd.Leader != "" {
		leader = fmt.Sprintf("%s leads in term %d: every write goes through it, and is done once %d of %d members have it in their logs.",
			etcd.Leader, etcd.Term, of/2+1, of)
	}
	rest := fmt.Sprintf("%d of %d are up, so %s.", up, of, spare(up, of))
	return fmt.Sprintf("etcd holds everything that Kubernetes knows, as keys; each change gets the next revision, now %d. ", etcd.Revision) + leader + " " + rest
}

// spare says what the quorum can bear.
func spare(up, of int) string {
	switch n := up - (of/2 + 1); {
	case n < 0:
		return fmt.Sprintf("nothing can be written until %d more %s up", -n, map[bool]string{true: "is", false: "are"}[n == -1])
	case n == 0:
		return "one more loss stops all writes"
	case n == 1:
		return "one may be lost"
	default:
		return fmt.Sprintf("%d may be lost", n)
	}
}

// missing are the peers that a member has no connection to.
func missing(m view.EtcdMember) (list []string) {
	for name, has := range m.Peers {
		if !has {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// sinceText is since when something is, and how long that is.
func sinceText(s *panel.State, t time.Time) string {
	if t.IsZero() {
		return "since the start"
	}
	return "since " + panel.Clock(t) + " (" + panel.Ago(s.Now, t) + ")"
}
