package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"sync"
	"time"

	"kubelab/core/component"
	"kubelab/core/network"
	"kubelab/core/node/control"
	"kubelab/core/store"
	"kubelab/core/topology"
)

// Config is what a node is made from.
type Config struct {
	Spec    topology.Spec
	Machine topology.Machine
	Dir     store.Dir
	Network *network.Network
	Bin     string      // directory with the helper binaries, and with the lab's as containerd, kubelet and kube-proxy
	Images  *ImageStore // what every node has; nil for none
	Log     *slog.Logger
}

// Bounds of what a node does. Each is ten times or more what it takes on an idle machine.
const (
	exitBound   = 5 * time.Second
	podGrace    = 3 * time.Second // for containers, when the node is switched off
	daemonGrace = 5 * time.Second // for a component, when it is stopped
)

// Node is one worker machine. Its methods may be called from any goroutine; Start, Stop and Kill take their turns.
type Node struct {
	Config
	log *slog.Logger

	power sync.Mutex // held while the node is switched on or off

	mu       sync.Mutex                  // guards everything below
	run      *run                        // nil while the node is off
	statuses map[string]component.Status // what the init has said last
	paused   bool                        // by Pause
	done     chan struct{}
}

// run is one run of the machine, from power on to power off.
type run struct {
	process *os.Process
	conn    *conn
	cgroup  cgroup
	up      chan error    // takes the init's word that it is up, or why not
	exited  chan struct{} // closed when the init has ended and is collected
}

// say reports the init's word. Nobody waits for a second one.
func (r *run) say(err error) {
	select {
	case r.up <- err:
	default:
	}
}

// New describes a node that is off. It touches nothing.
func New(c Config) *Node {
	n := &Node{Config: c, log: c.Log.With("node", c.Machine.Name()), done: make(chan struct{})}
	close(n.done)
	n.setAll(component.Stopped, "")
	return n
}

// Stop switches the node off in order: kubelet, the pods' containers, containerd. When ctx ends before that is
// done, or something hangs, it pulls the plug.
func (n *Node) Stop(ctx context.Context) error {
	n.power.Lock()
	defer n.power.Unlock()
	r := n.current()
	if r == nil {
		n.setAll(component.Stopped, "")
		return nil
	}
	r.cgroup.thaw()
	ctx, cancel := context.WithTimeout(ctx, podGrace+3*daemonGrace)
	defer cancel()
	// The init never answers: it ends.
	if err := r.conn.ask(ctx, control.Request{Verb: control.PowerOff, Grace: podGrace}); !errors.Is(err, errOff) {
		n.log.Warn("node does not switch off in order", "error", err)
	}
	err := n.powerLoss()
	n.setAll(component.Stopped, "")
	if err != nil {
		return fmt.Errorf("stop %s: %w", n.Machine, err)
	}
	return nil
}

// Kill is a loss of power: everything on the node ends at once, its link goes dark, and what is on its disk stays.
func (n *Node) Kill() error {
	n.power.Lock()
	defer n.power.Unlock()
	if err := n.powerLoss(); err != nil {
		return fmt.Errorf("kill %s: %w", n.Machine, err)
	}
	return nil
}

// Pause makes the whole machine hang: nothing on it runs, but its kernel still answers, as that of a machine would whose
// disk has gone. Stop and Kill work all the same.
func (n *Node) Pause() error { return n.freeze(true) }

// Resume lets the machine go on after Pause.
func (n *Node) Resume() error { return n.freeze(false) }

func (n *Node) freeze(frozen bool) error {
	n.power.Lock()
	defer n.power.Unlock()
	r := n.current()
	if r == nil {
		return fmt.Errorf("pause or resume %s: %w", n.Machine, errOff)
	}
	if err := r.cgroup.freeze(frozen); err != nil {
		return fmt.Errorf("pause or resume %s: %w", n.Machine, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.paused = frozen
	return nil
}

// Running reports whether the node is on.
func (n *Node) Running() bool { return n.current() != nil }

// Done is closed when the node's present run has ended, in whatever way; it is closed already while the node is off.
func (n *Node) Done() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.done
}

// Status tells how each component is doing, with its process's id on the host.
func (n *Node) Status() map[string]component.Status {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := maps.Clone(n.statuses)
	for name, s := range all {
		if n.paused && s.State == component.Running {
			s.State = component.Paused
			all[name] = s
		}
	}
	return all
}

// PID is the id on the host of the node's first process, 0 while the node is off. Namespaces, /proc/PID/root and
// cgroups of the node are found by it.
func (n *Node) PID() int {
	if r := n.current(); r != nil {
		return r.process.Pid
	}
	return 0
}

func (n *Node) current() *run {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.run
}

// watch follows one run from its start to its end.
func (n *Node) watch(r *run) {
	go r.conn.read(func(m control.Message) { n.heard(r, m) })
	state, err := r.process.Wait()
	r.conn.close()
	<-r.conn.done

	n.mu.Lock()
	n.run = nil
	done := n.done
	n.mu.Unlock()
	n.log.Info("node is off", "state", fmt.Sprint(state), "error", err)
	n.setAll(component.Crashed, "the node is off")
	close(r.exited) // whoever waits for it holds n.power, and cleans up

	n.power.Lock()
	defer n.power.Unlock()
	if n.current() == nil { // or it was started again meanwhile, and cleaned up before that
		// Somebody other than us may have killed it: its link and cgroups go all the same.
		if err := n.cleanUp(r); err != nil {
			n.log.Warn("clean up after the node", "error", err)
		}
	}
	close(done)
}

// heard takes what the init says of its own accord.
func (n *Node) heard(r *run, m control.Message) {
	switch {
	case m.Up:
		r.say(nil)
	case m.Fatal != "":
		r.say(errors.New(m.Fatal))
	case m.Status != nil:
		status := *m.Status
		status.PID = r.cgroup.hostPID(status.PID)
		n.mu.Lock()
		n.statuses[m.Daemon] = status
		n.mu.Unlock()
		n.log.Info("component", "component", m.Daemon, "state", status.State, "pid", status.PID, "restarts", status.Restarts, "error", status.Error)
	}
}

func (n *Node) setAll(state component.State, why string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.statuses = map[string]component.Status{}
	for _, name := range component.OfNode {
		n.statuses[name] = component.Status{State: state, Since: time.Now(), Error: why}
	}
}

// powerLoss ends the node's run, if it has one, and removes everything of it but its disk. The link goes first: on a
// node whose processes are killed before, the kernel would still answer connections, by refusing them.
func (n *Node) powerLoss() error {
	err := n.Network.DetachNode(n.Machine)
	r := n.current()
	if r == nil {
		in, hErr := hierarchies()
		return errors.Join(err, hErr, n.cleanUp(&run{cgroup: nodeCgroup(in, n.Spec.Name, n.Machine.Name())}))
	}
	killErr := r.process.Kill()
	if errors.Is(killErr, os.ErrProcessDone) {
		killErr = nil
	}
	r.cgroup.thaw() // what is frozen cannot end
	select {
	case <-r.exited:
	case <-time.After(exitBound):
		killErr = errors.Join(killErr, fmt.Errorf("process %d does not end", r.process.Pid))
	}
	return errors.Join(err, killErr, n.cleanUp(r))
}

// cleanUp leaves the lab's own cgroup alone: another node may be about to use it. Sweep removes it.
func (n *Node) cleanUp(r *run) error {
	return errors.Join(n.Network.DetachNode(n.Machine), r.cgroup.kill(), r.cgroup.remove())
}
