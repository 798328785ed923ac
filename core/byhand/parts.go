package byhand

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"kubelab/core/component"
	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// part are the lines for one machine, component, pod or container.
func (l lab) part(v view.Verb, t target.Target) []string {
	switch {
	case t.Container != "":
		return l.container(v, t)
	case t.Pod != "":
		return l.pod(v, t)
	case t.Machine.Kind == topology.Master && t.Component == "" && v == view.PowerLoss:
		return append([]string{fmt.Sprintf("ip addr del %s/32 dev %s", l.spec.Addr(t.Machine), bridge(l.Name))}, inEngine(view.Kill, t)...)
	case t.Machine.Kind == topology.Master:
		return inEngine(v, t)
	case t.Component != "":
		return l.nodeComponent(v, t)
	}
	return l.node(v, t.Machine)
}

// node are the lines for a node as a whole.
func (l lab) node(v view.Verb, m topology.Machine) []string {
	n := l.nodeOf(m)
	switch v {
	case view.Cordon, view.Uncordon:
		return []string{l.tool("kubectl", string(v), m.Name())}
	case view.Drain:
		return []string{l.tool("kubectl", "drain", m.Name(), "--force", "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=60s")}
	case view.Start:
		return []string{
			comment("only the engine can start the first process of %s: it holds the other end of its socket", m),
			comment("on a node of kubeadm's: switch the machine on"),
		}
	}
	if n.PID == 0 {
		return []string{comment("%s is off: it has no process", m)}
	}
	switch v {
	case view.Kill, view.PowerLoss:
		// The link first: the kernel of a node without processes still answers, by refusing connections.
		return []string{"ip link del " + link(l.Name, m), fmt.Sprintf("kill -9 %d", n.PID)}
	case view.Stop:
		return []string{fmt.Sprintf("kill %d", n.PID)}
	case view.Restart:
		return append(l.node(view.Stop, m), l.node(view.Start, m)...)
	case view.Pause, view.Resume:
		return []string{l.freeze(m, v == view.Pause)}
	case view.DiskPressure:
		return l.freeDisk(m, `"99.99%"`)
	}
	return []string{impossible(v, "a node")}
}

// freeze is for both versions of cgroups: which one a host has shows in its files.
func (l lab) freeze(m topology.Machine, on bool) string {
	of := fmt.Sprintf("lab/%s/%s", l.Name, m)
	word, digit := "THAWED", 0
	if on {
		word, digit = "FROZEN", 1
	}
	return fmt.Sprintf("if [ -d /sys/fs/cgroup/freezer ]; then echo %s > /sys/fs/cgroup/freezer/%s/freezer.state; "+
		"else echo %d > /sys/fs/cgroup/%s/cgroup.freeze; fi", word, of, digit, of)
}

// freeDisk sets how much free disk a kubelet wants to see, and has it started anew.
func (l lab) freeDisk(m topology.Machine, want string) []string {
	file := fmt.Sprintf("/proc/%d/root/etc/kubernetes/kubelet.yaml", l.nodeOf(m).PID)
	return append([]string{fmt.Sprintf(`sed -i 's/nodefs.available: [^,]*/nodefs.available: %s/' %s`, want, file)},
		l.nodeComponent(view.Restart, target.Target{Machine: m, Component: component.Kubelet})...)
}

// nodeComponent are the lines for a component of a node.
func (l lab) nodeComponent(v view.Verb, t target.Target) []string {
	pid := l.nodeOf(t.Machine).Components[t.Component].PID
	if v == view.Start {
		return append([]string{
			comment("only the engine can tell node-init, the first process of %s, to start %s", t.Machine, t.Component),
		}, onKubeadmNode(v, t)...)
	}
	if pid == 0 {
		return []string{comment("%s has no process", t)}
	}
	switch v {
	case view.Kill:
		return []string{fmt.Sprintf("kill -9 %d", pid)}
	case view.Restart:
		return []string{fmt.Sprintf("kill %d", pid), comment("node-init, the first process of %s, starts it again after a second", t.Machine)}
	case view.Stop:
		return append([]string{
			fmt.Sprintf("kill %d", pid),
			comment("node-init, the first process of %s, starts it again after a second; only the engine can tell it not to", t.Machine),
		}, onKubeadmNode(v, t)...)
	case view.Pause:
		return []string{fmt.Sprintf("kill -STOP %d", pid)}
	case view.Resume:
		return []string{fmt.Sprintf("kill -CONT %d", pid)}
	}
	return []string{impossible(v, "a component of a node")}
}

// onKubeadmNode is what starts or stops a component where systemd minds it.
func onKubeadmNode(v view.Verb, t target.Target) []string {
	if t.Component == component.KubeProxy {
		return []string{comment("on a node of kubeadm's kube-proxy is a pod of a DaemonSet, which keeps it up")}
	}
	return []string{comment("on a node of kubeadm's: systemctl %s %s", v, t.Component)}
}

// pod are the lines for a pod.
func (l lab) pod(v view.Verb, t target.Target) []string {
	words := []string{"kubectl", "delete", "pod", "-n", t.Namespace}
	var flags []string
	switch v {
	case view.Stop:
	case view.Kill:
		flags = []string{"--grace-period=0", "--force"}
	default:
		return []string{impossible(v, "a pod")}
	}
	if strings.HasPrefix(t.Pod, "-") { // it would be read as a flag
		return []string{l.tool(slices.Concat(words, flags, []string{"--", t.Pod})...)}
	}
	return []string{l.tool(slices.Concat(words, []string{t.Pod}, flags)...)}
}

// container are the lines for a container.
func (l lab) container(v view.Verb, t target.Target) []string {
	i := slices.IndexFunc(l.Pods, func(p view.Pod) bool { return p.Namespace == t.Namespace && p.Name == t.Pod })
	if i < 0 {
		return []string{comment("there is no pod %q in namespace %q", t.Pod, t.Namespace)}
	}
	p := l.Pods[i]
	m, err := target.Machine(l.spec, p.Node)
	if err != nil || m.Kind != topology.Node {
		return []string{comment("pod %q in namespace %q is on no node of the lab yet", t.Pod, t.Namespace)}
	}
	crictl := func(words ...string) string { return l.tool(append([]string{"crictl", m.Name()}, words...)...) }
	id := "$(" + crictl("ps", "-q", "--label", "io.kubernetes.pod.namespace="+t.Namespace,
		"--label", "io.kubernetes.pod.name="+t.Pod, "--label", "io.kubernetes.container.name="+t.Container) + ")"
	// containerd counts processes as the node does, so that is where the signal has to be sent.
	signal := func(name string) string {
		return fmt.Sprintf("nsenter --target %d --pid kill -%s $(%s %s)", l.nodeOf(m).PID, name,
			crictl("inspect", "--output", "go-template", "--template", "{{.info.pid}}"), id)
	}
	switch v {
	case view.Kill:
		return []string{crictl("stop", "--timeout", "0") + " " + id}
	case view.Pause:
		return []string{signal("STOP")}
	case view.Resume:
		return []string{signal("CONT")}
	case view.OutOfMemory:
		return outOfMemory(p)
	}
	return []string{impossible(v, "a container")}
}

// demoPort is where the demo listens, and muchMemory more than any of its containers may have, in MiB.
const demoPort, muchMemory = 8080, 1024

func outOfMemory(p view.Pod) []string {
	address, err := netip.ParseAddr(p.IP)
	if err != nil {
		return []string{comment("pod %q in namespace %q has no address yet", p.Name, p.Namespace)}
	}
	return []string{fmt.Sprintf("curl -X POST 'http://%s/eat?mib=%d'", netip.AddrPortFrom(address, demoPort), muchMemory)}
}

// nodeOf is what is known of a node; its PID is 0 while it is off.
func (l lab) nodeOf(m topology.Machine) view.Node {
	for _, n := range l.Nodes {
		if n.Name == m.Name() {
			return n
		}
	}
	return view.Node{}
}

func impossible(v view.Verb, what string) string { return comment("%s cannot be done to %s", v, what) }
