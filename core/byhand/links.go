package byhand

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// The engine keeps what is lost in two tables of nftables, one for what reaches the host and one for what crosses the
// bridge, and sets both anew with each change. By hand, a rule more is added; but to take one away, all go and the others
// come again.

// isLink reports whether v is about links.
func isLink(v view.Verb) bool {
	return slices.Contains([]view.Verb{view.Cut, view.Loss, view.Delay, view.Flap, view.Isolate, view.Split}, v)
}

// injected are the faults of links that there are.
func (l lab) injected() []view.Action {
	var list []view.Action
	for _, f := range l.Faults {
		if isLink(f.Kind) {
			list = append(list, actionOf(f))
		}
	}
	return list
}

// breakLink are the lines that break links. Of a node that is isolated the cable is pulled; a master is told by its address.
func (l lab) breakLink(a view.Action) []string {
	if _, err := l.ways(a); err != nil {
		return []string{comment("%v", err)}
	}
	before := l.injected()
	after := append(slices.Clip(before), a)
	lines := append(l.relink(before, after), l.cables(a, "down")...)
	if a.Verb != view.Flap {
		return lines
	}
	const usual = 2 * time.Second
	every := a.Every
	if every == 0 {
		every = usual
	}
	spell := "sleep " + seconds(every)
	return slices.Concat(lines, []string{spell}, l.relink(after, before), []string{spell, comment("and so on by turns, until it is healed")})
}

// cables are the lines that pull or plug the cables of the nodes that a isolates.
func (l lab) cables(a view.Action, to string) []string {
	var lines []string
	for _, text := range a.Targets {
		switch m, err := target.Machine(l.spec, text); {
		case a.Verb != view.Isolate || err != nil || m.Kind != topology.Node:
		case l.nodeOf(m).PID == 0:
			lines = append(lines, comment("%s is off, and has no link", m))
		default:
			lines = append(lines, fmt.Sprintf("ip link set %s %s", link(l.Name, m), to))
		}
	}
	return lines
}

// relink are the lines that make of the faults before those after.
func (l lab) relink(before, after []view.Action) []string {
	return append(l.relose(l.losses(before), l.losses(after)), l.redelay(l.flows(before), l.flows(after))...)
}

// way is one direction of a link. The zero Machine stands for everybody else.
type way struct{ from, to topology.Machine }

// ways are the directions that a is about.
func (l lab) ways(a view.Action) ([]way, error) {
	var groups [][]topology.Machine
	for _, text := range a.Targets {
		var group []topology.Machine
		for name := range strings.SplitSeq(text, ",") {
			m, err := target.Machine(l.spec, name)
			if err != nil {
				return nil, err
			}
			group = append(group, m)
		}
		groups = append(groups, group)
	}
	var list []way
	both := func(a, b topology.Machine) { list = append(list, way{a, b}, way{b, a}) }
	switch {
	case a.Verb == view.Isolate:
		for _, m := range slices.Concat(groups...) {
			if m.Kind == topology.Master {
				both(m, topology.Machine{})
			}
		}
		return list, nil
	case a.Verb == view.Split && len(groups) < 2:
		return nil, fmt.Errorf("a split needs two groups of machines or more")
	case a.Verb != view.Split && (len(groups) != 2 || len(groups[0])+len(groups[1]) != 2):
		return nil, fmt.Errorf("%s needs two machines", a.Verb)
	case a.Verb != view.Split && groups[0][0] == groups[1][0]:
		return nil, fmt.Errorf("%s has no link to itself", groups[0][0])
	case a.Verb == view.Flap && a.Every < 0:
		return nil, fmt.Errorf("flapping every %s is impossible", a.Every)
	case a.Verb == view.Loss && (a.Percent < 1 || a.Percent > 100):
		return nil, fmt.Errorf("a loss of %d %%: use 1 to 100", a.Percent)
	case a.Verb == view.Delay && a.Delay < time.Microsecond:
		return nil, fmt.Errorf("a delay of %s is none", a.Delay)
	}
	for i, group := range groups {
		for _, other := range groups[:i] {
			for _, x := range group {
				for _, y := range other {
					both(y, x)
				}
			}
		}
	}
	if a.OneWay {
		return list[:1], nil
	}
	return list, nil
}

// rule is one of nftables, in a chain of a family and a hook.
type rule struct{ family, hook, text string }

// losses are the rules by which packets are lost.
func (l lab) losses(faults []view.Action) []rule {
	var list []rule
	for _, a := range faults {
		share := ""
		if a.Verb == view.Loss && a.Percent < 100 {
			share = fmt.Sprintf(" numgen random mod 100 < %d", a.Percent)
		}
		ways, err := l.ways(a)
		if err != nil || a.Verb == view.Delay {
			continue
		}
		for _, w := range ways {
			for _, r := range l.match(w) {
				r.text += share + " drop"
				list = append(list, r)
			}
		}
	}
	return list
}

// match says in which chain what goes a way can be caught, and how it is told from the rest. Masters are addresses of the
// host, nodes are behind ports of the bridge.
func (l lab) match(w way) []rule {
	everybody, node := topology.Machine{}, topology.Node
	from, to := l.spec.Addr(w.from), l.spec.Addr(w.to)
	switch {
	case w.from == everybody:
		return []rule{{"ip", "input", fmt.Sprintf("ip daddr %s ip saddr != %s", to, to)}}
	case w.to == everybody:
		return []rule{{"ip", "input", fmt.Sprintf("ip saddr %s ip daddr != %s", from, from)}, {"bridge", "output", fmt.Sprintf("ip saddr %s", from)}}
	case w.from.Kind == node && w.to.Kind == node:
		return []rule{{"bridge", "forward", fmt.Sprintf("iifname %s oifname %s ether type ip", link(l.Name, w.from), link(l.Name, w.to))}}
	case w.from.Kind == node:
		return []rule{{"bridge", "input", fmt.Sprintf("iifname %s ip daddr %s", link(l.Name, w.from), to)}}
	case w.to.Kind == node:
		return []rule{{"bridge", "output", fmt.Sprintf("oifname %s ip saddr %s", link(l.Name, w.to), from)}}
	}
	return []rule{{"ip", "input", fmt.Sprintf("ip saddr %s ip daddr %s", from, to)}}
}

// relose are the lines that make of the rules before those after.
func (l lab) relose(before, after []rule) []string {
	table := lossTable(l.Name)
	var lines []string
	if len(after) < len(before) {
		for _, family := range []string{"ip", "bridge"} {
			if slices.ContainsFunc(before, func(r rule) bool { return r.family == family }) {
				lines = append(lines, fmt.Sprintf("nft delete table %s %s", family, table))
			}
		}
		before = nil
	}
	made := map[string]bool{}
	once := func(line string) {
		if !made[line] {
			made[line] = true
			lines = append(lines, line)
		}
	}
	for _, r := range after[len(before):] {
		once(fmt.Sprintf("nft add table %s %s", r.family, table))
		once(fmt.Sprintf("nft add chain %s %s %s '{ type filter hook %s priority -10; policy accept; }'", r.family, table, r.hook, r.hook))
		lines = append(lines, fmt.Sprintf("nft %s", quoteRule(fmt.Sprintf("add rule %s %s %s %s", r.family, table, r.hook, r.text))))
	}
	return lines
}

// quoteRule puts a rule in quotes if the shell would see more in it than words.
func quoteRule(rule string) string {
	if strings.ContainsAny(rule, "<!") {
		return quote(rule)
	}
	return rule
}

// seconds is a duration for sleep.
func seconds(d time.Duration) string { return fmt.Sprint(d.Seconds()) }
