package trouble

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
)

// pair are two machines, in the order of the matrix.
type pair struct{ a, b string }

// effect is what one fault does to one link.
type effect struct {
	fault         view.Fault
	action        view.Action
	forward, back bool // from the first machine to the second, and the other way
}

// alone reports whether the fault is about this link and no other.
func (e effect) alone() bool { return e.action.Verb != view.Isolate && e.action.Verb != view.Split }

// linkEffects are what the injected faults do to each link, the oldest first. A link that is not among them is whole.
func linkEffects(s *panel.State, machines []string) map[pair][]effect {
	order := make(map[string]int, len(machines))
	for i, m := range machines {
		order[m] = i
	}
	effects := map[pair][]effect{}
	for _, f := range s.Lab.Faults {
		a := actionOf(s, f)
		add := func(from, to string, oneWay bool) {
			i, ok := order[from]
			j, known := order[to]
			switch {
			case !ok || !known || i == j:
			case i < j:
				effects[pair{from, to}] = append(effects[pair{from, to}], effect{f, a, true, !oneWay})
			default:
				effects[pair{to, from}] = append(effects[pair{to, from}], effect{f, a, !oneWay, true})
			}
		}
		switch a.Verb {
		case view.Cut, view.Loss, view.Delay, view.Flap:
			if len(a.Targets) == 2 {
				add(a.Targets[0], a.Targets[1], a.OneWay)
			}
		case view.Isolate:
			for i, m := range a.Targets {
				for _, other := range machines {
					if !slices.Contains(a.Targets[:i], other) { // that link has it already
						add(m, other, false)
					}
				}
			}
		case view.Split:
			for i, group := range a.Targets {
				for _, other := range a.Targets[:i] {
					for m := range strings.SplitSeq(group, ",") {
						for n := range strings.SplitSeq(other, ",") {
							add(m, n, false)
						}
					}
				}
			}
		}
	}
	return effects
}

// actionOf is the action that injected the fault: from its record, or read from the fault's words, which are those of the command line.
func actionOf(s *panel.State, f view.Fault) view.Action {
	if i := slices.IndexFunc(s.Records, func(r view.Record) bool { return r.ID == f.ID && len(r.Action.Targets) > 0 }); i >= 0 {
		return s.Records[i].Action
	}
	a := view.Action{Verb: f.Kind}
	for word := range strings.FieldsSeq(f.What) {
		switch digits, percent := strings.CutSuffix(word, "%"); {
		case word == "--one-way":
			a.OneWay = true
		case strings.HasPrefix(word, "--"):
		case percent:
			a.Percent, _ = strconv.Atoi(digits) // 0 is shown if it is no number
		case word[0] >= '0' && word[0] <= '9':
			d, _ := time.ParseDuration(word) // likewise
			if f.Kind == view.Flap {
				a.Every = d
			} else {
				a.Delay = d
			}
		default:
			a.Targets = append(a.Targets, word)
		}
	}
	return a
}

// worst orders what can be wrong with a link: what is earlier is shown if there is more than one thing.
var worst = []view.Verb{view.Cut, view.Flap, view.Loss, view.Delay}

// linkSign is a link as a few cells: ── whole, ╳ cut, 30% lost, 50ms late, flap; an arrow says that it is so only one way.
func linkSign(t *theme.Theme, effects []effect) theme.Sign {
	if len(effects) == 0 {
		return theme.Sign{Mark: "──", Word: "whole", Style: t.Muted}
	}
	as := func(e effect) view.Verb {
		if !e.alone() {
			return view.Cut
		}
		return e.action.Verb
	}
	for _, v := range worst {
		var shown *effect
		forward, back := false, false
		for i, e := range effects {
			if as(e) == v {
				shown, forward, back = &effects[i], forward || e.forward, back || e.back
			}
		}
		if shown == nil {
			continue
		}
		arrow := ""
		switch {
		case forward && !back:
			arrow = "→"
		case back && !forward:
			arrow = "←"
		}
		switch v {
		case view.Cut:
			return theme.Sign{Mark: "╳" + arrow, Word: "cut", Style: t.Bad}
		case view.Flap:
			return theme.Sign{Mark: "flap" + arrow, Word: "flaps", Style: t.Warn}
		case view.Loss:
			return theme.Sign{Mark: fmt.Sprintf("%d%%%s", shown.action.Percent, arrow), Word: "lossy", Style: t.Warn}
		default:
			return theme.Sign{Mark: tight(shown.action.Delay) + arrow, Word: "late", Style: t.Warn}
		}
	}
	return theme.Sign{Mark: "?", Word: "unknown", Style: t.Muted}
}

// tight is a time in as few cells as possible.
func tight(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%dms", d.Milliseconds())
	}
	return fmt.Sprintf("%.3gs", d.Seconds())
}

// words say what the effect does to the link between a and b.
func (e effect) words(l pair) string {
	way := "between " + l.a + " and " + l.b
	switch {
	case e.forward && !e.back:
		way = "from " + l.a + " to " + l.b
	case e.back && !e.forward:
		way = "from " + l.b + " to " + l.a
	}
	switch e.action.Verb {
	case view.Loss:
		return fmt.Sprintf("%d%% is lost %s", e.action.Percent, way)
	case view.Delay:
		return fmt.Sprintf("everything %s is %s late", way, tight(e.action.Delay))
	case view.Flap:
		return fmt.Sprintf("cut and whole by turns, %s each, %s", tight(e.action.Every), way)
	}
	return "nothing passes " + way
}
