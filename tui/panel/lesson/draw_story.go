package lesson

import (
	"time"

	"kubelab/exercises/session"
	"kubelab/tui/panel"
	"kubelab/tui/panel/trouble"
)

const (
	// mostMoments is how many moments a story has at most: what one reads of after an exercise.
	mostMoments = 30
	// afterwards is how long after the last check is told of: what it has seen is in the events soon.
	afterwards = time.Second
)

// ended is when the last check of an exercise passed; zero if none has.
func ended(st *session.Status) (end time.Time) {
	for _, step := range st.Steps {
		for _, c := range step.Checks {
			if c.At.After(end) {
				end = c.At
			}
		}
	}
	return end
}

// story is what happened during an exercise, in the order in which it did. There is none of what nobody remembers any more.
func (p *lesson) story(s *panel.State, st *session.Status, w int) []row {
	lines := trouble.Happened(s, st.Began, ended(st).Add(afterwards), w, mostMoments)
	if len(lines) == 0 {
		return nil
	}
	rows := []row{blank, heading(s, "What happened", "in seconds", w)}
	for _, line := range lines {
		rows = append(rows, row{text: line})
	}
	return rows
}
