package worker

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"kubelab/core/node"
	"kubelab/core/plain"
	"kubelab/core/view"
)

// maxTry is how many requests Proxy makes at most.
const maxTry = 1000

// unknown stands in Answered for endpoints that could not be told. No pod can be called that.
const unknown = "?"

// Proxy tells what the node's kube-proxy has made of a Service: its rules as nft prints them, and the endpoints that
// they lead to from the Service's own address. With try it also makes so many requests, at most 1000, to that address
// and the Service's first TCP port, from within the node's network and each over a connection of its own; at most 8 at
// a time, each of at most 1 s. Answered counts by pod who has answered. Who does not say so, as the demo server does, is
// found in the kernel's table of connections and in the Service's endpoints: by address if they name no pod, by "?" if
// the kernel does not know. What was not answered is counted in Failed.
func Proxy(ctx context.Context, n *node.Node, service view.Service, try int) (view.Proxy, error) {
	namespace, err := namespaceOf(n)
	if err != nil {
		return view.Proxy{}, fmt.Errorf("rules on %s: %w", n.Machine, err)
	}
	p, err := proxyIn(ctx, namespace, service, try)
	if err != nil {
		return view.Proxy{}, fmt.Errorf("rules on %s: %w", n.Machine, err)
	}
	p.Node = n.Machine.Name()
	return p, nil
}

func proxyIn(ctx context.Context, namespace string, service view.Service, try int) (view.Proxy, error) {
	p := view.Proxy{Service: view.Object{Resource: "services", Namespace: service.Namespace, Name: service.Name}}
	t, err := readTable(ctx, namespace)
	if err != nil {
		return p, err
	}
	p.Rules, p.Endpoints = t.about(p.Service, service.IP)
	if try <= 0 {
		return p, nil
	}
	to, err := addressOf(service)
	if err != nil {
		p.Why = err.Error()
		return p, nil
	}
	answers, err := requests(ctx, namespace, to, min(try, maxTry))
	if err != nil {
		return p, err
	}
	return p, tally(namespace, to, service, answers, &p)
}

// addressOf is where a Service takes connections.
func addressOf(s view.Service) (netip.AddrPort, error) {
	ip, err := netip.ParseAddr(s.IP)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("the Service has no address of its own, so there is nothing to try")
	}
	for _, p := range s.Ports {
		port, protocol, _ := strings.Cut(p, "/")
		if number, err := strconv.ParseUint(port, 10, 16); err == nil && strings.EqualFold(protocol, "tcp") {
			return netip.AddrPortFrom(ip, uint16(number)), nil
		}
	}
	return netip.AddrPort{}, fmt.Errorf("the Service has no TCP port, and only TCP is tried")
}

// tally fills in who has answered.
func tally(namespace string, to netip.AddrPort, service view.Service, answers []answer, p *view.Proxy) error {
	p.Answered = map[string]int{}
	var nameless []answer
	for _, a := range answers {
		switch {
		case a.err != nil:
			p.Failed++
			p.Why = plain.Line(a.err.Error())
		case a.pod != "":
			p.Answered[a.pod]++
		default:
			nameless = append(nameless, a)
		}
	}
	if len(nameless) == 0 {
		return nil
	}
	endpoints, err := connections(namespace, to)
	if err != nil {
		p.Why = plain.Line(fmt.Sprintf("the answers do not say who they are from, and neither can the kernel: %v", err))
	}
	for _, a := range nameless {
		p.Answered[podAt(service, endpoints[a.from.Port()])]++
	}
	return nil
}

// podAt is the pod behind an endpoint of the Service, or the endpoint where it is behind no pod.
func podAt(s view.Service, endpoint netip.AddrPort) string {
	if !endpoint.IsValid() {
		return unknown
	}
	for _, e := range s.Endpoints {
		host, _, _ := strings.Cut(e.Address, ":")
		if host == endpoint.Addr().String() && e.Pod != "" {
			return e.Pod
		}
	}
	return endpoint.String()
}
