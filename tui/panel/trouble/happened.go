package trouble

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
)

// Happened are lines of at most w cells that tell what happened in a lab between two moments: what people did to it, and how it coped, in
// seconds since the first moment. Of more than most the first are told, and how many there are besides.
func Happened(s *panel.State, from, to time.Time, w, most int) []string {
	list := followed(s, from, to)
	for _, e := range s.Events[view.Acted] {
		if e.Time.Before(from) || e.Time.After(to) {
			continue
		}
		deed := &spoken{sign: theme.Sign{Mark: "▼", Word: "deed", Style: s.Theme.Bad}, text: strings.TrimPrefix(plain.Line(e.Text), "lab ")}
		i := sort.Search(len(list), func(i int) bool { return !list[i].at.Before(e.Time) })
		list = slices.Insert(list, i, moment{at: e.Time, spoken: deed})
	}
	var lines []string
	for i, m := range list {
		if i+1 == most && len(list) > most {
			return append(lines, s.Theme.Muted.Render(fmt.Sprintf("         … and %d more", len(list)-i)))
		}
		lines = append(lines, momentLine(s, m, from, w, w >= 60))
	}
	return lines
}
