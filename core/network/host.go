package network

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/vishvananda/netlink"

	"kubelab/core/topology"
)

// RunDir is where settings of the host are written down that the last lab to go sets back. It does not outlive
// a reboot, as the settings do not.
const RunDir = "/run/lab"

// forwardedDir, in RunDir, holds one empty file for each link whose forwarding was switched on.
const forwardedDir = "forwarded"

const (
	bridgeFilterKey = "net/bridge/bridge-nf-call-iptables"
	forwardAllKey   = "net/ipv4/ip_forward"
)

func forwardKey(link string) string { return "net/ipv4/conf/" + link + "/forwarding" }

// loadBridgeFilter makes br_netfilter available, without a change to how the host treats its own bridges.
func loadBridgeFilter(ctx context.Context) error {
	if _, err := os.Stat("/proc/sys/" + bridgeFilterKey); err == nil {
		return nil
	}
	if err := run(ctx, "", "modprobe", "br_netfilter"); err != nil {
		return err
	}
	return setSysctl(bridgeFilterKey, "0")
}

// forward lets packets pass between the bridge and the link of the default route.
func forward(lab string, uplink netlink.Link) error {
	// Of its own accord the bridge has what ip_forward was when it was made.
	if err := setSysctl(forwardKey(Bridge(lab)), "1"); err != nil {
		return err
	}
	if uplink == nil {
		return nil
	}
	name := uplink.Attrs().Name
	on, err := os.ReadFile("/proc/sys/" + forwardKey(name))
	if err != nil || strings.TrimSpace(string(on)) == "1" {
		return err
	}
	if err := os.MkdirAll(filepath.Join(RunDir, forwardedDir), 0o755); err != nil {
		return err
	}
	// First the note, then the deed: what is only half done can then be undone.
	if err := os.WriteFile(filepath.Join(RunDir, forwardedDir, name), nil, 0o644); err != nil {
		return err
	}
	return setSysctl(forwardKey(name), "1")
}

// stopForwarding undoes forward, when no bridge of any lab is left.
func stopForwarding() error {
	links, err := netlink.LinkList()
	if err != nil {
		return fmt.Errorf("list links: %w", err)
	}
	for _, l := range links {
		if l.Type() == "bridge" && strings.HasPrefix(l.Attrs().Alias, alias("")) {
			return nil
		}
	}
	dir := filepath.Join(RunDir, forwardedDir)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	all, err := os.ReadFile("/proc/sys/" + forwardAllKey)
	if err != nil {
		return err
	}
	for _, e := range entries {
		// Once somebody has set ip_forward, every link forwards at their wish.
		if strings.TrimSpace(string(all)) == "0" {
			if err := setSysctl(forwardKey(e.Name()), "0"); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	// It stays when something else lies there: that is not ours.
	_ = os.Remove(RunDir)
	return nil
}

// loadTable loads the lab's nftables table, in place of one that is there.
func (n *Network) loadTable(ctx context.Context) error {
	if err := run(ctx, n.table(), "nft", "-f", "-"); err != nil {
		return fmt.Errorf("load nftables table %s: %w", Table(n.spec.Name), err)
	}
	return nil
}

// table walls the lab in: people on the host reach everything in it, and it reaches everything, but neither the
// host's neighbours nor other labs can open a connection into it. Services that no kube-proxy has taken up are
// dropped, or they would go round between node and host until their time to live ends.
func (n *Network) table() string {
	return strings.NewReplacer(
		"TABLE", Table(n.spec.Name), "BRIDGE", Bridge(n.spec.Name),
		"SUBNET", n.spec.Subnet.String(), "SERVICES", n.spec.ServiceRange().String(),
	).Replace(`table ip TABLE
delete table ip TABLE
table ip TABLE {
	chain input {
		type filter hook input priority filter; policy accept;
		iifname != { "lo", "BRIDGE" } ip daddr SUBNET ct state new drop
	}
	chain forward {
		type filter hook forward priority filter; policy accept;
		iifname "BRIDGE" oifname "BRIDGE" ip daddr SERVICES drop
		iifname != "BRIDGE" oifname "BRIDGE" ct state new drop
	}
	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr SUBNET ip daddr != SUBNET oifname != "BRIDGE" masquerade
	}
}
`)
}

func deleteTable(ctx context.Context, lab string) error {
	if _, err := exec.LookPath("nft"); err != nil {
		return nil // so no table can have been made
	}
	// The first line makes the table where it is missing, so that the second cannot miss it.
	script := strings.ReplaceAll("table ip TABLE\ndelete table ip TABLE\n", "TABLE", Table(lab)) +
		lossTables(topology.Spec{Name: lab}, nil)
	if err := run(ctx, script, "nft", "-f", "-"); err != nil {
		return fmt.Errorf("delete nftables tables %s: %w", Table(lab), err)
	}
	return nil
}

// run executes a tool of the host and reports what it said when it fails.
func run(ctx context.Context, input, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(out))
	}
	return nil
}
