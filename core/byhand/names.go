package byhand

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"

	"kubelab/core/topology"
)

// What a lab adds to the host is named as package network names it, which this package does not import: it needs the kernel.

func hash(lab string) string {
	sum := sha256.Sum256([]byte(lab))
	return hex.EncodeToString(sum[:3])
}

func bridge(lab string) string { return "lab-" + hash(lab) }

// link is the host's end of a node's link.
func link(lab string, m topology.Machine) string { return fmt.Sprintf("ln%s-%d", hash(lab), m.Number) }

// namespace is the node's, as ip netns lists it.
func namespace(lab string, m topology.Machine) string { return "lab-" + lab + "." + m.Name() }

// lossTable is the name of the nftables tables that drop packets between machines.
func lossTable(lab string) string { return "lab-" + lab + ".loss" }

// delayMajor is the major number of the queueing discipline that makes packets late.
func delayMajor(lab string) uint16 { return uint16(crc32.ChecksumIEEE([]byte(lab)))&0x7fe0 | 0x20 }

const nodeLink, loopback = "eth0", "lo"
