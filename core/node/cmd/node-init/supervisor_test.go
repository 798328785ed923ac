package main

import (
	"encoding/json"
	"net"
	"os/signal"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"kubelab/core/component"
	"kubelab/core/node/control"
)

// engine is the other end of a supervisor's connection.
type engine struct {
	t    *testing.T
	out  *json.Encoder
	said chan control.Message
	next uint64
}

// supervised runs a supervisor of one daemon, a shell script called "kubelet".
func supervised(t *testing.T, script string) *engine {
	t.Helper()
	s := newSupervisor(control.Boot{Daemons: []control.Daemon{{
		Name: component.Kubelet, Args: []string{"/bin/sh", "-c", script}, Log: filepath.Join(t.TempDir(), "log"),
	}}})
	signal.Notify(s.signals, unix.SIGCHLD)
	ours, theirs := net.Pipe()
	done := make(chan error)
	go func() { done <- s.serve(theirs) }()
	e := &engine{t: t, out: json.NewEncoder(ours), said: make(chan control.Message, 100)}
	go func() {
		for dec := json.NewDecoder(ours); ; {
			var m control.Message
			if dec.Decode(&m) != nil {
				return
			}
			e.said <- m
		}
	}()
	t.Cleanup(func() {
		signal.Stop(s.signals)
		ours.Close()
		if err := <-done; err == nil {
			t.Error("the supervisor went on without its engine")
		}
		for _, d := range s.daemons { // process 1 would end them by its own end
			d.signal(unix.SIGKILL)
		}
	})
	e.until("up", func(m control.Message) bool { return m.Up })
	return e
}

// ask sends a request without waiting for the answer, and returns its number.
func (e *engine) ask(verb control.Verb, grace time.Duration) uint64 {
	e.t.Helper()
	e.next++
	if err := e.out.Encode(control.Request{ID: e.next, Verb: verb, Daemon: component.Kubelet, Grace: grace}); err != nil {
		e.t.Fatal(err)
	}
	return e.next
}

// until reads messages up to the first that f likes.
func (e *engine) until(what string, f func(control.Message) bool) control.Message {
	e.t.Helper()
	bound := time.After(10 * time.Second)
	for {
		select {
		case m := <-e.said:
			if f(m) {
				return m
			}
		case <-bound:
			e.t.Fatalf("not within 10 s: %s", what)
		}
	}
}

func (e *engine) state(want component.State) component.Status {
	e.t.Helper()
	return *e.until(string(want), func(m control.Message) bool { return m.Status != nil && m.Status.State == want }).Status
}

func (e *engine) answer(id uint64) string {
	e.t.Helper()
	return e.until("an answer", func(m control.Message) bool { return m.ID == id }).Error
}

func TestDaemonIsRunAgainAfterItsEnd(t *testing.T) {
	e := supervised(t, "exit 3")
	e.ask(control.Start, 0)
	first := e.state(component.Running)
	crashed := e.state(component.Crashed)
	if crashed.Error != "exit status 3" || crashed.PID != 0 {
		t.Errorf("crashed: %+v", crashed)
	}
	again := e.state(component.Running)
	if away := again.Since.Sub(crashed.Since); again.Restarts != 1 || again.PID == first.PID || away < restartDelay {
		t.Errorf("run again after %s: %+v", away, again)
	}
}

func TestDaemonThatDoesNotStopIsKilled(t *testing.T) {
	e := supervised(t, "trap '' TERM; while :; do sleep 1; done")
	e.answer(e.ask(control.Start, 0))
	id := e.ask(control.Stop, 50*time.Millisecond)
	if s := e.state(component.Stopped); s.Restarts != 0 || s.PID != 0 {
		t.Errorf("stopped: %+v", s)
	}
	if err := e.answer(id); err != "" {
		t.Error(err)
	}
}

func TestStartWhileStopping(t *testing.T) {
	e := supervised(t, "trap 'sleep 0.2; exit' TERM; while :; do sleep 0.05; done")
	e.answer(e.ask(control.Start, 0))
	stop := e.ask(control.Stop, 5*time.Second)
	e.answer(e.ask(control.Start, 0))
	// It ends, and is there again at once, not after the delay of a crash.
	if s := e.state(component.Running); s.Restarts != 1 {
		t.Errorf("%+v", s)
	}
	e.answer(stop)
}

func TestRequestsThatCannotBeDone(t *testing.T) {
	e := supervised(t, "sleep 100")
	for _, verb := range []control.Verb{control.Kill, control.Pause, control.Resume} {
		if err := e.answer(e.ask(verb, 0)); err != "kubelet does not run" {
			t.Errorf("%s of what does not run: %q", verb, err)
		}
	}
	e.next++
	if err := e.out.Encode(control.Request{ID: e.next, Verb: control.Start, Daemon: "etcd"}); err != nil {
		t.Fatal(err)
	}
	if err := e.answer(e.next); err != "etcd does not run on a node" {
		t.Errorf("start of what is not there: %q", err)
	}
	e.answer(e.ask(control.Start, 0))
	if err := e.answer(e.ask("dance", 0)); err != "dance cannot be asked of a node" {
		t.Errorf("an unknown verb: %q", err)
	}
}

func TestStopAndResumeFromOutside(t *testing.T) {
	e := supervised(t, "exec sleep 100")
	e.ask(control.Start, 0)
	pid := e.state(component.Running).PID
	if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	e.state(component.Paused)
	if err := unix.Kill(pid, unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	e.state(component.Running)
}
