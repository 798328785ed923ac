package trouble

import (
	"fmt"
	"kubelab/tui/widget"
	"slices"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// stopwatch is the panel that shows what was predicted of a deed and what came of it, and the list of all deeds.
type stopwatch struct {
	panel.Quiet
	deeds   deedList
	offset  int // lines of the record that are scrolled out of sight
	height  int // lines of it that were shown
	lines   int // that it had
	listTop int // where the list was drawn last
	listX   int
}

func (p *stopwatch) Name() string { return "stopwatch" }

func (p *stopwatch) Title(s *panel.State) string {
	if r, ok := p.record(s); ok {
		return "Stopwatch: " + plain.Line(r.ID)
	}
	return "Stopwatch"
}

func (p *stopwatch) Keys(s *panel.State) []panel.Binding {
	why := ""
	if p.lines <= p.height {
		why = "all of it is shown"
	}
	r, ok := p.record(s)
	heal := panel.Binding{Keys: "enter", Does: "heal it", Short: true}
	switch {
	case !ok:
		heal.Why = "nothing was broken yet"
	case s.ReadOnly != "":
		heal.Why = s.ReadOnly
	case !r.Active():
		heal.Why = "it is over"
	}
	return []panel.Binding{heal, {Keys: "pgup/pgdn", Does: "scroll the record", Why: why}}
}

func (p *stopwatch) Key(s *panel.State, key string) (panel.Result, bool) {
	switch key {
	case "pgdown", "ctrl+f":
		p.offset += max(p.height-1, 1)
	case "pgup", "ctrl+b":
		p.offset = max(p.offset-max(p.height-1, 1), 0)
	case "enter":
		if b := p.Keys(s)[0]; b.Why != "" {
			return panel.Result{Note: b.Does + ": " + b.Why}, true
		}
		r, _ := p.record(s)
		return act(view.Action{Verb: view.Heal, Targets: []string{r.ID}}), true
	default:
		if !p.deeds.key(s, key) {
			return panel.Result{}, false
		}
		p.offset = 0
	}
	return panel.Result{}, true
}

func (p *stopwatch) Click(s *panel.State, x, y int) panel.Result {
	if x >= p.listX && p.deeds.click(s, y-p.listTop) {
		p.offset = 0
	}
	return panel.Result{}
}

func (p *stopwatch) Wheel(_ *panel.State, lines int) { p.offset = max(p.offset+lines, 0) }

func (p *stopwatch) Selected(s *panel.State) string {
	r, _ := p.record(s)
	return onlyTarget(r.Action)
}

// record is the one that is shown.
func (p *stopwatch) record(s *panel.State) (view.Record, bool) {
	was := p.deeds.id
	i := p.deeds.sync(s)
	if i < 0 {
		return view.Record{}, false
	}
	if p.deeds.id != was {
		p.offset = 0
	}
	return s.Records[i], true
}

// besideWidth is how wide the list of deeds is at least where it stands beside the record.
const besideWidth = 48

func (p *stopwatch) View(s *panel.State, w, h int) string {
	r, ok := p.record(s)
	if !ok {
		return empty(s, w, h, "Nothing was broken yet", "Here is how the lab coped with what was done to it: what was predicted, when each phase came, and what "+
			"became of reads and writes meanwhile.", "Select something and press K, or X for a link; the stopwatch starts by itself.")
	}
	if w >= 80+besideWidth && h > 0 {
		besideWidth := max(besideWidth, min(w*3/8, 64))
		p.listTop, p.listX = 0, w-besideWidth
		side := p.deeds.view(s, besideWidth, h)
		return beside(s, widget.Lines(p.shown(s, r, w-besideWidth-3, h), w-besideWidth-3, h), widget.Lines(side, besideWidth, h))
	}
	below := min(len(s.Records)+2, max(h/4, 4))
	if h < 12 {
		below = 0
	}
	lines := p.shown(s, r, w, h-below)
	for len(lines) < h-below {
		lines = append(lines, "")
	}
	p.listTop, p.listX = h-below, 0
	return widget.Lines(append(lines, p.deeds.view(s, w, below)...), w, h)
}

// shown are the lines of the record that are in sight.
func (p *stopwatch) shown(s *panel.State, r view.Record, w, h int) []string {
	lines := recordLines(s, r, w, h)
	p.height, p.lines = h, len(lines)
	p.offset = max(0, min(p.offset, len(lines)-h))
	to := min(p.offset+h, len(lines))
	shown := slices.Clone(lines[p.offset:to])
	if left := len(lines) - to; left > 0 && h > 1 {
		shown[len(shown)-1] = s.Theme.Muted.Render(fmt.Sprintf("… %d more lines: pgdn", left+1))
	}
	return shown
}

func (p *stopwatch) Explain(s *panel.State) string {
	r, ok := p.record(s)
	if !ok {
		return "The stopwatch measures how the lab copes with what you break. Before each deed the lab says what will follow and within which time; then a writer, a reader and " +
			"a client of the demo go on as if nothing were, and what they see is counted. Nothing was broken yet: select something and press K."
	}
	text := fmt.Sprintf("Somebody did \"%s\", and the lab had said what would follow; the table compares that with what came. ", plain.Line(r.Action.Command()))
	if r.Measured == nil {
		return text + "The stopwatch is still waiting for it, and the figures come when it has stopped. Meanwhile a writer, a reader and a client of the demo go on, and what fails is counted."
	}
	if len(r.Measured.Marks) > 0 {
		m := r.Measured.Marks[0]
		came := "was never seen"
		if m.Seen {
			came = "took " + panel.Brief(m.Took)
		}
		text += fmt.Sprintf("%q %s and was to come within %s; with Kubernetes' own default timing it would be within %s. ", m.Phase, came, panel.Brief(m.Within), panel.Brief(m.Upstream))
	}
	return text + fmt.Sprintf("Of %d writes through the load balancer %d failed, and the longest time without a success was %s.", r.Measured.Writes.Sent, r.Measured.Writes.Failed, panel.Brief(r.Measured.Writes.Gap))
}
