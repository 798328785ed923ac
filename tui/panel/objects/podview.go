package objects

import (
	"fmt"
	"kubelab/tui/widget"
	"strings"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

func (p *pod) View(s *panel.State, w, h int) string {
	if p.name == "" {
		return widget.Lines(empty(s, w, h, "No pod has been chosen. Press enter on a row of the panel “pods”, or on a pod anywhere else, and it is shown here: "+
			"what it is, its YAML, its logs, and its story."), w, h)
	}
	now := p.find(s)
	return footed(s, w, h, p.footer, p.sources(now), func(h int) []string {
		lines := []string{line(s, p.tabs(s), w, false)}
		if h >= 12 {
			lines = append(lines, strings.Repeat(" ", w))
		}
		h -= len(lines)
		switch {
		case p.tab == overviewTab:
			lines = append(lines, p.overviewLines(s, now, w, h)...)
		case p.got[p.tab].err != "" && len(p.pager().lines) > 0: // what there was before is kept, with why it is not newer
			lines = append(lines, line(s, styled("▲ as it was: "+p.got[p.tab].err, &s.Theme.Warn), w, false))
			lines = append(lines, p.pager().view(s, w, h-1)...)
		case p.got[p.tab].err != "":
			lines = append(lines, empty(s, w, h, "There is no answer: "+p.got[p.tab].err)...)
		case p.got[p.tab].at.IsZero():
			lines = append(lines, empty(s, w, h, "Asked for it; the answer is on its way.")...)
		case len(p.pager().lines) == 0:
			lines = append(lines, empty(s, w, h, nothing[p.tab])...)
		default:
			lines = append(lines, p.pager().view(s, w, h)...)
		}
		return lines
	})
}

// nothing is what a tab says whose answer is empty.
var nothing = [...]string{
	yamlTab:  "etcd has nothing under this key.",
	logsTab:  "The pod has written nothing yet. What its containers print goes to a file on the node, and comes here every second.",
	storyTab: "Nothing is remembered of this pod: what happened to it was before the engine began to watch.",
}

// sources are what must be fresh for the pod to be shown as it is.
func (p *pod) sources(now *view.Pod) []string {
	if now == nil || now.Node == "" {
		return []string{objectsSource}
	}
	return []string{objectsSource, now.Node}
}

func (p *pod) footer() string {
	text := p.pager().where(map[int]string{overviewTab: "event", storyTab: "entry"}[p.tab])
	switch p.tab {
	case yamlTab:
		text = p.yaml.where("line")
		if p.value.Key != "" {
			text += fmt.Sprintf(" · %s · revision %d, version %d, %s", plain.Line(p.value.Key), p.value.Modified, p.value.Version, panel.Size(int64(p.value.Size)))
		}
	case logsTab:
		text = p.logs.where("line") + " · of the last 500"
	case storyTab:
		text = strings.Replace(text, "entrys", "entries", 1)
		if !p.since.IsZero() {
			text += " · remembered since " + panel.Clock(p.since)
		}
	}
	return text
}

func (p *pod) tabs(s *panel.State) cell {
	var c cell
	for i, name := range tabs {
		style := &s.Theme.Muted
		if i == p.tab {
			style = &s.Theme.Selected
		}
		c = append(c, span{" " + name + " ", style}, span{" ", nil})
	}
	return c
}

// overviewLines are the pod's facts, its containers, and what happened to it.
func (p *pod) overviewLines(s *panel.State, now *view.Pod, w, h int) []string {
	events := merged(s, []view.EventKind{view.KubeEvent, view.PodChanged, view.ContainerDone, view.Decided}, p.about)
	var lines []string
	for _, c := range p.facts(s, now, events, w) {
		lines = append(lines, line(s, c, w, false))
	}
	list := withEvents(containersOf(p.value.Value), events)
	if len(list) > 0 && h >= 10 {
		lines = append(lines, strings.Repeat(" ", w))
		for _, c := range containerLines(s, list) {
			lines = append(lines, line(s, c, w, false))
		}
	}
	if h-len(lines) < 4 {
		return lines
	}
	lines = append(lines, strings.Repeat(" ", w), ruler(s, w, "what happened to it", ""))
	p.overview.lines = p.overview.lines[:0]
	for _, e := range events {
		p.overview.lines = append(p.overview.lines, p.eventLine(s, e))
	}
	if len(events) == 0 {
		return append(lines, empty(s, w, h-len(lines), "Nothing since this program began to watch. Its status, Events of Kubernetes about it, what containerd does and what the scheduler decides come here.")...)
	}
	return append(lines, p.overview.view(s, w, h-len(lines))...)
}

func (p *pod) about(e *view.Event) bool {
	return e.Object != nil && e.Object.Name == p.name && e.Object.Namespace == p.namespace && e.Object.Resource == "pods"
}

// facts are what is known of the pod, with a name each; in two columns where there is room.
func (p *pod) facts(s *panel.State, now *view.Pod, events []*view.Event, w int) []cell {
	if now == nil {
		return []cell{{{"○ gone", &s.Theme.Muted}, {"  etcd has no such pod any more; what follows is what is remembered of it", &s.Theme.Muted}}}
	}
	type fact struct {
		name  string
		value cell
	}
	status := podStatus(s, now, recent(s, view.PodChanged)[p.object().String()])
	status = append(status, span{fmt.Sprintf(", %d of %d ready", now.Running, now.Of), nil})
	all := []fact{
		{"status", status}, {"node", nodeCell(s, now)},
		{"owner", orDash(s, now.Owner)}, {"address", orDash(s, now.IP)},
		{"age", words(panel.Ago(s.Now, now.Created))}, {"restarts", restartsCell(s, now)},
		{"Services", p.behind(s)},
	}
	var lines []cell
	half := w * 6 / 10
	for i := 0; i < len(all); i++ {
		c := append(cell{{widget.Fit(all[i].name, 10), &s.Theme.Muted}}, all[i].value...)
		if w >= 76 && i+1 < len(all) {
			i++
			c = append(c.padded(half-2), span{"  " + widget.Fit(all[i].name, 10), &s.Theme.Muted})
			c = append(c, all[i].value...)
		}
		lines = append(lines, c)
	}
	for i := len(events) - 1; i >= 0; i-- {
		if d := events[i].Decision; d != nil && !d.WhatIf {
			_, text, _ := strings.Cut(plain.Line(events[i].Text), " ")
			lines = append(lines, cell{{"scheduler ", &s.Theme.Muted}, {text, nil}, {fmt.Sprintf("  (%s, %s)", plain.Line(d.Master), panel.Brief(d.Took)), &s.Theme.Muted}})
			break
		}
	}
	return lines
}

// behind are the Services that lead to the pod.
func (p *pod) behind(s *panel.State) cell {
	var c cell
	for _, v := range s.Lab.Services {
		for _, e := range v.Endpoints {
			if v.Namespace == p.namespace && e.Pod == p.name {
				word := " leads here  "
				if !e.Ready {
					word = " passes it over: not ready  "
				}
				c = append(c, readyMark(s, e.Ready), span{" " + plain.Line(v.Name), nil}, span{word, &s.Theme.Muted})
				break
			}
		}
	}
	if c == nil {
		return styled("none leads here", &s.Theme.Muted)
	}
	return c
}

// eventLine is an event in the timeline of the pod.
func (p *pod) eventLine(s *panel.State, e *view.Event) cell {
	c := append(timeCell(s, e), span{"  ", nil})
	c = append(append(c, kindCell(s, e).padded(11)...), span{"  ", nil})
	text := p.without(e.Text)
	if e.Kind == view.KubeEvent && e.Source != "" {
		text = plain.Line(e.Source) + ": " + text
	}
	return append(c, span{text, toneOf(s, e)})
}

// without is text about the pod that does not name it again.
func (p *pod) without(text string) string {
	name := p.namespace + "/" + p.name
	text = strings.NewReplacer(name+"/", "", name+"'s", "its").Replace(text)
	if rest, ok := strings.CutPrefix(text, name); ok {
		text = strings.TrimLeft(rest, ": ")
	}
	return plain.Line(text)
}

// storyLines are a Story, each entry with what passed since the one before.
func (p *pod) storyLines(s *panel.State, story *view.Story) []cell {
	var lines []cell
	for i := range story.Entries {
		e := &story.Entries[i]
		after := ""
		if i > 0 {
			after = "+" + panel.Brief(e.After)
		}
		c := cell{{panel.Clock(e.Time), &s.Theme.Muted}, {fmt.Sprintf("  %9s  ", after), &s.Theme.Accent}}
		c = append(c, kindCell(s, &e.Event).padded(12)...)
		lines = append(lines, append(c, span{p.without(e.Text), toneOf(s, &e.Event)}, span{"  " + plain.Line(e.Source), &s.Theme.Muted}))
	}
	return lines
}

// logLines are lines of a log; klog's warnings and errors stand out.
func logLines(s *panel.State, text []string) []cell {
	lines := make([]cell, 0, len(text))
	for _, one := range text {
		style := &s.Theme.Text
		if len(one) > 5 && strings.Trim(one[1:5], "0123456789") == "" {
			switch one[0] {
			case 'W':
				style = &s.Theme.Warn
			case 'E', 'F':
				style = &s.Theme.Bad
			}
		}
		lines = append(lines, styled(plain.Line(one), style))
	}
	return lines
}
