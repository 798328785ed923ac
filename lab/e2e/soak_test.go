package e2e

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"kubelab/core/store"
	"kubelab/core/topology"
	"kubelab/core/view"
	"kubelab/lab/control"
)

// fewFaults are enough to find what is badly wrong; make soak has many more.
const fewFaults = 14

// TestSoak breaks a lab again and again while clients write and read, and then judges everything they were told: that
// no acknowledged write is lost, no read is stale, no version goes back, and all members of etcd hold the same.
//
// SOAK_FAULTS says how many faults, SOAK_SEED which: the same seed gives the same faults in the same order with the
// same pauses.
func TestSoak(t *testing.T) {
	bin := os.Getenv("LAB_BIN")
	if bin == "" || os.Geteuid() != 0 {
		t.Skip("needs root and LAB_BIN, the binary to try; run: sudo make test")
	}
	faults, seed := number(t, "SOAK_FAULTS", fewFaults), uint64(number(t, "SOAK_SEED", int(time.Now().UnixNano()&0xffffff)))
	t.Logf("%d faults, seed %d; again: SOAK_FAULTS=%d SOAK_SEED=%d make soak", faults, seed, faults, seed)
	// Connections to masters without power are given up sooner than upstream's 45 s, or clients would be idle.
	t.Setenv("HTTP2_READ_IDLE_TIMEOUT_SECONDS", "2")
	t.Setenv("HTTP2_PING_TIMEOUT_SECONDS", "1")

	l := newSoakLab(t, bin)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := newWorkload(t, l.dir, l.spec)
	w.start(ctx)
	s := schedule{rng: rand.New(rand.NewPCG(seed, 0)), lab: l, spec: l.spec}
	for n := 0; n < faults; {
		// The last third may take a majority: then nothing is to be acknowledged, and nothing that was is lost.
		n += s.step(n >= faults*2/3)
	}
	l.heal()
	l.healthy()
	w.stop()
	w.judge()
	l.membersEqual()
}

func number(t *testing.T, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q is not a number above 0", name, text)
	}
	return n
}

// soakLab is a lab of three masters and two nodes.
type soakLab struct {
	t      *testing.T
	dir    store.Dir
	spec   topology.Spec
	engine *control.Client
}

func newSoakLab(t *testing.T, bin string) *soakLab {
	t.Helper()
	root, name := filepath.Join(t.TempDir(), "labs"), "soak"
	lab := func(args ...string) {
		t.Helper()
		c := exec.Command(bin, append([]string{"--name", name}, args...)...)
		c.Env = append(os.Environ(), "LAB_HOME="+root, "HOME="+t.TempDir())
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("lab %v: %v\n%s", args, err, out)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(root, name, "engine.log")) // only to help
			t.Logf("the engine's last words:\n%s", log[max(0, len(log)-8<<10):])
		}
		lab("delete")
	})
	lab("start", "--masters", "3", "--nodes", "2")
	dir, err := store.Open(root, name)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := dir.Load()
	if err != nil {
		t.Fatal(err)
	}
	return &soakLab{t: t, dir: dir, spec: spec, engine: control.Dial(dir.Socket())}
}

// actBound is more than any fault takes.
const actBound = 2 * time.Minute

// do injects a fault and returns its id; none when the lab refuses, because what is to break is broken already.
func (l *soakLab) do(a view.Action) (id string, done bool) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), actBound)
	defer cancel()
	a.Detach = true
	out, err := l.engine.Do(ctx, a, func(view.Step) {})
	if err != nil {
		l.t.Logf("  %s: %v", a, err)
		return "", false
	}
	l.t.Logf("  %s", a)
	if out.Record != nil && out.Record.Active() {
		id = out.Record.ID
	}
	return id, true
}

func (l *soakLab) heal() {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), actBound)
	defer cancel()
	if _, err := l.engine.Do(ctx, view.Action{Verb: view.Heal, All: true, Detach: true}, func(view.Step) {}); err != nil {
		l.t.Fatalf("heal --all: %v", err)
	}
}

// healthy waits until the lab says that everything runs.
func (l *soakLab) healthy() {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), waitBound)
	defer cancel()
	for {
		s, err := l.engine.Status(ctx)
		if err == nil && s.State == view.Healthy && len(s.Faults) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			l.t.Fatalf("the lab is %s after everything was healed: %s, faults %v, %v", s.State, s.Reason, s.Faults, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// schedule chooses what to break. It looks at nothing but its random numbers, so a seed gives one schedule.
type schedule struct {
	rng  *rand.Rand
	lab  *soakLab
	spec topology.Spec
}

// step injects one or two faults, waits, heals, and returns how many were injected.
func (s *schedule) step(majority bool) (injected int) {
	first := s.rng.IntN(len(s.spec.Masters))
	victims := []string{s.spec.Masters[first].Name()}
	if majority {
		victims = append(victims, s.spec.Masters[(first+1)%len(s.spec.Masters)].Name())
	}
	for _, victim := range victims {
		if _, done := s.lab.do(s.masterFault(victim)); done {
			injected++
		}
		s.pause(50, 300)
	}
	if s.rng.IntN(3) == 0 {
		if _, done := s.lab.do(s.nodeFault()); done {
			injected++
		}
	}
	s.pause(300, 1800)
	s.lab.heal()
	s.pause(100, 900)
	return injected
}

func (s *schedule) pause(from, to int) {
	select {
	case <-time.After(time.Duration(from+s.rng.IntN(to-from)) * time.Millisecond):
	case <-s.lab.t.Context().Done():
	}
}

// masterFault breaks one master, or its links.
func (s *schedule) masterFault(victim string) view.Action {
	other := victim
	for other == victim {
		other = s.spec.Masters[s.rng.IntN(len(s.spec.Masters))].Name()
	}
	all := []view.Action{
		{Verb: view.Kill, Targets: []string{victim}},
		{Verb: view.Kill, Targets: []string{victim + "/etcd"}},
		{Verb: view.Kill, Targets: []string{victim + "/kube-apiserver"}},
		{Verb: view.Kill, Targets: []string{victim + "/kube-scheduler", victim + "/kube-controller-manager"}},
		{Verb: view.Stop, Targets: []string{victim + "/etcd"}},
		{Verb: view.Stop, Targets: []string{victim}},
		{Verb: view.PowerLoss, Targets: []string{victim}},
		{Verb: view.Isolate, Targets: []string{victim}},
		{Verb: view.Cut, Targets: []string{victim, other}, OneWay: s.rng.IntN(2) == 0},
		{Verb: view.Loss, Targets: []string{victim, other}, Percent: 10 + s.rng.IntN(60)},
		{Verb: view.Flap, Targets: []string{victim, other}, Every: time.Duration(100+s.rng.IntN(400)) * time.Millisecond},
		{Verb: view.WipeData, Targets: []string{victim}},
		{Verb: view.MoveLeader, Targets: []string{victim}},
		{Verb: view.Restart, Targets: []string{victim + "/etcd"}},
		{Verb: view.Defragment},
	}
	return all[s.rng.IntN(len(all))]
}

// nodeFault breaks a node or a part of one: clients do not notice, but etcd gets more to do.
func (s *schedule) nodeFault() view.Action {
	node := s.spec.Nodes[s.rng.IntN(len(s.spec.Nodes))].Name()
	all := []view.Action{
		{Verb: view.Kill, Targets: []string{node}},
		{Verb: view.Kill, Targets: []string{node + "/kubelet"}},
		{Verb: view.Pause, Targets: []string{node + "/containerd"}},
		{Verb: view.Pause, Targets: []string{node}},
		{Verb: view.Isolate, Targets: []string{node}},
	}
	return all[s.rng.IntN(len(all))]
}
