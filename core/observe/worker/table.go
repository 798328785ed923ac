package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"kubelab/core/network"
	"kubelab/core/plain"
	"kubelab/core/view"
)

// What kube-proxy names its own, see pkg/proxy/nftables/proxier.go of Kubernetes.
const (
	tableName  = "kube-proxy"
	serviceIPs = "service-ips" // from a Service's address, protocol and port to its chain
)

// table is kube-proxy's table of family ip, as nft prints it.
type table struct {
	chains map[string][]string // rules by chain, in their order
	maps   map[string][]string // elements by map
}

// readTable has nft print the table of a network namespace. Where there is none, it is empty.
func readTable(ctx context.Context, namespace string) (table, error) {
	ctx, cancel := context.WithTimeout(ctx, askBound)
	defer cancel()
	var out []byte
	err := network.InNamespace(namespace, func() (err error) {
		// Not only the table: that would be an error where it is missing.
		out, err = exec.CommandContext(ctx, "nft", "list", "ruleset", "ip").Output()
		return err
	})
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("%w: %s", err, plain.Line(string(exit.Stderr)))
	}
	if err != nil {
		return table{}, fmt.Errorf("list the rules of kube-proxy: %w", err)
	}
	return parseTable(string(out)), nil
}

// parseTable reads what nft prints: blocks of lines, and in those of maps a list over several lines.
func parseTable(text string) table {
	t := table{chains: map[string][]string{}, maps: map[string][]string{}}
	var ours, listing bool
	var kind, name string
	for line := range strings.Lines(text) {
		indent := len(line) - len(strings.TrimLeft(line, "\t"))
		line = strings.TrimSpace(line)
		opened, opens := strings.CutSuffix(line, " {")
		switch {
		case line == "":
		case indent == 0:
			ours = opened == "table ip "+tableName
		case !ours:
		case indent == 1:
			kind, name, listing = "", "", false
			if opens {
				kind, name, _ = strings.Cut(opened, " ")
			}
			if kind == "chain" {
				t.chains[name] = nil
			}
		case kind == "chain":
			t.chains[name] = append(t.chains[name], line)
		case kind == "map":
			elements, first := strings.CutPrefix(line, "elements = {")
			if listing = listing || first; listing {
				for e := range strings.SplitSeq(strings.TrimSuffix(elements, "}"), ",") {
					if e = strings.TrimSpace(e); e != "" {
						t.maps[name] = append(t.maps[name], e)
					}
				}
			}
		}
	}
	return t
}

var (
	targetForm   = regexp.MustCompile(`\b(?:goto|jump) ([^\s,}]+)`)
	endpointForm = regexp.MustCompile(`([0-9]+(?:\.[0-9]+){3})(?: \. |:)([0-9]+)`)
	// Such as service-ULMVA6XW-demo/web/tcp/http, and for an endpoint with __10.180.0.1/80 behind it.
	chainForm = regexp.MustCompile(`^[a-z]+-[A-Z2-7]{8}-([^/]+)/([^/]+)/(?:tcp|udp|sctp)/`)
)

// serviceOf is the Service that a chain is for, by its name; nothing if it is for none.
func serviceOf(chain string) (s view.Object, ok bool) {
	m := chainForm.FindStringSubmatch(chain)
	if m == nil {
		return s, false
	}
	return view.Object{Resource: "services", Namespace: m[1], Name: m[2]}, true
}

// reach lists the chains that a packet can come to from a verdict, or from a rule, in its order.
func (t table) reach(verdict string) []string {
	var list []string
	var visit func(string)
	visit = func(text string) {
		for _, m := range targetForm.FindAllStringSubmatch(text, -1) {
			if slices.Contains(list, m[1]) {
				continue
			}
			list = append(list, m[1])
			for _, rule := range t.chains[m[1]] {
				visit(rule)
			}
		}
	}
	visit(verdict)
	return list
}

// endpoints are what the rules of the chains send connections to: address and port, each once, sorted.
func (t table) endpoints(chains []string) []string {
	var list []netip.AddrPort
	for _, chain := range chains {
		for _, rule := range t.chains[chain] {
			_, to, _ := strings.Cut(rule, "dnat ")
			for _, m := range endpointForm.FindAllStringSubmatch(to, -1) {
				if a, err := netip.ParseAddrPort(m[1] + ":" + m[2]); err == nil {
					list = append(list, a)
				}
			}
		}
	}
	slices.SortFunc(list, netip.AddrPort.Compare)
	out := []string{}
	for _, a := range slices.Compact(list) {
		out = append(out, a.String())
	}
	return out
}

// lead is a way from a Service to an endpoint.
type lead struct {
	service  view.Object
	endpoint string
}

// leads are all ways that start at a Service's address.
func (t table) leads() map[lead]bool {
	all := map[lead]bool{}
	for _, element := range t.maps[serviceIPs] {
		chains := t.reach(element)
		if len(chains) == 0 {
			continue
		}
		if service, ok := serviceOf(chains[0]); ok {
			for _, e := range t.endpoints(chains) {
				all[lead{service, e}] = true
			}
		}
	}
	return all
}

// about lists the rules that concern a Service with the address ip, in the order in which a packet meets them, each
// with its map or chain before it, and the endpoints that its address leads to.
func (t table) about(service view.Object, ip string) (rules, endpoints []string) {
	var reached []string
	own := func(chain string) bool { s, ok := serviceOf(chain); return ok && s == service }
	for _, name := range slices.Sorted(maps.Keys(t.maps)) {
		for _, element := range t.maps[name] {
			to := t.reach(element)
			if strings.HasPrefix(element, ip+" . ") {
				reached = append(reached, to...)
			} else if !slices.ContainsFunc(to, own) {
				continue
			}
			rules = append(rules, plain.Line("map "+name+": "+element))
		}
	}
	chains := slices.Clone(reached)
	for _, name := range slices.Sorted(maps.Keys(t.chains)) {
		if own(name) {
			chains = append(chains, name) // nothing may lead to it any more
		}
	}
	var shown []string
	for _, name := range chains {
		if slices.Contains(shown, name) {
			continue
		}
		shown = append(shown, name)
		for _, rule := range t.chains[name] {
			rules = append(rules, plain.Line("chain "+name+": "+rule))
		}
	}
	return rules, t.endpoints(reached)
}
