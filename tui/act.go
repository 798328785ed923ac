package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"kubelab/core/view"
	"kubelab/tui/panel"
)

const (
	askBound = 20 * time.Second
	// actBound is how long doing something may take. What is measured of it goes on after that.
	actBound = 5 * time.Minute
)

// want does what a panel wants.
func (m *Model) want(from panel.Panel, r panel.Result) tea.Cmd {
	var cmds []tea.Cmd
	if r.Note != "" {
		m.say(r.Note)
	}
	if r.Copy != "" {
		cmds = append(cmds, tea.SetClipboard(r.Copy))
		m.say("Copied to the clipboard.")
	}
	if r.Ask != nil {
		if r.Every > 0 {
			m.repeat(from, *r.Ask, r.Every)
		}
		cmds = append(cmds, m.ask(from, *r.Ask))
	}
	if r.Prompt != nil {
		p := newPrompt(r.Prompt.Title, r.Prompt.Text, func(text string) tea.Cmd { return m.want(from, r.Prompt.Done(text)) })
		p.line.proposed = p.line.proposed && !r.Prompt.Typed
		m.dialog = p
	}
	if r.Choose != nil {
		m.choose(from, r.Choose)
	}
	if r.Lesson != nil {
		cmds = append(cmds, m.lesson(*r.Lesson))
	}
	if r.Act != nil {
		cmds = append(cmds, m.act(*r.Act))
	}
	if r.Open != "" {
		cmds = append(cmds, m.open(r.Open, r.With))
	}
	return tea.Batch(cmds...)
}

// open goes to another panel.
func (m *Model) open(name, with string) tea.Cmd {
	p := m.panels[name]
	if p == nil {
		m.complain(fmt.Sprintf("There is no screen %q.", name))
		return nil
	}
	switch {
	case name == m.companion:
		m.accompanied, m.focus = true, 1
		m.stop()
	case m.main() != p:
		m.stack = append(m.stack, name)
		m.stop()
		fallthrough
	default:
		m.focus, m.zoomed = 0, m.zoomed && m.focus == 0
	}
	if s, ok := p.(panel.Shower); ok && with != "" {
		return m.want(p, s.Show(m.state, with))
	}
	return m.opened(p)
}

func (m *Model) opened(p panel.Panel) tea.Cmd {
	if o, ok := p.(panel.Opener); ok {
		return m.want(p, o.Opened(m.state))
	}
	return nil
}

// back leaves what was gone into, or goes to the panel before.
func (m *Model) back() tea.Cmd {
	if b, ok := m.focused().(panel.Backer); ok && b.Back() {
		return nil
	}
	switch {
	case m.focused().Name() == m.companion:
		m.accompanied = false
		return m.turnTo(0)
	case len(m.stack) == 1:
		return nil
	}
	m.stack = m.stack[:len(m.stack)-1]
	m.stop()
	return m.opened(m.main())
}

// question is one that a panel wants to be asked again and again.
type question struct {
	from  panel.Panel
	q     view.Question
	every time.Duration
	due   time.Time
}

// answered is what came of a question.
type answered struct {
	from panel.Panel
	q    view.Question
	a    view.Answer
	err  error
}

func (m *Model) ask(from panel.Panel, q view.Question) tea.Cmd {
	lab, ctx := m.cfg.Lab, m.ctx
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, askBound)
		defer cancel()
		a, err := lab.Ask(ctx, q)
		return answered{from, q, a, err}
	}
}

func (m *Model) answered(msg answered) tea.Cmd {
	msg.from.Answered(m.state, msg.q, msg.a, msg.err)
	return nil
}

// repeat has a question asked again, as long as its panel is shown. A panel has one standing question of each kind.
func (m *Model) repeat(from panel.Panel, q view.Question, every time.Duration) {
	kind := from.Name() + " " + kindOf(q)
	m.questions[kind] = &question{from, q, every, m.cfg.Now().Add(every)}
}

func kindOf(q view.Question) string {
	switch {
	case q.Story != nil:
		return "story"
	case q.Keys != nil:
		return "keys"
	case q.Reads != "":
		return "reads"
	case q.Queue:
		return "queue"
	case q.Controllers:
		return "controllers"
	case q.Node != "":
		return "node"
	case q.Proxy != nil:
		return "proxy"
	case q.List != nil:
		return "list"
	case q.Logs != nil:
		return "logs"
	}
	return "other"
}

// stop ends the standing questions of panels that are not shown.
func (m *Model) stop() {
	for kind, q := range m.questions {
		if !m.isShown(q.from) {
			delete(m.questions, kind)
		}
	}
}

func (m *Model) isShown(p panel.Panel) bool {
	for _, s := range m.shown() {
		if s == p {
			return true
		}
	}
	return false
}

// standing asks what is due.
func (m *Model) standing() tea.Cmd {
	var cmds []tea.Cmd
	now := m.cfg.Now()
	for kind, q := range m.questions {
		switch {
		case !m.isShown(q.from):
			delete(m.questions, kind)
		case !now.Before(q.due):
			q.due = now.Add(q.every)
			cmds = append(cmds, m.ask(q.from, q.q))
		}
	}
	return tea.Batch(cmds...)
}

// foreseen is what an action would do.
type foreseen struct {
	action view.Action
	p      view.Prediction
	err    error
}

// unforeseen are verbs that break nothing of which a prediction could be made; what of them harms is asked all the same.
var unforeseen = map[view.Verb]bool{view.Heal: true, view.Add: true, view.Scale: true, view.Apply: true, view.Delete: true, view.Empty: true, view.Remove: true}

// act does something to the lab, after it has asked if that harms.
func (m *Model) act(a view.Action) tea.Cmd {
	if why := m.cfg.ReadOnly; why != "" {
		m.complain(why)
		return nil
	}
	switch {
	case a.Verb == view.Remove || a.Verb == view.Delete || a.Verb == view.Empty:
		m.dialog = newConfirm(a, []string{"what is gone is gone: this cannot be undone"}, func() tea.Cmd { return m.do(a) })
		return nil
	case unforeseen[a.Verb]:
		return m.do(a)
	}
	lab, ctx := m.cfg.Lab, m.ctx
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, askBound)
		defer cancel()
		answer, err := lab.Ask(ctx, view.Question{Predict: &a})
		f := foreseen{action: a, err: err}
		if answer.Predict != nil {
			f.p = *answer.Predict
		}
		return f
	}
}

func (m *Model) foreseen(f foreseen) {
	switch {
	case f.err != nil:
		m.complain(f.err.Error())
	case !f.p.Harms:
		m.pending = append(m.pending, m.do(f.action))
	case m.edits():
		m.complain(fmt.Sprintf("%s was not done: it would have asked while you edit.", f.action))
	default:
		m.dialog = newConfirm(f.action, f.p.Sentences, func() tea.Cmd { return m.do(f.action) })
	}
}

// stepped is a step of an action, and how to wait for what follows.
type stepped struct {
	action view.Action
	step   view.Step
	next   tea.Cmd
}

// done is what became of an action.
type done struct {
	action view.Action
	out    view.Outcome
	err    error
}

// do does it in the background. What is measured comes with the lab's events.
func (m *Model) do(a view.Action) tea.Cmd {
	a.Detach = true
	m.working = append(m.working, working{action: a, since: m.cfg.Now()})
	steps := make(chan view.Step, 64)
	ended := make(chan done, 1)
	lab, ctx := m.cfg.Lab, m.ctx
	go func() {
		ctx, cancel := context.WithTimeout(ctx, actBound)
		defer cancel()
		out, err := lab.Do(ctx, a, func(s view.Step) {
			select {
			case steps <- s:
			default: // only the latest is shown
			}
		})
		ended <- done{a, out, err}
	}()
	var wait tea.Cmd
	wait = func() tea.Msg {
		select {
		case s := <-steps:
			return stepped{a, s, wait}
		case d := <-ended:
			return d
		}
	}
	return wait
}

func (m *Model) stepped(s stepped) {
	for i := range m.working {
		if same(m.working[i].action, s.action) {
			m.working[i].step = s.step.Name
		}
	}
}

func (m *Model) done(d done) {
	for i := range m.working {
		if same(m.working[i].action, d.action) {
			m.working = append(m.working[:i], m.working[i+1:]...)
			break
		}
	}
	switch {
	case m.applied(d):
	case d.err != nil:
		m.complain(d.err.Error())
	case d.out.Text != "":
		m.say(d.out.Text)
	case d.out.Record != nil && d.out.Record.Active():
		m.say(fmt.Sprintf("Fault %s: %s. %s undoes it.", d.out.Record.ID, strings.TrimPrefix(d.action.String(), "lab "), m.keyOf("undo")))
	default:
		m.say(d.action.String() + ": done.")
	}
	if s := m.cfg.Lab.Snapshot(); s != nil {
		m.state.Lab = s
	}
}

func same(a, b view.Action) bool { return a.String() == b.String() }
