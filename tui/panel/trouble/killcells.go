package trouble

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
	"kubelab/tui/widget"
)

// titles are the components' names, from the whole one to a few cells.
var titles = map[string][3]string{
	component.Etcd:              {"etcd", "etcd", "etcd"},
	component.APIServer:         {"kube-apiserver", "apiserver", "api"},
	component.Scheduler:         {"kube-scheduler", "scheduler", "sched"},
	component.ControllerManager: {"kube-controller-manager", "controllers", "ctrl"},
	component.Containerd:        {"containerd", "containerd", "ctrd"},
	component.Kubelet:           {"kubelet", "kubelet", "let"},
	component.KubeProxy:         {"kube-proxy", "kube-proxy", "prx"},
}

func (p *partMatrix) header(s *panel.State, names []string, kind string, n int) string {
	text := widget.Fit(kind, p.first)
	if n == 0 {
		text = widget.Fit("no "+kind, p.first)
	}
	size := 0
	for _, name := range component.OfMaster { // one size for both headers
		for size < 2 && ansi.StringWidth(titles[name][size]) >= p.width {
			size++
		}
	}
	for _, name := range names {
		text += widget.Fit(titles[name][size], p.width)
	}
	if len(names) < len(component.OfMaster) {
		text += widget.Fit("node", p.width)
	}
	return s.Theme.Muted.Render(text)
}

// line is one machine; col is where the cursor is, or -1.
func (p *partMatrix) line(s *panel.State, m machine, col int) string {
	sign := machineSign(s.Theme, m)
	head := sign.Style.Render(sign.Mark) + " " + s.Theme.Text.Render(widget.Fit(plain.Line(m.name), p.first-3))
	if col == 0 {
		head = chosen(s, head, p.first-1)
	}
	var b strings.Builder
	b.WriteString(head + " ")
	for i, name := range m.names {
		cell := widget.Fit(p.cell(s, m, name), p.width-1)
		if col == i+1 {
			cell = chosen(s, cell, p.width-1)
		}
		b.WriteString(cell + " ")
	}
	if m.node != nil {
		b.WriteString(widget.Fit(nodeWord(s, m.node), p.width))
	}
	return b.String()
}

// cell is a component in as many words as there is room for.
func (p *partMatrix) cell(s *panel.State, m machine, name string) string {
	c := m.components[name]
	sign := s.Theme.Component(c)
	style := fresh(s, c.Since, sign.Style)
	if p.width < 12 {
		return style.Render(sign.Mark)
	}
	text := style.Render(sign.Mark + " " + widget.Fit(sign.Word, 8))
	if p.width < 17 {
		return text
	}
	if stale, ok := panel.Stale(s, m.name+"/"+name); ok && !stale.Since.IsZero() {
		return text + " " + s.Theme.Warn.Render("stale")
	}
	if c.Since.IsZero() {
		return text
	}
	return text + " " + s.Theme.Muted.Render(widget.FitLeft(panel.Ago(s.Now, c.Since), 5))
}

// machineSign is how all of a machine is doing.
func machineSign(t *theme.Theme, m machine) theme.Sign {
	switch n := m.runs(); {
	case n == len(m.names):
		return theme.Sign{Mark: "●", Word: "all run", Style: t.Good}
	case m.down():
		return theme.Sign{Mark: "✗", Word: "down", Style: t.Bad}
	case m.paused():
		return theme.Sign{Mark: "❚", Word: "paused", Style: t.Warn}
	default:
		return theme.Sign{Mark: "▲", Word: fmt.Sprintf("%d of %d run", n, len(m.names)), Style: t.Warn}
	}
}

// nodeWord is what the cluster thinks of a node.
func nodeWord(s *panel.State, n *view.Node) string {
	stale, ok := panel.Stale(s, n.Name)
	if !ok {
		stale, ok = panel.Stale(s, "objects")
	}
	switch {
	case ok:
		return s.Theme.Warn.Render("stale " + panel.Ago(s.Now, stale.Since))
	case !n.Ready:
		return s.Theme.Bad.Render("✗ NotReady")
	case !n.Schedulable:
		return s.Theme.Warn.Render("▲ cordoned")
	}
	return s.Theme.Good.Render("● Ready") + s.Theme.Muted.Render(" "+panel.Plural(n.Pods, "pod"))
}

// words say in a line what the cursor is on.
func (p *partMatrix) words(s *panel.State) string {
	m, name, _ := p.at(s)
	t := s.Theme
	if name == "" {
		sign := machineSign(t, m)
		text := t.Accent.Render(plain.Line(m.name)) + " " + sign.Style.Render(sign.Mark+" "+sign.Word)
		if stale, ok := panel.Stale(s, m.name); ok {
			return text + t.Warn.Render(fmt.Sprintf(", stale for %s: %s", panel.Ago(s.Now, stale.Since), plain.Line(stale.Why)))
		}
		return text + t.Muted.Render(fmt.Sprintf(", %d of %d components, address %s", m.runs(), len(m.names), plain.Line(m.ip)))
	}
	c := m.components[name]
	sign := t.Component(c)
	text := t.Accent.Render(plain.Line(m.name+"/"+name)) + " " + sign.Style.Render(sign.Mark+" "+sign.Word)
	if !c.Since.IsZero() {
		text += t.Text.Render(" for " + panel.Ago(s.Now, c.Since))
	}
	if c.Error != "" {
		text += t.Bad.Render(": " + plain.Line(c.Error))
	}
	if stale, ok := panel.Stale(s, m.name+"/"+name); ok {
		text += t.Warn.Render(fmt.Sprintf(", stale for %s: %s", panel.Ago(s.Now, stale.Since), plain.Line(stale.Why)))
	}
	if c.PID != 0 {
		text += t.Muted.Render(fmt.Sprintf(", PID %d", c.PID))
	}
	switch c.Restarts {
	case 0:
	case 1:
		text += t.Muted.Render(", started again once")
	default:
		text += t.Muted.Render(fmt.Sprintf(", started again %d times", c.Restarts))
	}
	return text
}
