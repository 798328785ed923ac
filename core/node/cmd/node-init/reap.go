package main

import (
	"time"

	"golang.org/x/sys/unix"

	"kubelab/core/component"
)

// reap collects every child that has ended, the daemons' and the orphans that the kernel gave to us, and notices
// daemons that somebody else has stopped or continued.
func (s *supervisor) reap() {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG|unix.WUNTRACED|unix.WCONTINUED, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		if d := s.owner(pid); d != nil {
			s.changed(d, status)
		}
	}
}

func (s *supervisor) owner(pid int) *daemon {
	for _, d := range s.daemons {
		if d.status.PID == pid {
			return d
		}
	}
	return nil
}

func (s *supervisor) changed(d *daemon, status unix.WaitStatus) {
	switch {
	case status.Stopped():
		s.enter(d, component.Paused, "")
	case status.Continued():
		if d.status.State == component.Paused {
			s.enter(d, component.Running, "")
		}
	default:
		s.ended(d, status)
	}
	s.answerAll(&d.pausing)
}

func (s *supervisor) answerAll(ids *[]uint64) {
	for _, id := range *ids {
		s.answer(id, nil)
	}
	*ids = nil
}

// ended is called when a daemon's process is no more.
func (s *supervisor) ended(d *daemon, status unix.WaitStatus) {
	d.stopTimer()
	d.status.PID = 0
	switch d.goal {
	case down:
		s.enter(d, component.Stopped, "")
	case up:
		s.enter(d, component.Crashed, reason(status))
		d.setTimer(restartDelay, s.due)
	case upAgain:
		d.goal = up
		d.status.Restarts++
		// Reported as the daemon's state; it is tried again.
		_ = s.start(d)
	}
	s.answerAll(&d.ending)
}

// waitFor goes on with the supervisor's work until f holds, but for requests, and for at most bound.
func (s *supervisor) waitFor(bound time.Duration, f func() bool) {
	end := time.After(bound)
	// Processes below a container's own process 1 are not our children, so their end has to be looked for.
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for !f() {
		select {
		case <-s.signals:
			s.reap()
		case d := <-s.due:
			s.timeUp(d)
		case <-poll.C:
		case <-end:
			return
		}
	}
}
