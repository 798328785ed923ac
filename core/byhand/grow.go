package byhand

import (
	"fmt"

	"kubelab/core/component"
	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// add are the lines by which a machine joins.
func (l lab) add(a view.Action) []string {
	if len(a.Targets) != 1 || a.Targets[0] != string(topology.Master) && a.Targets[0] != string(topology.Node) {
		return []string{comment("what is added is a %s or a %s", topology.Master, topology.Node)}
	}
	m := l.spec.Next(topology.Kind(a.Targets[0]))
	join := fmt.Sprintf("kubeadm join %s:%d --token TOKEN --discovery-token-ca-cert-hash sha256:HASH", l.spec.Balancer(), topology.APIServerPort)
	if m.Kind == topology.Master {
		return []string{
			l.masterAddress("add", m),
			l.join(m),
			comment("the engine starts etcd of %s, then its other components, as goroutines; no command does that here", m),
			l.promote(),
			comment("on a master of kubeadm's, all of it: %s --control-plane", join),
		}
	}
	ns := namespace(l.Name, m)
	return []string{
		"ip netns add " + ns,
		fmt.Sprintf("ip netns exec %s sysctl -w net.ipv4.ip_forward=1", ns),
		fmt.Sprintf("ip link add %s master %s type veth peer name %s netns %s", link(l.Name, m), bridge(l.Name), nodeLink, ns),
		fmt.Sprintf("ip link set %s up", link(l.Name, m)),
		fmt.Sprintf("ip -n %s addr add %s/%d dev %s", ns, l.spec.Addr(m), l.spec.MachineRange().Bits(), nodeLink),
		fmt.Sprintf("ip -n %s link set %s up", ns, loopback),
		fmt.Sprintf("ip -n %s link set %s up", ns, nodeLink),
		fmt.Sprintf("ip -n %s route add default via %s", ns, l.spec.Host()),
		comment("in that network the engine starts the first process of %s, and that containerd, kubelet and kube-proxy; no command does that here", m),
		comment("on a node of kubeadm's, all of it: %s", join),
	}
}

// remove are the lines by which a machine leaves.
func (l lab) remove(a view.Action) []string {
	if len(a.Targets) != 1 {
		return []string{comment("one machine is removed at a time")}
	}
	m, err := target.Machine(l.spec, a.Targets[0])
	if err != nil {
		return []string{comment("%v", err)}
	}
	if m.Kind == topology.Master {
		return l.removeMaster(m)
	}
	lines := l.node(view.Drain, m)
	if l.nodeOf(m).PID != 0 {
		lines = append(lines, l.node(view.Stop, m)...)
		lines = append(lines, comment("its link %s and its network %s go with it: the engine sees to that", link(l.Name, m), namespace(l.Name, m)))
	}
	return append(lines, l.tool("kubectl", "delete", "node", m.Name()), "rm -rf "+l.dir("nodes", m.Name()))
}

func (l lab) removeMaster(m topology.Machine) []string {
	var lines []string
	for _, name := range []string{component.Scheduler, component.ControllerManager} {
		lines = append(lines, inEngine(view.Stop, target.Target{Machine: m, Component: name})...)
	}
	lines = append(lines, l.tool("etcdctl", "member", "remove")+" "+l.id(m))
	lines = append(lines, inEngine(view.Kill, target.Target{Machine: m, Component: component.APIServer})...)
	return append(lines, l.masterAddress("del", m), "rm -rf "+l.dir("masters", m.Name()))
}

// masterAddress gives the bridge the address of a master, or takes it.
func (l lab) masterAddress(verb string, m topology.Machine) string {
	return fmt.Sprintf("ip addr %s %s/32 dev %s", verb, l.spec.Addr(m), bridge(l.Name))
}
