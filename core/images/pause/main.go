// Command pause is the first process of every pod: it keeps the pod's namespaces open and, where
// containers share a PID namespace, reaps the orphans that end up with it.
//
// It exits with 0 on SIGTERM or SIGINT, so that a pod's sandbox is gone at once instead of after the
// runtime's patience.
package main

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

func main() {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGCHLD)
	for s := range signals {
		if s != unix.SIGCHLD {
			return
		}
		reap()
	}
}

// reap collects every child that has exited. One SIGCHLD may stand for several of them.
func reap() {
	for {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
		if err == unix.EINTR {
			continue
		}
		if pid <= 0 || err != nil {
			return // nobody left that has exited
		}
	}
}
