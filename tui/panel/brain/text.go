package brain

import (
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
	"kubelab/tui/widget"
)

// fresh is how long something counts as just changed.
const fresh = 1500 * time.Millisecond

func changed(s *panel.State, t time.Time) bool {
	age := s.Now.Sub(t)
	return age > -fresh && age < fresh // an event may be a little younger than Now
}

// when is a moment, marked while it is fresh.
func when(s *panel.State, t time.Time) string {
	if changed(s, t) {
		return s.Theme.Changed.Render(panel.Clock(t))
	}
	return s.Theme.Muted.Render(panel.Clock(t))
}

// show is what others wrote in a style.
func show(style lipgloss.Style, text string) string { return style.Render(plain.Line(text)) }

// heading begins a section: its title, what is to say about it, and a line to the end.
func heading(t *theme.Theme, w int, title, note string) string {
	text := t.Title.Render(title) + " "
	if note != "" {
		text += t.Muted.Render("· "+plain.Line(note)) + " "
	}
	if n := w - ansi.StringWidth(text); n > 0 {
		text += t.Border.Render(strings.Repeat("─", n))
	}
	return text
}

// who is a user in few words: the service account of a controller by its name, a kubelet by its node.
func who(user string) string {
	if user == "" {
		return "nobody known"
	}
	if name, ok := strings.CutPrefix(user, controllerAccounts); ok {
		return name
	}
	if name, ok := strings.CutPrefix(user, "system:serviceaccount:"); ok {
		return name
	}
	if node, ok := strings.CutPrefix(user, "system:node:"); ok {
		return "kubelet " + node
	}
	return strings.TrimPrefix(user, "system:")
}

// controllerAccounts is what the names of controllers' accounts begin with.
const controllerAccounts = "system:serviceaccount:kube-system:"

// target is an object as the root takes it from Selected.
func target(o view.Object) string {
	switch {
	case o.Resource == "" || o.Name == "":
		return ""
	case o.Resource == "pods":
		o.Resource = "pod"
	case o.Resource == "nodes":
		return o.Name
	}
	return o.String()
}

// status is how a component of a master is.
func status(s *panel.State, master, name string) component.Status {
	for _, m := range s.Lab.Masters {
		if m.Name == master {
			return m.Components[name]
		}
	}
	return component.Status{}
}

// times says how often.
func times(n int) string {
	switch n {
	case 0:
		return "never"
	case 1:
		return "once"
	}
	return panel.Plural(n, "time")
}

var sparks = []rune("▁▂▃▄▅▆▇█")

// spark draws values on a scale that ends at top, so that sparklines below each other can be compared. What is less than zero is not known
// and stays blank.
func spark(values []float64, top float64) string {
	var b strings.Builder
	for _, v := range values {
		switch {
		case v < 0:
			b.WriteByte(' ')
		case top <= 0:
			b.WriteRune(sparks[0])
		default:
			b.WriteRune(sparks[min(int(v/top*float64(len(sparks)-1)+0.5), len(sparks)-1)])
		}
	}
	return b.String()
}

// page is lines that are put together from the top, each w cells wide.
type page struct {
	w, h  int
	lines []string
}

func (p *page) add(lines ...string) {
	for _, line := range lines {
		p.lines = append(p.lines, widget.Fit(line, p.w))
	}
}

// left is how many lines are free.
func (p *page) left() int { return max(p.h-len(p.lines), 0) }

// list draws a list into the next h lines and remembers where it is, for clicks.
func (p *page) list(s *panel.State, l *list, h int, focused bool, cells func(i int) []string) {
	if h < 2 || p.w < 1 {
		l.h = 0
		return
	}
	l.x, l.y = 0, len(p.lines)
	p.lines = append(p.lines, l.draw(s, p.w, h, focused, cells)...)
}

// end makes a part of the page end at a line, whatever is in it.
func (p *page) end(at int) {
	for len(p.lines) < at {
		p.add("")
	}
	p.lines = p.lines[:at]
}

// String is exactly w × h cells.
func (p *page) String() string {
	if p.w <= 0 || p.h <= 0 {
		return ""
	}
	for len(p.lines) < p.h {
		p.add("")
	}
	return strings.Join(p.lines[:p.h], "\n")
}

// prose adds text in words, wrapped.
func (p *page) prose(style lipgloss.Style, text string) {
	for _, line := range widget.Wrap(plain.Line(text), max(p.w, 1)) {
		p.add(style.Render(line))
	}
}
