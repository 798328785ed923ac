// Package network is the wiring of one lab: the bridge in the host's network namespace, which holds the
// addresses of the host, the load balancer and the masters; one network namespace and one link for each
// node; the routes to pods and Services; and the way out to the internet. It starts no process and knows
// nothing of Kubernetes. Links can be made to fail: a node's as a
// whole by SetLink, single ones by SetLosses and SetDelays.
//
// Network is the main type. Collisions and FreeSubnet help to choose a subnet, Sweep removes what an engine
// that was killed has left behind.
//
// # What a lab adds to the host
//
//	lab-<hash>             the bridge; alias "lab NAME"
//	ln<hash>-<number>      the host's end of a node's link, a port of the bridge; alias "lab NAME node-1"
//	lab-NAME.node-1        a node's network namespace, as in `ip netns`; its own end of the link is eth0
//	routes                 to pods and Services, all of them through the bridge, so they vanish with it
//	table ip lab-NAME      an nftables table: masquerading, and a wall around the lab
//	table ip, table bridge lab-NAME.loss    what is lost between machines, while something is
//
// The hash is of the lab's name, because the kernel allows 15 characters for the name of a link.
//
// # Decisions
//
// The MAC addresses of the bridge and of each node's eth0 follow from their IP addresses. A bridge left alone
// takes the lowest address of its ports and so changes its own whenever a node comes or goes, and a node
// that is back after a power loss would be unreachable until its neighbours forget the old address.
//
// ip_forward is not touched. Forwarding is switched on for the bridge, and, where the host does not forward
// anyway, for the link of the default route, because what comes back from the internet is forwarded by that
// link's setting. The bridge's setting goes with the bridge. The other link's is written down under
// RunDir and set back with the last lab, unless somebody has set ip_forward since: Docker does, and counts
// on it. Both the setting and RunDir end with a reboot, so they cannot disagree.
//
// A host firewall that drops forwarded packets (Docker does with iptables' FORWARD, ufw with INPUT too) also
// sees what the bridge carries from node to node, as long as net.bridge.bridge-nf-call-iptables is 1; the
// bridge's own switch nf_call_iptables cannot help, because the kernel asks whether either of the two is set.
// A verdict "accept" in a table of our own does not help either: every table is asked, and one drop is final.
// So where such a policy is found, the lab puts rules that accept its bridge at the top of that chain, marked by
// the comment "lab NAME"; firewalld is asked to trust the bridge. Where br_netfilter was not loaded it is loaded, since Services need it within a node, but switched off for
// the host's own namespace: the host's other bridges then behave as before.
package network
