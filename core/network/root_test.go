package network

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"kubelab/core/topology"
)

// newTestNetwork makes a network on the host that is gone when the test ends, and checks that it is.
func newTestNetwork(t *testing.T, masters, nodes int) (*Network, topology.Spec) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	subnet, err := FreeSubnet(nil)
	if err != nil {
		t.Fatal(err)
	}
	spec := topology.New("network-test", subnet, masters, nodes)
	before := host(t)
	n := New(spec, slog.New(slog.NewTextHandler(t.Output(), nil)))
	t.Cleanup(func() {
		if err := Sweep(context.Background(), spec.Name); err != nil {
			t.Error(err)
		}
		if after := host(t); !slices.Equal(after, before) {
			t.Errorf("the host was\n%s\nand is\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
		}
	})
	if err := n.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	return n, spec
}

// host is everything that a lab changes about the host's network, except what a lab of another name does.
func host(t *testing.T) []string {
	var list []string
	for _, command := range []string{
		"ip -o link", "ip -o -4 addr", "ip -4 route", "ls /run/netns", "nft list tables", "cat /proc/sys/net/ipv4/ip_forward",
		"ls /run/lab/forwarded",
	} {
		args := strings.Fields(command)
		out, _ := exec.Command(args[0], args[1:]...).Output() // a directory may be missing
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, hash("network-test")) || strings.Contains(line, "network-test") {
				list = append(list, line)
			}
		}
	}
	return list
}

func attach(t *testing.T, n *Network, spec topology.Spec) {
	t.Helper()
	for _, m := range spec.Nodes {
		if _, err := n.AttachNode(m); err != nil {
			t.Fatal(err)
		}
	}
}

// reach opens a connection from a node. It tries twice, because the first try after a cut may be told at once that
// the neighbour was not found during the cut.
func reach(spec topology.Spec, at topology.Machine, to netip.Addr, port string) bool {
	return exec.Command("ip", "netns", "exec", Namespace(spec.Name, at),
		"timeout", "2", "bash", "-c", "t() { echo > /dev/tcp/"+to.String()+"/"+port+"; }; t || t").Run() == nil
}

func listen(t *testing.T, a netip.Addr) string {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(a.String(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func TestNodesReachMastersUntilTheirLinkIsCut(t *testing.T) {
	n, spec := newTestNetwork(t, 2, 2)
	attach(t, n, spec)
	master, node := spec.Addr(spec.Masters[1]), spec.Nodes[0]
	port := listen(t, master)
	if !reach(spec, node, master, port) {
		t.Fatal("the node does not reach the master")
	}
	if !answers(Namespace(spec.Name, node), spec.Addr(spec.Nodes[1]).String()) {
		t.Error("the node does not reach the other node")
	}
	if err := n.SetLink(node, false); err != nil {
		t.Fatal(err)
	}
	if n.Linked(node) || reach(spec, node, master, port) {
		t.Error("the node reaches the master over a link that is cut")
	}
	if err := n.SetLink(node, true); err != nil {
		t.Fatal(err)
	}
	if !n.Linked(node) || !reach(spec, node, master, port) {
		t.Error("the node does not reach the master over a link that is restored")
	}
	if err := n.RemoveMaster(spec.Masters[1]); err != nil {
		t.Fatal(err)
	}
	if reach(spec, node, master, port) {
		t.Error("the node reaches a master that was removed")
	}
}

func TestRoutesFollowNodesAndPodRanges(t *testing.T) {
	n, spec := newTestNetwork(t, 1, 3)
	attach(t, n, spec)
	ranges := map[topology.Machine]netip.Prefix{}
	for i, m := range spec.Nodes {
		a := spec.PodRange().Addr().As4()
		a[2] += byte(i)
		ranges[m] = netip.PrefixFrom(netip.AddrFrom4(a), topology.PodRangeBits)
	}
	if err := n.SetPodRanges(ranges); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, command string
		want          int
	}{
		{"pods, from the host", "ip route show proto 201 root " + spec.PodRange().String(), 3},
		{"pods, from a node", "ip -n " + Namespace(spec.Name, spec.Nodes[0]) + " route show proto 201", 2},
		{"Services, from the host: one route by three ways", "ip route show " + spec.ServiceRange().String(), 4},
	} {
		if got := lines(t, c.command); got != c.want {
			t.Errorf("%s: %d lines, want %d", c.name, got, c.want)
		}
	}
	if err := n.SetLink(spec.Nodes[2], false); err != nil {
		t.Fatal(err)
	}
	if err := n.DetachNode(spec.Nodes[1]); err != nil {
		t.Fatal(err)
	}
	if got := lines(t, "ip route show "+spec.ServiceRange().String()); got != 1 {
		t.Errorf("with one node left, the route to Services has %d lines, want 1", got)
	}
	delete(ranges, spec.Nodes[1])
	if err := n.SetPodRanges(ranges); err != nil {
		t.Fatal(err)
	}
	if got := lines(t, "ip route show proto 201 root "+spec.PodRange().String()); got != 2 {
		t.Errorf("%d routes to pods, want 2", got)
	}
}

func lines(t *testing.T, command string) int {
	t.Helper()
	args := strings.Fields(command)
	out, err := exec.Command(args[0], args[1:]...).Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return strings.Count(string(out), "\n")
}

func TestUpAndAttachKeepOrReplaceWhatIsThere(t *testing.T) {
	n, spec := newTestNetwork(t, 1, 1)
	for range 2 {
		if err := n.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		attach(t, n, spec)
	}
	port := listen(t, spec.Balancer())
	if !reach(spec, spec.Nodes[0], spec.Balancer(), port) {
		t.Error("the node does not reach the balancer")
	}
}

func TestCollisionNamesTheLink(t *testing.T) {
	_, spec := newTestNetwork(t, 1, 0)
	if err := Collisions(spec); err != nil {
		t.Errorf("the lab collides with itself: %v", err)
	}
	other := topology.New("network-test-2", spec.Subnet, 1, 0)
	if err := Collisions(other); err == nil || !strings.Contains(err.Error(), Bridge(spec.Name)) {
		t.Errorf("got %v, want an error that names %s", err, Bridge(spec.Name))
	}
	if free, err := FreeSubnet(nil); err != nil || free == spec.Subnet {
		t.Errorf("%s is called free (%v)", free, err)
	}
}

func TestNodesReachBeyondTheHostOnlyOutwards(t *testing.T) {
	n, spec := newTestNetwork(t, 1, 1)
	attach(t, n, spec)
	// A neighbour of the host, such as another lab: a namespace behind a link of its own.
	setup := `ip netns add lab-test-out && ip link add lto0 type veth peer name eth0 netns lab-test-out &&
		ip addr add 198.51.100.1/24 dev lto0 && ip link set lto0 up && echo 1 > /proc/sys/net/ipv4/conf/lto0/forwarding &&
		ip -n lab-test-out addr add 198.51.100.2/24 dev eth0 && ip -n lab-test-out link set eth0 up &&
		ip -n lab-test-out route add default via 198.51.100.1`
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", "lab-test-out").Run() })
	if out, err := exec.Command("bash", "-c", setup).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// Whoever is there answers a connection at once, be it by a refusal; silence takes the whole second.
	node := Namespace(spec.Name, spec.Nodes[0])
	if !answers(node, "198.51.100.2") {
		t.Error("the node does not reach the neighbour")
	}
	if answers("lab-test-out", spec.Addr(spec.Nodes[0]).String()) || answers("lab-test-out", spec.Host().String()) {
		t.Error("the neighbour reaches into the lab")
	}
}

// TestHostsFirewallThatDrops runs other tests on a host of their own, whose iptables drop whatever they have no rule
// for, as Docker and ufw set them up.
func TestHostsFirewallThatDrops(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("iptables"); err != nil || os.Getuid() != 0 {
		t.Skip("needs root and iptables")
	}
	out, err := exec.Command("unshare", "--net", "--mount", "--propagation", "private", "bash", "-c", `
		mount -t tmpfs run /run && mount -t sysfs sys /sys && ip link set lo up &&
		iptables -P INPUT DROP && iptables -P FORWARD DROP && iptables -A INPUT -i lo -j ACCEPT &&
		"$0" -test.run '^(TestNodesReachMasters|TestUpAndAttach)' -test.v && iptables -S`, self).CombinedOutput()
	if err != nil || strings.Contains(string(out), "lab network-test") {
		t.Errorf("%v\n%s", err, out)
	}
}

func answers(namespace, to string) bool {
	out, _ := exec.Command("ip", "netns", "exec", namespace, "timeout", "1", "bash", "-c", "echo > /dev/tcp/"+to+"/9").CombinedOutput()
	return strings.Contains(string(out), "refused")
}
