// Package tui is the terminal UI: one Bubble Tea program for each person that is attached. It sees a lab only through view.Lab, so it shows a recording
// as well as a running lab, and it builds without Kubernetes.
//
// Model is the root, and the only Bubble Tea model. Panels (package panel) draw and say what they want; the root routes keys to them, asks
// their questions, does what they want, and asks people first. feed.go brings what happens in the lab, act.go does things to it,
// draw.go puts the screen together.
package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"kubelab/core/view"
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
	focus int      // the pane that has the keys

	dialog  dialog // what stands in front of everything, nil if nothing does
	filter  *line  // under way, in the bottom line
	working []working
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
	}
	m.stack = []string{m.order[0]}
	for _, name := range []string{"events", "timeline"} {
		if m.panels[name] != nil {
			m.side = append(m.side, name)
		}
	}
	m.state = &panel.State{
		Lab: cfg.Lab.Snapshot(), Now: m.now(), Theme: cfg.Theme, Events: map[view.EventKind][]view.Event{}, ReadOnly: cfg.ReadOnly,
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
func (m *Model) Init() tea.Cmd { return tea.Batch(m.feed.run(m.ctx), m.opened(m.main())) }

// main is the panel in the main pane.
func (m *Model) main() panel.Panel { return m.panels[m.stack[len(m.stack)-1]] }

// focused is the panel that has the keys.
func (m *Model) focused() panel.Panel { return m.shown()[min(m.focus, len(m.shown())-1)] }

// shown are the panels on the screen, the main one first.
func (m *Model) shown() []panel.Panel {
	list := []panel.Panel{m.main()}
	names := m.side
	if n := len(m.screen().Panes) - 1; n < len(names) {
		names = names[len(names)-n:]
	}
	for _, name := range names {
		list = append(list, m.panels[name])
	}
	if m.zoomed && m.focus > 0 && m.focus <= len(m.side) {
		return []panel.Panel{m.panels[m.side[m.focus-1]]}
	}
	return list
}

// Update takes one message.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
		m.focus = min(m.focus, len(m.shown())-1)
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
	case shelled:
		m.shelled(msg)
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
