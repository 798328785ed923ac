package trouble

import (
	"fmt"
	"strings"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/widget"
)

var injectedColumns = []widget.Column{
	{Title: "id", Min: 4}, {Title: "kind", Min: 9}, {Title: "what", Min: 12, Wide: true}, {Title: "for", Min: 5, Right: true}, {Title: "healed by", Min: 10, Extra: true},
}

// injectedRows are what is injected, the latest first.
func injectedRows(s *panel.State) []widget.Row {
	var rows []widget.Row
	for i := len(s.Lab.Faults) - 1; i >= 0; i-- {
		f := s.Lab.Faults[i]
		style := fresh(s, f.Since, s.Theme.Text)
		rows = append(rows, widget.Row{ID: f.ID, Cells: []string{
			s.Theme.Accent.Render(plain.Line(f.ID)), style.Render(plain.Line(string(f.Kind))), style.Render(plain.Line(f.What)), panel.Ago(s.Now, f.Since), s.Theme.Muted.Render(plain.Line(f.Heal)),
		}})
	}
	return rows
}

// wanted is how many lines the list would like to have.
func (f *faults) wanted(s *panel.State, w int) int {
	if len(s.Lab.Faults) == 0 {
		return 3
	}
	return len(s.Lab.Faults) + 2 + len(f.expected(s, w))
}

// listWidth is how wide a list of deeds is at most: figures that stand far from what they belong to are hard to read.
const listWidth = 88

// injected draws the list in h lines, and what was expected of the one under the cursor if there is room.
func (f *faults) injected(s *panel.State, w, h int) []string {
	if h < 1 {
		return nil
	}
	n := len(s.Lab.Faults)
	if n == 0 {
		lines := []string{heading(s, "Injected", "nothing now", w)}
		say := "What you break is listed here, with what was expected of it, until it is healed."
		if s.ReadOnly != "" {
			say = "Nothing can be broken here: " + plain.Line(s.ReadOnly)
		}
		for _, line := range widget.Wrap(say, w) {
			lines = append(lines, s.Theme.Muted.Render(line))
		}
		return lines[:min(len(lines), h)]
	}
	lines := []string{heading(s, "Injected", fmt.Sprint(n), w)}
	expected := f.expected(s, w)
	rows := min(n, max(h-2-len(expected), (h-2)*2/3, 1))
	f.list.Columns = injectedColumns
	styles := panel.TableStyles(s)
	if !f.inList {
		styles.Selected = s.Theme.Text // the keys are in the matrix
	}
	lines = append(lines, strings.Split(f.list.View(min(w, listWidth), min(rows+1, h-1), styles), "\n")...)
	lines = append(lines, expected...)
	return lines[:min(len(lines), h)]
}

// expected is what was predicted of the fault under the cursor.
func (f *faults) expected(s *panel.State, w int) []string {
	var of view.Fault
	for _, one := range s.Lab.Faults {
		if one.ID == f.list.Selected() {
			of = one
		}
	}
	if len(of.Expected) == 0 {
		return nil
	}
	lines := []string{""}
	for i, text := range of.Expected {
		label := "expected"
		if i > 0 {
			label = ""
		}
		lines = append(lines, labelled(s, label, s.Theme.Text, text, w)...)
	}
	return lines
}
