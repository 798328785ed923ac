package trouble

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/widget"
)

// recordLines are all that is known of a record, in lines of w cells. Where there is little room, figures come before words.
func recordLines(s *panel.State, r view.Record, w, h int) []string {
	said, seen := saidLines(s, r, w), seenLines(s, r, w)
	lines := slices.Concat([]string{headOf(s, r, w), ""}, said, []string{""}, seen)
	if len(lines) <= h {
		return lines
	}
	lines = slices.Concat([]string{headOf(s, r, w)}, seen, said)
	return slices.DeleteFunc(lines, func(l string) bool { return l == "" })
}

// saidLines are how the lab was before, and what it said would come.
func saidLines(s *panel.State, r view.Record, w int) []string {
	t := s.Theme
	var lines []string
	if r.Before != "" {
		lines = append(lines, labelled(s, "before", t.Text, r.Before, w)...)
	}
	for i, sentence := range r.Expected {
		label := "predicted"
		if i > 0 {
			label = ""
		}
		lines = append(lines, labelled(s, label, t.Text, sentence, w)...)
	}
	if len(r.Expected) == 0 {
		lines = append(lines, labelled(s, "predicted", t.Muted, "nothing in particular", w)...)
	}
	return lines
}

// seenLines are what the stopwatch saw of the failure, and of the recovery if there was one.
func seenLines(s *panel.State, r view.Record, w int) []string {
	part := func(what string, m *view.Measured, since time.Time) []string {
		switch {
		case m != nil:
			return measuredLines(s, what, *m, w)
		case measuring(s, m, since):
			return runningLines(s, what, since, w)
		}
		return []string{heading(s, what, "", w), s.Theme.Muted.Render("It was not measured to the end: the engine stopped before.")}
	}
	lines := part("Failure", r.Measured, r.Since)
	if recovering(r) {
		lines = append(append(lines, ""), part("Recovery", r.Recovery, r.Healed)...)
	}
	return lines
}

// headOf is what was done, and whether it is still so.
func headOf(s *panel.State, r view.Record, w int) string {
	t := s.Theme
	left := t.Accent.Render(plain.Line(r.ID)) + "  " + t.Title.Render(plain.Line(r.Action.String()))
	right := ""
	switch {
	case r.Active():
		right = t.Warn.Render("● injected") + t.Muted.Render(" for "+panel.Ago(s.Now, r.Since))
	case r.Healed.After(r.Since):
		right = t.Good.Render("○ over") + t.Muted.Render(" after "+panel.Ago(r.Healed, r.Since)+", "+plain.Line(r.HealedBy))
	default:
		right = t.Muted.Render("○ " + plain.Line(r.HealedBy))
	}
	line := widget.Fit(left, max(w-lineWidth(right)-2, w/2)) + "  " + right
	return widget.Fit(line, w)
}

// runningLines say that the stopwatch runs, and what was seen since.
func runningLines(s *panel.State, what string, since time.Time, w int) []string {
	t := s.Theme
	lines := []string{heading(s, what, "is being measured", w),
		t.Warn.Render("◐ "+fmt.Sprintf("%.1f s", max(s.Now.Sub(since), 0).Seconds())) + t.Muted.Render(" since the deed; the figures come when it stops. Seen so far:")}
	seen := followed(s, since, time.Time{})
	const most = 8
	if len(seen) > most {
		lines = append(lines, t.Muted.Render(fmt.Sprintf("… %d before", len(seen)-most)))
		seen = seen[len(seen)-most:]
	}
	for _, m := range seen {
		lines = append(lines, momentLine(s, m, since, w, true))
	}
	if len(seen) == 0 {
		lines = append(lines, t.Muted.Render("nothing yet"))
	}
	return lines
}

// Widths of the columns of figures.
const figure = 9

// measuredLines are what the stopwatch saw.
func measuredLines(s *panel.State, what string, m view.Measured, w int) []string {
	t := s.Theme
	lines := []string{heading(s, what, "watched for "+panel.Brief(m.For), w)}
	if len(m.Marks) > 0 {
		lines = append(lines, markLines(s, m.Marks, m.For, w)...)
		lines = append(lines, "")
	}
	row := func(a, b, c, d string) string {
		return widget.Fit(a, 10) + widget.FitLeft(b, figure) + widget.FitLeft(c, figure) + widget.FitLeft(d, 13) + "  "
	}
	lines = append(lines, t.Muted.Render(row("traffic", "sent", "failed", "longest gap")))
	stream := func(name, one string, r view.Traffic) {
		words, style := trafficWords(t, one, r)
		failed := t.Text
		if r.Failed > 0 {
			failed = t.Warn
		}
		line := t.Text.Render(widget.Fit(name, 10)+widget.FitLeft(fmt.Sprint(r.Sent), figure)) + failed.Render(widget.FitLeft(fmt.Sprint(r.Failed), figure)) +
			t.Text.Render(widget.FitLeft(panel.Brief(r.Gap), 13)) + "  " + style.Render(words)
		lines = append(lines, line)
		if r.Error != "" {
			lines = append(lines, t.Muted.Render(widget.Fit("", 10)+"last error: "+plain.Line(r.Error)))
		}
	}
	stream("writes", "write", m.Writes)
	stream("reads", "read", m.Reads)
	if m.Service != nil {
		stream("Service", "request", *m.Service)
	}
	return lines
}

// markLines are the phases, each with a bar on one scale.
func markLines(s *panel.State, marks []view.Mark, watched time.Duration, w int) []string {
	t := s.Theme
	name, long := 18, 41
	full := w >= long+3*figure+26
	if full {
		name = long
	}
	bar := min(w-name-2-3*figure-2, 60)
	sc := scaleOf(marks, bar)
	head := t.Muted.Render(widget.Fit("  phase", name+2) + widget.FitLeft("took", figure) + widget.FitLeft("within", figure) + widget.FitLeft("upstream", figure))
	if bar >= 16 {
		head += "  " + t.Muted.Render(sc.axis())
	}
	lines := []string{head}
	for _, m := range marks {
		sign, phase := markSign(t, m, watched), briefPhase(m.Phase)
		if full {
			phase = plain.Line(string(m.Phase))
		}
		took := sign.Word
		if m.Seen {
			took = panel.Brief(m.Took)
		}
		line := sign.Style.Render(sign.Mark) + " " + t.Text.Render(widget.Fit(phase, name)) + sign.Style.Render(widget.FitLeft(took, figure)) +
			t.Text.Render(widget.FitLeft(panel.Brief(m.Within), figure)) + t.Muted.Render(widget.FitLeft(panel.Brief(m.Upstream), figure))
		if bar >= 16 {
			line += "  " + sc.bar(s, m)
		}
		lines = append(lines, line)
	}
	if bar >= 16 {
		lines = append(lines, t.Muted.Render(widget.FitLeft("━ took  │ within  ┆ within upstream's timing, logarithmic", min(w, name+2+3*figure+2+bar))))
	}
	return lines
}

// scale puts times on a line of w cells, logarithmically: from a power of ten to one.
type scale struct {
	low, high float64 // exponents of seconds
	w         int
}

func scaleOf(marks []view.Mark, w int) scale {
	low, high := time.Second, time.Second
	for _, m := range marks {
		for _, d := range []time.Duration{m.Took, m.Within, m.Upstream} {
			if d > 0 {
				low, high = min(low, d), max(high, d)
			}
		}
	}
	sc := scale{low: max(math.Floor(math.Log10(low.Seconds())), -3), high: math.Ceil(math.Log10(high.Seconds())), w: w}
	sc.high = max(sc.high, sc.low+1)
	return sc
}

// at is the cell of d.
func (c scale) at(d time.Duration) int {
	if d <= 0 {
		return 0
	}
	share := (math.Log10(d.Seconds()) - c.low) / (c.high - c.low)
	return max(0, min(int(share*float64(c.w-1)+0.5), c.w-1))
}

// axis names the powers of ten where they are, as far as there is room.
func (c scale) axis() string {
	var b strings.Builder
	used := 0
	for e := c.low; e <= c.high; e++ {
		label := tight(time.Duration(math.Pow(10, e) * float64(time.Second)))
		x := c.at(time.Duration(math.Pow(10, e) * float64(time.Second)))
		if e == c.high {
			x = c.w - len(label) // the last one ends where the scale does
		}
		if e > c.low && x < used+2 || x+len(label) > c.w {
			continue
		}
		b.WriteString(strings.Repeat(" ", x-used) + label)
		used = x + len(label)
	}
	return widget.Fit(b.String(), c.w)
}

// bar is how long the phase took, with the bounds as marks.
func (c scale) bar(s *panel.State, m view.Mark) string {
	t := s.Theme
	sign := markSign(t, m, 0)
	took := -1
	if m.Seen {
		took = c.at(m.Took)
	}
	within, upstream := c.at(m.Within), c.at(m.Upstream)
	var b strings.Builder
	run, last, style := 0, "", t.Border // cells that look the same are drawn at once
	flush := func(mark string) {
		b.WriteString(style.Render(strings.Repeat(mark, run)))
		run = 0
	}
	for x := range c.w {
		mark, look := "·", t.Border
		if x <= took {
			mark, look = "━", sign.Style
		}
		switch {
		case x == within && m.Within > 0:
			mark, look = "│", t.Title
		case x == upstream && m.Upstream > 0:
			mark, look = "┆", t.Muted
		}
		if run > 0 && mark != last {
			flush(last)
		}
		style, last, run = look, mark, run+1
	}
	flush(last)
	return b.String()
}
