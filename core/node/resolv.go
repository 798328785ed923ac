package node

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"strings"
)

// resolvers lists where a host may keep its name servers. The first is the right one but for hosts that run a resolver
// of their own at a loopback address, which a node's network namespace does not reach: systemd and NetworkManager
// write the real ones elsewhere.
var resolvers = []string{
	"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf", "/run/NetworkManager/no-stub-resolv.conf",
}

// nameServers are the host's that a node can use. There are none on a host without network.
func nameServers() []netip.Addr {
	for _, path := range resolvers {
		b, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if found := parseResolv(string(b)); len(found) > 0 {
			return found
		}
	}
	return nil
}

// parseResolv picks IPv4 addresses that are not the host's own: nodes have no IPv6.
func parseResolv(content string) []netip.Addr {
	var list []netip.Addr
	for line := range strings.Lines(content) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		if a, err := netip.ParseAddr(fields[1]); err == nil && a.Is4() && !a.IsLoopback() {
			list = append(list, a)
		}
	}
	return list
}

// resolv leaves the host's search domains out: names in a lab should not depend on whose network it is in.
func resolv(servers []netip.Addr) []byte {
	var b bytes.Buffer
	for _, a := range servers {
		fmt.Fprintf(&b, "nameserver %s\n", a)
	}
	return b.Bytes()
}
