package objects

import (
	"cmp"
	"fmt"
	"kubelab/tui/widget"
	"strings"
	"time"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// moment is how long something that changed catches the eye.
const moment = 1500 * time.Millisecond

// objectsSource is what is stale when etcd cannot be read: all that is kept there.
const objectsSource = "objects"

// stamp tells Snapshots apart.
type stamp struct {
	lab      *view.Snapshot
	revision uint64
	rows     int
}

// footer is the last line of a panel: that what is shown is old, if it is; else text.
func footer(s *panel.State, w int, text string, sources ...string) string {
	for _, source := range sources {
		if old, ok := panel.Stale(s, source); ok {
			return line(s, styled(staleText(s, old), &s.Theme.Warn), w, false)
		}
	}
	return line(s, styled(text, &s.Theme.Muted), w, false)
}

func staleText(s *panel.State, old view.Stale) string {
	return fmt.Sprintf("▲ stale: as it was %s ago, at %s; %s", panel.Ago(s.Now, old.Since), panel.Clock(old.Since), plain.Line(old.Why))
}

// footed is the body over a footer, where there is room for one. What the footer says may depend on how the body was drawn.
func footed(s *panel.State, w, h int, text func() string, sources []string, body func(h int) []string) string {
	if w <= 0 || h <= 0 {
		return ""
	}
	if h < 4 {
		return widget.Lines(body(h), w, h)
	}
	lines := body(h - 1)
	for len(lines) < h-1 {
		lines = append(lines, strings.Repeat(" ", w))
	}
	return widget.Lines(append(lines[:h-1], footer(s, w, text(), sources...)), w, h)
}

// empty is a panel without rows: what would be here, and how it comes about.
func empty(s *panel.State, w, h int, sentences string) []string {
	var lines []string
	for _, text := range wrap(sentences, w) {
		if len(lines) < h {
			lines = append(lines, line(s, styled(text, &s.Theme.Muted), w, false))
		}
	}
	return lines
}

// under puts what an empty grid says below its header.
func under(s *panel.State, grid []string, w, h int, filtered string, total int, sentences string) []string {
	if filtered != "" && total > 0 {
		sentences = fmt.Sprintf("Nothing matches “%s”; all %d are hidden. / changes the filter.", plain.Line(filtered), total)
	}
	for i, text := range empty(s, w, h-1, sentences) {
		grid[1+i] = text
	}
	return grid
}

// recent are the objects and sources that the events of the kinds are about, if they are of this moment.
func recent(s *panel.State, kinds ...view.EventKind) map[string]bool {
	var found map[string]bool
	for _, kind := range kinds {
		events := s.Events[kind]
		for i := len(events) - 1; i >= 0 && isRecent(s, events[i].Time); i-- {
			if found == nil {
				found = map[string]bool{}
			}
			if o := events[i].Object; o != nil {
				found[o.String()] = true
			}
			found[events[i].Source] = true
		}
	}
	return found
}

func isRecent(s *panel.State, t time.Time) bool {
	return s.Now.Sub(t) < moment && !t.After(s.Now.Add(moment))
}

func wrap(text string, w int) []string {
	if w <= 0 {
		return nil
	}
	var lines []string
	now := ""
	for word := range strings.FieldsSeq(plain.Line(text)) {
		switch {
		case now == "":
			now = word
		case widget.Width(now)+1+widget.Width(word) <= w:
			now += " " + word
		default:
			lines, now = append(lines, now), word
		}
	}
	return append(lines, now)
}

// by compares what a function says of two rows.
func by[T any, K cmp.Ordered](of func(T) K) func(a, b T) int {
	return func(a, b T) int { return cmp.Compare(of(a), of(b)) }
}
