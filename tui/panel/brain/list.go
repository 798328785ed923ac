package brain

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"kubelab/tui/panel"
	"kubelab/tui/widget"
)

// column is a column of a list. Its width depends on the width of the list alone, so that nothing moves when rows come and go.
type column struct {
	title string
	width int // cells; at least so many where share is not 0
	share int // of the cells that are left over
	right bool
	from  int // the list must be at least so wide for it to be shown
}

// fit says which columns are shown in w cells, and how wide each is then.
func fit(cols []column, w int) (shown, widths []int) {
	free, shares := w+1, 0
	for i, c := range cols {
		if w < c.from {
			continue
		}
		shown, widths = append(shown, i), append(widths, c.width)
		free -= c.width + 1
		shares += c.share
	}
	for i, c := range shown {
		if share := cols[c].share; share > 0 && free > 0 {
			more := free * share / shares
			widths[i] += more
			free, shares = free-more, shares-share
		}
	}
	return shown, widths
}

// list is rows with one of them selected, and a place on the screen. The widget.Table in it knows the rows and the selection; drawing is done
// here, with widths that do not depend on the rows.
type list struct {
	cols  []column
	table widget.Table

	x, y, w, h int // where it was drawn
	offset     int // first row that was shown
	kept       int // the same while it has the cursor
}

// set says which rows there are.
func (l *list) set(ids []string) {
	rows := make([]widget.Row, len(ids))
	for i, id := range ids {
		rows[i].ID = id
	}
	l.table.Set(rows)
}

func (l *list) len() int { return len(l.table.Rows) }

// index is where the selected row is, -1 without rows.
func (l *list) index() int {
	id := l.table.Selected()
	return slices.IndexFunc(l.table.Rows, func(r widget.Row) bool { return r.ID == id })
}

// draw makes h lines of w cells: the titles, and the rows of which cells tells. One that does not have the cursor shows its beginning, with
// no row selected.
func (l *list) draw(s *panel.State, w, h int, focused bool, cells func(i int) []string) []string {
	l.w, l.h = w, h
	shown, widths := fit(l.cols, w)
	line := func(cell func(c int) string) string {
		var b strings.Builder
		for at, c := range shown {
			if at > 0 {
				b.WriteByte(' ')
			}
			text := cell(c)
			if n := widget.Width(text); l.cols[c].right && n < widths[at] {
				b.WriteString(strings.Repeat(" ", widths[at]-n))
				b.WriteString(text)
				continue
			}
			b.WriteString(widget.Fit(text, widths[at]))
		}
		return widget.Fit(b.String(), w)
	}
	selected := -1
	if l.offset = 0; focused {
		selected = l.index()
		l.kept = min(max(l.kept, selected-h+2), max(selected, 0))
		l.kept = max(0, min(l.kept, l.len()-h+1))
		l.offset = l.kept
	}
	out := make([]string, 0, h)
	out = append(out, s.Theme.Muted.Render(line(func(c int) string { return l.cols[c].title })))
	for i := l.offset; i < min(l.offset+h-1, l.len()); i++ {
		all := cells(i)
		text := line(func(c int) string { return all[c] })
		if i == selected {
			text = s.Theme.Selected.Render(ansi.Strip(text))
		}
		out = append(out, text)
	}
	blank := strings.Repeat(" ", w)
	for len(out) < h {
		out = append(out, blank)
	}
	return out
}

// click selects what is shown at x, y of the panel.
func (l *list) click(x, y int) bool {
	row := y - l.y - 1 // below the titles
	i := l.offset + row
	if x < l.x || x >= l.x+l.w || row < 0 || row >= l.h-1 || i >= l.len() {
		return false
	}
	l.table.Select(l.table.Rows[i].ID)
	return true
}

// deck is lists with one cursor, which goes from one to the next.
type deck struct {
	lists []*list
	at    int
}

// has reports whether the list has the cursor.
func (d *deck) has(l *list) bool { return d.current() == l }

// current is the list with the cursor: never one without rows if another has some.
func (d *deck) current() *list {
	if d.lists[d.at].len() > 0 {
		return d.lists[d.at]
	}
	for _, l := range d.lists {
		if l.len() > 0 {
			return l
		}
	}
	return d.lists[d.at]
}

// key moves the cursor: down from the last row of a list into the next one, up from the first into the one before, left and right from list
// to list.
func (d *deck) key(key string) bool {
	l := d.current()
	switch i := l.index(); {
	case key == "left", key == "h", (key == "up" || key == "k") && i <= 0:
		d.step(-1)
		return true
	case key == "right", (key == "down" || key == "j") && i == l.len()-1:
		d.step(1)
		return true
	}
	return l.table.Key(key, l.h-2)
}

// step goes to the next list that has rows and is on the screen.
func (d *deck) step(by int) {
	for i := slices.Index(d.lists, d.current()) + by; i >= 0 && i < len(d.lists); i += by {
		if d.lists[i].len() > 0 {
			d.at = i
			return
		}
	}
}

func (d *deck) click(x, y int) {
	for i, l := range d.lists {
		if l.click(x, y) {
			d.at = i
		}
	}
}
