package worker

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"kubelab/core/network"
)

const namespaceName = "lab-worker-test"

// newNamespace makes a network namespace with a loopback link that has everything behind it. It is gone when the test
// ends.
func newNamespace(t *testing.T) (path string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	remove := func() { _ = exec.Command("ip", "netns", "del", namespaceName).Run() } // it may not be there
	remove()
	t.Cleanup(remove)
	run(t, "", "ip", "netns", "add", namespaceName)
	run(t, "", "ip", "-n", namespaceName, "link", "set", "lo", "up")
	run(t, "", "ip", "-n", namespaceName, "route", "add", "local", "10.180.0.0/16", "dev", "lo")
	run(t, "", "ip", "-n", namespaceName, "route", "add", "10.96.0.0/16", "dev", "lo", "src", "127.0.0.1")
	return "/run/netns/" + namespaceName
}

// nft runs a script of nftables in the namespace.
func nft(t *testing.T, lines ...string) {
	t.Helper()
	run(t, strings.Join(lines, "\n"), "ip", "netns", "exec", namespaceName, "nft", "-f", "-")
}

func run(t *testing.T, in, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(in)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
}

// listenIn listens in the namespace.
func listenIn(t *testing.T, namespace, addr string) net.Listener {
	t.Helper()
	var l net.Listener
	if err := network.InNamespace(namespace, func() (err error) {
		l, err = net.Listen("tcp4", addr)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// base is the skeleton of kube-proxy's table.
var base = []string{
	"add table ip kube-proxy",
	"add map ip kube-proxy service-ips { type ipv4_addr . inet_proto . inet_service : verdict ; }",
	"add chain ip kube-proxy services",
	"add rule ip kube-proxy services ip daddr . meta l4proto . th dport vmap @service-ips",
	"add chain ip kube-proxy nat-output { type nat hook output priority -100 ; }",
	"add rule ip kube-proxy nat-output jump services",
}

const chain = "service-LAUZTJTB-demo/web/tcp/http"

// point is what kube-proxy does to have a Service lead to other endpoints.
func point(rule string) []string {
	return []string{"add chain ip kube-proxy " + chain, "flush chain ip kube-proxy " + chain, "add rule ip kube-proxy " + chain + " " + rule}
}

// capture sends what is for the Service's address to its chain.
const capture = "add element ip kube-proxy service-ips { 10.96.0.5 . tcp . 80 : goto " + chain + " }"

// take receives with a bound for a machine that is busy with other things.
func take[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("not within 20 s: %s", what)
		panic("unreachable")
	}
}
