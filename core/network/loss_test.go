package network

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"kubelab/core/topology"
)

var (
	master1, master2 = topology.Machine{Kind: topology.Master, Number: 1}, topology.Machine{Kind: topology.Master, Number: 2}
	node1, node2     = topology.Machine{Kind: topology.Node, Number: 1}, topology.Machine{Kind: topology.Node, Number: 2}
	everybody        = topology.Machine{}
)

func TestLossTables(t *testing.T) {
	spec := topology.New("a", netip.MustParsePrefix("10.100.0.0/16"), 3, 3)
	link1, link2 := Link("a", node1), Link("a", node2)
	tests := map[string]struct {
		loss Loss
		want []string // chain and rule, in turn
	}{
		"master to master": {Loss{master1, master2, 100}, []string{"table ip lab-a.loss", "hook input", "ip saddr 10.100.0.11 ip daddr 10.100.0.12 drop"}},
		"a share of it":    {Loss{master1, master2, 30}, []string{"ip saddr 10.100.0.11 ip daddr 10.100.0.12 numgen random mod 100 < 30 drop"}},
		"node to node":     {Loss{node1, node2, 100}, []string{"table bridge lab-a.loss", "hook forward", `iifname "` + link1 + `" oifname "` + link2 + `" ether type ip drop`}},
		"node to master":   {Loss{node1, master2, 100}, []string{"table bridge lab-a.loss", "hook input", `iifname "` + link1 + `" ip daddr 10.100.0.12 drop`}},
		"master to node":   {Loss{master1, node2, 100}, []string{"table bridge lab-a.loss", "hook output", `oifname "` + link2 + `" ip saddr 10.100.0.11 drop`}},
		"all to a master":  {Loss{everybody, master1, 100}, []string{"hook input", "ip daddr 10.100.0.11 ip saddr != 10.100.0.11 drop"}},
		"a master to all":  {Loss{master1, everybody, 100}, []string{"ip saddr 10.100.0.11 ip daddr != 10.100.0.11 drop", "hook output", "ip saddr 10.100.0.11 drop"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			rest := lossTables(spec, []Loss{tt.loss})
			for _, want := range tt.want {
				_, after, ok := strings.Cut(rest, want)
				if !ok {
					t.Fatalf("no %q, in this order, in\n%s", want, lossTables(spec, []Loss{tt.loss}))
				}
				rest = after
			}
		})
	}
	if got := lossTables(spec, nil); strings.Contains(got, "{") || strings.Count(got, "delete table") != 2 {
		t.Errorf("without losses both tables are to go, not:\n%s", got)
	}
}

// passes reports whether a packet from one address of the host gets to another, which a listener has.
func passes(t *testing.T, from, to netip.Addr, port string) bool {
	t.Helper()
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	d := net.Dialer{Timeout: 700 * time.Millisecond, LocalAddr: &net.TCPAddr{IP: from.AsSlice()}}
	c, err := d.Dial("tcp", netip.AddrPortFrom(to, uint16(n)).String())
	if err == nil {
		c.Close()
	}
	return err == nil
}

func TestLossesAreReal(t *testing.T) {
	n, spec := newTestNetwork(t, 3, 2)
	attach(t, n, spec)
	a, b := spec.Addr(master1), spec.Addr(master2)
	portA, portB := listen(t, a), listen(t, b)
	atNode2 := spec.Addr(node2).String()
	set := func(losses ...Loss) {
		t.Helper()
		if err := n.SetLosses(t.Context(), losses); err != nil {
			t.Fatal(err)
		}
	}
	whole := func() {
		t.Helper()
		if !passes(t, a, b, portB) || !passes(t, b, a, portA) || !reach(spec, node1, a, portA) || !answers(Namespace(spec.Name, node1), atNode2) {
			t.Fatal("not everybody reaches everybody")
		}
	}
	whole()

	// A connection needs both directions, so one that is cut is enough.
	set(Loss{master1, master2, 100})
	if passes(t, a, b, portB) || passes(t, b, a, portA) {
		t.Error("masters connect although what one sends to the other is lost")
	}
	if !passes(t, spec.Addr(spec.Masters[2]), b, portB) || !reach(spec, node1, a, portA) {
		t.Error("others suffer from what is lost between two masters")
	}

	set(Loss{node1, master1, 100})
	if !passes(t, a, b, portB) {
		t.Error("the losses of before are still there")
	}
	if reach(spec, node1, a, portA) || !reach(spec, node2, a, portA) || !reach(spec, node1, b, portB) {
		t.Error("only node-1 is not to reach master-1")
	}

	set(Loss{node1, node2, 100})
	if answers(Namespace(spec.Name, node1), atNode2) || !reach(spec, node1, a, portA) {
		t.Error("only the nodes are not to reach each other")
	}

	// A master that is isolated reaches itself and nobody else.
	set(Loss{everybody, master1, 100}, Loss{master1, everybody, 100})
	if passes(t, a, b, portB) || passes(t, b, a, portA) || passes(t, spec.Balancer(), a, portA) || reach(spec, node1, a, portA) {
		t.Error("somebody reaches a master that is isolated")
	}
	if !passes(t, a, a, portA) {
		t.Error("the master does not reach itself")
	}

	set()
	whole()
}

func TestDelaysAreReal(t *testing.T) {
	n, spec := newTestNetwork(t, 3, 2)
	attach(t, n, spec)
	if err := n.DelayAvailable(); err != nil {
		if !strings.Contains(err.Error(), "netem") {
			t.Errorf("DelayAvailable = %v, want a word on netem", err)
		}
		t.Skip(err)
	}
	const by = 500 * time.Millisecond
	at := spec.Addr
	for name, tt := range map[string]struct {
		delay    Delay
		from, to netip.Addr // late, there and back
		other    netip.Addr // not late from from
	}{
		"between masters":         {Delay{master1, master2, by}, at(master1), at(master2), at(spec.Masters[2])},
		"from a master to a node": {Delay{master1, node1, by}, at(master1), at(node1), at(node2)},
		"from a node to a master": {Delay{node1, master1, by}, at(master1), at(node1), at(node2)},
	} {
		t.Run(name, func(t *testing.T) {
			if err := n.SetDelays([]Delay{tt.delay}); err != nil {
				t.Fatal(err)
			}
			if d := roundTrip(t, tt.from, tt.to); d < by {
				t.Errorf("there and back takes %s with a delay of %s", d, by)
			}
			if d := roundTrip(t, tt.from, tt.other); d >= by {
				t.Errorf("there and back takes %s where nothing is to be late", d)
			}
			if err := n.SetDelays(nil); err != nil {
				t.Fatal(err)
			}
			if d := roundTrip(t, tt.from, tt.to); d >= by {
				t.Errorf("there and back takes %s without a delay", d)
			}
		})
	}
}

// roundTrip is how long it takes to be refused a connection.
func roundTrip(t *testing.T, from, to netip.Addr) time.Duration {
	t.Helper()
	const closed = 9
	d := net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: from.AsSlice()}}
	begin := time.Now()
	c, err := d.Dial("tcp", netip.AddrPortFrom(to, closed).String())
	if err == nil {
		c.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("%s to %s: %v, want a refusal", from, to, err)
	}
	return time.Since(begin)
}
