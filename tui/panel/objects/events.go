package objects

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// events is the timeline of the whole lab.
type events struct {
	grid[*view.Event]
	noise bool // requests, keys, containers and rules as well
}

// told are the kinds that are always shown, noisy those that are shown when asked for.
var (
	told = []view.EventKind{view.FaultInjected, view.FaultMeasured, view.FaultHealed, view.Acted, view.Changed, view.Elected, view.LeaseMoved,
		view.NodeChanged, view.PodChanged, view.Decided, view.SourceChanged, view.KubeEvent}
	noisy = []view.EventKind{view.Requested, view.KeyChanged, view.ContainerDone, view.RuleChanged, view.Dropped}
)

// eventsStamp tells sets of events apart: the number and the latest of each kind.
type eventsStamp struct {
	noise bool
	last  [17]struct {
		seq uint64
		n   int
	}
}

func newEvents() *events {
	p := &events{}
	p.tail = true
	p.id = func(e *view.Event) string { return strconv.FormatUint(e.Seq, 10) }
	p.words = func(e *view.Event) []string {
		words := []string{string(e.Kind), e.Source, e.Text}
		if e.Object != nil {
			words = append(words, e.Object.String())
		}
		return words
	}
	p.columns = []column[*view.Event]{
		{title: "time", width: 12, drop: 1, cell: timeCell},
		{title: "kind", width: 11, drop: 3, cell: kindCell, compare: by(func(e *view.Event) string { return string(e.Kind) })},
		{title: "seen in", width: 23, min: 16, drop: 4, cell: func(s *panel.State, e *view.Event) cell { return styled(plain.Line(e.Source), &s.Theme.Muted) },
			compare: by(func(e *view.Event) string { return e.Source })},
		{title: "what happened", min: 34, width: 60, fill: true, cell: textCell},
		{title: "object", width: 44, wide: true, drop: 5, cell: func(s *panel.State, e *view.Event) cell { return orDash(s, objectOf(e)) },
			compare: by(objectOf)},
	}
	return p
}

func objectOf(e *view.Event) string {
	if e.Object == nil {
		return ""
	}
	return e.Object.String()
}

func timeCell(s *panel.State, e *view.Event) cell {
	style := &s.Theme.Muted
	if isRecent(s, e.Time) {
		style = &s.Theme.Changed
	}
	return styled(panel.Clock(e.Time), style)
}

// kindCell is a sign and a word for what an event is about.
func kindCell(s *panel.State, e *view.Event) cell {
	mark, style := "·", &s.Theme.Muted
	word := string(e.Kind)
	switch e.Kind {
	case view.FaultInjected:
		mark, word, style = "✗", "fault", &s.Theme.Bad
	case view.FaultMeasured:
		mark, word, style = "◷", "measured", &s.Theme.Accent
	case view.FaultHealed:
		mark, word, style = "✓", "healed", &s.Theme.Good
	case view.Elected, view.LeaseMoved:
		mark, style = "★", &s.Theme.Leads
	case view.Acted:
		mark, style = "▶", &s.Theme.Accent
	case view.Changed, view.NodeChanged:
		mark, style = "●", &s.Theme.Text
	case view.SourceChanged:
		mark, style = "▲", &s.Theme.Warn
	case view.PodChanged, view.Decided:
		style = &s.Theme.Text
	}
	return cell{{mark + " " + word, style}}
}

// textCell is what happened; an Event of Kubernetes does not say to whom, so that goes before it.
func textCell(s *panel.State, e *view.Event) cell {
	text, style := plain.Line(e.Text), toneOf(s, e)
	if e.Kind == view.KubeEvent && e.Object != nil {
		return cell{{plain.Line(e.Object.Name) + " ", &s.Theme.Accent}, {text, style}}
	}
	return styled(text, style)
}

// toneOf is the colour of what happened: bad, good, to be noticed, or neither.
func toneOf(s *panel.State, e *view.Event) *lipgloss.Style {
	switch text := e.Text; {
	case e.Kind == view.FaultInjected, e.Kind == view.Changed && (strings.Contains(text, " is crashed") || strings.Contains(text, "lab is down")):
		return &s.Theme.Bad
	case e.Kind == view.KubeEvent && strings.HasPrefix(text, "Warning "), e.Kind == view.NodeChanged && strings.Contains(text, "NotReady"),
		e.Kind == view.SourceChanged && strings.Contains(text, "is stale"), e.Kind == view.Changed && strings.Contains(text, "degraded"),
		e.Kind == view.Decided && e.Decision != nil && e.Decision.Node == "":
		return &s.Theme.Warn
	case e.Kind == view.Changed && strings.Contains(text, "lab is healthy"), e.Kind == view.FaultHealed:
		return &s.Theme.Good
	case e.Kind.Noise() && e.Kind != view.KubeEvent:
		return &s.Theme.Muted
	}
	return &s.Theme.Text
}

func (*events) Name() string { return "events" }

func (p *events) Title(*panel.State) string {
	if p.noise {
		return "Events, with requests, keys, containers and rules"
	}
	return "Events"
}

func (p *events) kinds() []view.EventKind {
	if p.noise {
		return slices.Concat(told, noisy)
	}
	return told
}

func (p *events) sync(s *panel.State) {
	stamp := eventsStamp{noise: p.noise}
	for i, kind := range p.kinds() {
		if list := s.Events[kind]; len(list) > 0 {
			stamp.last[i].seq, stamp.last[i].n = list[len(list)-1].Seq, len(list)
		}
	}
	p.set(stamp, func() []*view.Event { return merged(s, p.kinds(), nil) })
}

// merged are the events of the kinds that are wanted, in the order in which they happened. Each kind is in order already, but for what containerd tells late.
func merged(s *panel.State, kinds []view.EventKind, wanted func(*view.Event) bool) []*view.Event {
	var lists [][]view.Event
	var heads []uint64 // the Seq of the first event in each list: comparing these keeps the events themselves out of the cache
	total := 0
	for _, kind := range kinds {
		if list := s.Events[kind]; len(list) > 0 {
			lists, heads, total = append(lists, list), append(heads, list[0].Seq), total+len(list)
		}
	}
	var all []*view.Event
	if wanted == nil {
		all = make([]*view.Event, 0, total)
	}
	for len(lists) > 0 {
		first := 0
		for i, seq := range heads {
			if seq < heads[first] {
				first = i
			}
		}
		e := &lists[first][0]
		if lists[first] = lists[first][1:]; len(lists[first]) == 0 {
			lists, heads = slices.Delete(lists, first, first+1), slices.Delete(heads, first, first+1)
		} else {
			heads[first] = lists[first][0].Seq
		}
		if wanted != nil && !wanted(e) {
			continue
		}
		all = append(all, e)
		for i := len(all) - 1; i > 0 && all[i].Time.Before(all[i-1].Time) && len(all)-i < 64; i-- {
			all[i], all[i-1] = all[i-1], all[i]
		}
	}
	return all
}

func (p *events) Keys(*panel.State) []panel.Binding {
	does := "add requests, keys, containers and rules"
	if p.noise {
		does = "leave requests, keys, containers and rules out"
	}
	return p.bindings(panel.Binding{Keys: "enter", Does: "open what it is about", Short: true}, panel.Binding{Keys: "a", Does: does, Short: true},
		panel.Binding{Keys: "G", Does: "follow the end"})
}

func (p *events) Key(s *panel.State, key string) (panel.Result, bool) {
	p.sync(s)
	switch key {
	case "a":
		p.noise = !p.noise
		p.sync(s)
		return panel.Result{}, true
	case "enter":
		return p.open(), true
	}
	return panel.Result{}, p.key(key)
}

// open goes to what the event is about.
func (p *events) open() panel.Result {
	e, ok := p.current()
	switch {
	case !ok:
		return panel.Result{}
	case e.Object != nil && e.Object.Resource == "pods":
		return panel.Result{Open: "pod", With: e.Object.String()}
	case e.Object != nil && e.Object.Resource == "nodes":
		return panel.Result{Open: "nodes", With: e.Object.Name}
	case e.Object != nil:
		return panel.Result{Open: "story", With: e.Object.String()}
	case strings.HasPrefix(e.Source, "node-"):
		return panel.Result{Open: "nodes", With: e.Source}
	}
	return panel.Result{Note: "this is about no object that could be opened"}
}

func (p *events) Click(s *panel.State, x, y int) panel.Result {
	p.sync(s)
	if p.click(x, y) {
		return p.open()
	}
	return panel.Result{}
}

func (*events) Answered(*panel.State, view.Question, view.Answer, error) {}

func (p *events) Selected(s *panel.State) string {
	p.sync(s)
	e, ok := p.current()
	switch {
	case !ok:
		return ""
	case e.Object != nil && e.Object.Resource == "pods":
		return podTarget(e.Object.Namespace, e.Object.Name)
	case e.Object != nil && e.Object.Resource == "nodes":
		return e.Object.Name
	case e.Object != nil:
		return e.Object.String()
	case strings.HasPrefix(e.Source, "node-"), strings.HasPrefix(e.Source, "master-"):
		return e.Source
	}
	return ""
}

func (p *events) View(s *panel.State, w, h int) string {
	p.sync(s)
	text := func() string {
		if p.index == len(p.rows)-1 && p.by == 0 && !p.reverse {
			return p.status("event") + " · follows the end"
		}
		return p.status("event") + " · G follows the end"
	}
	return footed(s, w, h, text, nil, func(h int) []string {
		lines := p.view(s, w, h, true)
		if len(p.rows) == 0 {
			lines = under(s, lines, w, h, p.filter, len(p.all), "Nothing has happened since this program began to watch. Faults, leaders, Leases, nodes, pods, "+
				"decisions of the scheduler and Events of Kubernetes come here as they happen; `a` adds every request, key, container and rule.")
		}
		return lines
	})
}

func (p *events) Explain(s *panel.State) string {
	p.sync(s)
	text := "Everything that happens in the lab, in one order of time: what people did, what components noticed, what the scheduler decided, and what Kubernetes wrote down as Events. "
	if e, ok := p.current(); ok {
		source := plain.Line(e.Source)
		if source == "" {
			source = "the lab"
		}
		text += fmt.Sprintf("The selected line, of %s, was seen in %s: “%s”. ", panel.Clock(e.Time), source, plain.Line(e.Text))
	}
	return text + "Read it from top to bottom and ask of each line which line before made it happen; no component tells another what to do, each reacts to what it reads from the API server."
}
