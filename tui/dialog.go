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

// line is a line of text that is being typed.
type line struct {
	text string
	// proposed is text that nobody has typed: the first letter typed takes its place, and what edits edits it.
	proposed bool
}

// add types text at the end.
func (l *line) add(text string) {
	if l.proposed {
		l.text = ""
	}
	l.text, l.proposed = l.text+text, false
}

// key takes a key that edits.
func (l *line) key(key string) {
	switch key {
	case "space":
		key = " "
	case "backspace", "ctrl+u", "ctrl+w":
		l.proposed = false
	}
	switch key {
	case "backspace":
		if r := []rune(l.text); len(r) > 0 {
			l.text = string(r[:len(r)-1])
		}
	case "ctrl+u":
		l.text = ""
	case "ctrl+w":
		text := strings.TrimRight(l.text, " ")
		l.text = strings.TrimRight(text[:strings.LastIndex(text, " ")+1], " ")
	default:
		if r := []rune(key); len(r) == 1 && r[0] >= ' ' {
			l.add(key)
		}
	}
}

// prompt asks for a line.
type prompt struct {
	title string
	line  line
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
	}
	p.line.key(key)
	return p, nil
}

func (p *prompt) paste(text string) { p.line.add(text) }

func (p *prompt) view(t *theme.Theme, w, h int) string {
	w = min(w, 90)
	text := t.Text.Render(p.line.text)
	if p.line.proposed {
		text = t.Muted.Render(p.line.text)
	}
	lines := append(widget.Wrap(p.title, w-4), "", t.Accent.Render("▸ ")+text+t.Selected.Render(" "))
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
	lines := []string{t.Title.Render(c.action.Command()), "", t.Muted.Render("This is what will happen:")}
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
