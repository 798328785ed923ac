package objects

import (
	"fmt"
	"kubelab/tui/widget"
	"strings"

	"kubelab/core/plain"
	"kubelab/tui/panel"
)

const gap = 2 // cells between columns

// view draws the header and as many rows as fit, around the selected one. focus says whether keys go there.
func (g *grid[T]) view(s *panel.State, w, h int, focus bool) []string {
	if w <= 0 || h <= 0 {
		return nil
	}
	widths := g.layout(w)
	lines := []string{g.heading(s, widths, w)}
	g.page = h - 1
	g.offset = min(max(g.offset, g.index-g.page+1), g.index)
	g.offset = max(0, min(g.offset, len(g.rows)-g.page))
	for i := g.offset; i < min(g.offset+g.page, len(g.rows)); i++ {
		p := painter{theme: s.Theme}
		if i == g.index && focus {
			p.all, p.style = &s.Theme.Selected, &s.Theme.Selected
		}
		used := 0
		for n, c := range g.shown {
			if n > 0 {
				p.blank(gap)
				used += gap
			}
			g.draw(&p, g.columns[c].cell(s, g.rows[i]), widths[n], &g.columns[c])
			used += widths[n]
		}
		p.blank(max(0, w-used))
		p.flush()
		lines = append(lines, cut(p.out.String(), used, w))
	}
	for len(lines) < h {
		lines = append(lines, strings.Repeat(" ", w))
	}
	return lines
}

// cut is for panels that are narrower than what every row must say.
func cut(text string, used, w int) string {
	if used <= w {
		return text
	}
	return widget.Fit(text, w)
}

func (g *grid[T]) draw(p *painter, c cell, w int, of *column[T]) {
	n := c.width()
	switch {
	case n > w && of.middle:
		c, n = c.shortened(w), w
	case n > w:
		c, n = c.padded(w), w
	}
	if of.right {
		p.blank(w - n)
	}
	for _, one := range c {
		p.write(one.text, one.style)
	}
	if !of.right {
		p.blank(w - n)
	}
}

func (g *grid[T]) heading(s *panel.State, widths []int, w int) string {
	var b strings.Builder
	for n, c := range g.shown {
		if n > 0 {
			b.WriteString(strings.Repeat(" ", gap))
		}
		title := g.columns[c].title
		if g.by == c+1 {
			title += map[bool]string{false: "▲", true: "▼"}[g.reverse]
		}
		if free := widths[n] - widget.Width(title); g.columns[c].right && free > 0 {
			title = strings.Repeat(" ", free) + title
		}
		b.WriteString(widget.Fit(title, widths[n]))
	}
	return s.Theme.Muted.Render(widget.Fit(b.String(), w))
}

// layout chooses the columns that are shown, and their widths. Columns go until the rest can be drawn with what they need at least; what is left makes them
// as wide as they want to be, those that fill first, then the others from the left.
func (g *grid[T]) layout(w int) []int {
	least := func(i int) int {
		c := g.columns[i]
		if c.min == 0 {
			return g.widths[i]
		}
		return min(max(c.min, len(c.title)), g.widths[i])
	}
	shown, total := make([]int, 0, len(g.columns)), -gap
	for i, c := range g.columns {
		if !c.wide || g.wide {
			shown, total = append(shown, i), total+least(i)+gap
		}
	}
	for total > w {
		out := -1
		for n, i := range shown {
			if d := g.columns[i].drop; d > 0 && (out < 0 || d >= g.columns[shown[out]].drop) {
				out = n
			}
		}
		if out < 0 {
			break
		}
		total -= least(shown[out]) + gap
		shown = append(shown[:out], shown[out+1:]...)
	}
	widths := make([]int, len(shown))
	for n, i := range shown {
		widths[n] = least(i)
	}
	for _, fill := range []bool{true, false} {
		for n, i := range shown {
			if more := min(g.widths[i]-widths[n], w-total); more > 0 && g.columns[i].fill == fill {
				widths[n], total = widths[n]+more, total+more
			}
		}
	}
	for n, i := range shown {
		if g.columns[i].fill && total < w {
			widths[n], total = widths[n]+w-total, w
		}
	}
	g.shown, g.starts = shown, g.starts[:0]
	for n, x := 0, 0; n < len(widths); n++ {
		g.starts = append(g.starts, x)
		x += widths[n] + gap
	}
	return widths
}

// status is the grid in a line: how many rows, how they are sorted and narrowed down.
func (g *grid[T]) status(noun string) string {
	text := panel.Plural(len(g.all), noun)
	if g.filter != "" {
		text = fmt.Sprintf("%d of %s with “%s”", len(g.rows), text, plain.Line(g.filter))
	}
	switch {
	case g.by > 0:
		text += " · by " + g.columns[g.by-1].title
		if g.reverse {
			text += ", the greatest first"
		}
	case g.reverse:
		text += " · the last first"
	}
	return text
}
