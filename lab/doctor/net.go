package doctor

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Oldest nft that kube-proxy uses: k8s.io/kubernetes/pkg/proxy/nftables/supported.go.
const nftMajor, nftMinor, nftPatch = 1, 0, 1

func (m machine) nft(ctx context.Context) Result {
	fix := m.install("nftables", "nftables")
	path, err := exec.LookPath("nft")
	if err != nil {
		return fail("nft is not in PATH, and kube-proxy and the lab's network need it", fix)
	}
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return fail(fmt.Sprintf("%s does not run (%v)", path, err), fix)
	}
	return nftVersion(strings.TrimSpace(string(out)), fix)
}

// nftVersion reads a line such as "nftables v1.0.6 (Lester Gooch #5)".
func nftVersion(line, fix string) Result {
	var major, minor, patch int
	_, text, _ := strings.Cut(line, " v")
	if n, _ := fmt.Sscanf(text, "%d.%d.%d", &major, &minor, &patch); n < 2 {
		return warn(fmt.Sprintf("cannot tell the version of nft from %q", line), fmt.Sprintf("make sure it is %d.%d.%d or later: nft --version", nftMajor, nftMinor, nftPatch))
	}
	have, need := [3]int{major, minor, patch}, [3]int{nftMajor, nftMinor, nftPatch}
	for i := range have {
		if have[i] > need[i] {
			break
		}
		if have[i] < need[i] {
			return fail(fmt.Sprintf("nft %d.%d.%d is too old for kube-proxy, which needs %d.%d.%d", major, minor, patch, nftMajor, nftMinor, nftPatch), fix)
		}
	}
	return ok(line)
}

// inSpace runs f in a network namespace of its own, which vanishes with it.
func inSpace(f func() error) error {
	return onOwnThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("make a network namespace: %w", err)
		}
		return f()
	})
}

// links tries what every node is connected with.
func (m machine) links(context.Context) Result {
	err := inSpace(func() error {
		bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "bridge"}}
		if err := netlink.LinkAdd(bridge); err != nil {
			return fmt.Errorf("make a bridge: %w", err)
		}
		pair := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "one"}, PeerName: "other"}
		if err := netlink.LinkAdd(pair); err != nil {
			return fmt.Errorf("make a veth pair: %w", err)
		}
		return netlink.LinkSetMaster(pair, bridge)
	})
	if err != nil {
		return fail(fmt.Sprintf("cannot connect nodes (%v)", err), "modprobe -a bridge veth")
	}
	return ok("bridge and veth work")
}

// rules use what kube-proxy, the lab's own network and its faults use of nftables.
const rules = `
table ip probe {
	set pairs { type ipv4_addr . ipv4_addr; elements = { 10.0.0.1 . 10.0.0.2 } }
	map services { type ipv4_addr . inet_proto . inet_service : verdict; }
	chain refuse { reject; }
	chain translate { meta l4proto tcp dnat to 10.0.0.1:80; }
	chain pre {
		type nat hook prerouting priority dstnat; policy accept;
		ip daddr . meta l4proto . th dport vmap @services
		fib daddr type local numgen random mod 2 vmap { 0 : goto translate, 1 : goto translate }
	}
	chain post {
		type nat hook postrouting priority srcnat; policy accept;
		meta mark & 0x4000 == 0x4000 masquerade fully-random
	}
	chain in {
		type filter hook input priority filter; policy accept;
		ct state new ip saddr . ip daddr @pairs counter drop
		ct state invalid jump refuse
	}
}
`

func (m machine) nftables(ctx context.Context) Result {
	var output string
	err := inSpace(func() error {
		// A child has the network namespace of the thread that starts it.
		cmd := exec.CommandContext(ctx, "nft", "-f", "-")
		cmd.Stdin = strings.NewReader(rules)
		out, err := cmd.CombinedOutput()
		output, _, _ = strings.Cut(strings.TrimSpace(string(out)), "\n")
		return err
	})
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return fail("not tried: nft is not in PATH", m.install("nftables", "nftables"))
	case err != nil:
		return fail(fmt.Sprintf("the kernel does not take rules as kube-proxy makes them (%v: %s)", err, output),
			"modprobe -a nf_tables nft_ct nft_nat nft_masq nft_fib_inet nft_numgen nft_reject; if there are no such modules, boot a distribution's own kernel")
	}
	return ok("rules as kube-proxy makes them work")
}

// delay says whether links can be made slow. No lab needs that to start.
func (m machine) delay(context.Context) Result {
	err := inSpace(func() error {
		lo, err := netlink.LinkByName("lo")
		if err != nil {
			return err
		}
		attrs := netlink.QdiscAttrs{LinkIndex: lo.Attrs().Index, Handle: netlink.MakeHandle(1, 0), Parent: netlink.HANDLE_ROOT}
		return netlink.QdiscAdd(netlink.NewNetem(attrs, netlink.NetemQdiscAttrs{Latency: 1000}))
	})
	if err != nil {
		return ok("the kernel has no netem, so lab delay is not available; everything else is (modprobe sch_netem, if there is such a module)")
	}
	return ok("netem works")
}
