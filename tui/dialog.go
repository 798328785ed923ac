package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"kubelab/core/view"
	"kubelab/tui/theme"
	"kubelab/tui/widget"
)

// dialog stands in front of the panels and has all keys.
type dialog interface {
	// key takes a key; next is nil when the dialog is over.
	key(key string) (next dialog, cmd tea.Cmd)
	paste(text string)
	// view draws it in at most w × h cells.
	view(t *theme.Theme, w, h int) string
}

// prompt asks for a line.
type prompt struct {
	title string
	line  line
	// lines are what can be had instead of typing it, with up and down; at is the one that is shown.
	lines []string
	at    int
	done  func(string) tea.Cmd
}

func newPrompt(title, text string, done func(string) tea.Cmd) *prompt {
	return &prompt{title: title, line: line{text: text, proposed: text != ""}, done: done}
}

func (p *prompt) key(key string) (dialog, tea.Cmd) {
	switch key {
	case "esc":
		return nil, nil
	case "enter":
		return nil, p.done(p.line.text)
	case "up", "down":
		p.turn(map[string]int{"up": -1, "down": 1}[key])
		return p, nil
	}
	p.line.key(key)
	return p, nil
}

// turn takes another of the lines; what was typed stays where it was.
func (p *prompt) turn(by int) {
	if to := p.at + by; to >= 0 && to < len(p.lines) {
		p.lines[p.at] = p.line.text
		p.at, p.line = to, line{text: p.lines[to]}
	}
}

func (p *prompt) paste(text string) { p.line.add(text) }

func (p *prompt) view(t *theme.Theme, w, h int) string {
	w = min(w, 90)
	lines := append(widget.Wrap(p.title, w-4), "")
	rows := p.line.rows(t, w-6)
	rows = rows[max(0, len(rows)-max(h-len(lines)-4, 1)):]
	for i, row := range rows {
		mark := t.Accent.Render("▸ ")
		if i > 0 {
			mark = "  "
		}
		lines = append(lines, mark+row)
	}
	lines = append(lines, "", t.Muted.Render("enter does it, esc does not"))
	return widget.Box("", "", indent(lines), w, min(h, len(lines)+2), t.Focus)
}

func indent(lines []string) string { return " " + strings.Join(lines, "\n ") }

// confirm asks before something is harmed. Cancel is what enter means at first.
type confirm struct {
	action    view.Action
	sentences []string
	do        func() tea.Cmd
	yes       bool // what is selected
}

func newConfirm(a view.Action, sentences []string, do func() tea.Cmd) *confirm {
	return &confirm{action: a, sentences: sentences, do: do}
}

func (c *confirm) key(key string) (dialog, tea.Cmd) {
	switch key {
	case "y", "Y":
		return nil, c.do()
	case "n", "N", "esc", "q":
		return nil, nil
	case "left", "right", "tab", "shift+tab", "h", "l":
		c.yes = !c.yes
	case "enter":
		if c.yes {
			return nil, c.do()
		}
		return nil, nil
	}
	return c, nil
}

func (c *confirm) paste(string) {}

func (c *confirm) view(t *theme.Theme, w, h int) string {
	w = min(w, 84)
	var lines []string
	for _, l := range widget.Wrap(c.action.Command(), w-4) {
		lines = append(lines, t.Title.Render(l))
	}
	lines = append(lines, "", t.Muted.Render("This is what will happen:"))
	if len(c.sentences) == 0 {
		lines = append(lines, "  nothing that could be foreseen")
	}
	for _, s := range c.sentences {
		for i, part := range widget.Wrap(s, w-8) {
			mark := "• "
			if i > 0 {
				mark = "  "
			}
			lines = append(lines, " "+mark+part)
		}
	}
	cancel, ok := t.Selected, t.Text
	if c.yes {
		cancel, ok = t.Text, t.Selected
	}
	lines = append(lines, "", cancel.Render("  Cancel  ")+"   "+ok.Render("  Do it (y)  "))
	if over := len(lines) + 2 - h; over > 0 && len(lines) > over+4 { // the buttons stay
		lines = append(lines[:len(lines)-2-over], lines[len(lines)-2:]...)
	}
	return widget.Box(t.Warn.Render("Are you sure?"), "", indent(lines), w, min(h, len(lines)+2), t.Focus)
}

// pager shows a text.
type pager struct {
	title string
	lines func(t *theme.Theme, w int) []string
	from  int
	shown int
	wide  bool // it may be as wide as the screen: it is a table
}

func (p *pager) key(key string) (dialog, tea.Cmd) {
	switch key {
	case "up", "k":
		p.from--
	case "down", "j":
		p.from++
	case "pgup":
		p.from -= p.shown
	case "pgdown", "space":
		p.from += p.shown
	default:
		return nil, nil
	}
	p.from = max(p.from, 0)
	return p, nil
}

func (p *pager) paste(string) {}

func (p *pager) view(t *theme.Theme, w, h int) string {
	if !p.wide {
		w = min(w, 92)
	}
	all := p.lines(t, w-4)
	p.shown = max(1, min(h-2, len(all)))
	p.from = max(0, min(p.from, len(all)-p.shown))
	note := ""
	if len(all) > p.shown {
		note = t.Muted.Render(fmt.Sprintf("%d–%d of %d", p.from+1, p.from+p.shown, len(all)))
	}
	return widget.Box(t.Title.Render(p.title), note, indent(all[p.from:p.from+p.shown]), w, p.shown+2, t.Focus)
}

// choice asks how to leave.
type choice struct {
	title   string
	options []option
	at      int
}

type option struct {
	key, text string
	do        func() tea.Cmd
}

func (c *choice) key(key string) (dialog, tea.Cmd) {
	switch key {
	case "up", "k", "shift+tab":
		c.at = (c.at + len(c.options) - 1) % len(c.options)
		return c, nil
	case "down", "j", "tab":
		c.at = (c.at + 1) % len(c.options)
		return c, nil
	case "esc":
		return nil, nil
	case "enter":
		return nil, c.options[c.at].do()
	}
	for _, o := range c.options {
		if o.key == key {
			return nil, o.do()
		}
	}
	return c, nil
}

func (c *choice) paste(string) {}

func (c *choice) view(t *theme.Theme, w, h int) string {
	w = min(w, 64)
	var lines []string
	for i, o := range c.options {
		text := widget.Fit(fmt.Sprintf(" %s  %s", o.key, o.text), w-4)
		if i == c.at {
			text = t.Selected.Render(text)
		}
		lines = append(lines, text)
	}
	return widget.Box(t.Title.Render(c.title), "", indent(lines), w, min(h, len(lines)+2), t.Focus)
}
