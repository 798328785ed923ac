package network

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"kubelab/core/topology"
)

func TestNamesFitTheKernel(t *testing.T) {
	long := strings.Repeat("x", 32)
	for _, name := range []string{Bridge(long), Link(long, topology.Machine{Kind: topology.Node, Number: 9999})} {
		if len(name) > 15 {
			t.Errorf("%s has %d characters, links have at most 15", name, len(name))
		}
	}
	if Bridge("a") == Bridge("b") {
		t.Error("two labs have the same bridge")
	}
}

func TestNamespaceOfOneLabIsNotTakenForAnothers(t *testing.T) {
	other := Namespace("a-b", topology.Machine{Kind: topology.Node, Number: 1})
	if strings.HasPrefix(other, namespacePrefix("a")) {
		t.Errorf("sweeping lab a would remove %s", other)
	}
}

func TestFirstFree(t *testing.T) {
	for _, c := range []struct {
		name, want string
		used       []string
	}{
		{"nothing used", "10.100.0.0/16", nil},
		{"a host address", "10.101.0.0/16", []string{"10.100.3.4/32"}},
		{"two labs", "10.102.0.0/16", []string{"10.100.0.0/16", "10.101.0.0/16"}},
		{"the first hundred", "10.200.0.0/16", []string{"10.96.0.0/11", "10.128.0.0/10", "10.192.0.0/13"}},
		{"a VPN over all of 10", "172.17.0.0/16", []string{"10.0.0.0/8", "172.16.0.0/16"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var used []netip.Prefix
			for _, u := range c.used {
				used = append(used, netip.MustParsePrefix(u))
			}
			got, err := firstFree(used)
			if err != nil || got.String() != c.want {
				t.Errorf("got %v, %v, want %s", got, err, c.want)
			}
		})
	}
	if p, err := firstFree([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12")}); err == nil {
		t.Errorf("got %s where nothing is free", p)
	}
}

func TestCandidatesAreValidAndDistinct(t *testing.T) {
	seen := map[netip.Prefix]bool{}
	for _, p := range candidates() {
		if err := topology.ValidateSubnet(p); err != nil || seen[p] {
			t.Errorf("%s: twice %v, %v", p, seen[p], err)
		}
		seen[p] = true
	}
}

func TestFirewallChainsThatDrop(t *testing.T) {
	for _, c := range []struct {
		rules []string
		want  bool
	}{
		{[]string{"-P FORWARD ACCEPT"}, false},
		{[]string{"-P FORWARD DROP", "-A FORWARD -j DOCKER-USER"}, true},
		{[]string{"-P FORWARD ACCEPT", "-A FORWARD -j REJECT --reject-with icmp-host-prohibited"}, true},
	} {
		if got := drops("FORWARD", c.rules); got != c.want {
			t.Errorf("%q drops: %v", c.rules, got)
		}
	}
}

func TestFirewallRulesOfThisLabOnly(t *testing.T) {
	rules := []string{
		"-P FORWARD DROP",
		`-A FORWARD -i ` + Bridge("a") + ` -m comment --comment "lab a" -j ACCEPT`,
		`-A FORWARD -o ` + Bridge("a") + ` -m comment --comment "lab a" -j ACCEPT`,
		`-A FORWARD -i ` + Bridge("a-b") + ` -m comment --comment "lab a-b" -j ACCEPT`,
	}
	got := ours(rules, "a", []string{"-i", Bridge("a")})
	if !slices.Equal(got, rules[1:2]) {
		t.Errorf("got %q", got)
	}
}
