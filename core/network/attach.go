package network

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"kubelab/core/topology"
)

// nodeLink is the name of the link inside a node.
const nodeLink = "eth0"

// AttachNode makes the node's network namespace and links it to the bridge: address, default route through the
// host, routes to the other nodes' pods. It returns the namespace's path. Whatever an earlier start of the
// node has left is replaced: a machine that is switched on has an empty network.
func (n *Network) AttachNode(m topology.Machine) (path string, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.remove(m); err != nil {
		return "", fmt.Errorf("attach %s: %w", m, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("attach %s: %w", m, err), n.remove(m))
		}
	}()
	ns, err := newNamespace(Namespace(n.spec.Name, m))
	if err != nil {
		return "", err
	}
	defer ns.Close()
	if err := n.makeLink(m, ns); err != nil {
		return "", err
	}
	if err := n.configure(m, ns); err != nil {
		return "", err
	}
	n.nodes[m] = &attachment{linked: true}
	return namespacePath(n.spec.Name, m), n.route()
}

// DetachNode removes the node's link, its namespace and the routes through it, at once: others notice nothing
// but silence, as when the power fails.
func (n *Network) DetachNode(m topology.Machine) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.remove(m); err != nil {
		return fmt.Errorf("detach %s: %w", m, err)
	}
	return n.route()
}

// SetLink cuts the node's link to the bridge, or restores it. A node that is cut keeps running.
func (n *Network) SetLink(m topology.Machine, up bool) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	at := n.nodes[m]
	if at == nil {
		return fmt.Errorf("link of %s: the node is not attached", m)
	}
	link, err := netlink.LinkByName(Link(n.spec.Name, m))
	if err != nil {
		return fmt.Errorf("link of %s: %w", m, err)
	}
	set := netlink.LinkSetDown
	if up {
		set = netlink.LinkSetUp
	}
	if err := set(link); err != nil {
		return fmt.Errorf("link of %s: %w", m, err)
	}
	at.linked = up
	// The host has no kube-proxy of its own: it reaches Services through nodes, so only through linked ones.
	return n.route()
}

// Linked reports whether the node is attached and its link not cut.
func (n *Network) Linked(m topology.Machine) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.nodes[m] != nil && n.nodes[m].linked
}

func (n *Network) remove(m topology.Machine) error {
	delete(n.nodes, m)
	return errors.Join(removeLink(Link(n.spec.Name, m)), removeNamespace(Namespace(n.spec.Name, m)))
}

func (n *Network) makeLink(m topology.Machine, ns netns.NsHandle) error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MTU, attrs.MasterIndex = Link(n.spec.Name, m), n.mtu, n.bridge
	veth := &netlink.Veth{
		LinkAttrs: attrs, PeerName: nodeLink, PeerHardwareAddr: mac(n.spec.Addr(m)),
		PeerNamespace: netlink.NsFd(ns), PeerMTU: uint32(n.mtu),
	}
	if err := netlink.LinkAdd(veth); err != nil {
		return fmt.Errorf("make link %s: %w", attrs.Name, err)
	}
	if err := netlink.LinkSetAlias(veth, alias(n.spec.Name, m.Name())); err != nil {
		return fmt.Errorf("alias of link %s: %w", attrs.Name, err)
	}
	_ = setSysctl("net/ipv6/conf/"+attrs.Name+"/disable_ipv6", "1") // see makeBridge
	return netlink.LinkSetUp(veth)
}

// configure sets up what is inside the node's namespace.
func (n *Network) configure(m topology.Machine, ns netns.NsHandle) error {
	h, err := netlink.NewHandleAt(ns, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer h.Close() // an open socket would keep the namespace alive
	for _, name := range []string{"lo", nodeLink} {
		link, err := h.LinkByName(name)
		if err != nil {
			return fmt.Errorf("find %s: %w", name, err)
		}
		if name == nodeLink {
			addr := &netlink.Addr{IPNet: &net.IPNet{IP: n.spec.Addr(m).AsSlice(), Mask: net.CIDRMask(n.spec.MachineRange().Bits(), 32)}}
			if err := h.AddrAdd(link, addr); err != nil {
				return fmt.Errorf("address of %s: %w", name, err)
			}
		}
		if err := h.LinkSetUp(link); err != nil {
			return fmt.Errorf("set %s up: %w", name, err)
		}
	}
	if err := h.RouteAdd(&netlink.Route{Gw: n.spec.Host().AsSlice()}); err != nil {
		return fmt.Errorf("default route: %w", err)
	}
	return nil
}

func removeLink(name string) error {
	link, err := netlink.LinkByName(name)
	if notFound := (netlink.LinkNotFoundError{}); errors.As(err, &notFound) {
		return nil
	}
	if err == nil {
		err = netlink.LinkDel(link)
	}
	// ENODEV: its namespace was just removed, and the link with it.
	if err != nil && !errors.Is(err, unix.ENODEV) {
		return fmt.Errorf("remove link %s: %w", name, err)
	}
	return nil
}

func setSysctl(key, value string) error {
	return os.WriteFile("/proc/sys/"+key, []byte(value), 0)
}
