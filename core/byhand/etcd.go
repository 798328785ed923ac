package byhand

import (
	"fmt"
	"slices"
	"strings"

	"kubelab/core/component"
	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// fillPrefix is where the keys lie that fill etcd.
const fillPrefix = "/lab/fill/"

// leader is the master whose member of etcd leads, ok if there is one.
func (l lab) leader() (m topology.Machine, ok bool) {
	m, err := target.Machine(l.spec, l.Etcd.Leader)
	return m, err == nil
}

func (l lab) runs(m topology.Machine, name string) bool {
	for _, o := range l.Masters {
		if o.Name == m.Name() {
			return o.Components[name].State == component.Running
		}
	}
	return false
}

// members are the masters whose members of etcd run, the leader first.
func (l lab) members() []topology.Machine {
	var list []topology.Machine
	leader, _ := l.leader()
	for _, m := range l.spec.Masters {
		switch {
		case !l.runs(m, component.Etcd):
		case m == leader:
			list = slices.Insert(list, 0, m)
		default:
			list = append(list, m)
		}
	}
	return list
}

// endpoints is the flag of etcdctl that has it ask one member only.
func (l lab) endpoints(m topology.Machine) string { return "--endpoints=" + l.spec.EtcdClientURL(m) }

// id is a member's, as a word for a shell. Where nobody has told it, etcd is asked.
func (l lab) id(m topology.Machine) string {
	for _, e := range l.Etcd.Each {
		if e.Name == m.Name() && e.ID != "" {
			return quote(e.ID)
		}
	}
	return fmt.Sprintf(`$(%s | awk -F', ' '$3 == "%s" {print $1}')`, l.tool("etcdctl", "member", "list"), m)
}

// loseQuorum crashes as few members as it takes, the leader first.
func (l lab) loseQuorum() []string {
	members := l.members()
	most := max(0, len(members)-len(l.spec.Masters)/2)
	var lines []string
	for _, m := range members[:most] {
		lines = append(lines, inEngine(view.Kill, target.Target{Machine: m, Component: component.Etcd})...)
	}
	return lines
}

func (l lab) moveLeader(a view.Action) []string {
	leader, ok := l.leader()
	if !ok {
		return []string{comment("no member of etcd leads")}
	}
	to := l.members()
	to = slices.DeleteFunc(to, func(m topology.Machine) bool { return m == leader })
	if len(a.Targets) > 0 {
		m, err := target.Machine(l.spec, a.Targets[0])
		if err != nil || m.Kind != topology.Master {
			return []string{comment("%q is no master of the lab", a.Targets[0])}
		}
		to = []topology.Machine{m}
	}
	if len(to) == 0 {
		return []string{comment("there is no other member of etcd that runs")}
	}
	// Only the leader can.
	return []string{l.tool("etcdctl", l.endpoints(leader), "move-leader") + " " + l.id(to[0])}
}

// defragment is done to one member after the other, the leader last: a member answers nobody meanwhile.
func (l lab) defragment() []string {
	members := l.members()
	if len(members) > 1 && members[0].Name() == l.Etcd.Leader {
		members = append(members[1:], members[0])
	}
	var lines []string
	for _, m := range members {
		lines = append(lines, l.tool("etcdctl", l.endpoints(m), "defrag"))
	}
	return lines
}

// compact throws away what is older than the revision; 0 is etcd's of the moment when the line is run.
func (l lab) compact(revision int64) string {
	line := l.tool("etcdctl", "compact", "--physical")
	if revision > 0 {
		return fmt.Sprintf("%s %d", line, revision)
	}
	return fmt.Sprintf(`%s $(%s | sed -n 's/^"Revision" : //p')`, line, l.tool("etcdctl", "get", "/", "-w", "fields"))
}

func (l lab) fillQuota() []string {
	const size = 1 << 20 // bytes of each value
	return []string{fmt.Sprintf(`i=0; while head -c %d /dev/zero | %s "%s$(printf %%06d $i)"; do i=$((i+1)); done`,
		size, l.tool("etcdctl", "put"), fillPrefix)}
}

// freeQuota undoes fillQuota: the keys go, their history, their pages in the files, and then the alarm.
func (l lab) freeQuota() []string {
	lines := []string{l.tool("etcdctl", "del", "--prefix", fillPrefix), l.compact(0)}
	return slices.Concat(lines, l.defragment(), []string{l.tool("etcdctl", "alarm", "disarm")})
}

// wipe crashes a member and deletes its data.
func (l lab) wipe(m topology.Machine) []string {
	t := target.Target{Machine: m, Component: component.Etcd}
	return append(inEngine(view.Kill, t), l.tool("kill", t.String()), "rm -rf "+l.dir("masters", m.Name(), component.Etcd))
}

// replaceMember takes a member that has lost its data out of the cluster, and has a new one join.
func (l lab) replaceMember(m topology.Machine) []string {
	return []string{
		l.tool("etcdctl", "member", "remove") + " " + l.id(m),
		l.join(m),
		comment("the engine starts the new member, with an empty data directory and --initial-cluster-state=existing; no command does that here"),
		comment("on a master of kubeadm's, all of it: kubeadm join --control-plane"),
		l.promote(),
	}
}

// join announces a member that does not count for the majority yet, and promote makes it a full one.
func (l lab) join(m topology.Machine) string {
	return l.tool("etcdctl", "member", "add", m.Name(), "--learner", "--peer-urls="+l.spec.EtcdPeerURL(m))
}

func (l lab) promote() string {
	learner := fmt.Sprintf(`$(%s | awk -F', ' '$NF == "true" {print $1}')`, l.tool("etcdctl", "member", "list"))
	return l.tool("etcdctl", "member", "promote") + " " + learner
}

// initialCluster is all members with their peer URLs, as etcd wants it.
func (l lab) initialCluster() string {
	var list []string
	for _, m := range l.spec.Masters {
		list = append(list, m.Name()+"="+l.spec.EtcdPeerURL(m))
	}
	return strings.Join(list, ",")
}
