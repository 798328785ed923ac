package tui

import (
	"cmp"
	"context"
	"fmt"
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

// running is a command that has not ended yet.
type running struct {
	line  string
	since time.Time
	end   context.CancelFunc
}

// ran is what a command has printed.
type ran struct {
	*running
	text string
	err  error
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
	switch words := strings.Fields(strings.TrimPrefix(line, "lab ")); {
	case words[0] != "kubectl" || len(words) < 2:
	case words[1] == "edit":
		m.complain(fmt.Sprintf("kubectl edit has no terminal here: select the object, for example after :configmaps, and press %s.", m.keyOf("edit")))
		return nil
	case strings.HasSuffix(line, " -f -") && (words[1] == "create" || words[1] == "apply"): // there is an editor for what it would read
		return m.compose()
	}
	ctx, end := context.WithTimeout(m.ctx, toolBound)
	r := &running{line: plain.Line(line), since: m.cfg.Now(), end: end}
	m.running = append(m.running, r)
	return func() tea.Msg {
		defer end()
		text, err := m.cfg.Run(ctx, line)
		return ran{r, text, err}
	}
}

// endTool ends the youngest command, as ctrl+c does in a shell. What it has printed is shown then.
func (m *Model) endTool() bool {
	if len(m.running) == 0 {
		return false
	}
	m.running[len(m.running)-1].end()
	return true
}

// ran shows what a command has printed. Who is at something else by now sees it after that.
func (m *Model) ran(r ran) {
	m.running = slices.DeleteFunc(m.running, func(one *running) bool { return one == r.running })
	line := r.line
	switch {
	case r.err != nil:
		m.complain(line + ": " + plain.Line(r.err.Error()))
		return
	case strings.TrimSpace(r.text) == "":
		m.say(line + " has printed nothing.")
		return
	}
	m.printed = append(m.printed, &pager{title: line, wide: true, lines: func(t *theme.Theme, w int) []string {
		var lines []string
		for _, one := range strings.Split(strings.TrimRight(r.text, "\n"), "\n") {
			lines = append(lines, strings.Split(ansi.Wrap(plain.Line(one), w, ""), "\n")...)
		}
		return lines
	}})
	if m.dialog != nil {
		m.say(line + " has ended; what it has printed comes next.")
	}
}

// present shows what commands have printed, one after the other, as soon as nothing else stands in front.
func (m *Model) present() {
	if m.dialog == nil && len(m.printed) > 0 {
		m.dialog, m.printed = m.printed[0], m.printed[1:]
	}
}
