package trouble

import (
	"fmt"
	"kubelab/tui/widget"
	"strings"
	"time"

	"kubelab/core/plain"
	"kubelab/core/target"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// storyEvery is how often a story is asked for again.
const storyEvery = 2 * time.Second

// story shows what happened to one object and to what belongs to it, through all components. Without an object it lets choose one.
type story struct {
	panel.Quiet
	object *view.Object
	wrong  string // why what was to be shown names no object
	choice chooser
	filter string

	answer *view.Story
	list   []*view.Entry // those that match
	of     *view.Story   // what list was made of, and with which filter
	with   string
	came   time.Time
	err    error

	pos    scroll
	at     uint64 // Seq of the selected entry
	open   bool   // the selected entry is shown in full
	top    int    // the first line of the list in the view
	height int
}

func newStory() *story { return &story{choice: chooser{items: storyItems}} }

func (p *story) Name() string { return "story" }

func (p *story) Title(*panel.State) string {
	if p.object == nil {
		return "Story"
	}
	return "Story of " + plain.Line(p.object.String())
}

func (p *story) Filter(text string) { p.filter = text }
func (p *story) Filtered() string   { return p.filter }

// Show tells the story of an object: deployments/demo/web, pod/demo/web-abc, nodes/node-1, or a machine that is a node.
func (p *story) Show(s *panel.State, what string) panel.Result {
	if p.object != nil && what == p.object.String() {
		return p.Opened(s)
	}
	*p = story{choice: p.choice, filter: p.filter}
	if what == "" {
		return panel.Result{}
	}
	o, err := target.Object(objectName(what))
	if err != nil {
		p.wrong = err.Error()
		return panel.Result{}
	}
	p.object = &o
	return p.Opened(s)
}

// objectName is what names the object that a target is about: a node, or the pod of a container.
func objectName(what string) string {
	parts := strings.Split(what, "/")
	switch {
	case strings.HasPrefix(parts[0], "node-"):
		return "nodes/" + parts[0]
	case parts[0] == "container" && len(parts) == 4:
		return "pods/" + parts[1] + "/" + parts[2]
	}
	return what
}

func (p *story) Opened(*panel.State) panel.Result {
	if p.object == nil {
		return panel.Result{}
	}
	o := *p.object
	return panel.Result{Ask: &view.Question{Story: &o}, Every: storyEvery}
}

func (p *story) Answered(s *panel.State, q view.Question, a view.Answer, err error) {
	if q.Story == nil || p.object == nil || *q.Story != *p.object {
		return
	}
	if p.err = err; err == nil && a.Story != nil {
		p.answer, p.came = a.Story, s.Now
		p.sync()
	}
}

// sync makes the list of the entries that match. The selection stays on its entry; at the end, it stays at the end.
func (p *story) sync() {
	if p.of == p.answer && p.with == p.filter || p.answer == nil {
		return
	}
	atEnd := len(p.list) == 0 || p.pos.index >= len(p.list)-1
	p.of, p.with, p.list = p.answer, p.filter, nil
	index := -1
	for i := range p.answer.Entries {
		e := &p.answer.Entries[i]
		if e.Seq == p.at { // or the next one that matches
			index = len(p.list)
		}
		if p.filter != "" && !panel.Matches(p.filter, e.Source, e.Text, string(e.Kind)) {
			continue
		}
		p.list = append(p.list, e)
	}
	switch {
	case index >= 0 && (p.open || !atEnd):
		p.pos.index = index
	case atEnd:
		p.pos.index = len(p.list) - 1
	}
	p.pos.index = max(0, min(p.pos.index, len(p.list)-1))
	p.note()
}

func (p *story) note() {
	if len(p.list) > 0 {
		p.at = p.list[p.pos.index].Seq
	}
}

func (p *story) selected() *view.Entry {
	p.sync()
	if len(p.list) == 0 {
		return nil
	}
	return p.list[max(0, min(p.pos.index, len(p.list)-1))]
}

func (p *story) Keys(*panel.State) []panel.Binding {
	if p.object == nil {
		return []panel.Binding{{Keys: "enter", Does: "tell its story", Short: true}}
	}
	does, why := "all of it", ""
	if p.open {
		does = "close"
	}
	if p.selected() == nil {
		why = "there is no entry"
	}
	return []panel.Binding{{Keys: "enter", Does: does, Why: why, Short: true}, {Keys: "backspace", Does: "choose another", Short: true}}
}

func (p *story) Key(s *panel.State, key string) (panel.Result, bool) {
	if p.object == nil {
		if key != "enter" {
			return panel.Result{}, p.choice.key(s, p.filter, key)
		}
		if what := p.choice.selected(s, p.filter); what != "" {
			p.filter = ""
			return panel.Result{Open: "story", With: what}, true
		}
		return panel.Result{Note: "there is nothing to choose"}, true
	}
	p.sync()
	switch key {
	case "enter":
		if p.selected() == nil {
			return panel.Result{Note: "there is no entry"}, true
		}
		p.open = !p.open
	case "backspace":
		*p = story{choice: p.choice}
	default:
		if !p.pos.key(key, len(p.list)) {
			return panel.Result{}, false
		}
		p.note()
	}
	return panel.Result{}, true
}

func (p *story) Click(s *panel.State, _, y int) panel.Result {
	if p.object == nil {
		p.choice.click(s, p.filter, y, p.height)
		return panel.Result{}
	}
	p.sync()
	if was := p.pos.index; p.pos.click(y-p.top, len(p.list)) {
		p.open = p.open || was == p.pos.index
		p.note()
	}
	return panel.Result{}
}

func (p *story) Wheel(s *panel.State, lines int) {
	if p.object == nil {
		p.choice.sync(s, p.filter)
		p.choice.pos.wheel(lines, len(p.choice.list))
		p.choice.at = p.choice.selected(s, p.filter)
		return
	}
	p.sync()
	p.pos.wheel(lines, len(p.list))
	p.note()
}

// Selected is the object that the entry under the cursor is about, or that of the story.
func (p *story) Selected(s *panel.State) string {
	if p.object == nil {
		return targetName(p.choice.selected(s, p.filter))
	}
	if e := p.selected(); e != nil && e.Object != nil {
		return targetName(e.Object.String())
	}
	return targetName(p.object.String())
}

// targetName is an object as the target that it is, if it is one: pods and nodes can be killed.
func targetName(object string) string {
	if name, ok := strings.CutPrefix(object, "pods/"); ok {
		return "pod/" + name
	}
	return strings.TrimPrefix(object, "nodes/")
}

func (p *story) View(s *panel.State, w, h int) string {
	p.height = h
	if p.object == nil {
		title := "Whose story?"
		if p.wrong != "" {
			title = plain.Line(p.wrong)
		}
		return p.choice.view(s, p.filter, title, w, h)
	}
	p.sync()
	if len(p.list) == 0 {
		title, say := p.nothing(s)
		return empty(s, w, h, title, say)
	}
	var lines []string
	if h >= 5 {
		lines = append(lines, widget.Fit(p.head(s), w), s.Theme.Muted.Render(p.columns(w).header()))
	}
	room := h - len(lines)
	var full []string
	if p.open {
		full = entryLines(s, p.selected(), w)
		most := max(room-4, room-len(p.list)) // the list keeps four lines
		full = full[:min(len(full), max(most, 0))]
	}
	p.top = len(lines)
	from, to := p.pos.window(len(p.list), room-len(full))
	c := p.columns(w)
	for i := from; i < to; i++ {
		line := c.line(s, p.list[i], i == 0 && p.filter == "")
		if i == p.pos.index {
			line = chosen(s, line, w)
		}
		lines = append(lines, line)
	}
	for len(lines) < h-len(full) {
		lines = append(lines, "")
	}
	return widget.Lines(append(lines, full...), w, h)
}

func (p *story) head(s *panel.State) string {
	t := s.Theme
	first, last := p.answer.Entries[0].Time, p.answer.Entries[len(p.answer.Entries)-1].Time
	text := t.Accent.Render(plain.Line(p.object.String())) + t.Muted.Render(fmt.Sprintf("  %s in %s", panel.Plural(len(p.answer.Entries), "step"), panel.Brief(last.Sub(first))))
	if p.filter != "" {
		text += t.Muted.Render(fmt.Sprintf(", %d match", len(p.list)))
	}
	if p.err != nil {
		return text + t.Warn.Render(fmt.Sprintf("  stale for %s: %s", panel.Ago(s.Now, p.came), plain.Line(p.err.Error())))
	}
	return text + t.Muted.Render(", remembered since "+p.answer.Since.Local().Format("15:04:05"))
}

func (p *story) nothing(s *panel.State) (title, say string) {
	name := plain.Line(p.object.String())
	switch {
	case p.err != nil && p.answer == nil:
		return "The story of " + name + " is not known", plain.Line(p.err.Error())
	case p.answer == nil:
		return "asking for the story of " + name + " …", "It is put together of what all components said."
	case len(p.answer.Entries) > 0:
		return "Nothing matches " + plain.Line(p.filter), "None of the entries holds all of these words."
	}
	return "Nothing happened to " + name + " yet", "What happens to it and to what belongs to it is told here, from the request to the rule of kube-proxy, since " +
		p.answer.Since.Local().Format("15:04:05") + ". Change it: scale it, or delete one of its pods."
}

func (p *story) Explain(s *panel.State) string {
	if p.object == nil {
		return "A story is what happened to one object and to what belongs to it: for a Deployment also its ReplicaSets, pods, containers and rules. " +
			"It is put together of what the API servers audited, what changed in etcd, what the scheduler decided, what kubelet, containerd and kube-proxy did. Choose an object to be told its story."
	}
	if len(p.list) == 0 {
		return "Here is what happens to " + plain.Line(p.object.String()) + ", as all components saw it, in order of time. Nothing is known of it yet. Change it, and look which component does what."
	}
	slowest := p.list[0]
	for _, e := range p.list {
		if e.After > slowest.After {
			slowest = e
		}
	}
	return fmt.Sprintf("Each line is one step in the life of %s, with the time since the step before and the component that it was seen in. "+
		"A request goes to an API server, from there into etcd; controllers, scheduler and kubelet watch that and send requests of their own. "+
		"The longest wait was %s before: %s.", plain.Line(p.object.String()), panel.Brief(slowest.After), plain.Line(slowest.Text))
}
