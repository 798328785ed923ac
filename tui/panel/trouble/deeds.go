package trouble

import (
	"fmt"
	"kubelab/tui/widget"
	"slices"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// deedList is the list of all records, the latest first, with one of them selected. Who looks at the newest goes on to look at the newest.
type deedList struct {
	pos    scroll
	id     string // of the selected record
	newest string // id of the newest one when it was last looked at
}

// sync finds the selected record: its index among the records, or -1 if there is none.
func (d *deedList) sync(s *panel.State) int {
	n := len(s.Records)
	if n == 0 {
		d.id, d.newest = "", ""
		return -1
	}
	newest := s.Records[n-1].ID
	if newest != d.newest && (d.id == d.newest || d.id == "") {
		d.id = newest
	}
	d.newest = newest
	i := slices.IndexFunc(s.Records, func(r view.Record) bool { return r.ID == d.id })
	if i < 0 {
		i = max(0, min(n-1-d.pos.index, n-1))
		d.id = s.Records[i].ID
	}
	d.pos.index = n - 1 - i
	return i
}

func (d *deedList) key(s *panel.State, key string) bool {
	d.sync(s)
	moved := d.pos.key(key, len(s.Records))
	d.take(s)
	return moved
}

// click selects the record in line y of the view, below its two headers.
func (d *deedList) click(s *panel.State, y int) bool {
	d.sync(s)
	hit := d.pos.click(y-2, len(s.Records))
	d.take(s)
	return hit
}

// take makes the record at the position the selected one.
func (d *deedList) take(s *panel.State) {
	if n := len(s.Records); n > 0 {
		d.id = s.Records[max(0, n-1-d.pos.index)].ID
	}
}

// view draws the list in h lines.
func (d *deedList) view(s *panel.State, w, h int) []string {
	if h < 3 {
		return nil
	}
	const id, when, result = 4, 8, 16
	action := max(min(w, listWidth)-id-when-result-3, 8)
	lines := []string{heading(s, "Deeds", fmt.Sprint(len(s.Records)), w),
		s.Theme.Muted.Render(widget.Fit("id", id) + " " + widget.Fit("when", when) + " " + widget.Fit("action", action) + " " + widget.Fit("result", result))}
	d.sync(s)
	from, to := d.pos.window(len(s.Records), h-2)
	for i := from; i < to; i++ {
		r := s.Records[len(s.Records)-1-i]
		line := s.Theme.Accent.Render(widget.Fit(plain.Line(r.ID), id)) + " " + s.Theme.Muted.Render(widget.Fit(r.Since.Local().Format("15:04:05"), when)) + " " +
			fresh(s, r.Since, s.Theme.Text).Render(widget.Fit(plain.Line(r.Action.String()), action)) + " " + inShort(s, r)
		if i == d.pos.index {
			line = chosen(s, line, min(w, listWidth))
		}
		lines = append(lines, line)
	}
	return lines
}

func inShort(s *panel.State, r view.Record) string {
	sign, words := result(s, r)
	return sign.Style.Render(sign.Mark + " " + words)
}
