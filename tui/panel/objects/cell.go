package objects

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"kubelab/tui/panel"
	"kubelab/tui/theme"
	"kubelab/tui/widget"
)

// span is plain text in one style. Styles are pointers, so that neighbours of the same style are rendered at once: rendering is what a table costs most.
type span struct {
	text  string
	style *lipgloss.Style // nil is the theme's Text
}

// cell is what stands in one place of a table, or a whole line.
type cell []span

func words(text string) cell                         { return cell{{text: text}} }
func styled(text string, style *lipgloss.Style) cell { return cell{{text, style}} }

// width is how many cells the text takes.
func (c cell) width() int {
	n := 0
	for _, s := range c {
		n += widget.Width(s.text)
	}
	return n
}

// text is the cell without its styles.
func (c cell) text() string {
	var b strings.Builder
	for _, s := range c {
		b.WriteString(s.text)
	}
	return b.String()
}

// padded is the cell filled up to w cells, or cut to them.
func (c cell) padded(w int) cell {
	if n := c.width(); n < w {
		return append(c[:len(c):len(c)], span{strings.Repeat(" ", w-n), nil})
	} else if n == w {
		return c
	}
	var out cell
	for i, s := range c {
		n := widget.Width(s.text)
		if n < w {
			out, w = append(out, s), w-n
			continue
		}
		return append(out, span{widget.Fit(cell(c[i:]).text(), w), s.style})
	}
	return out
}

// shortened is the cell in w cells with its middle left out: what tells names apart is at their end.
func (c cell) shortened(w int) cell {
	if c.width() <= w || w < 10 {
		return c.padded(w)
	}
	return styled(middle(c.text(), w), c[len(c)-1].style)
}

// middle cuts text in its middle to w cells, at least 10; its last 6 cells stay.
func middle(text string, w int) string {
	n := widget.Width(text)
	if n <= w || w < 10 {
		return widget.Fit(text, w)
	}
	return widget.Fit(widget.Fit(text, w-6)+ansi.TruncateLeft(text, n-6, ""), w)
}

// ruler is a line across a panel with a title, and a note after it.
func ruler(s *panel.State, w int, title, note string) string {
	c := cell{{"── ", &s.Theme.Border}, {title + " ", &s.Theme.Title}}
	if note != "" {
		c = append(c, span{note + " ", &s.Theme.Muted})
	}
	return line(s, append(c, span{strings.Repeat("─", max(0, w-c.width())), &s.Theme.Border}), w, false)
}

// bar is a share of 0 to 1 in w cells.
func bar(share float64, w int, full, empty *lipgloss.Style) cell {
	share = min(max(share, 0), 1)
	n := int(share*float64(w) + 0.5)
	if n == 0 && share > 0 {
		n = 1 // a little is not nothing
	}
	return cell{{strings.Repeat("█", n), full}, {strings.Repeat("░", w-n), empty}}
}

// painter writes spans as one line.
type painter struct {
	theme *theme.Theme
	all   *lipgloss.Style // every span in this style instead of its own
	style *lipgloss.Style
	text  strings.Builder // not yet rendered, in style
	out   strings.Builder
}

func (p *painter) write(text string, style *lipgloss.Style) {
	switch {
	case p.all != nil:
		style = p.all
	case style == nil:
		style = &p.theme.Text
	}
	if style != p.style {
		p.flush()
		p.style = style
	}
	p.text.WriteString(text)
}

// blank writes n blanks, in whatever style unless that is one that shows on blanks.
func (p *painter) blank(n int) {
	if p.style == &p.theme.Changed {
		p.flush()
		p.style = nil
	}
	if p.style == nil {
		p.style = &p.theme.Text
	}
	for range n {
		p.text.WriteByte(' ')
	}
}

func (p *painter) flush() {
	if p.text.Len() > 0 {
		p.out.WriteString(p.style.Render(p.text.String()))
		p.text.Reset()
	}
}

// line is the cell as a line of w cells; selected draws it as what the keys act on.
func line(s *panel.State, c cell, w int, selected bool) string {
	if w <= 0 {
		return ""
	}
	p := painter{theme: s.Theme}
	if selected {
		p.all, p.style = &s.Theme.Selected, &s.Theme.Selected
	}
	for _, one := range c.padded(w) {
		p.write(one.text, one.style)
	}
	p.flush()
	return p.out.String()
}
