// Command coredns is CoreDNS with the plugins that a cluster's DNS needs and people try out, and no
// others: what is not linked needs no module and no memory.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/debug"
	_ "github.com/coredns/coredns/plugin/dnstap" // forward brings it along
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/hosts"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	_ "github.com/coredns/coredns/plugin/log"
	_ "github.com/coredns/coredns/plugin/loop"
	_ "github.com/coredns/coredns/plugin/metadata" // kubernetes brings it and transfer along
	_ "github.com/coredns/coredns/plugin/metrics"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
	_ "github.com/coredns/coredns/plugin/transfer"
	_ "github.com/coredns/coredns/plugin/whoami"
)

// order is the plugins' place in the chain that a query goes through. It is upstream's (plugin.cfg):
// what measures and logs comes before what answers.
var order = []string{
	"metadata", "reload", "bind", "debug", "ready", "health", "prometheus", "errors", "log", "dnstap",
	"loadbalance", "cache", "transfer", "hosts", "kubernetes", "loop", "forward", "whoami",
}

func main() {
	dnsserver.Directives = order
	coremain.Run()
}
