package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"kubelab/core/view"
	"kubelab/tui/command"
	"kubelab/tui/panel"
)

// digits lead to panels, in the order of the bottom line's list.
const digits = "1234567890"

// key is a key that was pressed.
func (m *Model) key(key string) tea.Cmd {
	if key == "ctrl+c" {
		if m.dialog == nil && m.endTool() {
			return nil
		}
		if !m.spare() {
			return m.leave()
		}
		key = "esc" // which asks; ctrl+c again leaves
	}
	if m.dialog != nil {
		before := m.dialog
		next, cmd := before.key(key)
		if m.dialog == before { // it has opened no other
			m.dialog = next
		}
		return cmd
	}
	if m.filter != nil {
		return m.filterKey(key)
	}
	p := m.focused()
	// The panel comes first: what it does not take is everybody's.
	if r, handled := p.Key(m.state, key); handled {
		return m.want(p, r)
	}
	if i := strings.Index(digits, key); i >= 0 && len(key) == 1 && i < len(m.order) {
		return m.open(m.order[i], "")
	}
	for _, b := range m.bindings() {
		if slices.Contains(b.on, key) {
			if b.why != "" {
				m.complain(b.why)
				return nil
			}
			return b.do()
		}
	}
	return nil
}

// hint is a place in the bottom line, which keys compete for.
type hint int

const (
	noHint    hint = iota
	firstHint      // always, on the left
	moreHint       // after the panel's own, while there is room
	lastHint       // always, on the right
)

// binding is a key of the root.
type binding struct {
	name  string // in people's files, see config.Defaults
	on    []string
	shown string
	does  string
	why   string // it is of no use now
	hint  hint   // where the bottom line says it
	do    func() tea.Cmd
}

// bindings are the root's keys, as they are now.
func (m *Model) bindings() []binding {
	selected := m.focused().Selected(m.state)
	none := ""
	if selected == "" {
		none = "Nothing is selected that this could be done to."
	}
	acts := cmp.Or(m.cfg.ReadOnly, none, unbreakable(selected))
	of, noManifest := object(selected)
	open := func(name, with string) func() tea.Cmd { return func() tea.Cmd { return m.open(name, with) } }
	verb := func(v view.Verb) func() tea.Cmd {
		return func() tea.Cmd { return m.act(view.Action{Verb: v, Targets: []string{asTarget(selected)}}) }
	}
	list := []binding{
		{name: "kill", on: []string{"K"}, shown: "K", does: "kill", why: acts, hint: firstHint, do: verb(view.Kill)},
		{name: "restart", on: []string{"R"}, shown: "R", does: "restart", why: acts, hint: firstHint, do: verb(view.Restart)},
		{name: "stop", on: []string{"S"}, shown: "S", does: "stop, in good order", why: acts, do: verb(view.Stop)},
		{name: "start", on: []string{"T"}, shown: "T", does: "start what is down", why: acts, do: verb(view.Start)},
		{name: "pause", on: []string{"P"}, shown: "P", does: "pause, or resume", why: acts, do: func() tea.Cmd { return m.pause(asTarget(selected)) }},
		{name: "cut", on: []string{"X"}, shown: "X", does: "cut", why: acts, hint: firstHint, do: func() tea.Cmd { return m.cut(asTarget(selected)) }},
		{name: "heal-all", on: []string{"H"}, shown: "H", does: "heal all", why: cmp.Or(m.cfg.ReadOnly, m.nothingInjected()), do: func() tea.Cmd { return m.act(view.Action{Verb: view.Heal, All: true}) }},
		{name: "undo", on: []string{"u"}, shown: "u", does: "undo", why: cmp.Or(m.cfg.ReadOnly, m.nothingInjected()), hint: firstHint, do: m.undo},
		{name: "cordon", on: []string{"C"}, shown: "C", does: "cordon a node, or uncordon", why: acts, do: func() tea.Cmd { return m.cordon(asTarget(selected)) }},
		{name: "drain", on: []string{"D"}, shown: "D", does: "drain a node", why: acts, do: verb(view.Drain)},
		{name: "logs", on: []string{"L", "l"}, shown: "L", does: "logs", hint: moreHint, do: open("logs", logsOf(selected))},
		{name: "shell", on: []string{"s"}, shown: "s", does: "shell in a pod", why: m.noShell(selected), hint: moreHint, do: func() tea.Cmd { return m.shell(selected) }},
		{name: "edit", on: []string{"E"}, shown: "E", does: "edit what is selected", why: cmp.Or(m.cfg.ReadOnly, noManifest), do: func() tea.Cmd { return m.edit(of) }},
		{name: "scale", on: []string{"#"}, shown: "#", does: "scale a workload", why: cmp.Or(m.cfg.ReadOnly, unscalable(selected)), do: func() tea.Cmd { return m.scale(selected) }},
		{name: "new", on: []string{"ctrl+n"}, shown: "ctrl+n", does: "apply a manifest: paste it, or type it", why: m.cfg.ReadOnly, do: m.compose},
		{name: "yaml", on: []string{"y"}, shown: "y", does: "YAML of a pod", why: cmp.Or(none, onlyPods(selected)), do: open("pod", asObject(selected)+" yaml")},
		{name: "story", on: []string{"d"}, shown: "d", does: "story", why: none, hint: moreHint, do: open("story", asObject(selected))},
		{name: "exercises", on: []string{"e"}, shown: "e", does: m.lessonsLead(), why: m.noLessons(), hint: moreHint, do: m.toLessons},
		{name: "pick", on: []string{"p"}, shown: "p", does: "answer with it", why: cmp.Or(m.noPick(), none), hint: firstHint, do: func() tea.Cmd { return m.pick(selected) }},
		{name: "map", on: []string{"m"}, shown: "m", does: "map", do: open(m.order[0], "")},
		{name: "stopwatch", on: []string{"t"}, shown: "t", does: "stopwatch", do: open("stopwatch", "")},
		{name: "faults", on: []string{"f"}, shown: "f", does: "faults: break and mend anything", do: open("faults", "")},
		{name: "command", on: []string{":"}, shown: ":", does: "command", hint: m.commandHint(), do: m.prompt},
		{name: "filter", on: []string{"/"}, shown: "/", does: "filter", why: m.noFilter(), do: m.beginFilter},
		{name: "next-pane", on: []string{"tab"}, shown: "tab", does: "next pane", do: func() tea.Cmd { return m.turnTo((m.focus + 1) % len(m.around())) }},
		{name: "previous-pane", on: []string{"shift+tab"}, shown: "shift+tab", does: "pane before", do: func() tea.Cmd {
			n := len(m.around())
			return m.turnTo((min(m.focus, n-1) + n - 1) % n)
		}},
		{name: "pin", on: []string{"|"}, shown: "|", does: "keep this screen beside the others", why: m.noRoom(), do: m.pin},
		{name: "zoom", on: []string{"+"}, shown: "+", does: "zoom a pane", do: func() tea.Cmd { m.zoomed = !m.zoomed; return nil }},
		{name: "colors", on: []string{"ctrl+t"}, shown: "ctrl+t", does: "other colours: dark, light, color-blind, none", do: m.nextTheme},
		{name: "back", on: []string{"esc"}, shown: "esc", does: "back", do: m.back},
		{name: "explain", on: []string{"!"}, shown: "!", does: "explain", hint: lastHint, do: m.explain},
		{name: "help", on: []string{"?"}, shown: "?", does: "help", hint: lastHint, do: m.help},
		{name: "leave", on: []string{"q"}, shown: "q", does: "leave", hint: lastHint, do: m.leave},
	}
	return m.remapped(append(list, m.playing()...))
}

// commandHint is where the bottom line says how to give a command: always, where there are exercises, whose tasks have commands in them.
func (m *Model) commandHint() hint {
	if m.focused().Name() == m.companion {
		return firstHint
	}
	return moreHint
}

// remapped gives bindings the keys that this person wants for them.
func (m *Model) remapped(list []binding) []binding {
	for i, b := range list {
		if keys := m.cfg.Keys[b.name]; len(keys) > 0 {
			list[i].on, list[i].shown = keys, strings.Join(keys, "/")
		}
	}
	return list
}

// keyOf is the key of a binding, for sentences.
func (m *Model) keyOf(name string) string { return m.state.KeyOf(name) }

// asTarget is what is selected as the command line names it: pod/demo/web for pods/demo/web, node-1 for nodes/node-1.
func asTarget(selected string) string {
	kind, rest, ok := strings.Cut(selected, "/")
	switch {
	case ok && kind == "pods":
		return "pod/" + rest
	case ok && kind == "nodes":
		return rest
	}
	return selected
}

// asObject is what is selected as an object: pods/demo/web for pod/demo/web, nodes/node-1 for node-1 and what is on it.
func asObject(selected string) string {
	kind, rest, ok := strings.Cut(selected, "/")
	switch {
	case ok && kind == "pod":
		return "pods/" + rest
	case strings.HasPrefix(selected, "node-"):
		return "nodes/" + kind
	}
	return selected
}

func unbreakable(selected string) string {
	kind, _, ok := strings.Cut(asTarget(selected), "/")
	if ok && !strings.Contains(kind, "-") && kind != "pod" && kind != "container" {
		return "Only machines, components, pods and containers can be broken: " + kind + " are not."
	}
	return ""
}

func onlyPods(selected string) string {
	if !strings.HasPrefix(asObject(selected), "pods/") {
		return "Only pods are shown as YAML here; for others: a resource after \":\", then enter."
	}
	return ""
}

// logsOf is what of the selected has a log; the chooser for what has none.
func logsOf(selected string) string {
	target := asTarget(selected)
	if kind, _, ok := strings.Cut(target, "/"); ok && kind != "pod" && !strings.Contains(kind, "-") {
		return ""
	}
	return target
}

func (m *Model) nothingInjected() string {
	if len(m.state.Lab.Faults) == 0 {
		return "Nothing is injected."
	}
	return ""
}

// undo heals the youngest fault.
func (m *Model) undo() tea.Cmd {
	faults := m.state.Lab.Faults
	youngest := slices.MaxFunc(faults, func(a, b view.Fault) int { return a.Since.Compare(b.Since) })
	return m.act(view.Action{Verb: view.Heal, Targets: []string{youngest.ID}})
}

// pause pauses what runs and resumes what is paused.
func (m *Model) pause(target string) tea.Cmd {
	a := view.Action{Verb: view.Pause, Targets: []string{target}}
	for _, f := range m.state.Lab.Faults {
		if f.Kind == view.Pause && f.What == target {
			a.Verb = view.Resume
		}
	}
	return m.act(a)
}

func (m *Model) cordon(target string) tea.Cmd {
	a := view.Action{Verb: view.Cordon, Targets: []string{target}}
	for _, n := range m.state.Lab.Nodes {
		if n.Name == target && n.Ready && !n.Schedulable {
			a.Verb = view.Uncordon
		}
	}
	return m.act(a)
}

// cut asks from whom the machine is to be cut off.
func (m *Model) cut(target string) tea.Cmd {
	machine, _, _ := strings.Cut(target, "/")
	m.dialog = newPrompt(fmt.Sprintf("Cut the link between %s and which machine? all isolates it", machine), "all", func(text string) tea.Cmd {
		text = strings.TrimSpace(text)
		if text == "all" || text == "" {
			return m.act(view.Action{Verb: view.Isolate, Targets: []string{machine}})
		}
		return m.act(view.Action{Verb: view.Cut, Targets: []string{machine, text}})
	})
	return nil
}

// prompt takes a line after ":".
func (m *Model) prompt() tea.Cmd {
	title := ": a screen (" + strings.Join(m.order, ", ") + "), a resource, what lab can do, for example kill master-1, or a command: kubectl …, etcdctl …, crictl …, lab …"
	named := m.named()
	switch {
	case len(named) > 0:
		title += "; ↓ brings what the exercise says, ↑ what was typed before"
	case len(m.typed) > 0:
		title += "; ↑ brings what was typed before"
	}
	ask := newPrompt(title, "", func(text string) tea.Cmd {
		m.typedLine(text)
		w, err := command.Parse(strings.TrimPrefix(strings.TrimSpace(text), "lab "), m.order)
		if isTool(text) && (err != nil || w.Action == nil) {
			return m.tool(strings.TrimSpace(text))
		}
		switch {
		case err != nil:
			m.complain(err.Error())
			return nil
		case w.Quit:
			return m.leave()
		case w.Action != nil:
			return m.act(*w.Action)
		}
		return m.open(w.Panel, w.With)
	})
	ask.lines, ask.at = slices.Concat(m.typed, []string{""}, named), len(m.typed)
	m.dialog = ask
	return nil
}

// mostTyped is how many lines after ":" are remembered.
const mostTyped = 100

// typedLine remembers a line, as the youngest.
func (m *Model) typedLine(text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	m.typed = slices.DeleteFunc(m.typed, func(before string) bool { return before == text })
	if m.typed = append(m.typed, text); len(m.typed) > mostTyped {
		m.typed = m.typed[1:]
	}
}

// noRoom is why no screen can be kept beside the main one.
func (m *Model) noRoom() string {
	switch name := m.main().Name(); {
	case len(m.screen().Panes) < 2 || len(m.side) == 0:
		return "There is no room beside this screen: make the terminal wider than 110 cells."
	case slices.Contains(m.side, name) || len(m.stack) == 1:
		return "Go to the screen that is to be kept first, for example :etcd."
	}
	return ""
}

// pin puts the main screen in the place beside it, instead of what is there, and goes back to the one before.
func (m *Model) pin() tea.Cmd {
	place := max(len(m.side)-m.room(), 0)
	m.side[place] = m.main().Name()
	m.stack = m.stack[:len(m.stack)-1]
	m.accompanied = false // it stood in that place
	m.stop()
	return tea.Batch(m.opened(m.main()), m.opened(m.panels[m.side[place]]))
}

func (m *Model) noFilter() string {
	if _, ok := m.focused().(panel.Filterer); ok {
		return ""
	}
	return "There is nothing to filter on this screen."
}

func (m *Model) beginFilter() tea.Cmd {
	f := m.focused().(panel.Filterer)
	m.filter = &line{text: f.Filtered()}
	return nil
}

// filterKey edits the filter; what is shown follows every key.
func (m *Model) filterKey(key string) tea.Cmd {
	f, ok := m.focused().(panel.Filterer)
	switch {
	case !ok || key == "enter":
		m.filter = nil
		return nil
	case key == "esc":
		m.filter = nil
		f.Filter("")
		return nil
	}
	m.filter.key(key)
	f.Filter(m.filter.text)
	return nil
}

// mostPasted is how much of a paste is taken, in bytes: nobody types more into a line.
const mostPasted = 4 << 10

func (m *Model) paste(text string) tea.Cmd {
	if m.edits() {
		m.dialog.paste(text)
		return nil
	}
	if len(text) > mostPasted {
		m.complain(fmt.Sprintf("Too much to paste: more than %d bytes.", mostPasted))
		return nil
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return -1
		}
		return r
	}, text)
	switch {
	case m.filter != nil:
		m.filter.add(text)
		if f, ok := m.focused().(panel.Filterer); ok {
			f.Filter(m.filter.text)
		}
	case m.dialog != nil:
		m.dialog.paste(text)
	}
	return nil
}

// mouse is a click, a turn of the wheel, or a drag of the border between panes.
func (m *Model) mouse(msg tea.MouseMsg) tea.Cmd {
	at := msg.Mouse()
	if e, ok := m.dialog.(*editing); ok {
		e.mouse(msg)
	}
	if m.dialog != nil {
		return nil
	}
	screen := m.screen()
	if _, ok := msg.(tea.MouseReleaseMsg); ok {
		m.drag = false
		return nil
	}
	if _, ok := msg.(tea.MouseMotionMsg); ok {
		if m.drag && len(screen.Panes) > 1 {
			m.moved += at.X - (screen.Panes[0].X + screen.Panes[0].W - 1)
		}
		return nil
	}
	for i, r := range screen.Panes {
		if !r.Holds(at.X, at.Y) || i >= len(m.shown()) {
			continue
		}
		p := m.shown()[i]
		switch msg := msg.(type) {
		case tea.MouseWheelMsg:
			lines := 3
			if msg.Button == tea.MouseWheelUp {
				lines = -3
			}
			p.Wheel(m.state, lines)
		case tea.MouseClickMsg:
			if i == 0 && len(screen.Panes) > 1 && at.X == r.X+r.W-1 {
				m.drag = true
				return nil
			}
			if !m.alone() {
				m.focus = i
			}
			if at.X > r.X && at.Y > r.Y {
				return m.want(p, p.Click(m.state, at.X-r.X-1, at.Y-r.Y-1))
			}
		}
		return nil
	}
	return nil
}
