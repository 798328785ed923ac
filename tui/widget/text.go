// Package widget holds what panels are drawn with: text that is cut to cells, boxes, tables, bars and sparklines. All of it is pure: it
// turns values into text of an exact size and knows nothing of labs or keys.
//
// The main types are Table and Column.
package widget

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// Width is how many cells text takes. Nearly all of it is ASCII and colours, which are counted fast.
func Width(text string) (n int) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= ' ' && c < 0x7f:
			n++
		case c == ansi.ESC && i+1 < len(text) && text[i+1] == '[':
			end := strings.IndexByte(text[i:], 'm')
			if end < 0 {
				return ansi.StringWidth(text)
			}
			i += end
		default:
			return ansi.StringWidth(text)
		}
	}
	return n
}

// Fit makes one line exactly w cells wide: it is cut, with an ellipsis, or filled with blanks. Styles in it stay whole; ends of lines and tabs
// become blanks.
func Fit(s string, w int) string {
	if w <= 0 {
		return ""
	}
	if strings.ContainsAny(s, "\n\r\t") {
		s = strings.NewReplacer("\n", " ", "\r", " ", "\t", " ").Replace(s)
	}
	n := Width(s)
	if n > w {
		s = ansi.Truncate(s, w, "…")
		n = Width(s) // one less, where a wide character did not fit
	}
	if n < w {
		return s + strings.Repeat(" ", w-n)
	}
	return s
}

// FitLeft is Fit with the blanks in front, for numbers.
func FitLeft(s string, w int) string {
	if n := ansi.StringWidth(s); n < w {
		return strings.Repeat(" ", w-n) + s
	}
	return Fit(s, w)
}

// Block makes text exactly w cells wide and h lines high.
func Block(s string, w, h int) string {
	if s == "" {
		return Lines(nil, w, h)
	}
	return Lines(strings.Split(s, "\n"), w, h)
}

// Lines is Block for text that is in lines already.
func Lines(lines []string, w, h int) string {
	if w <= 0 || h <= 0 {
		return ""
	}
	out := make([]string, h)
	for i := range out {
		if i < len(lines) {
			out[i] = Fit(lines[i], w)
		} else {
			out[i] = strings.Repeat(" ", w)
		}
	}
	return strings.Join(out, "\n")
}

// Wrap breaks text into lines of at most w cells, at blanks where it can.
func Wrap(s string, w int) []string {
	if w <= 0 {
		return nil
	}
	return strings.Split(ansi.Wrap(s, w, " -"), "\n")
}

// Beside puts blocks of the same height side by side.
func Beside(blocks ...string) string { return lipgloss.JoinHorizontal(lipgloss.Top, blocks...) }

// Box draws a border with a title around body; w and h are those of the whole. title and note may be styled; note stands at the right end.
func Box(title, note, body string, w, h int, border lipgloss.Style) string {
	if w < 4 || h < 2 {
		return Block(body, w, h)
	}
	in := w - 2
	head := border.Render("╭ ") + Fit(title, min(ansi.StringWidth(title), in-2)) + " "
	used := ansi.StringWidth(head)
	end := border.Render("╮")
	if n := ansi.StringWidth(note); note != "" && used+n+4 <= w {
		end = " " + note + border.Render(" ╮")
	}
	fill := max(0, w-used-ansi.StringWidth(end))
	top := head + border.Render(strings.Repeat("─", fill)) + end
	lines := []string{top}
	side := border.Render("│")
	for line := range strings.SplitSeq(Block(body, in, h-2), "\n") {
		lines = append(lines, side+line+side)
	}
	if h == 2 {
		lines = lines[:1]
	}
	return strings.Join(append(lines, border.Render("╰"+strings.Repeat("─", in)+"╯")), "\n")
}

// Bar shows a share of 0 to 1 in w cells.
func Bar(share float64, w int, full, empty lipgloss.Style) string {
	share = min(max(share, 0), 1)
	n := int(share*float64(w) + 0.5)
	return full.Render(strings.Repeat("█", n)) + empty.Render(strings.Repeat("░", w-n))
}

var sparks = []rune("▁▂▃▄▅▆▇█")

// Spark shows the last w values as a sparkline; the largest of them fills a cell.
func Spark(values []float64, w int) string {
	if len(values) > w {
		values = values[len(values)-w:]
	}
	top := 0.0
	for _, v := range values {
		top = max(top, v)
	}
	var s strings.Builder
	s.WriteString(strings.Repeat(" ", max(0, w-len(values))))
	for _, v := range values {
		i := 0
		if top > 0 {
			i = min(len(sparks)-1, int(v/top*float64(len(sparks)-1)+0.5))
		}
		s.WriteRune(sparks[max(i, 0)])
	}
	return s.String()
}
