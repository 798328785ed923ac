package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"kubelab/tui/layout"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
	"kubelab/tui/widget"
)

func (m *Model) screen() layout.Screen { return layout.Divide(m.w, m.h, m.zoomed, m.moved, m.wanted()) }

// wanted is how wide what stands beside the main panel would like to be; 0 if that does not matter.
func (m *Model) wanted() int {
	if m.accompanied {
		return besideWidth
	}
	return 0
}

// View puts the screen together.
func (m *Model) View() tea.View {
	v := tea.NewView(carry(clean(m.content())))
	v.AltScreen, v.MouseMode = true, tea.MouseModeCellMotion
	v.WindowTitle = clean("lab " + ansi.Strip(m.state.Lab.Name))
	return v
}

func (m *Model) content() string {
	if m.w < 1 || m.h < 1 {
		return ""
	}
	s := m.screen()
	shown := m.shown()
	var panes []string
	for i, r := range s.Panes {
		if i < len(shown) {
			panes = append(panes, m.pane(shown[i], r, i == m.focus || len(s.Panes) == 1))
		}
	}
	lines := []string{m.header(s.Header.W)}
	if len(panes) > 0 && s.Panes[0].H > 0 {
		lines = append(lines, widget.Beside(panes...))
	}
	if s.Footer.H > 0 {
		lines = append(lines, m.footer(s.Footer.W))
	}
	content := strings.Join(lines, "\n")
	if m.dialog != nil {
		content = over(content, m.dialog.view(m.state.Theme, m.w-2, m.h-2), m.w, m.h)
	}
	return content
}

func (m *Model) pane(p panel.Panel, r layout.Rect, focused bool) string {
	t := m.state.Theme
	border, title := t.Border, t.Muted
	if focused {
		border, title = t.Focus, t.Title
	}
	if r.W < 4 || r.H < 3 {
		return widget.Block(p.View(m.state, r.W, r.H), r.W, r.H)
	}
	body := p.View(m.state, r.W-2, r.H-2) // before its title, which may depend on what there is room for
	note := ""
	if f, ok := p.(panel.Filterer); ok && f.Filtered() != "" {
		note = t.Warn.Render("/" + f.Filtered())
	}
	return widget.Box(title.Render(p.Title(m.state)), note, body, r.W, r.H, border)
}

// header is the verdict over the lab, which is always there.
func (m *Model) header(w int) string {
	t, lab := m.state.Theme, m.state.Lab
	sign := t.Lab(lab.State)
	verdict := sign.Style.Render(sign.Mark + " " + sign.Word)
	if lab.Reason != "" {
		verdict += "  " + t.Text.Render(lab.Reason)
	}
	what := fmt.Sprintf(" %s · %s · %s · %s timing", lab.Name, panel.Plural(len(lab.Masters), "master"), panel.Plural(len(lab.Nodes), "node"), lab.Timing)
	if p := m.playhead(); p != "" { // in a recording it matters more than what the lab is made of
		what = fmt.Sprintf(" %s · %s", lab.Name, p)
	}
	left := t.Title.Render(what)
	room := w - ansi.StringWidth(verdict) - 2
	if most := w / 2; m.cfg.Player != nil && room < min(most, ansi.StringWidth(left)) {
		room = min(most, ansi.StringWidth(left))
		verdict = widget.Fit(verdict, w-room-2)
	}
	if room < 12 { // the verdict matters most
		return widget.Fit(" "+verdict, w)
	}
	return widget.Fit(widget.Fit(left, room)+" "+verdict, w)
}

// footer is what is under way, a note, or the keys.
func (m *Model) footer(w int) string {
	t := m.state.Theme
	switch {
	case m.filter != nil:
		return widget.Fit(t.Accent.Render(" / ")+m.filter.rows(t, 4*w)[0]+t.Muted.Render("  enter keeps it, esc clears it"), w)
	case len(m.running) > 0:
		one := m.running[len(m.running)-1]
		text := fmt.Sprintf(" ◐ for %s, ctrl+c ends it: %s", m.cfg.Now().Sub(one.since).Round(100*time.Millisecond), one.line)
		return widget.Fit(t.Warn.Render(text), w)
	case len(m.working) > 0:
		one := m.working[0]
		text := fmt.Sprintf(" ◐ %s, for %s", one.action.Command(), m.cfg.Now().Sub(one.since).Round(100*time.Millisecond))
		if one.step != "" {
			text += ": " + one.step
		}
		return widget.Fit(t.Warn.Render(text), w)
	case m.cfg.Now().Before(m.note.until):
		style := t.Good
		if m.note.bad {
			style = t.Bad
		}
		return widget.Fit(style.Render(" "+ansi.Strip(m.note.text)), w)
	}
	return m.hints(w)
}

// hints are the keys that are of use now, as many as there is room for: how to break things and how to get help and out always, whatever the panel has.
func (m *Model) hints(w int) string {
	t := m.state.Theme
	word := func(key, does string) string { return " " + t.Accent.Render(key) + " " + t.Muted.Render(does) + " " }
	var said [lastHint + 1][]string
	for _, b := range m.focused().Keys(m.state) {
		if b.Short && b.Why == "" {
			said[moreHint] = append(said[moreHint], word(b.Keys, b.Does))
		}
	}
	for _, b := range m.bindings() {
		if b.why == "" {
			said[b.hint] = append(said[b.hint], word(b.shown, b.does))
		}
	}
	left, right := strings.Join(said[firstHint], ""), strings.Join(said[lastHint], "")
	room := w - ansi.StringWidth(right)
	for _, one := range said[moreHint] {
		if ansi.StringWidth(left+one) <= room {
			left += one
		}
	}
	return widget.Fit(widget.Fit(left, max(0, room))+right, w)
}

// over puts a dialog into the middle of the screen.
func over(content, dialog string, w, h int) string {
	front := strings.Split(dialog, "\n")
	back := strings.Split(widget.Block(content, w, h), "\n")
	width := 0
	for _, l := range front {
		width = max(width, ansi.StringWidth(l))
	}
	x, y := max(0, (w-width)/2), max(0, (h-len(front))/2)
	for i, l := range front {
		if y+i < len(back) {
			line := back[y+i]
			back[y+i] = ansi.Truncate(line, x, "") + "\x1b[m" + widget.Fit(l, min(width, w-x)) + "\x1b[m" + ansi.TruncateLeft(line, x+width, "")
		}
	}
	return strings.Join(back, "\n")
}

// help is made of the bindings.
func (m *Model) help() tea.Cmd {
	p := m.focused()
	own, all := p.Keys(m.state), m.bindings()
	m.dialog = &pager{title: "Keys of " + p.Name(), lines: func(t *theme.Theme, w int) []string {
		column := 12
		for _, b := range all { // a person's own keys can be longer
			column = max(column, min(ansi.StringWidth(b.shown)+1, 24))
		}
		for _, name := range m.order {
			column = max(column, len("0  :"+name)+1)
		}
		row := func(keys, does, why string) string {
			text := t.Accent.Render(widget.Fit(keys, column)) + t.Text.Render(does)
			if why != "" {
				text = t.Muted.Render(widget.Fit(keys, column) + does + " – " + why)
			}
			return widget.Fit(text, w)
		}
		var lines []string
		if len(own) > 0 {
			lines = append(lines, t.Title.Render("On this screen"))
		}
		for _, b := range own {
			lines = append(lines, row(b.Keys, b.Does, b.Why))
		}
		lines = append(lines, "", t.Title.Render("Everywhere"), row("←↓↑→ hjkl", "move", ""), row("enter", "go into what is selected", ""))
		for _, b := range all {
			lines = append(lines, row(b.shown, b.does, b.why))
		}
		lines = append(lines, "", t.Title.Render("Screens"))
		for i, name := range m.order {
			key := "   :" + name
			if i < len(digits) {
				key = digits[i:i+1] + "  :" + name
			}
			lines = append(lines, row(key, m.panels[name].Title(m.state), ""))
		}
		lines = append(lines, "", t.Title.Render("Signs"))
		return append(lines, signs(t, w)...)
	}}
	return nil
}

func signs(t *theme.Theme, w int) []string {
	var lines []string
	for _, s := range t.Legend() {
		lines = append(lines, widget.Fit("  "+s.String()+"  "+s.Word, w))
	}
	return lines
}

// explain tells what the focused panel is about.
func (m *Model) explain() tea.Cmd {
	p := m.focused()
	text := p.Explain(m.state)
	m.dialog = &pager{title: "What is this? " + p.Name(), lines: func(t *theme.Theme, w int) []string {
		lines := []string{""}
		for _, l := range widget.Wrap(text, w) {
			lines = append(lines, t.Text.Render(l))
		}
		return append(lines, "", t.Muted.Render("any key closes this"))
	}}
	return nil
}

// leave asks how, where there is a choice.
func (m *Model) leave() tea.Cmd {
	detach := func() tea.Cmd {
		m.end()
		return tea.Quit
	}
	if m.cfg.Stop == nil {
		return detach()
	}
	if c, ok := m.dialog.(*choice); ok && c.title == leaving { // ctrl+c twice
		return detach()
	}
	m.dialog = &choice{title: leaving, options: []option{
		{"d", "detach: the lab goes on; lab attach comes back", detach},
		{"s", "stop the lab: lab start brings the same cluster back", func() tea.Cmd {
			m.cfg.Stop()
			m.say("The lab is being stopped; this screen ends with it.")
			return nil
		}},
		{"c", "stay here", func() tea.Cmd { return nil }},
	}}
	return nil
}

const leaving = "Leave the lab?"

// nextTheme shows everything in the next variant of colours.
func (m *Model) nextTheme() tea.Cmd {
	i := slices.Index(theme.Names, m.state.Theme.Name)
	next, err := theme.New(theme.Names[(i+1)%len(theme.Names)])
	if err != nil {
		m.complain(err.Error())
		return nil
	}
	m.state.Theme = next
	m.say(fmt.Sprintf("Colours: %s", next.Name))
	return nil
}
