package tui

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
)

// shelled is how a shell ended.
type shelled struct{ err error }

// noShell says why there is none in what is selected.
func (m *Model) noShell(selected string) string {
	switch {
	case m.cfg.Shell == nil:
		return cmp.Or(m.cfg.ReadOnly, "Shells cannot be opened from this screen.")
	case !strings.HasPrefix(asObject(selected), "pods/"):
		return "Only pods have a shell: select one."
	}
	return ""
}

// shell lends the terminal to a shell in a pod. Nothing is drawn until that ends; what happens meanwhile is told afterwards.
func (m *Model) shell(selected string) tea.Cmd {
	pod := strings.TrimPrefix(asObject(selected), "pods/")
	return tea.Exec(unhurried{m.cfg.Shell(pod, m.w, m.h)}, func(err error) tea.Msg { return shelled{err} })
}

// unhurried is a command that takes a while, even when it fails at once. Bubble Tea's renderer that was stopped for it stops the clock of the next
// one otherwise, if it gets to run that late, and nothing is ever drawn again (bubbletea, tea.go, stopRenderer and startRenderer).
type unhurried struct{ tea.ExecCommand }

// leastLent is how long a terminal is lent at least: plenty for a goroutine to run on a busy machine, and not long to look at a line.
const leastLent = 200 * time.Millisecond

func (u unhurried) Run() error {
	least := time.NewTimer(leastLent)
	err := u.ExecCommand.Run()
	<-least.C
	return err
}

func (m *Model) shelled(s shelled) {
	m.state.Now = m.now()
	if s.err != nil {
		m.complain(fmt.Sprintf("Shell: %v", s.err))
	}
}
