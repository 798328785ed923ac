package trouble

import (
	"fmt"
	"strings"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/widget"
)

// faults is the panel with which things are broken and mended: a matrix of what can be killed or one of the links, by choice, and what is
// injected below it.
type faults struct {
	panel.Quiet
	links  bool // the matrix is that of links
	inList bool // the keys are in the list of what is injected
	parts  partMatrix
	wires  wireMatrix
	list   widget.Table
	drawn  areas // where things were drawn last
}

// area are some lines of the panel.
type area struct{ top, height int }

func (a area) has(y int) bool { return y >= a.top && y < a.top+a.height }

// areas are what is drawn where. A matrix without lines is not shown.
type areas struct{ parts, wires, list area }

func (f *faults) Name() string { return "faults" }

func (f *faults) Title(*panel.State) string {
	switch {
	case f.drawn.parts.height > 0 && f.drawn.wires.height > 0:
		return "Faults"
	case f.links:
		return "Faults: links"
	}
	return "Faults: machines and components"
}

// deed is a binding with what it does.
type deed struct {
	panel.Binding
	keys []string
	do   func() panel.Result
}

func act(a view.Action) panel.Result { return panel.Result{Act: &a} }

// doing is a deed that acts on the lab; why says why it cannot be done.
func doing(s *panel.State, key, does, why string, a view.Action) deed {
	if s.ReadOnly != "" {
		why = s.ReadOnly
	}
	return deed{panel.Binding{Keys: key, Does: does, Why: why, Short: true}, []string{key}, func() panel.Result { return act(a) }}
}

// deeds are all that can be done where the cursor is.
func (f *faults) deeds(s *panel.State) []deed {
	f.sync(s)
	var list []deed
	switch {
	case f.inList:
		id := f.list.Selected()
		list = append(list, doing(s, "enter", "heal "+plain.Line(id), "", view.Action{Verb: view.Heal, Targets: []string{id}}))
	case f.links:
		list = append(list, f.wires.deeds(s)...)
	default:
		list = append(list, f.parts.deeds(s)...)
	}
	why := ""
	if len(s.Lab.Faults) == 0 {
		why = "nothing is injected"
	}
	other := "links"
	if f.links {
		other = "components"
	}
	return append(list, doing(s, "A", "heal all", why, view.Action{Verb: view.Heal, All: true}),
		deed{panel.Binding{Keys: "v", Does: other, Short: true}, []string{"v"}, func() panel.Result {
			f.links, f.inList = !f.links, false
			return panel.Result{}
		}})
}

func (f *faults) Keys(s *panel.State) []panel.Binding {
	var list []panel.Binding
	for _, d := range f.deeds(s) {
		list = append(list, d.Binding)
	}
	return list
}

func (f *faults) Key(s *panel.State, key string) (panel.Result, bool) {
	if f.move(s, key) {
		return panel.Result{}, true
	}
	for _, d := range f.deeds(s) {
		for _, k := range d.keys {
			switch {
			case k != key:
			case d.Why != "":
				return panel.Result{Note: d.Does + ": " + d.Why}, true
			default:
				return d.do(), true
			}
		}
	}
	return panel.Result{}, false
}

// move moves the cursor within the matrix or the list, or from one to the other.
func (f *faults) move(s *panel.State, key string) bool {
	f.sync(s)
	if f.inList {
		was := f.list.Selected()
		if !f.list.Key(key, 5) {
			return key == "left" || key == "h" || key == "right" || key == "l"
		}
		if (key == "up" || key == "k") && f.list.Selected() == was {
			f.inList = false
		}
		return true
	}
	moved, below := false, false
	if f.links {
		moved, below = f.wires.move(s, key)
	} else {
		moved, below = f.parts.move(s, key)
	}
	if below && len(s.Lab.Faults) > 0 {
		f.inList = true
		f.list.Move(-len(s.Lab.Faults))
	}
	return moved
}

func (f *faults) Click(s *panel.State, x, y int) panel.Result {
	f.sync(s)
	switch d := f.drawn; {
	case d.list.has(y) && f.list.Click(y-d.list.top-1): // below the heading
		f.inList = true
	case d.wires.has(y) && f.wires.click(s, x, y-d.wires.top):
		f.links, f.inList = true, false
	case d.parts.has(y) && f.parts.click(s, x, y-d.parts.top):
		f.links, f.inList = false, false
	}
	return panel.Result{}
}

func (f *faults) Wheel(s *panel.State, lines int) {
	key := "down"
	if lines < 0 {
		key, lines = "up", -lines
	}
	for range min(lines, 100) {
		f.move(s, key)
	}
}

// Selected is the machine or the component under the cursor, or what one fault was done to. A link is nothing that can be killed.
func (f *faults) Selected(s *panel.State) string {
	f.sync(s)
	switch {
	case f.inList:
		for _, one := range s.Lab.Faults {
			if one.ID == f.list.Selected() {
				return onlyTarget(actionOf(s, one))
			}
		}
		return ""
	case f.links:
		return ""
	}
	return f.parts.target(s)
}

// onlyTarget is what an action was done to, if that is one thing.
func onlyTarget(a view.Action) string {
	if len(a.Targets) == 1 && a.Verb != view.Heal && !strings.HasPrefix(string(a.Verb), "snapshot") && a.Verb != view.Add {
		return a.Targets[0]
	}
	return ""
}

func (f *faults) sync(s *panel.State) {
	f.list.Set(injectedRows(s))
	if len(s.Lab.Faults) == 0 {
		f.inList = false
	}
}

func (f *faults) View(s *panel.State, w, h int) string {
	f.sync(s)
	f.drawn = f.layout(s, w, h)
	lines := make([]string, 0, h)
	put := func(a area, part []string) {
		for len(lines) < a.top {
			lines = append(lines, "")
		}
		lines = append(lines, part[:min(len(part), a.height)]...)
	}
	if a := f.drawn.parts; a.height > 0 {
		put(a, f.parts.view(s, w, a.height, !f.inList && !f.links))
	}
	if a := f.drawn.wires; a.height > 0 {
		put(a, f.wires.view(s, w, a.height, !f.inList && f.links))
	}
	if a := f.drawn.list; a.height > 0 {
		put(a, f.injected(s, w, a.height))
	}
	return widget.Lines(lines, w, h)
}

// listRoom is what the list has at least where both matrices are shown.
const listRoom = 10

// layout shows both matrices where there is room, whatever is injected, so that nothing jumps; otherwise the one that has the keys. That
// one gives up lines of its own so that the list below has some.
func (f *faults) layout(s *panel.State, w, h int) areas {
	parts, wires := f.parts.height(s), f.wires.height(s)
	if h >= parts+wires+2+listRoom {
		return areas{area{0, parts}, area{parts + 1, wires}, area{parts + wires + 2, h - parts - wires - 2}}
	}
	need := parts
	if f.links {
		need = wires
	}
	top := min(need, max(h-f.wanted(s, w)-1, h*3/5))
	if h < 8 {
		top = h
	}
	d := areas{list: area{top + 1, max(h-top-1, 0)}}
	if f.links {
		d.wires = area{0, top}
	} else {
		d.parts = area{0, top}
	}
	return d
}

func (f *faults) Explain(s *panel.State) string {
	if f.links {
		return fmt.Sprintf("Each cell is the link between two of the %d machines; it can be cut, both ways or one way, and made to lose packets. "+
			"etcd's members need a majority that reaches each other, and nodes need an API server to be heard of: cut one and watch who notices first. "+
			"Nothing is simulated, the packets are really dropped by nftables, and %s injected now.", len(machinesOf(s)), isInjected(s))
	}
	target, doing := f.parts.target(s), "not known"
	if m, name, ok := f.parts.at(s); ok {
		doing = s.Theme.Component(m.components[name]).Word
		if name == "" {
			doing = fmt.Sprintf("a machine with %s", panel.Plural(len(m.components), "component"))
		}
	}
	return fmt.Sprintf("Each row is a machine and each cell one of its components: masters have %s, nodes have %s. "+
		"Killing one ends it at once and without a farewell, stopping it lets it say goodbye; %s, under the cursor, is %s. "+
		"What you break stays in the list below until it is healed or mends itself, and %s injected now.",
		strings.Join(component.OfMaster, ", "), strings.Join(component.OfNode, ", "), plain.Line(target), doing, isInjected(s))
}

func isInjected(s *panel.State) string {
	switch n := len(s.Lab.Faults); n {
	case 0:
		return "nothing is"
	case 1:
		return "one fault is"
	default:
		return fmt.Sprintf("%d faults are", n)
	}
}
