package capstone

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// The lab that capstones need.
const masters, nodes = 3, 3

// fault is something that can break. %d stands for the number of a machine.
type fault struct {
	Name  string // of what breaks
	Node  bool   // it is about a node; otherwise about masters
	Stop  string // of the setup
	Do    string // of the setup
	Part  string // what is broken, as an answer
	Picks string // whether an answer A names it, in CEL
	Means string // what it means for people
	Whole string // whether it is repaired, in CEL
	State string // what is the case, in CEL
	Where string // a hint: where it is seen
	Solve string // what repairs it
}

// kinds are all that can break, each of which leaves the lab able to go on.
var kinds = []fault{
	{
		Name: "etcd", Stop: "master-%d/etcd", Part: "master-%d/etcd", Picks: `A == "master-%d/etcd"`,
		Means: "One member more of etcd lost, and nothing can be written any more.",
		Whole: `state("master-%d/etcd") == "running"`, State: `state("master-%d/etcd")`,
		Where: "lab etcdctl endpoint status --cluster -w table lists the members that answer.", Solve: "lab start master-%d/etcd",
	},
	{
		Name: "kube-scheduler", Stop: "master-*/kube-scheduler", Part: "master-1/kube-scheduler", Picks: `A.endsWith("/kube-scheduler")`,
		Means: "New pods are made, and stay Pending: nobody gives them a node.",
		Whole: `holder("kube-scheduler") != "" && lab.masters.exists(m, state(m.name + "/kube-scheduler") == "running")`,
		State: `lab.masters.map(m, state(m.name + "/kube-scheduler"))`,
		Where: "lab kubectl get leases -n kube-system says how old the Leases of the leaders are.",
		Solve: "lab start master-1/kube-scheduler master-2/kube-scheduler master-3/kube-scheduler",
	},
	{
		Name: "kube-controller-manager", Stop: "master-*/kube-controller-manager", Part: "master-1/kube-controller-manager",
		Picks: `A.endsWith("/kube-controller-manager")`,
		Means: "A pod that is deleted is not replaced: nobody compares what there is with what is wanted.",
		Whole: `holder("kube-controller-manager") != "" && lab.masters.exists(m, state(m.name + "/kube-controller-manager") == "running")`,
		State: `lab.masters.map(m, state(m.name + "/kube-controller-manager"))`,
		Where: "lab kubectl get leases -n kube-system says how old the Leases of the leaders are.",
		Solve: "lab start master-1/kube-controller-manager master-2/kube-controller-manager master-3/kube-controller-manager",
	},
	{
		Name: "kube-proxy", Node: true, Stop: "node-%d/kube-proxy", Part: "node-%d/kube-proxy", Picks: `A == "node-%d/kube-proxy"`,
		Means: "One node does not learn any more which pods are behind a Service.",
		Whole: `state("node-%d/kube-proxy") == "running"`, State: `state("node-%d/kube-proxy")`,
		Where: "lab ask proxy NODE demo/web shows what a node's kube-proxy has made of a Service.", Solve: "lab start node-%d/kube-proxy",
	},
	{
		Name: "kubelet", Node: true, Stop: "node-%d/kubelet", Part: "node-%d/kubelet", Picks: `A == "node-%d/kubelet"`,
		Means: "A node is given up although its containers run on, and its pods get replacements elsewhere.",
		Whole: `state("node-%d/kubelet") == "running"`, State: `state("node-%d/kubelet")`,
		Where: "lab kubectl get nodes says which node has not been heard of.", Solve: "lab start node-%d/kubelet",
	},
	{
		Name: "containerd", Node: true, Do: "pause node-%d/containerd", Part: "node-%d/containerd", Picks: `A == "node-%d/containerd"`,
		Means: "On one node containers run on, and none can be started or ended.",
		Whole: `state("node-%d/containerd") == "running"`, State: `state("node-%d/containerd")`,
		Where: "lab crictl NODE ps asks a node's container runtime; see which one does not answer.", Solve: "lab resume node-%d/containerd",
	},
	{
		Name: "network", Do: "isolate master-%d", Part: "master-%d", Picks: `A == "master-%d"`,
		Means: "All runs on every master, and one of them hears nobody: whatever it led is led by another one.",
		Whole: `!lab.faults.exists(f, f.kind == "isolate")`, State: `lab.faults.filter(f, f.kind == "isolate").map(f, f.what)`,
		Where: "lab status, and the links between the masters on the map.", Solve: healAll,
	},
}

// pair draws two faults, on machines of their own. Two masters are never lost to etcd at once.
func pair(draw *rand.Rand) (first, second fault) {
	for {
		order := draw.Perm(len(kinds))
		first, second = kinds[order[0]], kinds[order[1]]
		if !(ofEtcd(first) && ofEtcd(second)) {
			break
		}
	}
	on := draw.Perm(min(masters, nodes))
	return first.on(on[0] + 1), second.on(on[1] + 1)
}

// ofEtcd reports whether etcd loses a member by a fault.
func ofEtcd(f fault) bool { return f.Name == "etcd" || f.Name == "network" }

// on is the fault on machines of a number.
func (f fault) on(number int) fault {
	for _, s := range []*string{&f.Stop, &f.Do, &f.Part, &f.Picks, &f.Whole, &f.State, &f.Solve} {
		*s = strings.ReplaceAll(*s, "%d", fmt.Sprint(number))
	}
	return f
}

// Names is whether an answer names what is broken, in CEL.
func (f fault) Names(answer string) string {
	return strings.ReplaceAll(f.Picks, "A", answer)
}
