package trouble

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/widget"
)

// commands is the command log: what was done to the lab, and the lines for a shell of root that do the same without lab.
type commands struct {
	panel.Quiet
	pos    scroll
	stays  bool // the selection does not follow the end
	filter string
	top    int // the first line of the list in the view
}

// logged is a line of the log.
type logged struct {
	event *view.Event
	text  string
	deed  bool // it is the action itself; others are its commands
}

func (p *commands) Name() string { return "commands" }

func (p *commands) Title(s *panel.State) string {
	if p.filter != "" {
		return "Commands: " + plain.Line(p.filter)
	}
	return "Commands"
}

func (p *commands) Filter(text string) { p.filter = text }
func (p *commands) Filtered() string   { return p.filter }

// log is what was done, the oldest first. An action is shown with all of its commands if any of them matches the filter.
func (p *commands) log(s *panel.State) []logged {
	var list []logged
	acted := s.Events[view.Acted]
	for i := range acted {
		e := &acted[i]
		if p.filter != "" && !panel.Matches(p.filter, append([]string{e.Text}, e.Commands...)...) {
			continue
		}
		list = append(list, logged{e, e.Text, true})
		for _, c := range e.Commands {
			list = append(list, logged{e, c, false})
		}
	}
	return list
}

func (p *commands) Keys(s *panel.State) []panel.Binding {
	why := ""
	if _, ok := p.at(p.log(s)); !ok {
		why = "nothing was done yet"
	}
	return []panel.Binding{{Keys: "enter", Does: "copy the line", Why: why, Short: true}}
}

func (p *commands) at(list []logged) (logged, bool) {
	if len(list) == 0 {
		return logged{}, false
	}
	if !p.stays {
		p.pos.index = len(list) - 1
	}
	p.pos.index = max(0, min(p.pos.index, len(list)-1))
	return list[p.pos.index], true
}

func (p *commands) Key(s *panel.State, key string) (panel.Result, bool) {
	list := p.log(s)
	line, ok := p.at(list)
	if key == "enter" {
		if !ok {
			return panel.Result{Note: "nothing was done yet"}, true
		}
		return panel.Result{Copy: plain.Line(line.text)}, true
	}
	if !p.pos.key(key, len(list)) {
		return panel.Result{}, false
	}
	p.stays = p.pos.index < len(list)-1
	return panel.Result{}, true
}

func (p *commands) Click(s *panel.State, _, y int) panel.Result {
	n := len(p.log(s))
	if p.pos.click(y-p.top, n) {
		p.stays = p.pos.index < n-1
	}
	return panel.Result{}
}

func (p *commands) Wheel(s *panel.State, lines int) {
	list := p.log(s)
	p.at(list)
	p.pos.wheel(lines, len(list))
	p.stays = p.pos.index < len(list)-1
}

func (p *commands) View(s *panel.State, w, h int) string {
	list := p.log(s)
	line, ok := p.at(list)
	if !ok {
		if p.filter != "" {
			return empty(s, w, h, "Nothing matches "+plain.Line(p.filter), "None of the commands holds all of these words.")
		}
		return empty(s, w, h, "No commands yet", "Here are the lines of kubectl, etcdctl, crictl, nft, ip and kill that do what was done to the lab, for a shell of root.",
			"Do something to it: select a component and press K, for example.")
	}
	// What does not fit into its line is shown in full below.
	var full []string
	if ansi.StringWidth(plain.Line(line.text)) > w-4 && h >= 8 {
		for _, part := range widget.Wrap(plain.Line(line.text), max(w-2, 1)) {
			full = append(full, "  "+s.Theme.Text.Render(part))
		}
		full = full[:min(len(full), h/3)]
		full = append([]string{heading(s, "The selected line", "", w)}, full...)
	}
	room := h - len(full)
	from, to := p.pos.window(len(list), room)
	p.top = 0
	var lines []string
	for i := from; i < to; i++ {
		lines = append(lines, p.line(s, list[i], i == p.pos.index, w))
	}
	for len(lines) < room {
		lines = append(lines, "")
	}
	return widget.Lines(append(lines, full...), w, h)
}

func (p *commands) line(s *panel.State, l logged, selected bool, w int) string {
	text := "  " + commandLine(s, l.text)
	if l.deed {
		style := fresh(s, l.event.Time, s.Theme.Title)
		if strings.Contains(l.text, " failed: ") {
			style = s.Theme.Bad
		}
		text = s.Theme.Muted.Render(l.event.Time.Local().Format("15:04:05")) + " " + style.Render(plain.Line(l.text))
	}
	if selected {
		return chosen(s, text, w)
	}
	return text
}

// commandLine is a line for a shell, or one for people.
func commandLine(s *panel.State, text string) string {
	if isComment(text) {
		return s.Theme.Muted.Render(plain.Line(text))
	}
	return s.Theme.Accent.Render("$ ") + s.Theme.Text.Render(plain.Line(text))
}

func isComment(text string) bool { return strings.HasPrefix(text, "#") }

func (p *commands) Explain(s *panel.State) string {
	example := "Nothing was done yet."
	for _, e := range slices.Backward(s.Events[view.Acted]) {
		if i := slices.IndexFunc(e.Commands, func(c string) bool { return !isComment(c) }); i >= 0 {
			example = fmt.Sprintf("Instead of \"%s\" you could type: %s", plain.Line(e.Text), plain.Line(e.Commands[i]))
			break
		}
	}
	return "Everything that is done to the lab is listed here with the commands that do the same by hand, with the addresses and process ids of this very lab. " +
		"Lines that begin with # are for people: they say what no command can do here, or what it would be on machines that kubeadm has set up. " + example
}
