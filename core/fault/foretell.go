package fault

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kubelab/core/component"
	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// predict says what the deed will do to the lab as it is.
func (f *Faults) predict(d *deed, s view.Snapshot) prediction {
	upstream, _ := topology.Upstream.Values() // it is one of the two that exist
	c := clocks{f.timing, upstream}
	p := f.toll(d).predict(s, c)
	f.predictParts(&p, d)
	f.predictLinks(&p, d)
	switch d.Verb {
	case view.FillQuota:
		p.say("%s", describeQuota())
	case view.WipeData:
		if up, majority := f.members(); up-len(d.targets) < majority {
			p.say("no majority is left that has its data: only a snapshot of etcd brings it back, see lab snapshot list")
			break
		}
		p.say("it cannot start again: healing removes the member and has a new one join as a learner")
	case view.MoveLeader:
		p.say("%s leads etcd at once; no write is lost", d.targets[0])
		p.wait(view.Election, handedOver, handedOver)
	case view.RollingRestart:
		p.say("no write through the load balancer fails: each API server is drained before it stops")
	case view.Compact:
		p.say("watches that are behind have to list again; nothing else shows")
	case view.Defragment:
		p.say("each member answers nobody while its file is rewritten, the leader last")
	case view.DiskPressure:
		p.say("kubelet is restarted with a threshold above what is free; it taints the node, and evicts pods that do not tolerate that")
	case view.Drain:
		p.say("its pods are asked to leave within their grace periods, and new ones come up elsewhere")
	case view.Cordon:
		p.say("the scheduler puts no new pods there; those that are there stay")
	}
	return p
}

// toll is what the deed takes from the lab.
func (f *Faults) toll(d *deed) toll {
	t := toll{farewell: d.Verb == view.Stop}
	switch d.Verb {
	case view.Kill, view.Stop, view.PowerLoss, view.WipeData, view.Pause, view.Restart:
		t.farewell = t.farewell || d.Verb == view.Restart
		for _, of := range d.targets {
			f.takePart(&t, d.Verb, of)
		}
	case view.LoseQuorum:
		s := f.lab.Snapshot()
		up, majority := f.members()
		for _, isLeader := range []bool{true, false} {
			for _, m := range s.Masters {
				if up >= majority && (m.Name == s.Etcd.Leader) == isLeader && m.Components[component.Etcd].State == component.Running {
					t.down = append(t.down, m.Name+"/"+component.Etcd)
					up--
				}
			}
		}
	case view.Isolate:
		for _, m := range d.machines() {
			if m.Kind == topology.Master {
				t.cut = append(t.cut, m.Name())
			} else {
				t.silent = append(t.silent, m.Name())
			}
		}
	case view.Split:
		t.groups = f.masterGroups(d)
	}
	return t
}

func (f *Faults) takePart(t *toll, v view.Verb, of target.Target) {
	switch {
	case of.Pod != "":
	case v == view.WipeData:
		t.down = append(t.down, of.Machine.Name()+"/"+component.Etcd)
	case of.Machine.Kind == topology.Master && of.Component != "":
		t.down = append(t.down, of.String())
	case of.Machine.Kind == topology.Master:
		for _, name := range component.OfMaster {
			t.down = append(t.down, of.Machine.Name()+"/"+name)
		}
	case of.Component == "" && v != view.Restart:
		t.silent, t.gone = append(t.silent, of.Machine.Name()), v != view.Pause
	case of.Component == component.Kubelet && (v == view.Stop || v == view.Pause):
		t.silent = append(t.silent, of.Machine.Name())
	}
}

// masterGroups are the groups of masters that a split makes. Masters that are in none of its groups stay with all.
func (f *Faults) masterGroups(d *deed) [][]string {
	var groups [][]string
	for _, g := range d.groups {
		var names []string
		for _, m := range g {
			if m.Kind == topology.Master {
				names = append(names, m.Name())
			}
		}
		if len(names) > 0 {
			groups = append(groups, names)
		}
	}
	if len(groups) < 2 {
		return nil
	}
	for _, m := range f.lab.Spec().Masters {
		if !slices.ContainsFunc(groups, func(g []string) bool { return slices.Contains(g, m.Name()) }) {
			return nil // somebody bridges the gap
		}
	}
	return groups
}

// Times after which something that was ended runs again.
const (
	initRestart  = 2 * time.Second         // a node's init starts a component again, a second after its end
	systemd      = 11 * time.Second        // what kubeadm's unit files do: RestartSec=10
	podRestart   = 2500 * time.Millisecond // kubelet starts a container again, a controller replaces a pod
	runtimeDeath = 50 * time.Second        // kubelet calls a node NotReady when its runtime is silent: 30 s, and a status
)

// predictParts says what happens to single parts.
func (f *Faults) predictParts(p *prediction, d *deed) {
	restarts, pause := false, time.Duration(0)
	for _, t := range d.targets {
		switch {
		case d.Verb == view.OutOfMemory:
			pause = max(pause, f.backOff(t))
			p.say("the kernel kills its process (OOMKilled, exit code 137), and kubelet starts it again%s", after(pause))
			restarts = true
		case t.Container != "" && d.Verb == view.Kill:
			pause = max(pause, f.backOff(t))
			p.say("kubelet starts %s again%s", t, after(pause))
			restarts = true
		case t.Container != "" && d.Verb == view.Pause:
			p.say("%s hangs; its readiness probe fails and takes it out of its Services", t)
		case t.Pod != "" && (d.Verb == view.Kill || d.Verb == view.Stop):
			p.say("%s is deleted; its controller, if it has one, makes another at once", t)
			p.wait(view.Replaced, podRestart, podRestart)
		case t.Machine.Kind != topology.Node || t.Component == "":
		case d.Verb == view.Kill:
			p.say("node-init starts %s again after a second; containers run on", t)
			p.wait(view.Restarted, initRestart, systemd)
		case t.Component == component.KubeProxy && (d.Verb == view.Stop || d.Verb == view.Pause):
			p.say("the rules stay: Services go on answering, but %s learns nothing of new endpoints", t.Machine)
		case t.Component == component.Containerd && (d.Verb == view.Stop || d.Verb == view.Pause):
			p.say("containers run on, but no new ones start; %s is NotReady within %s", t.Machine, short(runtimeDeath))
		}
	}
	if restarts {
		p.wait(view.Restarted, podRestart+pause, podRestart+pause)
	}
	if d.Verb == view.Start || d.Verb == view.Restart {
		p.wait(view.Ready, startTakes(d), startTakes(d))
	}
}

// backOff is how long kubelet waits before it starts the container again: nothing the first time, then ten seconds,
// and twice as long each time, five minutes at most (MaxContainerBackOff in pkg/kubelet/kubelet.go).
func (f *Faults) backOff(t target.Target) time.Duration {
	const first, most = 10 * time.Second, 5 * time.Minute
	p, err := f.lab.Pod(t.Namespace, t.Pod)
	restarts := p.Restarts[t.Container]
	if err != nil || restarts == 0 {
		return 0
	}
	return min(most, first<<min(restarts-1, 5))
}

func after(pause time.Duration) string {
	if pause == 0 {
		return " at once"
	}
	return fmt.Sprintf(" after %s: it is not the first time (CrashLoopBackOff)", pause)
}

// startTakes is how long what was down takes to be ready.
func startTakes(d *deed) time.Duration {
	if slices.ContainsFunc(d.targets, func(t target.Target) bool { return t.Machine.Kind == topology.Master }) {
		return masterStart
	}
	return nodeStart
}

const (
	masterStart = 5 * time.Second
	nodeStart   = 3 * time.Second
)

// predictLinks says what cutting single links does.
func (f *Faults) predictLinks(p *prediction, d *deed) {
	switch d.Verb {
	case view.Cut, view.Loss, view.Delay, view.Flap:
	case view.Split:
		groups := f.masterGroups(d)
		t := toll{groups: groups}
		switch {
		case groups == nil:
			p.say("%s between the groups", lostShare(d))
		case t.majorityGroup(len(f.lab.Spec().Masters)) == nil:
			p.say("no group of masters has a majority: no write is accepted")
		default:
			p.say("the group with a majority, %s, goes on", strings.Join(t.majorityGroup(len(f.lab.Spec().Masters)), ", "))
		}
		return
	case view.Isolate:
		for _, m := range d.machines() {
			if m.Kind == topology.Master {
				p.say("%s runs on, and knows nothing of the others; its API server cannot even read", m)
			}
		}
		return
	default:
		return
	}
	way := "both ways"
	if d.OneWay {
		way = "one way"
	}
	m := d.machines()
	p.say("%s between %s and %s, %s", lostShare(d), m[0], m[1], way)
	switch {
	case m[0].Kind == topology.Master && m[1].Kind == topology.Master && d.Verb == view.Cut:
		leader := f.lab.Etcd().Leader
		if leader == m[0].Name() || leader == m[1].Name() {
			p.say("one of the two leads etcd, the other one does not hear of it: it cannot win an election while the rest hears the leader (pre-vote)")
		} else {
			p.say("none of the two leads etcd: followers do not need each other, nothing else shows")
		}
	case m[0].Kind == topology.Node && m[1].Kind == topology.Node:
		p.say("pods on one do not reach pods on the other; both stay Ready: kubelets talk to the load balancer")
	case m[0].Kind != m[1].Kind:
		p.say("kubelet still reaches the API through the load balancer; logs and exec through this master's API server fail")
	}
}
