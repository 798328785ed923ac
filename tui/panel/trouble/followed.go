package trouble

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
)

// moment is something that happened. What it says is made when it is drawn: there may be thousands.
type moment struct {
	at     time.Time
	event  *view.Event // one that happened, or the first of
	pods   int         // so many pods that came into the same state
	spoken *spoken     // nil for what event says
}

// spoken is a moment as a line.
type spoken struct {
	sign theme.Sign
	text string
	long string // with all that is known
}

// following are the kinds of events that say how a lab copes.
var following = []view.EventKind{view.Elected, view.LeaseMoved, view.Changed, view.NodeChanged, view.PodChanged}

// followed are the events from since on, up to until if that is not zero, in order of time. Pods that come into the same state one after
// the other are one moment, and that the lab is as it was, for another reason, is none.
func followed(s *panel.State, since, until time.Time) []moment {
	var lists [][]view.Event
	total := 0
	for _, kind := range following {
		list := s.Events[kind]
		list = list[sort.Search(len(list), func(i int) bool { return !list[i].Time.Before(since) }):]
		if !until.IsZero() {
			list = list[:sort.Search(len(list), func(i int) bool { return list[i].Time.After(until) })]
		}
		lists, total = append(lists, list), total+len(list)
	}
	moments := make([]moment, 0, total)
	status, lab := "", "" // of the pods of the moment before, and of the lab
	for range total {
		e := earliest(lists)
		if e.Kind == view.Changed && e.Source == "lab" {
			now, _, _ := strings.Cut(e.Text, ":") // "the lab is degraded: master-1/etcd is crashed"
			if now == lab {
				continue
			}
			lab = now
		}
		if e.Kind != view.PodChanged {
			moments, status = append(moments, moment{at: e.Time, event: e}), ""
			continue
		}
		if now := podStatus(e); now == status {
			moments[len(moments)-1].pods++
		} else {
			moments, status = append(moments, moment{at: e.Time, event: e, pods: 1}), now
		}
	}
	return moments
}

// earliest takes the earliest event away from the lists, each of which is in order.
func earliest(lists [][]view.Event) *view.Event {
	first := -1
	for i, list := range lists {
		if len(list) == 0 {
			continue
		}
		if first < 0 || list[0].Time.Before(lists[first][0].Time) || list[0].Time.Equal(lists[first][0].Time) && list[0].Seq < lists[first][0].Seq {
			first = i
		}
	}
	e := &lists[first][0]
	lists[first] = lists[first][1:]
	return e
}

// say is the moment as a line.
func (m moment) say(s *panel.State) spoken {
	if m.spoken == nil {
		return speak(s, m.event, m.pods)
	}
	one := *m.spoken
	if one.long == "" {
		one.long = one.text
	}
	return one
}

// speak says one event, or that n pods came into the same state from this one on.
func speak(s *panel.State, e *view.Event, n int) spoken {
	t, text := s.Theme, plain.Line(e.Text)
	m := spoken{sign: theme.Sign{Mark: "·", Style: t.Muted}, text: text, long: text}
	switch e.Kind {
	case view.Elected:
		m.sign = theme.Sign{Mark: "★", Word: "leads", Style: t.Leads}
		if strings.Contains(text, "no leader") {
			m.sign = theme.Sign{Mark: "✗", Word: "no leader", Style: t.Bad}
		}
		m.text, _, _ = strings.Cut(text, ", before")
		if leader, term, ok := strings.Cut(m.text, " leads etcd in term "); ok {
			m.text = "etcd → " + leader + ", term " + term
		}
	case view.LeaseMoved:
		m.sign = theme.Sign{Mark: "★", Word: "leads", Style: t.Leads}
		if what, holder, ok := strings.Cut(strings.TrimSuffix(text, " leads"), " of "); ok {
			m.text = titles[what][1] + " → " + holder
			if titles[what][1] == "" {
				m.text = text
			}
		}
	case view.Changed:
		m.sign = changeSign(t, text)
		if e.Source == "lab" {
			m.text, _, _ = strings.Cut(text, ":")
		} else if what, is, ok := strings.Cut(text, " is "); ok {
			is, _, _ = strings.Cut(is, ",")
			m.text = briefSource(what, 14) + " " + is
		}
	case view.NodeChanged:
		m.sign = theme.Sign{Mark: "●", Word: "node", Style: t.Good}
		if strings.Contains(text, "NotReady") || strings.Contains(text, "Unknown") {
			m.sign = theme.Sign{Mark: "✗", Word: "node", Style: t.Bad}
		}
		m.text, _, _ = strings.Cut(text, ",")
	case view.PodChanged:
		status := plain.Line(podStatus(e))
		m.sign = t.Pod(view.Pod{Status: status, Ready: ready(text)})
		name := text
		if e.Object != nil {
			name = tail(plain.Line(e.Object.Name))
		}
		m.text = status + " " + name
		if n > 1 {
			m.text = fmt.Sprintf("%d pods %s", n, status)
			m.long = m.text
		}
	}
	return m
}

// changeSign reads a component's new state from the event's text, which is all that there is.
func changeSign(t *theme.Theme, text string) theme.Sign {
	text, _, _ = strings.Cut(text, ":") // "the lab is degraded: master-1/etcd is crashed" is about the lab
	for _, state := range []component.State{component.Running, component.Crashed, component.Paused} {
		if strings.Contains(text, " is "+string(state)) {
			return t.Component(component.Status{State: state})
		}
	}
	for _, state := range []view.State{view.Healthy, view.Degraded, view.Down, view.Starting, view.Stopping, view.Stopped} {
		if strings.Contains(text, " is "+string(state)) {
			return t.Lab(state)
		}
	}
	return theme.Sign{Mark: "·", Style: t.Muted}
}

// podStatus is kubectl's word in the text of an event: "demo/web-abc: Running, 1 of 1 ready on node-1".
func podStatus(e *view.Event) string {
	_, after, _ := strings.Cut(e.Text, ": ")
	status, _, _ := strings.Cut(after, ",")
	if status == "" {
		status = "changed"
		if strings.HasSuffix(e.Text, "deleted") || strings.HasSuffix(e.Text, "gone") {
			status = "gone"
		}
	}
	return status
}

// ready reports whether a pod's text says that all of its containers are: "…, 1 of 1 ready".
func ready(text string) bool {
	var a, b int
	_, after, _ := strings.Cut(text, ", ")
	n, _ := fmt.Sscanf(after, "%d of %d ready", &a, &b) // what is no such text has no containers that are ready
	return n == 2 && a == b
}

// tail is the name of a pod without the hash of its ReplicaSet: web-…-g8lkz.
func tail(name string) string {
	parts := strings.Split(name, "-")
	if len(parts) < 3 {
		return name
	}
	return strings.Join(parts[:len(parts)-2], "-") + "-…-" + parts[len(parts)-1]
}

// recordMoments are the story of a record: the deed, what followed, what was measured of it that no event tells, and the end.
func recordMoments(s *panel.State, r view.Record) []moment {
	t := s.Theme
	until := time.Time{}
	if !r.Active() && r.Measured != nil && (r.Recovery != nil || r.HealedBy != byHeal) {
		until = r.Since.Add(r.Measured.For)
		if over := r.Healed.Add(2 * time.Second); over.After(until) && r.HealedBy != "" {
			until = over
		}
		if r.Recovery != nil {
			until = r.Healed.Add(r.Recovery.For)
		}
	}
	deed := &spoken{sign: theme.Sign{Mark: "▼", Word: "deed", Style: t.Bad}, text: plain.Line(r.Action.String())}
	measured := measuredMoments(t, r.Measured, r.Since, "")
	if !r.Active() && r.Healed.After(r.Since) {
		measured = append(measured, moment{at: r.Healed, spoken: &spoken{sign: theme.Sign{Mark: "▲", Word: "healed", Style: t.Good}, text: "healed " + plain.Line(r.HealedBy)}})
		measured = append(measured, measuredMoments(t, r.Recovery, r.Healed, " since then")...)
	}
	list := followed(s, r.Since, until)
	for _, m := range measured {
		i := sort.Search(len(list), func(i int) bool { return list[i].at.After(m.at) })
		list = slices.Insert(list, i, m)
	}
	return slices.Insert(list, 0, moment{at: r.Since, spoken: deed})
}

// told are the phases that events tell of as well.
var told = []view.Phase{view.Election, view.SchedulerMove, view.ManagerMove, view.NotReady}

// measuredMoments are the phases that no event tells of, and what became of the writes; when is added to that.
func measuredMoments(t *theme.Theme, m *view.Measured, since time.Time, when string) []moment {
	if m == nil {
		return nil
	}
	var list []moment
	for _, mark := range m.Marks {
		if mark.Seen && !slices.Contains(told, mark.Phase) {
			list = append(list, moment{at: since.Add(mark.Took), spoken: &spoken{sign: markSign(t, mark, m.For), text: plain.Line(string(mark.Phase))}})
		}
	}
	if m.Writes.Sent > 0 {
		sign := theme.Sign{Mark: "✓", Word: "writes", Style: t.Good}
		text, long := "no write failed"+when, fmt.Sprintf("none of %d writes failed%s", m.Writes.Sent, when)
		if m.Writes.Failed > 0 {
			sign = theme.Sign{Mark: "✗", Word: "writes", Style: t.Warn}
			text = fmt.Sprintf("%s failed, %s", panel.Plural(m.Writes.Failed, "write"), panel.Brief(m.Writes.Gap))
			long = fmt.Sprintf("%d of %d writes failed, the longest time without a success was %s", m.Writes.Failed, m.Writes.Sent, panel.Brief(m.Writes.Gap))
		}
		list = append(list, moment{at: since.Add(m.For), spoken: &spoken{sign, text, long}})
	}
	return list
}
