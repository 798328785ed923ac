package trouble

import (
	"fmt"
	"time"

	"charm.land/lipgloss/v2"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
)

// longestWatch is longer than any stopwatch runs: twice the longest bound, that of an eviction under upstream's timing. Who has no figures
// after it gets none: the engine ended before.
const longestWatch = 15 * time.Minute

// byHeal is how a fault ends whose recovery is measured: core/fault says so. Nobody measures that of one which ended otherwise.
const byHeal = "by lab heal"

// measuring reports whether the stopwatch runs for what began at since.
func measuring(s *panel.State, m *view.Measured, since time.Time) bool {
	return m == nil && s.Now.Sub(since) < longestWatch
}

// recovering reports whether the record has a recovery that is measured, or was.
func recovering(r view.Record) bool {
	return r.Recovery != nil || !r.Active() && r.HealedBy == byHeal
}

// brief are the phases in few cells.
var brief = map[view.Phase]string{
	view.Election: "new etcd leader", view.FirstWrite: "first write", view.SchedulerMove: "scheduler moves", view.ManagerMove: "controllers move",
	view.NotReady: "node NotReady", view.Evicted: "pods evicted", view.Replaced: "replacements", view.Restarted: "runs again", view.Ready: "ready again",
}

func briefPhase(p view.Phase) string {
	if b, ok := brief[p]; ok {
		return b
	}
	return plain.Line(string(p))
}

// markSign is how a phase came, of what was watched for so long: in time, late, not at all, or not before the watch ended.
func markSign(t *theme.Theme, m view.Mark, watched time.Duration) theme.Sign {
	switch {
	case !m.Seen && watched < m.Within:
		return theme.Sign{Mark: "·", Word: "not yet", Style: t.Warn}
	case !m.Seen:
		return theme.Sign{Mark: "✗", Word: "not seen", Style: t.Bad}
	case m.Late():
		return theme.Sign{Mark: "✗", Word: "late", Style: t.Bad}
	}
	return theme.Sign{Mark: "✓", Word: "in time", Style: t.Good}
}

// result is a record in a word or two.
func result(s *panel.State, r view.Record) (theme.Sign, string) {
	t := s.Theme
	if r.Measured == nil {
		if measuring(s, r.Measured, r.Since) {
			return theme.Sign{Mark: "◐", Word: "measuring", Style: t.Warn}, "measuring"
		}
		return theme.Sign{Mark: "·", Word: "unknown", Style: t.Muted}, "not measured"
	}
	late, missing, early := 0, 0, 0
	for _, m := range r.Measured.Marks {
		switch {
		case !m.Seen && r.Measured.For < m.Within:
			early++
		case !m.Seen:
			missing++
		case m.Late():
			late++
		}
	}
	switch n := len(r.Measured.Marks); {
	case missing > 0:
		return theme.Sign{Mark: "✗", Word: "not seen", Style: t.Bad}, fmt.Sprintf("%d not seen", missing)
	case late > 0:
		return theme.Sign{Mark: "✗", Word: "late", Style: t.Bad}, fmt.Sprintf("%d of %d late", late, n)
	case early > 0:
		return theme.Sign{Mark: "·", Word: "not yet", Style: t.Warn}, fmt.Sprintf("%d not yet", early)
	case n > 0:
		return theme.Sign{Mark: "✓", Word: "in time", Style: t.Good}, "in time"
	}
	return theme.Sign{Mark: "●", Word: "measured", Style: t.Good}, "measured"
}

// trafficWords say what became of a stream of requests.
func trafficWords(t *theme.Theme, what string, r view.Traffic) (string, lipgloss.Style) {
	switch {
	case r.Sent == 0:
		return "none were sent", t.Muted
	case r.Open:
		return "still failing when the watch ended", t.Bad
	case r.Failed == 0:
		return "every " + what + " was answered", t.Good
	case r.Failed == r.Sent:
		return "all failed", t.Bad
	}
	return fmt.Sprintf("%.2g%% failed, then they went on", 100*float64(r.Failed)/float64(r.Sent)), t.Warn
}

// latest is the record of the latest deed.
func latest(s *panel.State) (view.Record, bool) {
	if len(s.Records) == 0 {
		return view.Record{}, false
	}
	return s.Records[len(s.Records)-1], true
}
