package tui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"kubelab/core/plain"
	"kubelab/exercises/course"
	"kubelab/exercises/session"
	"kubelab/tui/panel"
)

// Lessons are the guided exercises of the person at the screen. A *course.Course has them.
type Lessons interface {
	// Run has the exercise judged that is open, until ctx ends.
	Run(ctx context.Context) error
	// Changes holds a token whenever the Look may have changed since the last one was taken.
	Changes() <-chan struct{}
	Look(ctx context.Context) course.Look
	Do(ctx context.Context, d course.Deed) error
}

// besideWidth is how many cells a panel gets that stands beside the map with text to be read, where there is no room for three.
const besideWidth = 50

// learnt is how the exercises stand.
type learnt struct{ look course.Look }

// taught is what became of a deed.
type taught struct {
	deed course.Deed
	err  error
}

// runLessons has exercises judged as long as the program runs.
func (m *Model) runLessons() tea.Cmd {
	l, ctx := m.cfg.Lessons, m.ctx
	if l == nil {
		return nil
	}
	run := func() tea.Msg {
		if err := l.Run(ctx); err != nil && ctx.Err() == nil {
			return taught{err: err}
		}
		return nil
	}
	return tea.Batch(run, m.learn())
}

// learn waits until something is new about the exercises. It is called again after each time.
func (m *Model) learn() tea.Cmd {
	l, ctx := m.cfg.Lessons, m.ctx
	return func() tea.Msg {
		select {
		case <-l.Changes():
			return learnt{l.Look(ctx)}
		case <-ctx.Done():
			return nil
		}
	}
}

func (m *Model) learnt(msg learnt) tea.Cmd {
	before, now := m.state.Lessons, &msg.look
	m.state.Lessons, m.state.Now = now, m.now()
	m.progress(before, now)
	return m.learn()
}

// progress tells of what somebody may not see who looks at the map.
func (m *Model) progress(before, now *course.Look) {
	open := now.Open
	if open == nil || open.Phase == session.NotBegun {
		return
	}
	if before == nil || before.Open == nil || before.Open.Exercise != open.Exercise { // it was begun before, or elsewhere
		if open.Phase != session.Done && !m.accompanied {
			m.accompanied = m.companion != ""
			m.say(fmt.Sprintf("Exercise %d, %s, goes on: %s leads to it.", now.Number, plain.Line(open.Title), m.keyOf("exercises")))
		}
		return
	}
	if was := before.Open; was.Began.Equal(open.Began) && open.Current > was.Current && was.Current < len(open.Steps) {
		m.say(passed(open, was.Current))
	}
}

// passed says that a step is passed, and whether what was predicted came true.
func passed(st *session.Status, step int) string {
	text := fmt.Sprintf("✓ Step %d of %d is passed.", step+1, len(st.Steps))
	if st.Phase == session.Done {
		text = fmt.Sprintf("✓ %s is passed.", plain.Line(st.Title))
	}
	predicted, right := 0, 0
	for _, q := range st.Steps[step].Asks {
		if q.Answer == nil || q.Answer.Right == nil {
			continue
		}
		predicted++
		if *q.Answer.Right {
			right++
		}
	}
	switch {
	case predicted == 0:
		return text
	case right == predicted:
		return text + " You have predicted it."
	case predicted == 1:
		return text + " Your prediction did not come true."
	}
	return text + fmt.Sprintf(" Of %d predictions %d came true.", predicted, right)
}

// named are the commands in the task of the step that is to be done.
func (m *Model) named() (commands []string) {
	l := m.state.Lessons
	if l == nil || l.Open == nil || l.Open.Phase != session.Doing || l.Open.Current >= len(l.Open.Steps) {
		return nil
	}
	for i, text := range strings.Split(l.Open.Steps[l.Open.Current].Task, "`") { // every other one is between backticks
		if text = strings.Join(strings.Fields(plain.Line(text)), " "); i%2 == 1 && strings.HasPrefix(text, "lab ") {
			commands = append(commands, text)
		}
	}
	return commands
}

// lesson does something with the exercises.
func (m *Model) lesson(d course.Deed) tea.Cmd {
	l, ctx := m.cfg.Lessons, m.ctx
	if l == nil {
		m.complain(m.noLessons())
		return nil
	}
	return func() tea.Msg { return taught{d, l.Do(ctx, d)} }
}

func (m *Model) taught(t taught) {
	if t.err != nil && m.ctx.Err() == nil {
		m.complain(t.err.Error())
	}
}

func (m *Model) noLessons() string {
	if m.cfg.Lessons == nil || m.companion == "" {
		return "There are no exercises on this screen."
	}
	return ""
}

// toLessons leads to the exercises, and from there back to what is beside them.
func (m *Model) toLessons() tea.Cmd {
	if m.focused().Name() == m.companion {
		return m.turnTo(0)
	}
	return m.open(m.companion, "")
}

// lessonsLead is where that leads, in a word.
func (m *Model) lessonsLead() string {
	if m.focused().Name() == m.companion {
		return m.main().Name()
	}
	return "exercises"
}

// noPick is why nothing that is selected is an answer.
func (m *Model) noPick() string {
	p, ok := m.panels[m.companion].(panel.Picker)
	if !ok {
		return m.noLessons()
	}
	return p.NoPick(m.state)
}

// pick answers with what is selected.
func (m *Model) pick(selected string) tea.Cmd {
	p := m.panels[m.companion]
	return m.want(p, p.(panel.Picker).Pick(m.state, asTarget(selected)))
}

// choose asks which of several things a panel is to have. The last one is what enter means at first.
func (m *Model) choose(from panel.Panel, c *panel.Choice) {
	ask := &choice{title: c.Title, at: len(c.Options) - 1}
	for _, o := range c.Options {
		ask.options = append(ask.options, option{o.Key, o.Text, func() tea.Cmd { return m.want(from, o.Wants) }})
	}
	m.dialog = ask
}
