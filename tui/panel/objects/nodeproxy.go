package objects

import (
	"cmp"
	"fmt"
	"kubelab/tui/widget"
	"maps"
	"slices"
	"strings"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// serviceEntries are what the node's kube-proxy makes of a Service: on the left where connections go and who answered, on the right the rules.
func (p *nodes) serviceEntries(s *panel.State, n *view.Node, v *view.Service) (left, right []entry) {
	got := p.proxy(proxyKey{n.Name, p.service})
	left = append(left, entry{cell: cell{{"address  ", &s.Theme.Muted}, {cmp.Or(plain.Line(v.IP), "?") + "  " + plain.Line(strings.Join(v.Ports, " ")), nil}, {"  " + plain.Line(v.Type), &s.Theme.Muted}}}, entry{})
	left = append(left, p.endpointEntries(s, v, got.rules)...)
	left = append(append(left, entry{}), p.triedEntries(s, n, v, got)...)
	switch {
	case got.rules == nil && got.err != "":
		right = append([]entry{section(s, "rules", "")}, prose(s, "They could not be read: "+got.err, 60)...)
	case got.rules == nil:
		right = append([]entry{section(s, "rules", "")}, prose(s, "kube-proxy's rules on "+n.Name+" are being read.", 60)...)
	default:
		right = ruleEntries(s, got)
	}
	return left, right
}

// endpointEntries compare what the EndpointSlices list with what the rules lead to: kube-proxy may be late, or dead.
func (p *nodes) endpointEntries(s *panel.State, v *view.Service, rules *view.Proxy) []entry {
	entries := []entry{{cell: cell{{widget.Fit("endpoints", 14), &s.Theme.Title}, {widget.Fit("should", 13) + widget.Fit("rules here", 13) + "pod", &s.Theme.Muted}}}}
	var led []string
	if rules != nil {
		for _, e := range rules.Endpoints {
			host, _, _ := strings.Cut(e, ":")
			led = append(led, host)
		}
	}
	for _, e := range v.Endpoints {
		should := "get it"
		if !e.Ready {
			should = "not ready"
		}
		host, _, _ := strings.Cut(e.Address, ":")
		mark := readyMark(s, e.Ready)
		word, style := "?", &s.Theme.Muted
		if rules != nil {
			leads := slices.Contains(led, host)
			word = map[bool]string{true: "lead here", false: "do not"}[leads]
			if leads != e.Ready {
				style = &s.Theme.Warn
				word = "▲ " + word
			}
			led = slices.DeleteFunc(led, func(one string) bool { return one == host })
		}
		id := ""
		if e.Pod != "" {
			id = podTarget(v.Namespace, e.Pod)
		}
		c := cell{{widget.Fit(plain.Line(e.Address), 13) + " ", nil}, mark, {widget.Fit(" "+should, 12), mark.style}, {widget.Fit(word, 13), style}}
		entries = append(entries, entry{id, append(c, orDash(s, e.Pod).shortened(max(p.leftW-40, 12))...)})
	}
	for _, host := range led {
		entries = append(entries, entry{cell: cell{{widget.Fit(plain.Line(host), 13) + " ", nil}, {widget.Fit("○ gone", 13), &s.Theme.Muted}, {"▲ lead here", &s.Theme.Warn}}})
	}
	if len(v.Endpoints) == 0 {
		entries = append(entries, prose(s, "None: no pod has the labels that this Service selects.", 50)...)
	}
	return entries
}

// triedEntries are who answered, as bars.
func (p *nodes) triedEntries(s *panel.State, n *view.Node, v *view.Service, got *proxyAnswer) []entry {
	switch {
	case got.trying:
		return append([]entry{section(s, "try it", "")}, prose(s, fmt.Sprintf("%d requests to %s are being made from %s.", tries, v.IP, n.Name), p.leftW)...)
	case got.tried == nil:
		return append([]entry{section(s, "try it", "")}, prose(s, fmt.Sprintf("Press i to make %d requests to %s from %s, each over a connection of its own, and see which pods answer.", tries, v.IP, n.Name), p.leftW)...)
	}
	t := got.tried
	sum, names := t.Failed, 12
	for name, n := range t.Answered {
		sum, names = sum+n, max(names, widget.Width(name))
	}
	names = min(names, max(p.leftW-24, 10))
	barW := max(4, min(24, p.leftW-names-14))
	entries := []entry{section(s, "answered", fmt.Sprintf("%s, %s ago", panel.Plural(sum, "request"), panel.Ago(s.Now, got.triedAt)))}
	row := func(id, name string, count int, full bool) {
		style := &s.Theme.Good
		if !full {
			style = &s.Theme.Bad
		}
		c := cell{{middle(plain.Line(name), names) + "  ", nil}}
		c = append(c, bar(float64(count)/float64(max(sum, 1)), barW, style, &s.Theme.Muted)...)
		entries = append(entries, entry{id, append(c, span{fmt.Sprintf(" %4d", count), style})})
	}
	for _, name := range slices.Sorted(maps.Keys(t.Answered)) {
		id, shown := podTarget(v.Namespace, name), name
		if name == "?" || strings.Contains(name, ":") { // the kernel did not know, or there is no pod behind it
			id = ""
		}
		if name == "?" {
			shown = "not known"
		}
		row(id, shown, t.Answered[name], true)
	}
	if t.Failed > 0 {
		row("", "failed", t.Failed, false)
	}
	if t.Why != "" {
		entries = append(entries, entry{cell: styled("  "+plain.Line(t.Why), &s.Theme.Warn)})
	}
	return entries
}

// ruleEntries are the rules in nftables, in the order in which a packet meets them, under the chain that they are in.
func ruleEntries(s *panel.State, got *proxyAnswer) []entry {
	entries := []entry{section(s, "rules", fmt.Sprintf("%d of nftables, in the order of a packet", len(got.rules.Rules)))}
	if got.err != "" {
		entries = append(entries, entry{cell: styled("▲ as they were before; now: "+got.err, &s.Theme.Warn)})
	}
	last := ""
	for _, rule := range got.rules.Rules {
		place, text, found := strings.Cut(plain.Line(rule), ": ")
		if !found {
			place, text = "", plain.Line(rule)
		}
		if place != last {
			entries = append(entries, entry{cell: cell{{place, &s.Theme.Accent}}})
			last = place
		}
		for i, part := range wrap(text, 64) {
			entries = append(entries, entry{cell: cell{{map[bool]string{true: "  ", false: "    "}[i == 0] + part, nil}}})
		}
	}
	if len(got.rules.Rules) == 0 {
		entries = append(entries, prose(s, "There are none: kube-proxy has not got to it, does not run, or the Service has no address of its own.", 60)...)
	}
	return entries
}
