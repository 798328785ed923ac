package network

import (
	"context"
	"fmt"
	"strings"

	"kubelab/core/topology"
)

// Loss is a one-way failure of a link: of what From sends to To, a share never arrives. The sender notices
// nothing but silence, as with a broken cable somewhere in between.
//
// Masters are addresses of the host, so what they send to each other never leaves it: it is dropped where it
// arrives, by its addresses. What nodes send, pods' packets included, is dropped on the bridge, by the ports
// that it enters and leaves by.
type Loss struct {
	// From and To are machines of the lab. The zero Machine stands for everybody but the other one: other
	// machines, the load balancer, the host. It must not be used together with a node, which SetLink cuts off.
	From, To topology.Machine
	Percent  int // 1 to 100
}

// SetLosses makes losses the only ones of the lab, in one step: nothing passes that neither the old nor the
// new ones let pass.
func (n *Network) SetLosses(ctx context.Context, losses []Loss) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := run(ctx, lossTables(n.spec, losses), "nft", "-f", "-"); err != nil {
		return fmt.Errorf("set what is lost between machines: %w", err)
	}
	return nil
}

// lossTable is the name of the nftables tables, of families ip and bridge, that drop packets between machines.
func lossTable(lab string) string { return Table(lab) + ".loss" }

// lossTables is a script for nft. The first two lines of a table remove the old one, if there is one.
func lossTables(s topology.Spec, losses []Loss) string {
	chains := map[string][]string{}
	for _, l := range losses {
		share := ""
		if l.Percent < 100 {
			share = fmt.Sprintf(" numgen random mod 100 < %d", l.Percent)
		}
		for _, r := range lossRules(s, l) {
			chains[r.chain] = append(chains[r.chain], r.match+share+" drop")
		}
	}
	var b strings.Builder
	for _, family := range []string{"ip", "bridge"} {
		table := family + " " + lossTable(s.Name)
		fmt.Fprintf(&b, "table %s\ndelete table %s\n", table, table)
		if len(losses) == 0 {
			continue
		}
		fmt.Fprintf(&b, "table %s {\n", table)
		for _, hook := range []string{"input", "forward", "output"} {
			if rules := chains[family+" "+hook]; len(rules) > 0 {
				fmt.Fprintf(&b, "\tchain %s {\n\t\ttype filter hook %s priority -10; policy accept;\n\t\t%s\n\t}\n",
					hook, hook, strings.Join(rules, "\n\t\t"))
			}
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// lossRule says in which chain what is lost can be caught, and how it is told from the rest.
type lossRule struct{ chain, match string }

func lossRules(s topology.Spec, l Loss) []lossRule {
	rule := func(chain, format string, args ...any) []lossRule {
		return []lossRule{{chain, fmt.Sprintf(format, args...)}}
	}
	from, to := port(s, l.From), port(s, l.To)
	switch everybody := (topology.Machine{}); {
	case l.From == everybody:
		return rule("ip input", "ip daddr %s ip saddr != %s", s.Addr(l.To), s.Addr(l.To))
	case l.To == everybody:
		return append(rule("ip input", "ip saddr %s ip daddr != %s", s.Addr(l.From), s.Addr(l.From)),
			rule("bridge output", "ip saddr %s", s.Addr(l.From))...)
	case from != "" && to != "":
		// Not ARP: without it, what is lost one way would soon be lost both ways.
		return rule("bridge forward", "iifname %q oifname %q ether type ip", from, to)
	case from != "":
		return rule("bridge input", "iifname %q ip daddr %s", from, s.Addr(l.To))
	case to != "":
		return rule("bridge output", "oifname %q ip saddr %s", to, s.Addr(l.From))
	}
	return rule("ip input", "ip saddr %s ip daddr %s", s.Addr(l.From), s.Addr(l.To))
}

// port is the bridge's port that a node is behind, empty for a master, which is the host.
func port(s topology.Spec, m topology.Machine) string {
	if m.Kind != topology.Node {
		return ""
	}
	return Link(s.Name, m)
}
