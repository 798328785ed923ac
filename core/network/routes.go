package network

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"kubelab/core/topology"
)

// protocol marks the routes that this package makes, so that it changes no others. The number is free in
// /etc/iproute2/rt_protos.
const protocol = 201

// route brings the routes of the host and of every attached node in line with n.pods and n.nodes.
func (n *Network) route() error {
	if err := n.routeHost(); err != nil {
		return fmt.Errorf("routes of the host: %w", err)
	}
	for m := range n.nodes {
		if err := n.routeNode(m); err != nil {
			return fmt.Errorf("routes of %s: %w", m, err)
		}
	}
	return nil
}

// routeHost lets the API servers, which are on the host, reach pods and Services: webhooks and aggregated API
// servers are both.
func (n *Network) routeHost() error {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer h.Close()
	link, err := h.LinkByName(Bridge(n.spec.Name))
	if notFound := (netlink.LinkNotFoundError{}); errors.As(err, &notFound) {
		return nil // so are its routes
	}
	if err != nil {
		return err
	}
	return replaceRoutes(h, link, append(n.podRoutes(topology.Machine{}), n.serviceRoute()...))
}

func (n *Network) routeNode(m topology.Machine) error {
	ns, err := netns.GetFromPath(namespacePath(n.spec.Name, m))
	if err != nil {
		return err
	}
	defer ns.Close()
	h, err := netlink.NewHandleAt(ns, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer h.Close()
	link, err := h.LinkByName(nodeLink)
	if err != nil {
		return err
	}
	return replaceRoutes(h, link, n.podRoutes(m))
}

// podRoutes are the routes to the pods of every node but one. A node that is off or cut keeps its route: packets
// to it are lost, as they are in a data centre.
func (n *Network) podRoutes(but topology.Machine) []netlink.Route {
	var list []netlink.Route
	for m, p := range n.pods {
		if m != but {
			list = append(list, netlink.Route{Dst: ipNet(p), Gw: n.spec.Addr(m).AsSlice()})
		}
	}
	return list
}

// serviceRoute spreads connections to Services over the nodes whose link is up; whichever gets one, its
// kube-proxy sends it on.
func (n *Network) serviceRoute() []netlink.Route {
	r := netlink.Route{Dst: ipNet(n.spec.ServiceRange())}
	for m, at := range n.nodes {
		if at.linked {
			r.MultiPath = append(r.MultiPath, &netlink.NexthopInfo{Gw: n.spec.Addr(m).AsSlice()})
		}
	}
	if len(r.MultiPath) == 0 {
		return nil
	}
	slices.SortFunc(r.MultiPath, func(a, b *netlink.NexthopInfo) int { return slices.Compare(a.Gw, b.Gw) })
	return []netlink.Route{r}
}

// replaceRoutes makes want the only routes of ours through link.
func replaceRoutes(h *netlink.Handle, link netlink.Link, want []netlink.Route) error {
	have, err := h.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Protocol: protocol}, netlink.RT_FILTER_PROTOCOL)
	if err != nil {
		return err
	}
	wanted := map[netip.Prefix]bool{}
	for _, r := range want {
		wanted[prefixOf(r.Dst)] = true
		r.Protocol = protocol
		for _, hop := range r.MultiPath {
			hop.LinkIndex = link.Attrs().Index
		}
		if r.MultiPath == nil {
			r.LinkIndex = link.Attrs().Index
		}
		if err := h.RouteReplace(&r); err != nil {
			return fmt.Errorf("to %s: %w", r.Dst, err)
		}
	}
	for _, r := range have {
		if through(r) != link.Attrs().Index || wanted[prefixOf(r.Dst)] {
			continue
		}
		if err := h.RouteDel(&r); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("to %s: %w", r.Dst, err)
		}
	}
	return nil
}

func through(r netlink.Route) int {
	if len(r.MultiPath) > 0 {
		return r.MultiPath[0].LinkIndex
	}
	return r.LinkIndex
}
