package network

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"kubelab/core/topology"
)

// defaultMTU is used where the host has no way out.
const defaultMTU = 1500

// Network is the wiring of one lab. Its methods may be called from any goroutine.
type Network struct {
	spec topology.Spec // its machines are not looked at: they come and go through the methods
	log  *slog.Logger

	mu     sync.Mutex // guards everything below, and keeps changes to the host in order
	bridge int        // index of the link
	mtu    int
	nodes  map[topology.Machine]*attachment
	pods   map[topology.Machine]netip.Prefix // the nodes' pod ranges
}

type attachment struct{ linked bool }

// New describes the network of the lab. It touches nothing.
func New(spec topology.Spec, log *slog.Logger) *Network {
	return &Network{
		spec: spec, log: log, mtu: defaultMTU,
		nodes: map[topology.Machine]*attachment{}, pods: map[topology.Machine]netip.Prefix{},
	}
}

// Up makes the bridge with the addresses of the host, the balancer and the Spec's masters, and opens the way
// out. What is there already, it keeps. On error it leaves nothing.
func (n *Network) Up(ctx context.Context) (err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	defer func() {
		if err != nil {
			err = errors.Join(err, Sweep(context.WithoutCancel(ctx), n.spec.Name))
		}
	}()
	if err := Collisions(n.spec); err != nil {
		return err
	}
	uplink, err := defaultRoute()
	if err != nil {
		return err
	}
	if uplink != nil {
		n.mtu = uplink.Attrs().MTU
	}
	if err := loadBridgeFilter(ctx); err != nil {
		// Only Services within one node suffer, and nft, which is needed for certain, may still work.
		n.log.Warn("br_netfilter is not available: a pod may not reach a Service that it serves itself", "error", err)
	}
	if err := n.makeBridge(); err != nil {
		return fmt.Errorf("make bridge %s: %w", Bridge(n.spec.Name), err)
	}
	if err := n.addAddresses(); err != nil {
		return err
	}
	if err := forward(n.spec.Name, uplink); err != nil {
		return err
	}
	if err := n.loadTable(ctx); err != nil {
		return err
	}
	return openFirewall(ctx, n.spec.Name)
}

// Down removes the network, nodes' namespaces and links included. Their processes should be gone before.
func (n *Network) Down(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.nodes)
	clear(n.pods)
	return Sweep(ctx, n.spec.Name)
}

// MTU is that of every link of the lab, in bytes. It follows the host's default route, so it is right after Up.
func (n *Network) MTU() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.mtu
}

// AddMaster puts the address of a master on the bridge.
func (n *Network) AddMaster(m topology.Machine) error { return n.addAddress(n.spec.Addr(m)) }

// RemoveMaster takes the address of a master off the bridge. Connections from and to it get no answer any more.
func (n *Network) RemoveMaster(m topology.Machine) error {
	link, err := netlink.LinkByName(Bridge(n.spec.Name))
	if err != nil {
		return fmt.Errorf("remove the address of %s: %w", m, err)
	}
	err = netlink.AddrDel(link, &netlink.Addr{IPNet: ipNet(netip.PrefixFrom(n.spec.Addr(m), 32))})
	if err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) {
		return fmt.Errorf("remove the address of %s: %w", m, err)
	}
	return nil
}

// HasMaster reports whether the address of a master is on the bridge.
func (n *Network) HasMaster(m topology.Machine) bool {
	link, err := netlink.LinkByName(Bridge(n.spec.Name))
	if err != nil {
		return false
	}
	list, err := netlink.AddrList(link, netlink.FAMILY_V4)
	return err == nil && slices.ContainsFunc(list, func(a netlink.Addr) bool { return prefixOf(a.IPNet).Addr() == n.spec.Addr(m) })
}

// SetPodRanges says which node has which pod range; nodes that are left out have none. Routes follow, on the
// host and on every node that is attached, and on those that are attached later.
func (n *Network) SetPodRanges(ranges map[topology.Machine]netip.Prefix) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if maps.Equal(ranges, n.pods) {
		return nil
	}
	n.pods = maps.Clone(ranges)
	return n.route()
}

func (n *Network) makeBridge() error {
	name := Bridge(n.spec.Name)
	link, err := netlink.LinkByName(name)
	if err == nil {
		if got, want := link.Attrs().Alias, alias(n.spec.Name); got != want {
			return fmt.Errorf("the link is there and belongs to %q, not to %q: name the lab otherwise", got, want)
		}
	} else {
		snooping := false // of multicast: nothing uses it here, and the bridge would send queries for ever
		attrs := netlink.NewLinkAttrs()
		attrs.Name, attrs.Alias, attrs.MTU, attrs.HardwareAddr = name, alias(n.spec.Name), n.mtu, mac(n.spec.Host())
		br := &netlink.Bridge{LinkAttrs: attrs, MulticastSnooping: &snooping}
		if err := netlink.LinkAdd(br); err != nil {
			return err
		}
		link = br
	}
	n.bridge = link.Attrs().Index
	// The alias given to LinkAdd is kept by newer kernels only.
	if err := netlink.LinkSetAlias(link, alias(n.spec.Name)); err != nil {
		return err
	}
	// Without it the host announces itself with IPv6 on every lab's bridge. Kernels without IPv6 have no such file.
	_ = setSysctl("net/ipv6/conf/"+name+"/disable_ipv6", "1")
	return netlink.LinkSetUp(link)
}

func (n *Network) addAddresses() error {
	if err := n.addAddress(n.spec.Host()); err != nil {
		return err
	}
	if err := n.addAddress(n.spec.Balancer()); err != nil {
		return err
	}
	for _, m := range n.spec.Masters {
		if err := n.AddMaster(m); err != nil {
			return err
		}
	}
	return nil
}

// addAddress puts a on the bridge. Only the host's own address brings the route to the machines, as a /24: were
// the others /24 too, they would be its "secondaries", which the kernel removes together with it.
func (n *Network) addAddress(a netip.Addr) error {
	link, err := netlink.LinkByName(Bridge(n.spec.Name))
	if err != nil {
		return fmt.Errorf("add address %s: %w", a, err)
	}
	bits := 32
	if a == n.spec.Host() {
		bits = n.spec.MachineRange().Bits()
	}
	addr := &netlink.Addr{IPNet: ipNet(netip.PrefixFrom(a, bits))}
	if err := netlink.AddrReplace(link, addr); err != nil {
		return fmt.Errorf("add address %s to %s: %w", a, link.Attrs().Name, err)
	}
	return nil
}

// defaultRoute is the link of the host's IPv4 default route, nil where there is none.
func defaultRoute() (netlink.Link, error) {
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return nil, fmt.Errorf("list routes: %w", err)
	}
	var best *netlink.Route
	for i, r := range routes {
		everywhere := r.Dst == nil || prefixOf(r.Dst).Bits() == 0
		if everywhere && r.LinkIndex != 0 && (best == nil || r.Priority < best.Priority) {
			best = &routes[i]
		}
	}
	if best == nil {
		return nil, nil
	}
	link, err := netlink.LinkByIndex(best.LinkIndex)
	if err != nil {
		return nil, fmt.Errorf("find the link of the default route: %w", err)
	}
	return link, nil
}
