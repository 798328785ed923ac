package view

import (
	"fmt"
	"strings"
	"time"
)

// Verb says what an Action does. On the command line it is the command: lab VERB TARGET….
type Verb string

// What can be done to pods, containers, components and machines.
const (
	Kill    Verb = "kill"    // at once and without a farewell; what supervises it may start it again
	Stop    Verb = "stop"    // in good order, and it stays down
	Start   Verb = "start"   // what is down
	Restart Verb = "restart" // Stop, then Start
	Pause   Verb = "pause"   // it hangs: SIGSTOP
	Resume  Verb = "resume"  // it goes on after Pause

	PowerLoss Verb = "power-loss" // of a machine: everything on it and its network at once
)

// What can be done to nodes, and to what runs on them.
const (
	Cordon       Verb = "cordon"
	Uncordon     Verb = "uncordon"
	Drain        Verb = "drain"
	DiskPressure Verb = "disk-pressure" // kubelet finds its disk full
	OutOfMemory  Verb = "oom"           // a container of the demo takes more memory than it may
)

// What can be done to links between machines.
const (
	Cut     Verb = "cut"     // nothing passes
	Loss    Verb = "loss"    // a share of the packets is lost
	Delay   Verb = "delay"   // every packet is late
	Flap    Verb = "flap"    // cut and whole by turns
	Isolate Verb = "isolate" // all links of one machine
	Split   Verb = "split"   // the links between groups of machines
)

// What can be done to etcd as a whole.
const (
	LoseQuorum Verb = "lose-quorum" // a majority of the members crashes
	MoveLeader Verb = "move-leader" // another member leads
	Compact    Verb = "compact"     // the history of all keys goes
	Defragment Verb = "defrag"      // free pages of the database files go back to the disk
	FillQuota  Verb = "fill-quota"  // the database reaches its quota: alarm NOSPACE
	WipeData   Verb = "wipe"        // a member's data directory is gone
)

// What can be done to a lab as a whole.
const (
	RollingRestart Verb = "rolling-restart" // of all masters, one after the other
	Heal           Verb = "heal"            // undoes faults
	Add            Verb = "add"             // a machine joins
	Remove         Verb = "remove"          // a machine leaves

	Scale  Verb = "scale"  // of a Deployment, StatefulSet or ReplicaSet
	Apply  Verb = "apply"  // manifests, as kubectl apply --server-side does
	Delete Verb = "delete" // an object
	Empty  Verb = "empty"  // a namespace: all that it holds goes, and it stays

	SaveSnapshot    Verb = "snapshot-save"
	VerifySnapshot  Verb = "snapshot-verify"
	RestoreSnapshot Verb = "snapshot-restore"
	ListSnapshots   Verb = "snapshot-list"
)

// Action is one thing that is wanted of a lab: plain data, which can be shown, sent and kept.
type Action struct {
	Verb Verb `json:"verb"`
	// Targets are what it is done to, written as on the command line: master-1, node-2/kubelet, pod/demo/web-abc,
	// container/demo/web-abc/web; for Heal the ids of faults; for snapshots a name or a file; for Add a kind of
	// machine. Split takes groups of machines, each written with commas.
	Targets []string `json:"targets,omitempty"`

	OneWay  bool          `json:"oneWay,omitempty"`  // Cut, Loss, Delay, Flap: only from the first target to the second
	Percent int           `json:"percent,omitempty"` // Loss: 1 to 100
	Delay   time.Duration `json:"delay,omitempty"`   // Delay: nanoseconds
	Every   time.Duration `json:"every,omitempty"`   // Flap: nanoseconds of a cut and of a whole spell, each
	All     bool          `json:"all,omitempty"`     // Heal: everything that is injected

	Replicas int    `json:"replicas,omitempty"` // Scale; its target is an object: deployments/demo/web
	Manifest string `json:"manifest,omitempty"` // Apply: YAML or JSON

	// Detach returns as soon as the deed is done. Its effect is measured all the same.
	Detach bool `json:"detach,omitempty"`
}

// String is the Action as a command line, without "lab".
func (a Action) String() string {
	words := append([]string{strings.ReplaceAll(string(a.Verb), "snapshot-", "snapshot ")}, a.Targets...)
	for _, f := range []struct {
		set  bool
		text string
	}{
		{a.Verb == Loss, fmt.Sprintf("%d%%", a.Percent)},
		{a.Verb == Delay, a.Delay.String()},
		{a.Verb == Flap, "--every " + a.Every.String()},
		{a.OneWay, "--one-way"},
		{a.All, "--all"},
		{a.Verb == Scale, fmt.Sprintf("--replicas %d", a.Replicas)},
	} {
		if f.set {
			words = append(words, f.text)
		}
	}
	return strings.Join(words, " ")
}

// Command is the Action as somebody would say that it was done: "lab kill master-1". What the command line leaves to kubectl has no "lab" before it.
func (a Action) Command() string {
	switch a.Verb {
	case Scale, Apply, Delete, Empty:
		return a.String()
	}
	return "lab " + a.String()
}
