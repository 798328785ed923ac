package trouble

import (
	"fmt"
	"kubelab/tui/widget"
	"strings"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
)

// chooser lets choose what a panel shows, for as long as it shows nothing.
type chooser struct {
	items func(*panel.State) []item
	pos   scroll
	at    string // what is selected, so that it stays selected

	// What was made of a snapshot last: making it anew for each key would be slow with thousands of pods.
	of     *view.Snapshot
	theme  *theme.Theme
	filter string
	list   []item
}

// item is one thing that can be chosen. There may be thousands of pods: their signs are made when they are drawn.
type item struct {
	what string // a target, or an object
	note string
	sign *theme.Sign
	pod  *view.Pod
}

// look is the item's sign and note.
func (i item) look(t *theme.Theme) (theme.Sign, string) {
	switch {
	case i.pod != nil:
		return t.Pod(*i.pod), i.pod.Status + on(i.pod.Node)
	case i.sign != nil:
		return *i.sign, i.note
	}
	return theme.Sign{Mark: " "}, i.note
}

// matches reports whether the item has all words of the filter.
func (i item) matches(filter string) bool {
	if i.pod != nil {
		return panel.Matches(filter, i.what, i.pod.Status, i.pod.Node)
	}
	return panel.Matches(filter, i.what, i.note)
}

func (c *chooser) sync(s *panel.State, filter string) {
	if c.of == s.Lab && c.filter == filter && c.theme == s.Theme {
		return
	}
	c.of, c.filter, c.theme, c.list = s.Lab, filter, s.Theme, nil
	index := -1
	for _, i := range c.items(s) {
		if filter == "" || i.matches(filter) {
			if i.what == c.at {
				index = len(c.list)
			}
			c.list = append(c.list, i)
		}
	}
	if index >= 0 {
		c.pos.index = index
	}
	c.pos.index = max(0, min(c.pos.index, len(c.list)-1))
}

// selected is what is under the cursor.
func (c *chooser) selected(s *panel.State, filter string) string {
	c.sync(s, filter)
	if len(c.list) == 0 {
		return ""
	}
	return c.list[c.pos.index].what
}

func (c *chooser) key(s *panel.State, filter, key string) bool {
	c.sync(s, filter)
	if !c.pos.key(key, len(c.list)) {
		return false
	}
	c.at = c.selected(s, filter)
	return true
}

// view draws the choice in w × h cells; title says what for.
func (c *chooser) view(s *panel.State, filter, title string, w, h int) string {
	c.sync(s, filter)
	if len(c.list) == 0 {
		if filter != "" {
			return empty(s, w, h, "Nothing matches "+plain.Line(filter), "None of the names holds all of these words.")
		}
		return empty(s, w, h, title, "There is nothing to choose from yet; it comes with the first snapshot of the lab.")
	}
	var lines []string
	if h >= 5 {
		note := fmt.Sprint(len(c.list))
		if stale := staleObjects(s); stale != "" {
			note += ", " + stale
		}
		lines = append(lines, heading(s, title, note, w))
	}
	from, to := c.pos.window(len(c.list), h-len(lines))
	name := min(max(w*3/5, 20), 48)
	for i := from; i < to; i++ {
		one := c.list[i]
		sign, note := one.look(s.Theme)
		line := sign.String() + " " + s.Theme.Text.Render(widget.Fit(plain.Line(one.what), name)) + " " + s.Theme.Muted.Render(plain.Line(note))
		if i == c.pos.index {
			line = chosen(s, line, w)
		}
		lines = append(lines, line)
	}
	return widget.Lines(lines, w, h)
}

// click selects the item in line y of the view. It reports whether there is one.
func (c *chooser) click(s *panel.State, filter string, y, h int) bool {
	c.sync(s, filter)
	if h >= 5 {
		y--
	}
	if !c.pos.click(y, len(c.list)) {
		return false
	}
	c.at = c.list[c.pos.index].what
	return true
}

// logItems are everything that has a log.
func logItems(s *panel.State) []item {
	list := make([]item, 0, len(s.Lab.Pods)+300)
	list = append(list, item{what: "engine", note: "the lab itself", sign: &theme.Sign{Mark: "●", Style: s.Theme.Good}})
	for _, m := range machinesOf(s) {
		sign := machineSign(s.Theme, m)
		list = append(list, item{what: m.name, note: "all of its components", sign: &sign})
		for _, name := range m.names {
			sign := s.Theme.Component(m.components[name])
			list = append(list, item{what: m.name + "/" + name, note: sign.Word, sign: &sign})
		}
	}
	return append(list, podItems(s, "pod/")...)
}

// storyItems are objects that have a story.
func storyItems(s *panel.State) []item {
	list := make([]item, 0, len(s.Lab.Pods)+len(s.Lab.Workloads)+len(s.Lab.Services)+len(s.Lab.Nodes))
	for _, w := range s.Lab.Workloads {
		sign := &theme.Sign{Mark: "●", Style: s.Theme.Good}
		if w.Ready < w.Desired {
			sign = &theme.Sign{Mark: "▲", Style: s.Theme.Warn}
		}
		list = append(list, item{what: strings.ToLower(w.Kind) + "s/" + w.Namespace + "/" + w.Name, note: fmt.Sprintf("%d of %d ready", w.Ready, w.Desired), sign: sign})
	}
	for _, v := range s.Lab.Services {
		list = append(list, item{what: "services/" + v.Namespace + "/" + v.Name, note: panel.Plural(len(v.Endpoints), "endpoint")})
	}
	for _, n := range s.Lab.Nodes {
		sign, word := &theme.Sign{Mark: "●", Style: s.Theme.Good}, "Ready"
		if !n.Ready {
			sign, word = &theme.Sign{Mark: "✗", Style: s.Theme.Bad}, "NotReady"
		}
		list = append(list, item{what: "nodes/" + n.Name, note: word, sign: sign})
	}
	return append(list, podItems(s, "pods/")...)
}

func podItems(s *panel.State, prefix string) []item {
	list := make([]item, len(s.Lab.Pods))
	for i := range s.Lab.Pods {
		p := &s.Lab.Pods[i]
		list[i] = item{what: prefix + p.Namespace + "/" + p.Name, pod: p}
	}
	return list
}

func on(node string) string {
	if node == "" {
		return ""
	}
	return " on " + node
}
