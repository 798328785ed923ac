package byhand

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"kubelab/core/topology"
	"kubelab/core/view"
)

// Packets are made late where they leave: at the host's end of a node's link, at the node's own end, or, between masters,
// on the host's loopback link.

// device is a link, and the namespace that it is in; empty for the host's.
type device struct{ namespace, name string }

// flow is what is late on one link.
type flow struct {
	from, to []netip.Prefix
	by       time.Duration
}

// flows are what is late, by link.
func (l lab) flows(faults []view.Action) map[device][]flow {
	all := map[device][]flow{}
	for _, a := range faults {
		ways, err := l.ways(a)
		if err != nil || a.Verb != view.Delay {
			continue
		}
		for _, w := range ways {
			at := device{"", loopback}
			switch {
			case w.to.Kind == topology.Node:
				at.name = link(l.Name, w.to)
			case w.from.Kind == topology.Node:
				at = device{namespace(l.Name, w.from), nodeLink}
			}
			all[at] = append(all[at], flow{l.prefixes(w.from), l.prefixes(w.to), a.Delay})
		}
	}
	return all
}

// prefixes are the addresses that packets of the machine have: its own, and its pods'.
func (l lab) prefixes(m topology.Machine) []netip.Prefix {
	list := []netip.Prefix{netip.PrefixFrom(l.spec.Addr(m), 32)}
	if p, err := netip.ParsePrefix(l.nodeOf(m).PodRange); err == nil {
		list = append(list, p)
	}
	return list
}

// redelay are the lines that make of the delays before those after. A link whose delays change gets all of them anew.
func (l lab) redelay(before, after map[device][]flow) []string {
	var lines []string
	for _, at := range l.devices() {
		was, is := before[at], after[at]
		if len(was) == len(is) { // faults are only added and removed
			continue
		}
		tc := "tc"
		if at.namespace != "" {
			tc += " -n " + at.namespace
		}
		if len(was) > 0 {
			lines = append(lines, fmt.Sprintf("%s qdisc del dev %s root", tc, at.name))
		}
		lines = append(lines, delayOn(tc, at.name, delayMajor(l.Name), is)...)
	}
	return lines
}

// devices are all links on which something can be late, in order.
func (l lab) devices() []device {
	var list []device
	for _, m := range l.spec.Nodes {
		list = append(list, device{"", link(l.Name, m)}, device{namespace(l.Name, m), nodeLink})
	}
	return append(list, device{"", loopback})
}

// delayOn has everything pass through the first band, unless a filter says otherwise.
func delayOn(tc, link string, major uint16, flows []flow) []string {
	if len(flows) == 0 {
		return nil
	}
	lines := []string{fmt.Sprintf("%s qdisc add dev %s root handle %x: prio bands %d priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", tc, link, major, len(flows)+1)}
	for i, f := range flows {
		class := fmt.Sprintf("%x:%x", major, i+2)
		lines = append(lines, fmt.Sprintf("%s qdisc add dev %s parent %s handle %x: netem delay %gms limit 10000",
			tc, link, class, major+uint16(i)+1, float64(f.by.Microseconds())/1000))
		for _, from := range f.from {
			for _, to := range f.to {
				lines = append(lines, fmt.Sprintf("%s filter add dev %s parent %x: protocol ip prio 1 u32 match ip src %s match ip dst %s flowid %s",
					tc, link, major, from, to, class))
			}
		}
	}
	return slices.Clip(lines)
}
