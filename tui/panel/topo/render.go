package topo

import (
	"strings"

	"charm.land/lipgloss/v2"

	"kubelab/tui/theme"
)

// String is the drawing in the theme's colours. A style is asked once how it begins and ends: to have it render every run of cells
// would take most of the time that a frame has.
func (c *canvas) String(t *theme.Theme) string {
	styles := append([]lipgloss.Style{
		plain: lipgloss.NewStyle(), border: t.Border, muted: t.Muted, text: t.Text, title: t.Title, accent: t.Accent, lit: t.Title, good: t.Good, warn: t.Warn,
		bad: t.Bad, leads: t.Leads, changed: t.Changed, selected: t.Selected,
	}, c.styles...)
	begins, ends := make([]string, len(styles)), make([]string, len(styles))
	for i, s := range styles {
		begins[i], ends[i], _ = strings.Cut(s.Render("x"), "x")
	}
	var b strings.Builder
	b.Grow(len(c.cells) * 6)
	for y := range c.h {
		if y > 0 {
			b.WriteByte('\n')
		}
		now := plain
		for _, at := range c.cells[y*c.w : (y+1)*c.w] {
			l := at.look
			if at.text == " " && l != selected && l != changed {
				l = plain // a blank has no colour
			}
			if at.text != "" && l != now {
				b.WriteString(ends[now] + begins[l])
				now = l
			}
			b.WriteString(at.text)
		}
		b.WriteString(ends[now])
	}
	return b.String()
}
