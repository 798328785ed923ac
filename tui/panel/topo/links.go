package topo

import (
	"slices"
	"strings"

	"kubelab/core/topology"
	"kubelab/core/view"
)

// link is what is wrong with the link between two machines. The zero link is whole.
type link struct {
	cut  bool   // nothing passes; otherwise something does
	word string // cut, 30%, 50ms, flaps
}

// mark is the sign of a link that is not whole.
func (l link) mark() string {
	if l.cut {
		return "╳"
	}
	return "┄"
}

func (l link) look() look {
	if l.cut {
		return bad
	}
	return warn
}

// links are the links that are not whole, as the faults say that are injected.
type links struct {
	between  map[[2]string]link // the names in order
	isolated map[string]bool
}

func linksOf(faults []view.Fault) links {
	l := links{between: map[[2]string]link{}, isolated: map[string]bool{}}
	for _, f := range faults {
		machines, rest := targetsOf(f.What)
		oneWay := slices.Contains(rest, "--one-way")
		word := func(s string) string {
			if oneWay && len(machines) == 2 && len(machines[0]) == 1 {
				return s + " →" + short(machines[1][0])
			}
			return s
		}
		value := ""
		for _, w := range rest {
			if !strings.HasPrefix(w, "--") {
				value = w
			}
		}
		switch f.Kind {
		case view.Isolate:
			for _, group := range machines {
				for _, m := range group {
					l.isolated[m] = true
				}
			}
		case view.Cut, view.Split:
			l.add(machines, link{true, word("cut")})
		case view.Loss:
			l.add(machines, link{value == "100%", word(value + " lost")})
		case view.Delay:
			l.add(machines, link{false, word("+" + value)})
		case view.Flap:
			l.add(machines, link{false, word("flaps")})
		}
	}
	return l
}

// targetsOf are the groups of machines in a fault's command line, and the words behind them.
func targetsOf(what string) (groups [][]string, rest []string) {
	for word := range strings.FieldsSeq(what) {
		names := strings.Split(word, ",")
		if len(rest) > 0 || slices.ContainsFunc(names, func(n string) bool { _, err := topology.ParseMachine(n); return err != nil }) {
			rest = append(rest, word)
			continue
		}
		groups = append(groups, names)
	}
	return groups, rest
}

// short is a machine's name where there is little room: m1, n12.
func short(name string) string {
	kind, number, ok := strings.Cut(name, "-")
	if !ok || kind == "" {
		return name
	}
	return kind[:1] + number
}

// add says what is wrong with the links between all of the groups. What cuts a link hides what else is wrong with it.
func (l links) add(groups [][]string, how link) {
	for i, a := range groups {
		for _, b := range groups[:i] {
			for _, x := range a {
				for _, y := range b {
					if k := pair(x, y); !l.between[k].cut {
						l.between[k] = how
					}
				}
			}
		}
	}
}

func pair(a, b string) [2]string {
	if a > b {
		a, b = b, a
	}
	return [2]string{a, b}
}

// of is how the link between two machines is.
func (l links) of(a, b string) link {
	if l.isolated[a] || l.isolated[b] {
		return link{true, "cut"}
	}
	return l.between[pair(a, b)]
}

// trouble is a line about all links of a machine that are not whole, and whether one is cut. Empty if all are.
func (l links) trouble(name string, others []string) (string, look) {
	if l.isolated[name] {
		return "╳ isolated", bad
	}
	if len(l.between) == 0 {
		return "", plain
	}
	var words []string
	worst := look(0)
	for _, o := range others {
		if o == name || l.isolated[o] {
			continue
		}
		if how := l.of(name, o); how.word != "" {
			words = append(words, strings.TrimSuffix(how.mark()+" "+o+" "+how.word, " cut"))
			worst = max(worst, how.look())
		}
	}
	return strings.Join(words, " "), worst
}
