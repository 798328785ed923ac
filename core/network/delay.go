package network

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"kubelab/core/topology"
)

// Delay is a one-way failure of a link: everything that From sends to To arrives later. It is made by the kernel's
// netem, where the packets leave: at the host's end of a node's link, at the node's own end, or, between masters, on
// the host's loopback link, which is where packets between two addresses of the host pass.
type Delay struct {
	From, To topology.Machine
	By       time.Duration // a microsecond to four minutes: the kernel is told in ticks of 64 ns, in 32 bits
}

// DelayAvailable says why delays cannot be made on this machine, nil when they can.
func (n *Network) DelayAvailable() error {
	err := onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil { // the thread ends, and this network with it
			return err
		}
		h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		if err != nil {
			return err
		}
		defer h.Close()
		lo, err := h.LinkByName(loopback)
		if err != nil {
			return err
		}
		return h.QdiscAdd(netem(lo, netlink.HANDLE_ROOT, netlink.MakeHandle(1, 0), time.Millisecond))
	})
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EOPNOTSUPP) {
		return errors.New("this kernel has no netem; where it is a module: modprobe sch_netem, perhaps from the package linux-modules-extra")
	}
	if err != nil {
		return fmt.Errorf("try netem: %w", err)
	}
	return nil
}

const (
	loopback = "lo"
	// maxDelays of one link: a prio qdisc has 16 bands, and the first one is for what is not delayed.
	maxDelays = 15
)

// flow is what one delay is about on one link.
type flow struct {
	from, to []netip.Prefix // empty: anybody
	by       time.Duration
}

// SetDelays makes delays the only ones of the lab.
func (n *Network) SetDelays(delays []Delay) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	host, inside, between := map[topology.Machine][]flow{}, map[topology.Machine][]flow{}, []flow(nil)
	for _, d := range delays {
		switch f := (flow{n.prefixes(d.From), n.prefixes(d.To), d.By}); {
		case d.To.Kind == topology.Node:
			host[d.To] = append(host[d.To], f)
		case d.From.Kind == topology.Node:
			inside[d.From] = append(inside[d.From], f)
		default:
			between = append(between, f)
		}
	}
	for m := range n.nodes {
		if err := n.delayNode(m, host[m], inside[m]); err != nil {
			return fmt.Errorf("delay on the link of %s: %w", m, err)
		}
	}
	if err := n.delayOn(netns.None(), loopback, between); err != nil {
		return fmt.Errorf("delay between masters: %w", err)
	}
	return nil
}

func (n *Network) delayNode(m topology.Machine, host, inside []flow) error {
	if err := n.delayOn(netns.None(), Link(n.spec.Name, m), host); err != nil {
		return err
	}
	ns, err := netns.GetFromPath(namespacePath(n.spec.Name, m))
	if err != nil {
		return err
	}
	defer ns.Close()
	return n.delayOn(ns, nodeLink, inside)
}

// prefixes are the addresses that packets of the machine have: its own, and its pods'.
func (n *Network) prefixes(m topology.Machine) []netip.Prefix {
	list := []netip.Prefix{netip.PrefixFrom(n.spec.Addr(m), 32)}
	if r, ok := n.pods[m]; ok {
		list = append(list, r)
	}
	return list
}

// delayOn makes flows the only ones that are late on a link, in the namespace or on the host.
func (n *Network) delayOn(ns netns.NsHandle, name string, flows []flow) error {
	h, err := handleAt(ns)
	if err != nil {
		return err
	}
	defer h.Close()
	link, err := h.LinkByName(name)
	if err != nil {
		return err
	}
	root := delayHandle(n.spec.Name)
	if err := removeDelays(h, link, root); err != nil {
		return err
	}
	switch {
	case len(flows) == 0:
		return nil
	case len(flows) > maxDelays:
		return fmt.Errorf("at most %d delays are possible there", maxDelays)
	}
	// Everything goes through the first band, unless a filter says otherwise.
	prio := netlink.NewPrio(netlink.QdiscAttrs{LinkIndex: link.Attrs().Index, Parent: netlink.HANDLE_ROOT, Handle: root})
	prio.Bands, prio.PriorityMap = uint8(max(2, len(flows)+1)), [netlink.PRIORITY_MAP_LEN]uint8{}
	if err := h.QdiscAdd(prio); err != nil {
		if errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("%s has a queueing discipline of somebody else's", name)
		}
		return err
	}
	major, _ := netlink.MajorMinor(root)
	for i, f := range flows {
		class := netlink.MakeHandle(major, uint16(i+2))
		if err := h.QdiscAdd(netem(link, class, netlink.MakeHandle(major+uint16(i)+1, 0), f.by)); err != nil {
			return errors.Join(err, removeDelays(h, link, root))
		}
		for _, from := range f.from {
			for _, to := range f.to {
				if err := h.FilterAdd(match(link, root, class, from, to)); err != nil {
					return errors.Join(err, removeDelays(h, link, root))
				}
			}
		}
	}
	return nil
}

func handleAt(ns netns.NsHandle) (*netlink.Handle, error) {
	if ns.IsOpen() {
		return netlink.NewHandleAt(ns, unix.NETLINK_ROUTE)
	}
	return netlink.NewHandle(unix.NETLINK_ROUTE)
}

// removeDelays removes the lab's root qdisc from the link, and with it all that hangs on it.
func removeDelays(h *netlink.Handle, link netlink.Link, root uint32) error {
	list, err := h.QdiscList(link)
	if err != nil {
		return err
	}
	for _, q := range list {
		if q.Attrs().Handle == root && q.Attrs().Parent == netlink.HANDLE_ROOT {
			if err := h.QdiscDel(q); err != nil && !errors.Is(err, unix.ENOENT) {
				return err
			}
		}
	}
	return nil
}

// sweepDelays removes the lab's delays from the one link that is not its own.
func sweepDelays(lab string) error {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer h.Close()
	lo, err := h.LinkByName(loopback)
	if err != nil {
		return fmt.Errorf("find %s: %w", loopback, err)
	}
	return removeDelays(h, lo, delayHandle(lab))
}

// delayHandle marks the lab's qdiscs. The 16 handles above it are for its children.
func delayHandle(lab string) uint32 {
	return netlink.MakeHandle(uint16(crc32.ChecksumIEEE([]byte(lab)))&0x7fe0|0x20, 0)
}

func netem(link netlink.Link, parent, handle uint32, by time.Duration) netlink.Qdisc {
	const limit = 10_000 // packets that wait at the same time
	return netlink.NewNetem(netlink.QdiscAttrs{LinkIndex: link.Attrs().Index, Parent: parent, Handle: handle},
		netlink.NetemQdiscAttrs{Latency: uint32(by.Microseconds()), Limit: limit})
}

// Offsets in the IPv4 header.
const sourceOffset, destinationOffset = 12, 16

func match(link netlink.Link, root, class uint32, from, to netip.Prefix) netlink.Filter {
	key := func(p netip.Prefix, offset int32) netlink.TcU32Key {
		a := p.Addr().As4()
		return netlink.TcU32Key{Mask: ^uint32(0) << (32 - p.Bits()), Val: binary.BigEndian.Uint32(a[:]), Off: offset}
	}
	return &netlink.U32{
		FilterAttrs: netlink.FilterAttrs{LinkIndex: link.Attrs().Index, Parent: root, Priority: 1, Protocol: unix.ETH_P_IP},
		ClassId:     class,
		Sel: &netlink.TcU32Sel{
			Flags: netlink.TC_U32_TERMINAL, Nkeys: 2,
			Keys: []netlink.TcU32Key{key(from, sourceOffset), key(to, destinationOffset)},
		},
	}
}
