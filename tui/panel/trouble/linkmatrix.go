package trouble

import (
	"fmt"
	"kubelab/tui/widget"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// wireMatrix is machines × machines, the upper half, with a cursor on one link. The cursor stays on its link when machines come and go.
type wireMatrix struct {
	link     pair
	row, col int // the first line and the first column that are shown; the first column stands for the second machine
	shown    int // lines
	first    int // width of the first column
	width    int // of each of the others
}

// at is the cursor as indices among n machines: row < col.
func (m *wireMatrix) at(list []machine) (row, col int, ok bool) {
	if len(list) < 2 {
		return 0, 0, false
	}
	row = max(0, slices.IndexFunc(list, func(x machine) bool { return x.name == m.link.a }))
	col = slices.IndexFunc(list, func(x machine) bool { return x.name == m.link.b })
	if row == len(list)-1 {
		row--
	}
	return row, max(col, row+1), true
}

// move moves the cursor. Where the matrix ends at its diagonal, up and left, and down and right, go along it.
func (m *wireMatrix) move(s *panel.State, key string) (moved, below bool) {
	list := machinesOf(s)
	row, col, ok := m.at(list)
	if !ok {
		return false, false
	}
	last := len(list) - 1
	switch key {
	case "up", "k":
		row = max(row-1, 0)
	case "down", "j":
		below = row == last-1
		row = min(row+1, last-1)
		col = max(col, row+1)
	case "left", "h":
		col = max(col-1, 1)
		row = min(row, col-1)
	case "right", "l":
		col = min(col+1, last)
	case "home", "g":
		row = 0
	case "end", "G":
		row = last - 1
		col = last
	case "pgup", "ctrl+b":
		row = max(row-8, 0)
	case "pgdown", "ctrl+f":
		row = min(row+8, last-1)
		col = max(col, row+1)
	default:
		return false, false
	}
	m.link = pair{list[row].name, list[col].name}
	return true, below
}

func (m *wireMatrix) click(s *panel.State, x, y int) bool {
	list := machinesOf(s)
	row, col := m.row+y-1, m.col+1
	if m.width > 0 {
		col += (x - m.first) / m.width
	}
	if y < 1 || y > m.shown || x < m.first || row < 0 || row >= len(list) || col >= len(list) || row >= col {
		return false
	}
	m.link = pair{list[row].name, list[col].name}
	return true
}

// deeds are what can be done to the link under the cursor.
func (m *wireMatrix) deeds(s *panel.State) []deed {
	list := machinesOf(s)
	row, col, ok := m.at(list)
	if !ok {
		return nil
	}
	l := pair{list[row].name, list[col].name}
	effects := linkEffects(s, namesOf(list))[l]
	both := []string{l.a, l.b}
	toggle := doing(s, "enter", "cut", "", view.Action{Verb: view.Cut, Targets: both})
	toggle.Binding.Keys, toggle.keys = "enter/c", []string{"enter", "c"}
	if len(effects) > 0 {
		var ids []string
		for _, e := range effects {
			ids = append(ids, e.fault.ID)
		}
		heal := view.Action{Verb: view.Heal, Targets: ids}
		toggle.Does, toggle.do = "heal", func() panel.Result { return act(heal) }
	}
	return []deed{
		toggle, m.oneWay(s, "o", l.a, l.b, effects), m.oneWay(s, "O", l.b, l.a, effects),
		asking(s, "%", "lose packets", fmt.Sprintf("Loss between %s and %s, in percent", l.a, l.b), "30", func(text string) panel.Result {
			n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(text), "%"))
			if err != nil || n < 1 || n > 100 {
				return panel.Result{Note: fmt.Sprintf("a loss of %q: use 1 to 100", plain.Line(text))}
			}
			return act(view.Action{Verb: view.Loss, Targets: both, Percent: n})
		}),
	}
}

// oneWay cuts one direction, or heals that if it is what was done.
func (m *wireMatrix) oneWay(s *panel.State, key, from, to string, effects []effect) deed {
	for _, e := range effects {
		if e.action.Verb == view.Cut && e.action.OneWay && slices.Equal(e.action.Targets, []string{from, to}) {
			return doing(s, key, "heal one way", "", view.Action{Verb: view.Heal, Targets: []string{e.fault.ID}})
		}
	}
	d := doing(s, key, "cut from "+plain.Line(from), "", view.Action{Verb: view.Cut, Targets: []string{from, to}, OneWay: true})
	d.Short = key == "o"
	return d
}

// asking is a deed that wants a line of text first.
func asking(s *panel.State, key, does, title, text string, done func(string) panel.Result) deed {
	return deed{panel.Binding{Keys: key, Does: does, Why: s.ReadOnly, Short: true}, []string{key}, func() panel.Result {
		return panel.Result{Prompt: &panel.Prompt{Title: title, Text: text, Done: done}}
	}}
}

// height is how many lines the matrix takes: a header, all machines but the last, a blank, what the marks mean, and the line about the cursor.
func (m *wireMatrix) height(s *panel.State) int { return len(s.Lab.Masters) + len(s.Lab.Nodes) + 3 }

// view draws the matrix in at most h lines; the last of them say what the marks mean, and how the link under the cursor is.
func (m *wireMatrix) view(s *panel.State, w, h int, active bool) []string {
	list := machinesOf(s)
	row, col, ok := m.at(list)
	if !ok {
		m.shown = 0
		return strings.Split(empty(s, w, h, "No links yet", "Here is a cell for the link between any two machines. It takes two machines; add one with: lab add node"), "\n")
	}
	m.first = 2
	for _, x := range list[:len(list)-1] {
		m.first = max(m.first, min(ansi.StringWidth(plain.Line(x.name)), 16)+2)
	}
	m.width = max(7, min((w-m.first)/(len(list)-1), 11))
	columns := max(1, min((w-m.first)/m.width, len(list)-1))
	m.shown = h - 1
	if h >= 6 {
		m.shown = h - 4
	}
	m.shown = max(0, min(m.shown, len(list)-1))
	m.row = within(m.row, row, m.shown, len(list)-1)
	m.col = within(m.col, col-1, columns, len(list)-1)

	effects := linkEffects(s, namesOf(list))
	lines := []string{m.header(s, list, columns, col, active)}
	for i := m.row; i < m.row+m.shown; i++ {
		var b strings.Builder
		name := widget.Fit(plain.Line(list[i].name), m.first)
		if active && i == row {
			b.WriteString(s.Theme.Accent.Render(name))
		} else {
			b.WriteString(s.Theme.Text.Render(name))
		}
		for j := m.col + 1; j <= m.col+columns; j++ {
			b.WriteString(m.cell(s, effects, list, i, j, active && i == row && j == col))
		}
		lines = append(lines, b.String())
	}
	if h < 6 {
		return lines
	}
	words := ""
	if active {
		l := pair{list[row].name, list[col].name}
		words = widget.Fit(linkWords(s, l, effects[l]), w)
	}
	legend := "── whole  ╳ cut  ╳→ cut from the row to the column  30% lost  50ms late  flap"
	return append(lines, "", s.Theme.Muted.Render(widget.Fit(legend, w)), words)
}

// within is an offset among n with at among the shown.
func within(offset, at, shown, n int) int {
	offset = min(max(offset, at-shown+1), at)
	return max(0, min(offset, n-shown))
}

func (m *wireMatrix) header(s *panel.State, list []machine, columns, col int, active bool) string {
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", m.first))
	for j := m.col + 1; j <= m.col+columns; j++ {
		name := plain.Line(list[j].name)
		if ansi.StringWidth(name) >= m.width {
			name = list[j].short()
		}
		style := s.Theme.Muted
		if active && j == col {
			style = s.Theme.Accent
		}
		b.WriteString(style.Render(widget.Fit(name, m.width-1)) + " ")
	}
	return b.String()
}

func (m *wireMatrix) cell(s *panel.State, effects map[pair][]effect, list []machine, i, j int, selected bool) string {
	if i >= j {
		return strings.Repeat(" ", m.width)
	}
	of := effects[pair{list[i].name, list[j].name}]
	sign := linkSign(s.Theme, of)
	text := widget.Fit(sign.Mark, m.width-1)
	switch {
	case selected:
		return chosen(s, text, m.width-1) + " "
	case len(of) > 0:
		return fresh(s, of[len(of)-1].fault.Since, sign.Style).Render(text) + " "
	}
	return sign.Style.Render(text) + " "
}

// linkWords say in a line how the link under the cursor is.
func linkWords(s *panel.State, l pair, effects []effect) string {
	text := s.Theme.Accent.Render(plain.Line(l.a)+" ── "+plain.Line(l.b)) + " "
	if len(effects) == 0 {
		return text + s.Theme.Good.Render("whole")
	}
	var words []string
	for _, e := range effects {
		words = append(words, fmt.Sprintf("%s (%s, %s)", plain.Line(e.words(l)), plain.Line(e.fault.ID), panel.Ago(s.Now, e.fault.Since)))
	}
	sign := linkSign(s.Theme, effects)
	return text + sign.Style.Render(sign.Word) + s.Theme.Text.Render(": "+strings.Join(words, "; "))
}
