package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"kubelab/core/plain"
	"kubelab/tui/theme"
)

// toolBound is how long a command may take; then what it has printed is shown. It is enough for kubectl to wait until pods are gone.
const toolBound = 90 * time.Second

// tools are the words that a line after ":" begins with when it is a command, and no screen: lab itself, and the tools that it points at the lab.
var tools = []string{"lab", "kubectl", "etcdctl", "crictl"}

// ran is what a command has printed.
type ran struct {
	line, text string
	err        error
}

// isTool reports whether a line after ":" is a command.
func isTool(line string) bool {
	words := strings.Fields(line)
	return len(words) > 1 && slices.Contains(tools, words[0])
}

// tool runs a command of lab, and shows what it prints when it has ended.
func (m *Model) tool(line string) tea.Cmd {
	if m.cfg.Run == nil {
		m.complain(cmp.Or(m.cfg.ReadOnly, "Commands cannot be run from this screen."))
		return nil
	}
	m.note = note{text: line + " …", until: m.cfg.Now().Add(toolBound)}
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, toolBound)
		defer cancel()
		text, err := m.cfg.Run(ctx, line)
		return ran{line, text, err}
	}
}

// ran shows what a command has printed, unless somebody is at something else by now.
func (m *Model) ran(r ran) {
	line := plain.Line(r.line)
	switch {
	case r.err != nil:
		m.complain(line + ": " + plain.Line(r.err.Error()))
		return
	case m.dialog != nil:
		m.say(line + " has ended.")
		return
	case strings.TrimSpace(r.text) == "":
		m.say(line + " has printed nothing.")
		return
	}
	m.note = note{}
	m.dialog = &pager{title: line, wide: true, lines: func(t *theme.Theme, w int) []string {
		var lines []string
		for _, one := range strings.Split(strings.TrimRight(r.text, "\n"), "\n") {
			lines = append(lines, strings.Split(ansi.Hardwrap(plain.Line(one), w, true), "\n")...)
		}
		return lines
	}}
}
