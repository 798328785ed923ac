package network

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// chain is a chain of the host's iptables that may drop what a lab needs.
type chain struct {
	name   string
	accept []string // what of the lab's passes through it
}

func chains(lab string) []chain {
	in, out := []string{"-i", Bridge(lab)}, []string{"-o", Bridge(lab)}
	return []chain{
		{"INPUT", in}, // nodes to API servers
		{"FORWARD", in},
		{"FORWARD", out}, // answers from the internet
	}
}

// openFirewall accepts the lab's bridge in those chains of the host's iptables that would drop it. Hosts without
// iptables have no such chains; there, firewalld is asked.
func openFirewall(ctx context.Context, lab string) error {
	if err := closeFirewall(ctx, lab); err != nil { // no rule twice
		return err
	}
	if trusts(ctx) {
		if err := run(ctx, "", "firewall-cmd", "--zone=trusted", "--add-interface="+Bridge(lab)); err != nil {
			return fmt.Errorf("let the lab through firewalld: %w", err)
		}
	}
	for _, c := range chains(lab) {
		rules, err := listChain(ctx, c.name)
		if err != nil || !drops(c.name, rules) {
			continue // there is no such chain
		}
		if err := run(ctx, "", "iptables", c.rule("-I", lab)...); err != nil {
			return fmt.Errorf("let the lab through the host's firewall, chain %s: %w", c.name, err)
		}
	}
	return nil
}

// closeFirewall removes the lab's rules from the host's iptables.
func closeFirewall(ctx context.Context, lab string) error {
	var errs []error
	if trusts(ctx) {
		// It complains when the bridge is not there, and forgets it anyway when the bridge goes.
		_ = run(ctx, "", "firewall-cmd", "--zone=trusted", "--remove-interface="+Bridge(lab))
	}
	for _, c := range chains(lab) {
		rules, err := listChain(ctx, c.name)
		if err != nil {
			continue // there is no such chain
		}
		for range ours(rules, lab, c.accept) {
			errs = append(errs, run(ctx, "", "iptables", c.rule("-D", lab)...))
		}
	}
	return errors.Join(errs...)
}

func (c chain) rule(verb, lab string) []string {
	args := append([]string{"-w", "5", verb, c.name}, c.accept...)
	return append(args, "-m", "comment", "--comment", alias(lab), "-j", "ACCEPT")
}

// listChain is the chain as iptables-save would write it, without a line of the chains below it.
func listChain(ctx context.Context, name string) ([]string, error) {
	out, err := exec.CommandContext(ctx, "iptables", "-w", "5", "-S", name).Output()
	return strings.Split(strings.TrimSpace(string(out)), "\n"), err
}

// drops reports whether the chain may drop packets that no other rule accepts.
func drops(name string, rules []string) bool {
	return slices.ContainsFunc(rules, func(r string) bool {
		return r == "-P "+name+" DROP" || strings.Contains(r, " -j DROP") || strings.Contains(r, " -j REJECT")
	})
}

// ours picks the lab's rules from a chain's.
func ours(rules []string, lab string, accept []string) []string {
	var list []string
	for _, r := range rules {
		// iptables puts a comment in quotes when it has a space in it.
		if strings.Contains(r, `"`+alias(lab)+`"`) && strings.Contains(r, strings.Join(accept, " ")+" ") {
			list = append(list, r)
		}
	}
	return list
}

// trusts reports whether firewalld runs.
func trusts(ctx context.Context) bool {
	return exec.CommandContext(ctx, "firewall-cmd", "--state").Run() == nil
}
