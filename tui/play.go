package tui

import (
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"
)

// jump is how far the keys go in a recording.
const jump = 10 * time.Second

// playing are the keys of a recording.
func (m *Model) playing() []binding {
	p := m.cfg.Player
	if p == nil {
		return nil
	}
	seek := func(by time.Duration) func() tea.Cmd {
		return func() tea.Cmd {
			p.Seek(min(max(p.Position()+by, 0), p.Length()))
			m.state.Lab = m.cfg.Lab.Snapshot()
			return nil
		}
	}
	speed := func(times float64) func() tea.Cmd {
		return func() tea.Cmd {
			s := p.Speed()
			if s == 0 {
				s = 1
			}
			if err := p.Play(min(max(s*times, 1.0/8), 64)); err != nil {
				m.complain(err.Error())
			}
			return nil
		}
	}
	return []binding{
		{name: "play", on: []string{"space"}, shown: "space", does: "play, or pause", hint: firstHint, do: func() tea.Cmd {
			if p.Speed() > 0 {
				p.Pause()
			} else if err := p.Play(1); err != nil {
				m.complain(err.Error())
			}
			return nil
		}},
		{name: "rewind", on: []string{"<", ","}, shown: "<", does: "10 s back", hint: firstHint, do: seek(-jump)},
		{name: "forward", on: []string{">", "."}, shown: ">", does: "10 s on", hint: firstHint, do: seek(jump)},
		{name: "slower", on: []string{"["}, shown: "[", does: "half as fast", do: speed(0.5)},
		{name: "faster", on: []string{"]"}, shown: "]", does: "twice as fast", do: speed(2)},
	}
}

// playhead says where in a recording this is.
func (m *Model) playhead() string {
	p := m.cfg.Player
	if p == nil {
		return ""
	}
	state := "paused"
	if s := p.Speed(); s > 0 {
		state = fmt.Sprintf("×%g", s)
	}
	return fmt.Sprintf("REPLAY %s / %s %s", p.Position().Round(time.Second), p.Length().Round(time.Second), state)
}
