package story

import (
	"strings"

	"kubelab/core/view"
)

// tells reports whether the i-th event is told. Of faults that is decided later, see touched.
func (t *teller) tells(i int) bool {
	switch e := &t.events[i]; e.Kind {
	case view.FaultInjected, view.FaultMeasured, view.FaultHealed:
		return false
	case view.Requested:
		return e.Request != nil && t.tellsRequest(e.Request)
	case view.KeyChanged:
		return t.keys[i] && e.Object.Resource != kubeEvents
	case view.Decided:
		return e.Decision != nil && !e.Decision.WhatIf && t.family.has(e.Decision.Pod)
	case view.ContainerDone:
		return e.Container != nil && t.family.has(e.Container.Pod)
	case view.RuleChanged:
		return e.Rule != nil && (t.family.has(e.Rule.Service) || t.leads(e.Rule, e.Time))
	default:
		return e.Object != nil && t.family.has(*e.Object)
	}
}

func (t *teller) tellsRequest(r *view.Request) bool {
	switch {
	case !r.Write(), r.Object.Resource == kubeEvents:
		return false
	case r.Object.Resource == leases && r.Verb != "create" && r.Verb != "delete":
		return false // it is renewed
	case !t.family.has(r.Object), r.Object.Resource == nodes && r.Sub == "status":
		// Of an EndpointSlice, or a heartbeat: it is told if what it changed is.
		c, ok := t.histories[nameOf(r.Object)].of(r)
		return ok && t.keys[c.event]
	}
	return true
}

// moment is when what the i-th event tells of began. A request began before the change that it made, also where clocks say
// otherwise.
func (t *teller) moment(i int) moment {
	e := &t.events[i]
	m := moment{at: e.Time, seq: e.Seq, event: i}
	switch {
	case e.Kind == view.Requested:
		m.request = true
		if !e.Request.Began.IsZero() {
			m.at = e.Request.Began
		}
		if c, ok := t.histories[nameOf(e.Request.Object)].of(e.Request); ok && c.at.Before(m.at) {
			m.at = c.at
		}
	case e.Kind == view.Decided:
		m.at = m.at.Add(-e.Decision.Took)
	}
	return m
}

// touched reports whether e is of a fault that was done to the family's pods, or to the nodes that they were on.
func (t *teller) touched(e *view.Event) bool {
	if e.Kind != view.FaultInjected && e.Kind != view.FaultHealed || e.Record == nil {
		return false
	}
	for _, text := range e.Record.Action.Targets {
		for target := range strings.SplitSeq(text, ",") {
			part := strings.Split(target, "/")
			named := (part[0] == "pod" || part[0] == "container") && len(part) > 2
			if t.nodes[part[0]] || named && t.family.has(view.Object{Resource: pods, Namespace: part[1], Name: part[2]}) {
				return true
			}
		}
	}
	return false
}
