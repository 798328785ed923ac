package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"kubelab/core/component"
	"kubelab/core/node/control"
	"kubelab/core/store"
)

const (
	logBound  = 16 << 20 // bytes of a daemon's log, and as many of the older one beside it
	logPeriod = 30 * time.Second

	// powerOffGrace is for a SIGTERM from somebody other than the engine.
	powerOffGrace = 3 * time.Second
)

// supervisor is process 1 once the machine is made. Everything happens in run's goroutine; the others only feed
// its channels, and end with the process.
type supervisor struct {
	out      *json.Encoder
	daemons  []*daemon
	requests chan control.Request // closed when the engine is gone
	due      chan *daemon         // its timer has fired
	signals  chan os.Signal
}

func newSupervisor(boot control.Boot) *supervisor {
	s := &supervisor{
		requests: make(chan control.Request), due: make(chan *daemon, len(boot.Daemons)), signals: make(chan os.Signal, 16),
	}
	for _, d := range boot.Daemons {
		s.daemons = append(s.daemons, &daemon{Daemon: d, status: component.Status{State: component.Stopped, Since: time.Now()}})
	}
	return s
}

func (s *supervisor) run() error {
	// What ps and top show; without it, the "exe" that we were executed by.
	_ = os.WriteFile("/proc/self/comm", []byte("node-init"), 0)
	unix.CloseOnExec(control.SocketFD)
	unix.Close(control.BootFD)
	signal.Notify(s.signals, unix.SIGCHLD, unix.SIGTERM, unix.SIGINT, unix.SIGPWR)
	return s.serve(os.NewFile(control.SocketFD, "engine"))
}

// serve does what the engine asks and looks after the daemons, until the engine is gone.
func (s *supervisor) serve(engine io.ReadWriter) error {
	s.out = json.NewEncoder(engine)
	go s.receive(engine)
	s.say(control.Message{Up: true})

	logs := time.NewTicker(logPeriod)
	defer logs.Stop()
	for {
		select {
		case r, ok := <-s.requests:
			if !ok {
				return fmt.Errorf("the engine is gone")
			}
			s.do(r)
		case d := <-s.due:
			s.timeUp(d)
		case sig := <-s.signals:
			if sig == unix.SIGCHLD {
				s.reap()
			} else {
				s.powerOff(powerOffGrace)
			}
		case <-logs.C:
			for _, d := range s.daemons {
				store.BoundLog(d.Log, logBound)
			}
		}
	}
}

func (s *supervisor) receive(engine io.Reader) {
	lines := bufio.NewScanner(engine)
	for lines.Scan() {
		var r control.Request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			fmt.Fprintln(os.Stderr, "node-init: request:", err)
			continue
		}
		s.requests <- r
	}
	close(s.requests)
}

// say blocks when the engine does not listen, until its end of the socket closes: what it does not hear need not
// happen either. The error is the same end, which receive notices.
func (s *supervisor) say(m control.Message) { _ = s.out.Encode(m) }

func (s *supervisor) answer(id uint64, err error) {
	m := control.Message{ID: id}
	if err != nil {
		m.Error = err.Error()
	}
	s.say(m)
}

// do takes one request. Those that signal a process are answered when it has followed.
func (s *supervisor) do(r control.Request) {
	switch r.Verb {
	case control.PowerOff:
		s.powerOff(r.Grace)
		return
	case control.Leash:
		s.answer(r.ID, leash())
		return
	}
	d := s.find(r.Daemon)
	if d == nil {
		s.answer(r.ID, fmt.Errorf("%s does not run on a node", r.Daemon))
		return
	}
	running := d.status.PID != 0
	switch {
	case r.Verb == control.Stop:
		s.end(d, down, r)
	case r.Verb == control.Start && (!running || d.goal == down), r.Verb == control.Restart && !running:
		d.goal = up
		if running { // on its way down
			d.goal = upAgain
			s.answer(r.ID, nil)
			return
		}
		s.answer(r.ID, s.start(d))
	case r.Verb == control.Start:
		s.answer(r.ID, nil)
	case r.Verb == control.Restart:
		s.end(d, upAgain, r)
	case !running:
		s.answer(r.ID, fmt.Errorf("%s does not run", r.Daemon))
	case r.Verb == control.Kill:
		d.ending = append(d.ending, r.ID)
		d.signal(unix.SIGKILL)
	case r.Verb == control.Pause:
		s.pause(d, unix.SIGSTOP, component.Paused, r.ID)
	case r.Verb == control.Resume:
		s.pause(d, unix.SIGCONT, component.Running, r.ID)
	default:
		s.answer(r.ID, fmt.Errorf("%s cannot be asked of a node", r.Verb))
	}
}

func (s *supervisor) find(name string) *daemon {
	i := slices.IndexFunc(s.daemons, func(d *daemon) bool { return d.Name == name })
	if i < 0 {
		return nil
	}
	return s.daemons[i]
}

// start runs the daemon now.
func (s *supervisor) start(d *daemon) error {
	d.stopTimer()
	if err := d.start(); err != nil {
		s.enter(d, component.Crashed, err.Error())
		d.setTimer(restartDelay, s.due)
		return err
	}
	s.enter(d, component.Running, "")
	return nil
}

// end asks the process to end, and sees to it that it does.
func (s *supervisor) end(d *daemon, then goal, r control.Request) {
	d.goal = then
	if d.status.PID == 0 {
		d.stopTimer()
		s.enter(d, component.Stopped, "")
		s.answer(r.ID, nil)
		return
	}
	d.ending = append(d.ending, r.ID)
	d.signal(unix.SIGTERM)
	d.signal(unix.SIGCONT) // a paused one could not take the first
	d.setTimer(r.Grace, s.due)
}

// pause stops or continues the process. The kernel tells when that has happened, but only if it is a change.
func (s *supervisor) pause(d *daemon, sig unix.Signal, state component.State, id uint64) {
	if d.status.State == state {
		s.answer(id, nil)
		return
	}
	d.pausing = append(d.pausing, id)
	d.signal(sig)
}

// timeUp is called when a daemon's timer fires: it has been away long enough, or has not ended in time.
func (s *supervisor) timeUp(d *daemon) {
	switch {
	case d.timer == nil: // it fired while it was being stopped
	case d.status.PID != 0:
		d.signal(unix.SIGKILL)
	case d.goal != down:
		d.status.Restarts++
		// Reported as the daemon's state; it is tried again.
		_ = s.start(d)
	}
}

// enter changes the daemon's state and tells the engine.
func (s *supervisor) enter(d *daemon, state component.State, why string) {
	if d.status.State == state && d.status.Error == why && state != component.Running {
		return
	}
	d.status.State, d.status.Error, d.status.Since = state, why, time.Now()
	status := d.status
	s.say(control.Message{Daemon: d.Name, Status: &status})
}

// leash ties the node to the engine's life by a signal from the kernel.
func leash() error {
	return unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0)
}
