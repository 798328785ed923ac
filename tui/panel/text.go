package panel

import (
	"fmt"
	"strings"
	"time"

	"kubelab/core/view"
	"kubelab/tui/widget"
)

// Clock is how moments are shown.
func Clock(t time.Time) string { return t.Local().Format("15:04:05.000") }

// Ago is how long something is past, short: 3s, 12m, 2h, 5d.
func Ago(now, t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	d := max(now.Sub(t), 0)
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// Brief is a short time with three digits.
func Brief(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", float64(d)/1e6)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// Size is a number of bytes.
func Size(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}

// Plural is a number with its noun.
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// TableStyles are those of every table.
func TableStyles(s *State) widget.Styles {
	return widget.Styles{Header: s.Theme.Muted, Selected: s.Theme.Selected}
}

// Matches reports whether any of the words holds all words of the filter, whatever their case.
func Matches(filter string, words ...string) bool {
	text := strings.ToLower(strings.Join(words, " "))
	for word := range strings.FieldsSeq(strings.ToLower(filter)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// Stale is why what is shown of the source is old, if it is.
func Stale(s *State, source string) (view.Stale, bool) {
	for _, one := range s.Lab.Stale {
		if one.Source == source {
			return one, true
		}
	}
	return view.Stale{}, false
}
