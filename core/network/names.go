package network

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"kubelab/core/topology"
)

// hash stands for the lab's name where a name must be short.
func hash(lab string) string {
	sum := sha256.Sum256([]byte(lab))
	return hex.EncodeToString(sum[:3])
}

// Bridge is the name of the lab's bridge.
func Bridge(lab string) string { return "lab-" + hash(lab) }

// Link is the name of the host's end of a node's link.
func Link(lab string, m topology.Machine) string {
	return fmt.Sprintf("%s%d", linkPrefix(lab), m.Number)
}

func linkPrefix(lab string) string { return "ln" + hash(lab) + "-" }

// Namespace is the name of a node's network namespace, as `ip netns` lists it.
func Namespace(lab string, m topology.Machine) string { return namespacePrefix(lab) + m.Name() }

// The dot ends the lab's name, because none can hold one: "lab-a." is no prefix of what belongs to "a-b".
func namespacePrefix(lab string) string { return "lab-" + lab + "." }

// Table is the name of the lab's nftables table, of family ip.
func Table(lab string) string { return "lab-" + lab }

// alias is what `ip link` shows beside a link of the lab, and the comment on its rules.
func alias(lab string, of ...string) string {
	return strings.Join(append([]string{"lab", lab}, of...), " ")
}

// mac is a locally administered address that follows from a, as CNI makes them.
func mac(a netip.Addr) net.HardwareAddr {
	return append(net.HardwareAddr{0x0a, 0x58}, a.AsSlice()...)
}
