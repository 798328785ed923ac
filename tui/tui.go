// Package tui is the terminal UI: one Bubble Tea program for each person that is attached. It sees a lab only through view.Lab, so it shows a recording
// as well as a running lab, and it builds without Kubernetes.
//
// Model is the root, and the only Bubble Tea model. Panels (package panel) draw and say what they want; the root routes keys to them, asks
// their questions, does what they want, and asks people first. feed.go brings what happens in the lab, act.go does things to it,
// lessons.go goes on with guided exercises, draw.go puts the screen together.
package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"kubelab/core/view"
	"kubelab/tui/layout"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
)

// Config says what a Model shows, and to whom.
type Config struct {
	Lab    view.Lab
	Panels []panel.Panel // the first one is home
	Theme  *theme.Theme
	// ReadOnly says why this person can do nothing to the lab; empty if he can.
	ReadOnly string
	// Stop begins to stop the lab and returns at once; nil if this person may not. The screen stays until the lab ends it.
	Stop func()
	// Shell makes an interactive shell in a pod, written as demo/web-abc, for a terminal of so many cells; nil if this person may have none.
	Shell func(pod string, width, height int) tea.ExecCommand
	// Lessons are the guided exercises; nil if there are none here.
	Lessons Lessons
	// Run runs a command line of lab for this person (lab …, kubectl …, etcdctl …, crictl …) and returns what it has printed; nil if this person may
	// run none. That the command fails is part of what it prints.
	Run func(ctx context.Context, line string) (output string, err error)
	// Player is set for a recording.
	Player Player
	// Keys are the keys of bindings that this person wants to have other ones, by name as in config.Defaults.
	Keys map[string][]string
	// Note is shown at the start, for example what is wrong with this person's file. It is about something that went wrong.
	Note string
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

// Player is a recording that is played.
type Player interface {
	Play(speed float64) error
	Pause()
	Speed() float64
	Seek(to time.Duration)
	Position() time.Duration
	Length() time.Duration
	Now() time.Time
}

// Model is the root.
type Model struct {
	cfg    Config
	ctx    context.Context
	end    context.CancelFunc
	state  *panel.State
	feed   *feed
	panels map[string]panel.Panel
	order  []string // names of panels, in the order of cfg.Panels

	w, h   int
	zoomed bool
	moved  int // how far the border between panes was dragged
	drag   bool

	stack []string // names of main panels that were opened, the last one is shown
	side  []string // names of the panels beside it
	focus int      // the pane that has the keys, of those around

	companion   string // the panel that stands beside the main one where there is room, before all others
	accompanied bool   // it does

	dialog  dialog // what stands in front of everything, nil if nothing does
	filter  *line  // under way, in the bottom line
	working []working
	running []*running // commands, the youngest last
	printed []*pager   // by commands, and not shown yet, the oldest first
	typed   []string   // lines after ":", the youngest last
	note    note

	sent  []*editing // manifests that are being applied
	draft *editing   // one that was refused while another dialog was open

	questions map[string]*question // that are asked again and again
	pending   []tea.Cmd            // to be run after this message
}

// working is an action under way.
type working struct {
	action view.Action
	since  time.Time
	step   string
}

// note is what the bottom line says for a while.
type note struct {
	text  string
	bad   bool
	until time.Time
}

// New makes a Model. It ends with ctx.
func New(ctx context.Context, cfg Config) *Model {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	m := &Model{cfg: cfg, panels: map[string]panel.Panel{}, questions: map[string]*question{}}
	m.ctx, m.end = context.WithCancel(ctx)
	for _, p := range cfg.Panels {
		m.panels[p.Name()] = p
		m.order = append(m.order, p.Name())
		if _, ok := p.(panel.Beside); ok {
			m.companion = p.Name()
		}
	}
	m.stack = []string{m.order[0]}
	for _, name := range []string{"events", "timeline"} {
		if m.panels[name] != nil {
			m.side = append(m.side, name)
		}
	}
	m.state = &panel.State{
		Lab: cfg.Lab.Snapshot(), Now: m.now(), Theme: cfg.Theme, Events: map[view.EventKind][]view.Event{}, ReadOnly: cfg.ReadOnly, Keys: cfg.Keys,
	}
	if cfg.Note != "" {
		m.note = note{text: cfg.Note, bad: true, until: cfg.Now().Add(firstNoteFor)}
	}
	pace := calm
	if cfg.Player != nil {
		pace = playing
	}
	m.feed = newFeed(cfg.Lab, pace)
	m.remember(cfg.Lab.Events(view.Query{}))
	return m
}

// now is the lab's time.
func (m *Model) now() time.Time {
	if m.cfg.Player != nil {
		return m.cfg.Player.Now()
	}
	return m.cfg.Now()
}

// Init begins to follow the lab.
func (m *Model) Init() tea.Cmd {
	return tea.Batch(m.feed.run(m.ctx), m.runLessons(), m.opened(m.main()))
}

// main is the panel in the main pane.
func (m *Model) main() panel.Panel { return m.panels[m.stack[len(m.stack)-1]] }

// focused is the panel that has the keys.
func (m *Model) focused() panel.Panel {
	list := m.around()
	return list[min(m.focus, len(list)-1)]
}

// around are the panels among which the keys go: the main one and what stands beside it. Where there is room for one only, or one is zoomed,
// they are shown one at a time.
func (m *Model) around() []panel.Panel {
	list := []panel.Panel{m.main()}
	for _, name := range m.beside() {
		list = append(list, m.panels[name])
	}
	return list
}

// beside are the names of the panels beside the main one.
func (m *Model) beside() []string {
	room := m.room()
	switch names := m.side[max(len(m.side)-room, 0):]; {
	case !m.accompanied:
		return names
	case room < 2 || len(names) == 0:
		return []string{m.companion}
	default:
		return append([]string{m.companion}, names[1:]...)
	}
}

// room is for how many panels there is room beside the main one.
func (m *Model) room() int { return len(layout.Divide(m.w, m.h, false, m.moved, 0).Panes) - 1 }

// alone reports whether panels are shown one at a time.
func (m *Model) alone() bool { return m.zoomed || m.room() == 0 }

// shown are the panels on the screen, the main one first.
func (m *Model) shown() []panel.Panel {
	if m.alone() {
		return []panel.Panel{m.focused()}
	}
	return m.around()
}

// turnTo gives the keys to one of the panels around.
func (m *Model) turnTo(i int) tea.Cmd {
	m.focus = i
	if !m.alone() {
		return nil
	}
	m.stop()
	return m.opened(m.focused())
}

// Update takes one message.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	defer func() {
		m.present()
		m.state.Focus = m.focused().Name()
	}()
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
		m.focus = min(m.focus, len(m.around())-1)
	case fed:
		return m, m.fed(msg)
	case tea.KeyPressMsg:
		return m, m.key(msg.String())
	case tea.PasteMsg:
		return m, m.paste(msg.Content)
	case tea.MouseMsg:
		return m, m.mouse(msg)
	case answered:
		return m, m.answered(msg)
	case foreseen:
		m.foreseen(msg)
		cmds := m.pending
		m.pending = nil
		return m, tea.Batch(cmds...)
	case stepped:
		m.stepped(msg)
		return m, msg.next
	case done:
		m.done(msg)
	case fetched:
		m.fetched(msg)
	case learnt:
		return m, m.learnt(msg)
	case taught:
		m.taught(msg)
	case shelled:
		m.shelled(msg)
	case ran:
		m.ran(msg)
	}
	return m, nil
}

// notes are shown so long.
const noteFor = 6 * time.Second

// firstNoteFor is longer, since at the start everything else on the screen is new, too.
const firstNoteFor = 15 * time.Second

func (m *Model) say(text string) { m.note = note{text: text, until: m.cfg.Now().Add(noteFor)} }

func (m *Model) complain(text string) {
	m.note = note{text: text, bad: true, until: m.cfg.Now().Add(noteFor)}
}

// FPS is how many frames a second a program of a Model should be drawn with at most: a key is on the screen within half of it.
const FPS = 120
