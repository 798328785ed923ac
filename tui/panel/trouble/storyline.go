package trouble

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/widget"
)

// columns are the widths of a story's columns.
type columns struct{ bar, source, text int }

const gapWidth = 7

func (p *story) columns(w int) columns {
	c := columns{bar: 4, source: 18}
	switch {
	case w >= 110:
		c.bar, c.source = 10, 24
	case w >= 90:
		c.bar, c.source = 8, 20
	case w < 48:
		c.bar, c.source = 0, 0
	case w < 64:
		c.bar = 0
	}
	c.text = max(w-12-1-gapWidth-1-c.bar-1-c.source-1, 4)
	return c
}

func (c columns) header() string {
	return widget.Fit("time", 12) + " " + widget.FitLeft("after", gapWidth) + " " + widget.Fit("", c.bar) + " " + widget.Fit("seen in", c.source) + " what"
}

// line is an entry: when, how long after the one before, where it was seen, and what it is.
func (c columns) line(s *panel.State, e *view.Entry, first bool) string {
	t := s.Theme
	after, bar := "", ""
	if !first {
		after = "+" + gapWords(e.After)
		bar = gapBar(e.After, c.bar)
	}
	gap := t.Muted
	if e.After >= time.Second {
		gap = t.Warn
	}
	return t.Muted.Render(panel.Clock(e.Time)) + " " + gap.Render(widget.FitLeft(after, gapWidth)+" "+widget.Fit(bar, c.bar)) + " " +
		t.Accent.Render(widget.Fit(briefSource(plain.Line(e.Source), c.source), c.source)) + " " + fresh(s, e.Time, entryStyle(t, e)).Render(ansi.Truncate(entryText(e), c.text, "…"))
}

// gapWords are a gap in at most six cells: 4.1ms, 773ms, 3.49s, 125s.
func gapWords(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1fms", float64(d)/1e6)
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.2fs", d.Seconds())
	case d < 10_000*time.Second:
		return fmt.Sprintf("%.0fs", d.Seconds())
	}
	return fmt.Sprintf("%.0fh", d.Hours())
}

// gapBar grows with the logarithm of the gap: one cell is a millisecond, all are ten seconds and more.
func gapBar(d time.Duration, w int) string {
	if d < time.Millisecond || w < 1 {
		return ""
	}
	share := math.Log10(float64(d)/float64(time.Millisecond)) / 4
	return strings.Repeat("▬", max(1, min(int(share*float64(w)+0.5), w)))
}

// briefSource is a component's name, shortened where there is little room for it.
func briefSource(source string, w int) string {
	if ansi.StringWidth(source) <= w {
		return source
	}
	machine, name, ok := strings.Cut(source, "/")
	if size := titles[name]; ok && size[1] != "" {
		return machine + "/" + size[1]
	}
	return source
}
