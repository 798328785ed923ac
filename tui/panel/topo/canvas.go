package topo

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// look is how a cell is drawn: a meaning, which the theme turns into a style. Lines are drawn with the greatest look of those that meet in a cell.
type look uint8

const (
	plain look = iota
	border
	muted
	text
	title
	accent
	lit // a line along which something wanted goes
	good
	warn
	bad
	leads
	changed
	selected
	others // and what follows: see style
)

// The ways in which lines leave a cell.
const (
	up = 1 << iota
	down
	left
	right
	dashed
)

// glyphs are the lines by the ways in which they leave a cell.
var glyphs = [16]string{
	"", "│", "│", "│", "─", "╯", "╮", "┤", "─", "╰", "╭", "├", "─", "┴", "┬", "┼",
}

type cell struct {
	text string // empty for the second half of a wide character
	line uint8
	look look
}

// canvas is cells to draw on. What is outside of the clip is not drawn.
type canvas struct {
	w, h   int
	cells  []cell
	clip   Rect
	styles []lipgloss.Style // from the look others on
	names  map[string]look
}

func newCanvas(w, h int) *canvas {
	c := &canvas{w: w, h: h, cells: make([]cell, w*h), clip: Rect{0, 0, w, h}, names: map[string]look{}}
	for i := range c.cells {
		c.cells[i].text = " "
	}
	return c
}

// blind reports whether nothing is seen of what is drawn: it only matters where things are.
func (c *canvas) blind() bool { return len(c.cells) == 0 }

func (c *canvas) at(x, y int) *cell {
	if !c.clip.Holds(x, y) || x < 0 || y < 0 || x >= c.w || y >= c.h {
		return nil
	}
	return &c.cells[y*c.w+x]
}

// put writes text into at most w cells, cut with an ellipsis, and returns how many it took. Control characters are left out.
func (c *canvas) put(x, y, w int, s string, l look) int {
	if w <= 0 {
		return 0
	}
	if printable(s) && len(s) <= w { // nearly all text
		if c.blind() {
			return len(s)
		}
		for i := range len(s) {
			c.set(x+i, y, 1, s[i:i+1], l)
		}
		return len(s)
	}
	if !printable(s) {
		s = strings.Map(func(r rune) rune {
			if r < ' ' || r >= 0x7f && r < 0xa0 {
				return -1
			}
			return r
		}, ansi.Strip(s))
	}
	n := width(s)
	if c.blind() {
		return min(n, w) // nothing is drawn, only laid out
	}
	if n > w {
		s = ansi.Truncate(s, w, "…")
	}
	begin := x
	for s != "" {
		g, n := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		if g == "" {
			break
		}
		s = s[len(g):]
		if n == 0 {
			continue
		}
		c.set(x, y, n, g, l)
		x += n
	}
	return x - begin
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// set puts a character of n cells down, or blanks where it would stand on the edge.
func (c *canvas) set(x, y, n int, g string, l look) {
	whole := true
	for i := range n {
		whole = whole && c.at(x+i, y) != nil
	}
	for i := range n {
		at := c.at(x+i, y)
		if at == nil {
			continue
		}
		c.halve(x+i, y)
		*at = cell{look: l, text: " "}
		if whole {
			at.text = ""
			if i == 0 {
				at.text = g
			}
		}
	}
}

// halve blanks the other half of a wide character, one half of which is about to be overwritten.
func (c *canvas) halve(x, y int) {
	if at := c.at(x, y); at.text == "" {
		if before := c.at(x-1, y); before != nil {
			before.text = " "
		}
	}
	if after := c.at(x+1, y); after != nil && after.text == "" {
		after.text = " "
	}
}

// putRight writes text that ends before x, if there is room for all of it in w cells, and returns how many it took.
func (c *canvas) putRight(x, y, w int, s string, l look) int {
	n := width(s)
	if n > w {
		return 0
	}
	return c.put(x-n, y, n, s, l)
}

// join adds a piece of line to a cell.
func (c *canvas) join(x, y int, ways uint8, l look) {
	at := c.at(x, y)
	if at == nil || ways&^dashed == 0 {
		return
	}
	if at.line == 0 {
		at.look = l
	}
	at.line |= ways
	at.look = max(at.look, l)
	at.text = glyphs[at.line&15]
	if at.line&dashed != 0 {
		switch at.line & 15 {
		case left, right, left | right:
			at.text = "┄"
		case up, down, up | down:
			at.text = "┆"
		}
	}
}

// across draws a horizontal line from the middle of one cell to the middle of another.
func (c *canvas) across(x0, x1, y int, l look, style uint8) {
	if c.blind() {
		return
	}
	if x0 > x1 {
		x0, x1 = x1, x0
	}
	for x := x0; x <= x1; x++ {
		ways := uint8(left | right)
		if x == x0 {
			ways &^= left
		}
		if x == x1 {
			ways &^= right
		}
		c.join(x, y, ways|style, l)
	}
}

// along draws a vertical line from the middle of one cell to the middle of another.
func (c *canvas) along(x, y0, y1 int, l look, style uint8) {
	if c.blind() {
		return
	}
	for y := y0; y <= y1; y++ {
		ways := uint8(up | down)
		if y == y0 {
			ways &^= up
		}
		if y == y1 {
			ways &^= down
		}
		c.join(x, y, ways|style, l)
	}
}

// box draws a border.
func (c *canvas) box(r Rect, l look) {
	if r.W < 2 || r.H < 2 {
		return
	}
	c.across(r.X, r.X+r.W-1, r.Y, l, 0)
	c.across(r.X, r.X+r.W-1, r.Y+r.H-1, l, 0)
	c.along(r.X, r.Y, r.Y+r.H-1, l, 0)
	c.along(r.X+r.W-1, r.Y, r.Y+r.H-1, l, 0)
}

// style is the look of a style that has no meaning of its own here: that of a sign, or of a namespace. The key tells styles apart.
func (c *canvas) style(key string, s lipgloss.Style) look {
	l, known := c.names[key]
	if !known {
		if len(c.styles) > 200 {
			return text // a look is a byte
		}
		l = others + look(len(c.styles))
		c.styles = append(c.styles, s)
		c.names[key] = l
	}
	return l
}

// tint gives all cells of a rectangle a look.
func (c *canvas) tint(r Rect, l look) {
	for y := r.Y; y < r.Y+r.H; y++ {
		for x := r.X; x < r.X+r.W; x++ {
			if at := c.at(x, y); at != nil {
				at.look = l
			}
		}
	}
}
