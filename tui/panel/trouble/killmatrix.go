package trouble

import (
	"kubelab/tui/widget"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// partMatrix is machines × components, with a cursor. The cursor stays on its machine when others come and go.
type partMatrix struct {
	machine string
	col     int // 0 is the machine itself, then its components
	offset  int // the first line that is shown

	lines []int // the machine that stands in each line shown; less than 0 is none
	first int   // width of the first column
	width int   // of each of the others
}

// at is the machine under the cursor, and the component if the cursor is on one.
func (p *partMatrix) at(s *panel.State) (m machine, name string, ok bool) {
	list := machinesOf(s)
	if len(list) == 0 {
		return machine{}, "", false
	}
	m = list[p.row(list)]
	if col := min(p.col, len(m.names)); col > 0 {
		name = m.names[col-1]
	}
	return m, name, true
}

func (p *partMatrix) row(list []machine) int {
	return max(0, slices.IndexFunc(list, func(m machine) bool { return m.name == p.machine }))
}

// target is what the cursor is on, as on the command line.
func (p *partMatrix) target(s *panel.State) string {
	m, name, ok := p.at(s)
	switch {
	case !ok:
		return ""
	case name == "":
		return m.name
	}
	return m.name + "/" + name
}

// move moves the cursor. below reports that it would have left the matrix downwards.
func (p *partMatrix) move(s *panel.State, key string) (moved, below bool) {
	list := machinesOf(s)
	if len(list) == 0 {
		return false, false
	}
	row := p.row(list)
	col := min(p.col, len(list[row].names))
	switch key {
	case "up", "k":
		row--
	case "down", "j":
		below = row == len(list)-1
		row++
	case "left", "h":
		p.col = max(col-1, 0)
	case "right", "l":
		p.col = min(col+1, len(list[row].names))
	case "home", "g":
		row = 0
	case "end", "G":
		row = len(list) - 1
	case "pgup", "ctrl+b":
		row -= 8
	case "pgdown", "ctrl+f":
		row += 8
	default:
		return false, false
	}
	p.machine = list[max(0, min(row, len(list)-1))].name
	return true, below
}

func (p *partMatrix) click(s *panel.State, x, y int) bool {
	list := machinesOf(s)
	if y < 0 || y >= len(p.lines) || p.lines[y] < 0 || p.lines[y] >= len(list) {
		return false
	}
	m := list[p.lines[y]]
	p.machine, p.col = m.name, 0
	if x >= p.first && p.width > 0 {
		p.col = min((x-p.first)/p.width+1, len(m.names))
	}
	return true
}

// deeds are what can be done to what the cursor is on.
func (p *partMatrix) deeds(s *panel.State) []deed {
	m, name, ok := p.at(s)
	if !ok {
		return nil
	}
	target := []string{p.target(s)}
	isDown, isPaused, why := m.down(), m.paused(), ""
	if name != "" {
		st := m.components[name].State
		isDown, isPaused = down(st), st == component.Paused
		switch {
		case m.node != nil && m.node.PID == 0 && m.down():
			why = m.name + " is off, and this with it; start the machine"
		case st == "":
			why = "its state is not known"
		}
	}
	toggle := doing(s, "enter", "kill", why, view.Action{Verb: view.Kill, Targets: target})
	switch {
	case isDown:
		toggle = doing(s, "enter", "start", why, view.Action{Verb: view.Start, Targets: target})
	case isPaused:
		toggle = doing(s, "enter", "resume", why, view.Action{Verb: view.Resume, Targets: target})
	}
	stop, restart := why, why
	if isDown && why == "" {
		stop, restart = "it is down already", "it is down; enter starts it"
	}
	return []deed{
		toggle, doing(s, "s", "stop", stop, view.Action{Verb: view.Stop, Targets: target}),
		doing(s, "r", "restart", restart, view.Action{Verb: view.Restart, Targets: target}),
	}
}

// height is how many lines the matrix takes: two headers, the machines, a blank between and the line about the cursor.
func (p *partMatrix) height(s *panel.State) int {
	n := len(s.Lab.Masters) + len(s.Lab.Nodes) + 3
	if len(s.Lab.Nodes) > 0 {
		n += 2
	}
	return n
}

// view draws the matrix in at most h lines; the last of them is about the cursor.
func (p *partMatrix) view(s *panel.State, w, h int, active bool) []string {
	list := machinesOf(s)
	if len(list) == 0 {
		p.lines = nil
		return strings.Split(empty(s, w, h, "No machines yet", "Here is what can be killed: a row for every machine, a cell for every component. "+
			"It comes with the first snapshot of the lab."), "\n")
	}
	p.first = 0
	for _, m := range list {
		p.first = max(p.first, min(ansi.StringWidth(plain.Line(m.name)), 16)+3)
	}
	p.width = max(1, min((w-p.first)/len(component.OfMaster), 26))

	at := p.row(list)
	rows := make([]int, 0, len(list)+3)
	rows = append(rows, mastersHeader)
	for i := range list {
		if i == len(s.Lab.Masters) {
			rows = append(rows, blankLine, nodesHeader)
		}
		rows = append(rows, i)
	}
	room := h
	if h >= 6 {
		room = h - 2
	}
	p.lines = p.scrolled(rows, at, room)
	lines := make([]string, 0, h)
	for _, row := range p.lines {
		switch {
		case row == mastersHeader:
			lines = append(lines, p.header(s, component.OfMaster, "masters", len(s.Lab.Masters)))
		case row == nodesHeader:
			lines = append(lines, p.header(s, component.OfNode, "nodes", len(s.Lab.Nodes)))
		case row < 0:
			lines = append(lines, "")
		case active && row == at:
			lines = append(lines, p.line(s, list[row], min(p.col, len(list[row].names))))
		default:
			lines = append(lines, p.line(s, list[row], -1))
		}
	}
	if h >= 6 {
		words := ""
		if active {
			words = widget.Fit(p.words(s), w)
		}
		lines = append(lines, "", words)
	}
	return lines
}

// Lines of the matrix that are no machine.
const (
	mastersHeader = -1 - iota
	nodesHeader
	blankLine
)

// scrolled are the rows that fit, with the machine at among them, and the header of nodes on top when it would be out of sight.
func (p *partMatrix) scrolled(rows []int, at, room int) []int {
	if len(rows) <= room || room < 1 {
		p.offset = 0
		return rows[:max(0, min(len(rows), room))]
	}
	line := slices.Index(rows, at)
	p.offset = min(max(p.offset, line-room+1), max(line-1, 0)) // a header is kept above the cursor
	p.offset = max(0, min(p.offset, len(rows)-room))
	shown := slices.Clone(rows[p.offset : p.offset+room])
	if header := slices.Index(rows, nodesHeader); header >= 0 && header < p.offset && room > 1 {
		shown[0] = nodesHeader
	}
	return shown
}
