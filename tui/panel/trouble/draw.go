package trouble

import (
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"kubelab/core/plain"
	"kubelab/tui/panel"
	"kubelab/tui/widget"
)

// justNow is how long what has changed is drawn as changed.
const justNow = 1500 * time.Millisecond

// recent reports whether t was just now.
func recent(s *panel.State, t time.Time) bool {
	d := s.Now.Sub(t)
	return !t.IsZero() && d >= 0 && d < justNow
}

// fresh is the style for what came at t: style, or that of what has just changed.
func fresh(s *panel.State, t time.Time, style lipgloss.Style) lipgloss.Style {
	if recent(s, t) {
		return s.Theme.Changed
	}
	return style
}

// staleObjects says since when what is kept in etcd is shown although nobody confirms it; it is empty while somebody does.
func staleObjects(s *panel.State) string {
	stale, ok := panel.Stale(s, "objects")
	if !ok {
		return ""
	}
	return "objects stale for " + panel.Ago(s.Now, stale.Since)
}

// heading is a line that begins a section: its title, a note, and a rule to the end.
func heading(s *panel.State, title, note string, w int) string {
	text := s.Theme.Title.Render(title)
	if note != "" {
		text += " " + s.Theme.Muted.Render(note)
	}
	if left := w - ansi.StringWidth(text) - 1; left > 0 {
		text += " " + s.Theme.Border.Render(strings.Repeat("─", left))
	}
	return widget.Fit(text, w)
}

// labelled are lines of text behind a label, wrapped to w cells.
func labelled(s *panel.State, label string, style lipgloss.Style, text string, w int) []string {
	const indent = 11
	var lines []string
	for i, line := range widget.Wrap(plain.Line(text), max(w-indent, 8)) {
		if i > 0 {
			label = ""
		}
		lines = append(lines, s.Theme.Muted.Render(widget.Fit(label, indent))+style.Render(line))
	}
	return lines
}

// empty is a panel without anything to show: what would be here, and how it comes about.
func empty(s *panel.State, w, h int, title string, sentences ...string) string {
	lines := []string{s.Theme.Title.Render(title)}
	if h > 2*len(sentences)+2 {
		lines = append(lines, "")
	}
	for _, text := range sentences {
		for _, line := range widget.Wrap(text, min(w-2, 76)) {
			lines = append(lines, s.Theme.Muted.Render(line))
		}
	}
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return widget.Lines(lines, w, h)
}

// beside puts blocks of the same height side by side, with a rule between them.
func beside(s *panel.State, left, right string) string {
	rule := s.Theme.Border.Render(" │ ")
	l, r := strings.Split(left, "\n"), strings.Split(right, "\n")
	for i := range min(len(l), len(r)) {
		l[i] += rule + r[i]
	}
	return strings.Join(l, "\n")
}

// chosen is a line of w cells as the one that keys act on.
func chosen(s *panel.State, line string, w int) string {
	return s.Theme.Selected.Render(widget.Fit(ansi.Strip(line), w))
}
