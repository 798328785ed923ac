package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"kubelab/core/component"
	"kubelab/core/network"
	"kubelab/core/node"
	"kubelab/core/view"
)

// FollowRules tells which ways from Services to endpoints kube-proxy makes and removes on the node, as events of the
// kind RuleChanged, until ctx ends. What is there when it begins is not told. Health is told nil when nothing is
// missed from now on, and an error while the node is off or when there was too much to follow, each when it changes;
// FollowRules begins anew by itself. Both functions are called by one goroutine, which waits for them.
//
// The kernel's notices say when the table has changed; what it leads to is read then, and compared with before. The
// notices alone would not do: kube-proxy has a chain for each endpoint only where a Service has session affinity,
// otherwise one rule with a map of all its endpoints, which it makes anew whenever one of them changes.
func FollowRules(ctx context.Context, n *node.Node, tell func(view.Event), health func(error)) {
	keep(ctx, n, health, func(ctx context.Context, say func(error)) error {
		namespace, err := namespaceOf(n)
		if err != nil {
			return err
		}
		source := n.Machine.Name() + "/" + component.KubeProxy
		err = followTable(ctx, namespace, say, func(at time.Time, r view.RuleChange) { tell(ruleEvent(source, at, r)) })
		return fmt.Errorf("follow the rules on %s: %w", n.Machine, err)
	})
}

func ruleEvent(source string, at time.Time, r view.RuleChange) view.Event {
	what := "made"
	if r.Removed {
		what = "removed"
	}
	return view.Event{
		Time: at, Kind: view.RuleChanged, Source: source, Object: &r.Service, Rule: &r,
		Text: fmt.Sprintf("rule to %s of Service %s/%s %s", r.Endpoint, r.Service.Namespace, r.Service.Name, what),
	}
}

// errOverrun says that the kernel has dropped notices. Nothing is lost for good, because what it leads to is read
// as a whole.
var errOverrun = errors.New("nftables changed faster than could be followed: what was made and removed in between is missing")

// followTable tells changes of the table in a network namespace until ctx ends, with the time of the first notice.
func followTable(ctx context.Context, namespace string, say func(error), tell func(time.Time, view.RuleChange)) error {
	s, err := subscribe(namespace)
	if err != nil {
		return err
	}
	defer s.Close()
	defer context.AfterFunc(ctx, s.Close)() // ends Receive
	before, err := readTable(ctx, namespace)
	if err != nil {
		return err
	}
	say(nil)
	known := before.leads()
	var changed time.Time // when it was noticed that something has; zero if nothing has
	for {
		messages, _, err := s.Receive()
		switch {
		case errors.Is(err, unix.ENOBUFS):
			say(errOverrun)
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return err
		}
		if changed.IsZero() && (err != nil || slices.ContainsFunc(messages, isChange)) {
			changed = time.Now()
		}
		// A transaction is told as a whole, and its end after it. After an overrun no end may come.
		if changed.IsZero() || err == nil && !slices.ContainsFunc(messages, isEnd) {
			continue
		}
		now, err := readTable(ctx, namespace)
		if err != nil {
			return err
		}
		say(nil)
		leads := now.leads()
		for _, r := range changes(known, leads) {
			tell(changed, r)
		}
		known, changed = leads, time.Time{}
	}
}

// changes are what was removed and what was made, each sorted by Service and endpoint.
func changes(before, after map[lead]bool) []view.RuleChange {
	var list []view.RuleChange
	for l := range before {
		if !after[l] {
			list = append(list, view.RuleChange{Service: l.service, Endpoint: l.endpoint, Removed: true})
		}
	}
	for l := range after {
		if !before[l] {
			list = append(list, view.RuleChange{Service: l.service, Endpoint: l.endpoint})
		}
	}
	slices.SortFunc(list, func(a, b view.RuleChange) int {
		if a.Removed != b.Removed {
			if a.Removed {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.Service.String(), b.Service.String()), cmp.Compare(a.Endpoint, b.Endpoint))
	})
	return list
}

// subscribe opens a socket in the namespace that gets notices about its nftables. It stays in the namespace, and must
// be closed, or it keeps it alive.
func subscribe(namespace string) (s *nl.NetlinkSocket, err error) {
	err = network.InNamespace(namespace, func() error {
		s, err = nl.Subscribe(unix.NETLINK_NETFILTER, unix.NFNLGRP_NFTABLES)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("subscribe to nftables: %w", err)
	}
	return s, nil
}

// Types of messages of nftables that may change where kube-proxy's table leads to.
var changing = []uint16{
	unix.NFT_MSG_NEWRULE, unix.NFT_MSG_DELRULE, unix.NFT_MSG_NEWSETELEM, unix.NFT_MSG_DELSETELEM, unix.NFT_MSG_DELTABLE,
}

// isChange reports whether the message says that something of kube-proxy's table has changed.
func isChange(m syscall.NetlinkMessage) bool {
	const header = 4 // struct nfgenmsg: family, version, two bytes more
	if kind, ok := nftables(m); !ok || !slices.Contains(changing, kind) || len(m.Data) < header || m.Data[0] != unix.NFPROTO_IPV4 {
		return false
	}
	attributes, err := nl.ParseRouteAttr(m.Data[header:])
	return err == nil && slices.ContainsFunc(attributes, func(a syscall.NetlinkRouteAttr) bool {
		// In all of these messages the table's name has the same number.
		return a.Attr.Type == unix.NFTA_RULE_TABLE && unix.ByteSliceToString(a.Value) == tableName
	})
}

// isEnd reports whether the message ends a transaction.
func isEnd(m syscall.NetlinkMessage) bool {
	kind, ok := nftables(m)
	return ok && kind == unix.NFT_MSG_NEWGEN
}

// nftables is the type of a message of nftables.
func nftables(m syscall.NetlinkMessage) (kind uint16, ok bool) {
	return m.Header.Type & 0xff, m.Header.Type>>8 == unix.NFNL_SUBSYS_NFTABLES
}
