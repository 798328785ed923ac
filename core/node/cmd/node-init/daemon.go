package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"kubelab/core/component"
	"kubelab/core/node/control"
)

// restartDelay is how long a daemon that ended by itself stays away: long enough to be seen.
const restartDelay = time.Second

// goal is what should become of a daemon when its process has ended.
type goal int

const (
	down    goal = iota // leave it
	up                  // run it again, after a delay
	upAgain             // run it again at once
)

// daemon is one supervised process. Only the supervisor's goroutine touches it.
type daemon struct {
	control.Daemon
	status  component.Status
	goal    goal
	timer   *time.Timer // of the next thing to do: kill it, or run it again
	ending  []uint64    // requests that are answered when the process has ended
	pausing []uint64    // requests that are answered when it has been stopped or continued, or has ended
}

// start runs the process with its output in the log.
func (d *daemon) start() error {
	if err := os.MkdirAll(filepath.Dir(d.Log), 0o755); err != nil {
		return err
	}
	log, err := os.OpenFile(d.Log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer null.Close()
	// Not through package os/exec, which waits for its children itself: process 1 has to wait for everybody's.
	pid, err := syscall.ForkExec(d.Args[0], d.Args, &syscall.ProcAttr{
		Dir: "/", Env: d.Env, Files: []uintptr{null.Fd(), log.Fd(), log.Fd()}, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return fmt.Errorf("start %s: %w", d.Args[0], err)
	}
	d.status.PID = pid
	return nil
}

// signal does nothing where no process is left: its end is about to be noticed.
func (d *daemon) signal(s unix.Signal) {
	if d.status.PID != 0 {
		_ = unix.Kill(d.status.PID, s)
	}
}

func (d *daemon) setTimer(delay time.Duration, due chan<- *daemon) {
	d.stopTimer()
	d.timer = time.AfterFunc(delay, func() { due <- d })
}

func (d *daemon) stopTimer() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

// reason says in words how a process ended.
func reason(s unix.WaitStatus) string {
	if s.Signaled() {
		return "signal: " + s.Signal().String()
	}
	return fmt.Sprintf("exit status %d", s.ExitStatus())
}
