package doctor

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"kubelab/core/topology"
)

// bridgeFilter is what makes a Service answer to a pod on the same node as the one behind it.
func (m machine) bridgeFilter(ctx context.Context) Result {
	if m.exists("/proc/sys/net/bridge/bridge-nf-call-iptables") {
		return ok("br_netfilter is there")
	}
	if exec.CommandContext(ctx, "modprobe", "--dry-run", "br_netfilter").Run() == nil {
		return ok("br_netfilter is there to be loaded; lab start does it")
	}
	return warn("the kernel has no br_netfilter: a pod may not reach a Service whose answer comes from its own node",
		m.install("linux-modules-extra-$(uname -r)", "kernel-modules-extra")+", then modprobe br_netfilter")
}

// firewall says what lab start will do about a host that drops what it forwards. Docker sets that up.
func (m machine) firewall(ctx context.Context) Result {
	if exec.CommandContext(ctx, "firewall-cmd", "--state").Run() == nil {
		return ok("firewalld runs; while a lab is up it trusts the lab's bridge")
	}
	out, err := exec.CommandContext(ctx, "iptables", "-w", "1", "-S", "FORWARD").Output()
	if err != nil {
		return ok("no iptables, nothing in the way")
	}
	if strings.Contains(string(out), "-P FORWARD DROP") {
		return ok("drops what it forwards, as Docker sets it up; while a lab is up there are rules that accept the lab's bridge")
	}
	return ok("lets forwarded packets pass")
}

func addresses(o Options) Result {
	switch {
	case !o.Spec.Subnet.IsValid():
		return ok("a free /16 is chosen when the lab starts")
	case o.Collisions == nil:
		return ok(o.Spec.Subnet.String() + ", not compared with the host's")
	}
	if err := o.Collisions(o.Spec); err != nil {
		return fail(err.Error(), "lab start --subnet 10.150.0.0/16, for example, or none to have a free one chosen")
	}
	return ok(o.Spec.Subnet.String() + " is free")
}

// listened are the ports that masters listen on. They have addresses of their own, so only a program that
// listens on all addresses of the machine is in their way.
var listened = []int{
	topology.EtcdClientPort, topology.EtcdPeerPort, topology.APIServerPort,
	topology.SchedulerPort, topology.ControllerManagerPort,
}

func (m machine) ports(context.Context) Result {
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		for line := range strings.Lines(m.read(file)) {
			port, inode, found := wildcardListener(line)
			if !found || !slices.Contains(listened, port) {
				continue
			}
			who := m.ownerOf(inode)
			return fail(fmt.Sprintf("%s listens on port %d of all addresses, which masters need", who, port),
				fmt.Sprintf("stop it, or have it listen on one address: ss -tlnp 'sport = :%d'", port))
		}
	}
	return ok("those of the masters are free")
}

// wildcardListener reads a line of /proc/net/tcp or tcp6: proc_pid_net(5).
func wildcardListener(line string) (port int, inode string, found bool) {
	const listening = "0A"
	f := strings.Fields(line)
	if len(f) < 10 || f[3] != listening {
		return 0, "", false
	}
	address, hexPort, _ := strings.Cut(f[1], ":")
	n, err := strconv.ParseUint(hexPort, 16, 16)
	if err != nil || strings.Trim(address, "0") != "" {
		return 0, "", false
	}
	return int(n), f[9], true
}

// ownerOf finds the program that holds a socket.
func (m machine) ownerOf(inode string) string {
	links, _ := filepath.Glob(filepath.Join(m.files, "/proc/[0-9]*/fd/*")) // the pattern is well formed
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == "socket:["+inode+"]" {
			process := filepath.Dir(filepath.Dir(link))
			name, err := os.ReadFile(filepath.Join(process, "comm"))
			if err == nil {
				return fmt.Sprintf("%s (process %s)", strings.TrimSpace(string(name)), filepath.Base(process))
			}
		}
	}
	return "a program"
}
