package network

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"

	"kubelab/core/topology"
)

// taken is an address or route of the host.
type taken struct {
	prefix netip.Prefix
	by     string // for people
}

// Collisions reports the first link or route of the host that the lab's subnet would get in the way of.
// What belongs to the lab itself, from an earlier start, does not count.
func Collisions(spec topology.Spec) error {
	in, err := inUse(Bridge(spec.Name))
	if err != nil {
		return err
	}
	for _, t := range in {
		if t.prefix.Overlaps(spec.Subnet) {
			return fmt.Errorf("subnet %s overlaps %s: choose another one with --subnet", spec.Subnet, t.by)
		}
	}
	return nil
}

// FreeSubnet is the first /16 that overlaps neither the host's addresses and routes nor any of used, which
// are the subnets of labs that are not running: 10.100 to 10.199 first, then the rest of 10, then 172.16
// to 172.31.
func FreeSubnet(used []netip.Prefix) (netip.Prefix, error) {
	in, err := inUse("")
	if err != nil {
		return netip.Prefix{}, err
	}
	for _, t := range in {
		used = append(used[:len(used):len(used)], t.prefix)
	}
	return firstFree(used)
}

func firstFree(used []netip.Prefix) (netip.Prefix, error) {
	for _, p := range candidates() {
		if !overlapsAny(p, used) {
			return p, nil
		}
	}
	return netip.Prefix{}, errors.New("no free /16 among the private networks: name one with --subnet")
}

func candidates() []netip.Prefix {
	var list []netip.Prefix
	add := func(first byte, from, to int) {
		for second := from; second <= to; second++ {
			list = append(list, netip.PrefixFrom(netip.AddrFrom4([4]byte{first, byte(second)}), 16))
		}
	}
	add(10, 100, 199)
	add(10, 200, 255)
	add(10, 1, 99) // low numbers are what people give their own networks
	add(172, 16, 31)
	return list
}

func overlapsAny(p netip.Prefix, list []netip.Prefix) bool {
	for _, o := range list {
		if p.Overlaps(o) {
			return true
		}
	}
	return false
}

// inUse lists the host's IPv4 addresses and routes, those on the link called except left out.
func inUse(except string) ([]taken, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("list links: %w", err)
	}
	names := map[int]string{}
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
	}
	var list []taken
	addrs, err := netlink.AddrList(nil, netlink.FAMILY_V4)
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	for _, a := range addrs {
		if name := names[a.LinkIndex]; name != except {
			list = append(list, taken{prefixOf(a.IPNet), fmt.Sprintf("address %s of link %s", a.IPNet, name)})
		}
	}
	// Of all tables: policy routing (a VPN's, for example) has the last word over the main one.
	routes, err := netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{}, netlink.RT_FILTER_TABLE)
	if err != nil {
		return nil, fmt.Errorf("list routes: %w", err)
	}
	for _, r := range routes {
		// VPNs write "everywhere" as two or more short prefixes.
		if p := prefixOf(r.Dst); p.IsValid() && p.Bits() >= shortest && nameOf(names, r) != except {
			list = append(list, taken{p, fmt.Sprintf("route %s of link %s", r.Dst, nameOf(names, r))})
		}
	}
	return list, nil
}

// shortest is the length of a prefix from which on it means a network and not "everywhere".
const shortest = 8

func nameOf(links map[int]string, r netlink.Route) string {
	if len(r.MultiPath) > 0 {
		return links[r.MultiPath[0].LinkIndex]
	}
	return links[r.LinkIndex]
}

// prefixOf is invalid for nil, which is how netlink writes "everywhere".
func prefixOf(n *net.IPNet) netip.Prefix {
	if n == nil {
		return netip.Prefix{}
	}
	a, _ := netip.AddrFromSlice(n.IP.To4())
	ones, _ := n.Mask.Size()
	return netip.PrefixFrom(a, ones)
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
