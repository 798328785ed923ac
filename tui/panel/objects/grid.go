package objects

import (
	"slices"

	"kubelab/tui/panel"
)

// column is a column of a grid.
type column[T any] struct {
	title   string
	min     int         // cells with which it is still of use; width if 0
	width   int         // cells that it would like
	measure func(T) int // cells that it would like for one row
	right   bool        // figures
	fill    bool        // grows first, and takes what is left
	middle  bool        // is cut in its middle, as names are that differ at their end
	drop    int         // the greater goes first when there is no room; 0 stays
	wide    bool        // only shown when everything is
	cell    func(s *panel.State, row T) cell
	compare func(a, b T) int // nil where there is no order
}

// grid is a table with one row selected. Unlike widget.Table it draws only the cells that are seen, its columns keep their widths when rows come and
// go, and it can be sorted and narrowed down.
type grid[T any] struct {
	columns []column[T]
	id      func(T) string   // tells rows apart when they move
	words   func(T) []string // what a filter looks into
	tail    bool             // the last row stays selected when rows are added

	all     []T // as they came
	rows    []T // as they are shown
	stamp   any // of what all was made from
	stale   bool
	widths  []int // wanted; they never shrink
	filter  string
	by      int // column that they are sorted by, plus one; 0 is as they came
	reverse bool
	wide    bool

	selected      string // id
	index, offset int
	page          int // rows that were shown last
	shown         []int
	starts        []int // of the columns that were shown last
}

// set replaces the rows, if stamp says that there is something new.
func (g *grid[T]) set(stamp any, load func() []T) {
	if g.stamp == nil || g.stamp != stamp {
		g.all, g.stamp, g.stale = load(), stamp, true
		g.measure()
	}
	if g.stale {
		g.arrange()
	}
}

func (g *grid[T]) measure() {
	if len(g.widths) != len(g.columns) {
		g.widths = make([]int, len(g.columns))
	}
	for i, c := range g.columns {
		n := max(g.widths[i], c.width, len(c.title)+1) // and the mark of what it is sorted by
		if c.measure != nil {
			for _, r := range g.all {
				n = max(n, c.measure(r))
			}
		}
		g.widths[i] = n
	}
}

// arrange filters and sorts, and finds the selected row again.
func (g *grid[T]) arrange() {
	g.stale = false
	atEnd := g.tail && g.index >= len(g.rows)-1
	rows := make([]T, 0, len(g.all))
	for _, r := range g.all {
		if g.filter == "" || panel.Matches(g.filter, g.words(r)...) {
			rows = append(rows, r)
		}
	}
	if g.by > 0 && g.by <= len(g.columns) {
		compare := g.columns[g.by-1].compare
		slices.SortStableFunc(rows, compare)
	}
	if g.reverse {
		slices.Reverse(rows)
	}
	g.rows = rows
	if atEnd && !g.reverse && g.by == 0 {
		g.index = len(rows) - 1
	} else if i := g.find(g.selected); i >= 0 {
		g.index = i
	}
	g.at(g.index)
}

// find is the row with the id; -1 if there is none. It is likely to be where it was.
func (g *grid[T]) find(id string) int {
	if g.index >= 0 && g.index < len(g.rows) && g.id(g.rows[g.index]) == id {
		return g.index
	}
	return slices.IndexFunc(g.rows, func(r T) bool { return g.id(r) == id })
}

// at selects the row.
func (g *grid[T]) at(i int) {
	g.index = max(0, min(i, len(g.rows)-1))
	if len(g.rows) > 0 {
		g.selected = g.id(g.rows[g.index])
	}
}

// choose selects the row with the id, once there is one.
func (g *grid[T]) choose(id string) {
	g.selected = id
	if i := g.find(id); i >= 0 {
		g.index = i
	}
}

// current is the selected row.
func (g *grid[T]) current() (row T, ok bool) {
	if len(g.rows) == 0 {
		return row, false
	}
	return g.rows[g.index], true
}

// Filter narrows the rows down.
func (g *grid[T]) Filter(text string) { g.filter, g.stale = text, true }

// Filtered is what they are narrowed down to.
func (g *grid[T]) Filtered() string { return g.filter }

// key moves the selection, sorts, and shows all columns or fewer.
func (g *grid[T]) key(key string) bool {
	switch key {
	case "up", "k":
		g.at(g.index - 1)
	case "down", "j":
		g.at(g.index + 1)
	case "pgup", "ctrl+b":
		g.at(g.index - max(g.page, 1))
	case "pgdown", "ctrl+f":
		g.at(g.index + max(g.page, 1))
	case "home", "g":
		g.at(0)
	case "end", "G":
		g.at(len(g.rows) - 1)
	case "o":
		g.next()
	case "O":
		g.reverse, g.stale = !g.reverse, true
	case "w":
		g.wide = !g.wide
	default:
		return false
	}
	if g.stale {
		g.arrange()
	}
	return true
}

// next sorts by the next column that is shown and has an order, and after the last one not at all.
func (g *grid[T]) next() {
	for i := g.by; i < len(g.columns); i++ {
		if g.columns[i].compare != nil && (len(g.shown) == 0 || slices.Contains(g.shown, i)) {
			g.by, g.stale = i+1, true
			return
		}
	}
	g.by, g.stale = 0, true
}

// click is a click into the grid as it was drawn last. It reports whether it opens: it was on the row that was selected already.
func (g *grid[T]) click(x, y int) (opens bool) {
	i := g.offset + y - 1
	switch {
	case y == 0:
		g.header(x)
	case y > 0 && y <= g.page && i < len(g.rows):
		opens = i == g.index
		g.at(i)
	}
	return opens
}

// header sorts by the column at x, or turns its order round.
func (g *grid[T]) header(x int) {
	for n := len(g.shown) - 1; n >= 0; n-- {
		if c := g.shown[n]; x >= g.starts[n] {
			if g.columns[c].compare != nil {
				g.reverse = g.by == c+1 && !g.reverse
				g.by = c + 1
				g.arrange()
			}
			return
		}
	}
}

// Wheel moves the selection.
func (g *grid[T]) Wheel(_ *panel.State, lines int) { g.at(g.index + lines) }

// bindings are the keys that every grid has.
func (g *grid[T]) bindings(more ...panel.Binding) []panel.Binding {
	wide := panel.Binding{Keys: "w", Does: "show every column"}
	if !slices.ContainsFunc(g.columns, func(c column[T]) bool { return c.wide }) {
		wide.Why = "all columns are shown that fit"
	}
	return append(more, panel.Binding{Keys: "o/O", Does: "sort by the next column/the other way round", Short: true}, wide)
}
