// Package layout divides the screen: a pure function from a size to rectangles.
package layout

// Rect is a part of the screen, in cells.
type Rect struct{ X, Y, W, H int }

// Holds reports whether the cell is in the rectangle.
func (r Rect) Holds(x, y int) bool { return x >= r.X && x < r.X+r.W && y >= r.Y && y < r.Y+r.H }

// Screen is a divided screen. A part that does not fit has no width or no height.
type Screen struct {
	Header, Footer Rect
	Panes          []Rect // the main one first; then what stands beside it, from the left to the right
}

// Sizes from which there is room for more.
const (
	twoPanes   = 110 // cells: a narrow pane beside the main one
	threePanes = 180 // and another one between them
	narrow     = 38
	leastMain  = 60
)

// Divide divides a screen of w × h. Zoomed leaves only one pane; moved is how many cells the border of the main pane was dragged to the right.
// What stands beside the main pane is narrow, unless it wants to be wider.
func Divide(w, h int, zoomed bool, moved, wanted int) Screen {
	s := Screen{Header: Rect{0, 0, w, min(1, max(h, 0))}}
	if h >= 3 {
		s.Footer = Rect{0, h - 1, w, 1}
	}
	body := Rect{0, s.Header.H, w, max(0, h-s.Header.H-s.Footer.H)}
	if zoomed || w < twoPanes {
		s.Panes = []Rect{body}
		return s
	}
	if w < threePanes {
		side := min(max(max(narrow, wanted)-moved, 20), w-leastMain)
		s.Panes = []Rect{{body.X, body.Y, w - side, body.H}, {body.X + w - side, body.Y, side, body.H}}
		return s
	}
	main := min(max((w-narrow)*3/5+moved, leastMain), w-narrow-40)
	s.Panes = []Rect{
		{body.X, body.Y, main, body.H}, {body.X + main, body.Y, w - narrow - main, body.H}, {body.X + w - narrow, body.Y, narrow, body.H},
	}
	return s
}
