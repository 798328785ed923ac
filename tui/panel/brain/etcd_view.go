package brain

import (
	"fmt"
	"strconv"
	"strings"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

func (e *Etcd) View(s *panel.State, w, h int) string {
	p := &page{w: w, h: h}
	e.sync(s)
	p.add(quorumLine(s, w))
	if e.browsing {
		e.browser.draw(p, s)
		return p.String()
	}
	n := len(s.Lab.Etcd.Each)
	if n == 0 {
		p.prose(s.Theme.Muted, "No member of etcd is known yet. They appear as soon as the lab starts its masters, each with one member.")
	} else {
		p.list(s, &e.members, min(n+1, max(p.left(), 0)), e.deck.has(&e.members), func(i int) []string { return memberCells(s, s.Lab.Etcd.Each[i], w) })
	}
	if room := p.left(); room >= 5 {
		// The share of elections depends on the height alone: changes below must not jump when there is a new leader.
		lines := min(max((room-3)/4, 1), 4)
		if e.reads.key != "" {
			e.reads.draw(p, s)
		} else {
			elections(p, s, lines)
		}
	}
	if p.left() >= 3 {
		e.drawKeys(p, s)
	}
	return p.String()
}

// quorumLine says how many members are up and how many must be.
func quorumLine(s *panel.State, w int) string {
	t, etcd := s.Theme, s.Lab.Etcd
	up, of := quorum(s)
	if of == 0 {
		return t.Muted.Render("quorum: no members yet")
	}
	style := t.Good
	switch need := of/2 + 1; {
	case up < need:
		style = t.Bad
	case up == need && of > 1:
		style = t.Warn
	}
	var bar []string
	for i := range of {
		if i < up {
			bar = append(bar, style.Render("███"))
		} else {
			bar = append(bar, t.Muted.Render("░░░"))
		}
	}
	line := strings.Join(bar, " ") + "  " + style.Render(fmt.Sprintf("%d of %d up, %d needed: %s", up, of, of/2+1, spare(up, of)))
	if etcd.NoSpace {
		line += "  " + t.Bad.Render("✗ NOSPACE: the quota is used up, only reads and deletes pass")
	}
	if w >= 100 {
		leader := t.Bad.Render("no leader")
		if etcd.Leader != "" {
			leader = t.Leads.Render("★ " + plain.Line(etcd.Leader))
		}
		line += t.Muted.Render("   leader ") + leader + t.Muted.Render("   term ") + strconv.FormatUint(etcd.Term, 10)
	}
	return line
}

// memberCells are a member's, in a panel of w cells.
func memberCells(s *panel.State, m view.EtcdMember, w int) []string {
	t := s.Theme
	sign := memberSign(s, m)
	name := sign.String() + " " + plain.Line(m.Name)
	if m.ID == "" || !runs(s, m) {
		c := status(s, m.Name, component.Etcd)
		why := ""
		if c.State == component.Crashed || c.State == component.Stopped || c.State == component.Paused || c.State == component.Starting {
			why = "for " + panel.Ago(s.Now, c.Since)
		}
		if c.Error != "" {
			why += ": " + plain.Line(c.Error)
		}
		if m.ID == "" {
			return []string{name, sign.Style.Render(sign.Word), "-", "-", "-", "-", "-", "-", "-", sign.Style.Render(why)}
		}
		return append(memberFigures(s, m, name, sign.Style.Render(sign.Word)), sign.Style.Render(why))
	}
	role := m.Role
	if role == "leader" {
		role = t.Leads.Render(role)
	}
	return append(memberFigures(s, m, name, role), memberNotes(s, m, w))
}

func memberFigures(s *panel.State, m view.EtcdMember, name, role string) []string {
	lag := strconv.FormatUint(m.Lag, 10)
	if m.Lag > 0 {
		lag = s.Theme.Warn.Render(lag)
	}
	use := "-"
	if m.Size > 0 {
		use = fmt.Sprintf("%d %%", m.InUse*100/m.Size)
	}
	return []string{
		name, role, strconv.FormatUint(m.Term, 10), strconv.FormatUint(m.Committed, 10), strconv.FormatUint(m.Applied, 10), lag,
		strconv.FormatInt(m.Revision, 10), panel.Size(m.Size), use,
	}
}

// memberNotes is what is wrong with a member, or that its connections are whole.
func memberNotes(s *panel.State, m view.EtcdMember, w int) string {
	t := s.Theme
	var notes []string
	for _, a := range m.Alarms {
		notes = append(notes, t.Bad.Render("✗ "+plain.Line(a)))
	}
	if old, is := panel.Stale(s, m.Name+"/"+component.Etcd); is {
		since := "for " + panel.Ago(s.Now, old.Since)
		if w >= 140 {
			since = sinceText(s, old.Since)
		}
		notes = append(notes, t.Warn.Render("stale "+since+": "+plain.Line(old.Why)))
	}
	if lost := missing(m); len(lost) > 0 {
		notes = append(notes, t.Bad.Render("✗ peer "+plain.Line(strings.Join(lost, ", "))))
	} else if len(m.Peers) > 0 {
		notes = append(notes, t.Muted.Render(fmt.Sprintf("%d of %d peers", len(m.Peers), len(m.Peers))))
	}
	return strings.Join(notes, " ")
}

// elections are the latest ones, in so many lines.
func elections(p *page, s *panel.State, lines int) {
	t := s.Theme
	p.add(heading(t, p.w, "Elections", ""))
	all := s.Events[view.Elected]
	for i := range lines {
		at := len(all) - 1 - i
		switch {
		case at >= 0:
			text := plain.Line(all[at].Text)
			if strings.Contains(text, "no leader") {
				text = t.Bad.Render(text)
			}
			p.add(when(s, all[at].Time) + " " + t.Muted.Render(fmt.Sprintf("%5s ago", panel.Ago(s.Now, all[at].Time))) + "  " + text)
		case i == 0:
			p.add(t.Muted.Render("none since this screen watches: a member that hears no leader for an election timeout stands for election"))
		default:
			p.add("")
		}
	}
}

// drawKeys draws what changes in etcd.
func (e *Etcd) drawKeys(p *page, s *panel.State) {
	t := s.Theme
	every := func(event *view.Event) bool { return event.Key != nil }
	note := fmt.Sprintf("%.1f writes/s", rate(s, s.Events[view.KeyChanged], every))
	if !e.beats {
		note += ", renewals of Leases hidden"
	}
	if e.filter != "" {
		note += ", only " + strconv.Quote(e.filter)
	}
	if old, is := panel.Stale(s, "objects"); is {
		note = "stale " + sinceText(s, old.Since) + ": " + old.Why
	}
	p.add(heading(t, p.w, "Changes", e.keys.note(note)))
	if len(e.keys.events) == 0 {
		p.prose(t.Muted, "Nothing was written lately that is shown here. Every change to an object becomes one key with a new revision: create a pod, and see it come.")
		return
	}
	p.list(s, &e.keys.list, p.left(), e.deck.has(&e.keys.list), func(i int) []string { return keyCells(s, e.keys.events[i]) })
}

func keyCells(s *panel.State, event *view.Event) []string {
	t, k := s.Theme, event.Key
	op := t.Accent.Render("~ update")
	switch {
	case k.Deleted:
		op = t.Bad.Render("- delete")
	case k.Version == 1:
		op = t.Good.Render("+ create")
	}
	return []string{when(s, event.Time), strconv.FormatInt(k.Revision, 10), op, plain.Line(strings.TrimPrefix(k.Key, registry)), holds(s, event)}
}

// holds is what an event's text says beside the key and what was done to it; its version where that is nothing.
func holds(s *panel.State, event *view.Event) string {
	text := event.Text
	if event.Object != nil {
		text = strings.TrimPrefix(text, event.Object.String())
	}
	text = strings.TrimLeft(text, ": ")
	for _, word := range []string{"created", "updated", "deleted"} {
		text = strings.TrimLeft(strings.TrimPrefix(text, word), ": ")
	}
	if text != "" {
		return plain.Line(text)
	}
	if event.Key.Deleted {
		return s.Theme.Muted.Render("nothing")
	}
	return s.Theme.Muted.Render(fmt.Sprintf("version %d, %s", event.Key.Version, panel.Size(int64(event.Key.Size))))
}
