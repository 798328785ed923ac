// Package byhand is the command log: for what was done to a lab it says which lines of kubectl, etcdctl, crictl, nft, ip, tc
// or kill do the same, with the addresses and process ids of that very lab. It runs nothing.
//
// Commands is all there is to call. parts.go is about machines, components, pods and containers, masters.go about what
// has no process of its own, links.go and delay.go about links, etcd.go and snapshots.go about etcd, grow.go about
// machines that come and go, heal.go about undoing it all.
package byhand

import (
	"errors"
	"fmt"
	"net/netip"

	"kubelab/core/plain"
	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// Commands are the lines for a shell of root that do a by hand, in this order, in the lab that s shows as it was before. They
// are written as package fault and its kin do it, and name what they must as these name it. A line that begins with # is
// for people: it says what no command can do here, or what does it on a machine that kubeadm has set up. There is at
// least one line. None holds anything that a terminal would obey.
func Commands(a view.Action, s *view.Snapshot) []string {
	l, err := labOf(s)
	if err != nil {
		return []string{comment("what the lab consists of is not known: %v", err)}
	}
	lines := l.lines(a)
	if len(lines) == 0 {
		return []string{comment("there is nothing to do")}
	}
	return lines
}

// lab is what the lines are about.
type lab struct {
	*view.Snapshot
	spec topology.Spec
}

func labOf(s *view.Snapshot) (lab, error) {
	if s == nil {
		return lab{}, errors.New("nobody has looked yet")
	}
	subnet, err := netip.ParsePrefix(s.Subnet)
	if err != nil {
		return lab{}, err
	}
	l := lab{s, topology.Spec{Name: s.Name, Subnet: subnet}}
	l.spec.Masters, l.spec.Nodes = s.Machines()
	if len(l.spec.Masters) == 0 {
		return lab{}, errors.New("it has no masters")
	}
	return l, errors.Join(topology.ValidateName(s.Name), topology.ValidateSubnet(subnet))
}

func (l lab) lines(a view.Action) []string {
	switch a.Verb {
	case view.Kill, view.Stop, view.Start, view.Restart, view.Pause, view.Resume, view.PowerLoss,
		view.Cordon, view.Uncordon, view.Drain, view.DiskPressure, view.OutOfMemory:
		return l.each(a)
	case view.Cut, view.Loss, view.Delay, view.Flap, view.Isolate, view.Split:
		return l.breakLink(a)
	case view.LoseQuorum:
		return l.loseQuorum()
	case view.MoveLeader:
		return l.moveLeader(a)
	case view.Compact:
		return []string{l.compact(l.Etcd.Revision)}
	case view.Defragment:
		return l.defragment()
	case view.FillQuota:
		return l.fillQuota()
	case view.WipeData:
		return l.eachMaster(a, l.wipe)
	case view.RollingRestart:
		return l.rollingRestart()
	case view.Heal:
		return l.heal(a)
	case view.Add:
		return l.add(a)
	case view.Remove:
		return l.remove(a)
	case view.Scale, view.Apply, view.Delete:
		return l.object(a)
	case view.Empty:
		return l.empty(a)
	case view.SaveSnapshot, view.VerifySnapshot, view.RestoreSnapshot, view.ListSnapshots:
		return l.snapshot(a)
	}
	return []string{comment("nothing is known that would %q a lab", a.Verb)}
}

// each are the lines for one target after the other.
func (l lab) each(a view.Action) []string {
	var lines []string
	for _, text := range a.Targets {
		t, err := target.Parse(l.spec, text)
		if err != nil {
			lines = append(lines, comment("%v", err))
			continue
		}
		lines = append(lines, l.part(a.Verb, t)...)
	}
	return lines
}

// eachMaster are the lines for the masters that a names.
func (l lab) eachMaster(a view.Action, do func(topology.Machine) []string) []string {
	var lines []string
	for _, text := range a.Targets {
		m, err := target.Machine(l.spec, text)
		switch {
		case err != nil:
			lines = append(lines, comment("%v", err))
		case m.Kind != topology.Master:
			lines = append(lines, comment("%s is no master", m))
		default:
			lines = append(lines, do(m)...)
		}
	}
	return lines
}

// tool is a command of one of the tools that come with the lab, pointed at it.
func (l lab) tool(words ...string) string {
	line := "lab"
	if l.Name != topology.DefaultName {
		line += " --name " + l.Name
	}
	for _, w := range words {
		line += " " + quote(w)
	}
	return line
}

// comment is a line for people.
func comment(format string, args ...any) string {
	return "# " + plain.Line(fmt.Sprintf(format, args...))
}
