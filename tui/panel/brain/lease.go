package brain

import (
	"fmt"
	"strings"
	"time"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/widget"
)

// leads says in two lines who leads as the component and how old its Lease is, and who stands by.
func leads(s *panel.State, name string, w int) []string {
	t := s.Theme
	lease, ok := s.Lab.Holders[name]
	if !ok || lease.Holder == "" {
		return []string{t.Warn.Render("· nobody leads yet: ") + t.Muted.Render("whoever writes its name into the Lease "+name+" first will"), others(s, name, "")}
	}
	sign := t.Component(status(s, lease.Holder, name))
	age, lasts := max(s.Now.Sub(lease.Renewed), 0), time.Duration(lease.Seconds)*time.Second
	style, says := t.Good, fmt.Sprintf("renewed %5s ago, lasts %d s", panel.Ago(s.Now, lease.Renewed), lease.Seconds)
	switch {
	case age > lasts:
		style, says = t.Bad, "ran out "+panel.Ago(s.Now, lease.Renewed.Add(lasts))+" ago: another may take it"
	case age > lasts/2:
		style = t.Warn
	}
	left := 0.0
	if lasts > 0 {
		left = 1 - float64(age)/float64(lasts)
	}
	line := sign.String() + " " + show(t.Leads, lease.Holder) + t.Muted.Render(" leads   Lease ") + widget.Bar(left, 8, style, t.Muted) + " " + style.Render(says)
	if old, is := panel.Stale(s, "objects"); is {
		line += "   " + t.Warn.Render("stale since "+panel.Clock(old.Since))
	}
	line += t.Muted.Render("   moved ") + times(lease.Transitions)
	if at := since(s, name); !at.IsZero() && w >= 100 {
		line += t.Muted.Render("   since ") + panel.Clock(at)
	}
	if says := s.Lab.Leases[name]; says != "" && says != lease.Holder {
		line += "   " + t.Warn.Render(plain.Line(says)+" still believes that it leads")
	}
	return []string{line, others(s, name, lease.Holder)}
}

// others are those that stand by.
func others(s *panel.State, name, holder string) string {
	var list []string
	for _, m := range s.Lab.Masters {
		if m.Name == holder {
			continue
		}
		sign := s.Theme.Component(withoutLead(m.Components[name]))
		list = append(list, sign.String()+" "+plain.Line(m.Name)+" "+s.Theme.Muted.Render(sign.Word))
	}
	if len(list) == 0 {
		return s.Theme.Muted.Render("  nobody else could lead")
	}
	return s.Theme.Muted.Render("  standing by: ") + strings.Join(list, "   ")
}

// withoutLead is the status of one that does not hold the Lease, whatever it believes.
func withoutLead(c component.Status) component.Status {
	c.Leading = false
	return c
}

// since is when the Lease moved last, as far as it is remembered.
func since(s *panel.State, name string) time.Time {
	at := time.Time{}
	for _, e := range s.Events[view.LeaseMoved] {
		if e.Source == name {
			at = e.Time
		}
	}
	return at
}
