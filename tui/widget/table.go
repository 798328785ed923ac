package widget

import (
	"slices"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// Column is a column of a Table.
type Column struct {
	Title string
	Min   int  // cells at least
	Right bool // numbers
	Wide  bool // takes what is left; one column at least should
	Extra bool // shown only if there is room for all of it, from the right to the left
}

// Row is a row of a Table. Cells may be styled; ID tells rows apart when they move.
type Row struct {
	ID    string
	Cells []string
}

// Table is rows with one of them selected. It keeps the selection on the same row when rows come and go. The zero Table is ready.
type Table struct {
	Columns []Column
	Rows    []Row

	selected string // ID
	index    int    // of the selected row, or where it was
	offset   int    // first row that is shown
}

// Styles are what a Table is drawn with.
type Styles struct{ Header, Selected lipgloss.Style }

// Set replaces the rows.
func (t *Table) Set(rows []Row) {
	t.Rows = rows
	if i := slices.IndexFunc(rows, func(r Row) bool { return r.ID == t.selected }); i >= 0 {
		t.index = i
	}
	t.index = min(max(t.index, 0), max(len(rows)-1, 0))
	if len(rows) > 0 {
		t.selected = rows[t.index].ID
	}
}

// Move moves the selection by n rows.
func (t *Table) Move(n int) {
	if len(t.Rows) == 0 {
		return
	}
	t.index = min(max(t.index+n, 0), len(t.Rows)-1)
	t.selected = t.Rows[t.index].ID
}

// Select selects the row with the ID, if there is one.
func (t *Table) Select(id string) {
	if i := slices.IndexFunc(t.Rows, func(r Row) bool { return r.ID == id }); i >= 0 {
		t.index, t.selected = i, id
	}
}

// Selected is the ID of the selected row; empty without rows.
func (t *Table) Selected() string {
	if len(t.Rows) == 0 {
		return ""
	}
	return t.Rows[t.index].ID
}

// Click selects the row that is shown in line y of the table's view, the header being line 0. It reports whether there is one.
func (t *Table) Click(y int) bool {
	i := t.offset + y - 1
	if y < 1 || i >= len(t.Rows) {
		return false
	}
	t.index, t.selected = i, t.Rows[i].ID
	return true
}

// Key moves the selection if the key is one that does: up, down, pgup, pgdown, home, end, and vi's.
func (t *Table) Key(key string, page int) bool {
	switch key {
	case "up", "k":
		t.Move(-1)
	case "down", "j":
		t.Move(1)
	case "pgup", "ctrl+b":
		t.Move(-max(page, 1))
	case "pgdown", "ctrl+f":
		t.Move(max(page, 1))
	case "home", "g":
		t.Move(-len(t.Rows))
	case "end", "G":
		t.Move(len(t.Rows))
	default:
		return false
	}
	return true
}

// View is the table in w × h cells, its header included. Only rows that are shown are looked at.
func (t *Table) View(w, h int, s Styles) string {
	if h < 1 || w < 1 {
		return ""
	}
	shown := h - 1
	t.offset = min(max(t.offset, t.index-shown+1), t.index)
	t.offset = max(0, min(t.offset, len(t.Rows)-shown))
	rows := t.Rows[min(t.offset, len(t.Rows)):min(t.offset+shown, len(t.Rows))]
	widths := t.widths(rows, w)
	lines := []string{s.Header.Render(line(widths, t.Columns, func(i int) string { return t.Columns[i].Title }))}
	for i, r := range rows {
		text := line(widths, t.Columns, func(c int) string {
			if c < len(r.Cells) {
				return r.Cells[c]
			}
			return ""
		})
		text = Fit(text, w)
		if t.offset+i == t.index {
			text = s.Selected.Render(ansi.Strip(text))
		}
		lines = append(lines, text)
	}
	return Block(strings.Join(lines, "\n"), w, h)
}

// widths are the columns' widths; 0 hides one.
func (t *Table) widths(rows []Row, w int) []int {
	widths := make([]int, len(t.Columns))
	total := -1
	for i, c := range t.Columns {
		widths[i] = max(c.Min, ansi.StringWidth(c.Title))
		for _, r := range rows {
			if i < len(r.Cells) {
				widths[i] = max(widths[i], ansi.StringWidth(r.Cells[i]))
			}
		}
		total += widths[i] + 1
	}
	for i := len(widths) - 1; i >= 0 && total > w; i-- { // what is extra goes first
		if t.Columns[i].Extra {
			total -= widths[i] + 1
			widths[i] = 0
		}
	}
	for i, c := range t.Columns { // then what is wide shrinks, or takes what is left
		if c.Wide && widths[i] > 0 {
			was := widths[i]
			widths[i] = max(widths[i]+w-total, max(c.Min, 4))
			total += widths[i] - was
		}
	}
	return widths
}

func line(widths []int, columns []Column, cell func(int) string) string {
	var cells []string
	for i, w := range widths {
		switch {
		case w == 0:
		case columns[i].Right:
			cells = append(cells, FitLeft(cell(i), w))
		default:
			cells = append(cells, Fit(cell(i), w))
		}
	}
	return strings.Join(cells, " ")
}
