package objects

import (
	"fmt"
	"kubelab/tui/widget"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/plain"
	"kubelab/tui/panel"
)

// pager is text that is scrolled. It can be narrowed down, and follow its end.
type pager struct {
	lines   []cell
	filter  string
	wrapped bool // long lines go on in the next one instead of being cut
	follow  bool // the end stays in sight when lines are added

	offset, page, most int // lines: that is first, that are shown, of all
	down               bool
}

// tail is a pager that begins at its end.
func tail() pager { return pager{follow: true, down: true} }

// key scrolls.
func (p *pager) key(key string) bool {
	switch key {
	case "up", "k":
		p.scroll(-1)
	case "down", "j":
		p.scroll(1)
	case "pgup", "ctrl+b":
		p.scroll(-max(p.page-1, 1))
	case "pgdown", "ctrl+f":
		p.scroll(max(p.page-1, 1))
	case "home", "g":
		p.scroll(-p.most)
	case "end", "G":
		p.scroll(p.most)
	case "w":
		p.wrapped = !p.wrapped
	default:
		return false
	}
	return true
}

func (p *pager) scroll(n int) {
	p.offset = max(0, min(p.offset+n, p.most-p.page))
	p.follow = p.down && p.offset >= p.most-p.page
}

// view is what is shown of the lines.
func (p *pager) view(s *panel.State, w, h int) []string {
	if w <= 0 || h <= 0 {
		return nil
	}
	shown := p.lines
	if p.filter != "" {
		shown = nil
		for _, c := range p.lines {
			if panel.Matches(p.filter, c.text()) {
				shown = append(shown, c)
			}
		}
	}
	if p.wrapped {
		shown = wrapCells(shown, w)
	}
	p.page, p.most = h, len(shown)
	if p.follow {
		p.offset = p.most
	}
	p.offset = max(0, min(p.offset, p.most-h))
	var lines []string
	for _, c := range shown[p.offset:min(p.offset+h, len(shown))] {
		lines = append(lines, line(s, c, w, false))
	}
	for len(lines) < h {
		lines = append(lines, strings.Repeat(" ", w))
	}
	return lines
}

// where says which part is shown, in a few words.
func (p *pager) where(noun string) string {
	text := panel.Plural(p.most, noun)
	if p.most > p.page {
		text = fmt.Sprintf("%d–%d of %s", p.offset+1, min(p.offset+p.page, p.most), text)
	}
	if p.filter != "" {
		text += " with “" + plain.Line(p.filter) + "”"
	}
	switch {
	case p.follow:
		text += " · follows the end"
	case p.down:
		text += " · G follows the end"
	}
	return text
}

// wrapCells breaks what is too wide; what goes on is set in, in the style of the cell's end, which is where the text is.
func wrapCells(cells []cell, w int) []cell {
	var out []cell
	for _, c := range cells {
		if c.width() <= w || w < 8 {
			out = append(out, c)
			continue
		}
		text := plain.Line(c.text())
		first := ansi.Truncate(text, w, "")
		out = append(out, c.first(widget.Width(first)))
		for part := range strings.SplitSeq(ansi.Hardwrap(text[len(first):], w-2, true), "\n") {
			out = append(out, cell{{"  " + part, c[len(c)-1].style}})
		}
	}
	return out
}

// first are the first n cells of c, without an ellipsis.
func (c cell) first(n int) cell {
	var out cell
	for _, s := range c {
		part := ansi.Truncate(s.text, n, "")
		out, n = append(out, span{part, s.style}), n-widget.Width(part)
	}
	return out
}
