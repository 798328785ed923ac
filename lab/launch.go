package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"kubelab/core/logs"
	"kubelab/core/store"
	"kubelab/core/topology"
	"kubelab/core/view"
	"kubelab/lab/control"
)

// launchRequest is what the command tells the engine it starts, on its standard input.
type launchRequest struct {
	Spec  topology.Spec
	Fresh bool // the lab does not exist yet
	// Unseen has nobody observe the lab, to measure what that costs.
	Unseen bool
	// Listen is the TCP address on which people are let in with their keys, empty for none; AuthorizedKeys is the file of these.
	Listen, AuthorizedKeys string
}

// progressFD is where the engine writes the stream of its start.
const progressFD = 3

// undoBound is how long an interrupted start may take to undo what it has done.
const undoBound = 30 * time.Second

// launch starts the engine of a lab in the background and follows it until the lab is up. When ctx ends
// before that, the engine undoes everything.
func (a *app) launch(ctx context.Context, d store.Dir, req launchRequest, report view.Report) error {
	begin := time.Now()
	_, binary, err := unpack(ctx, a.root)
	if err != nil {
		if ctx.Err() != nil {
			err = errors.New("interrupted; nothing had been started yet")
		}
		return errors.Join(err, store.Tidy(a.root))
	}
	if took := time.Since(begin); took > 100*time.Millisecond {
		report(view.Step{Name: "Helper binaries and images unpacked", Took: took, Done: true})
	}
	// What the engine prints before it has its own log, a panic for example.
	early, err := os.CreateTemp("", "lab-engine-*")
	if err != nil {
		return err
	}
	defer early.Close()
	if err := os.Remove(early.Name()); err != nil { // it is reached through what is open, and cannot be left behind
		return err
	}

	out, in, err := os.Pipe()
	if err != nil {
		return err
	}
	defer out.Close()
	request, err := json.Marshal(req)
	if err != nil {
		return err
	}
	engine := exec.Command(binary, "--name", a.name, "engine")
	engine.Stdin = strings.NewReader(string(request))
	engine.Stdout, engine.Stderr = early, early
	engine.ExtraFiles = []*os.File{in} // becomes progressFD
	// A session of its own: the engine outlives the terminal, and Ctrl-C there reaches only us.
	engine.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = engine.Start()
	in.Close()
	if err != nil {
		return fmt.Errorf("start the engine: %w", err)
	}
	exited := make(chan error, 1)
	go func() { exited <- engine.Wait() }()

	interrupted := context.AfterFunc(ctx, func() {
		report(view.Step{Name: "Interrupted", Note: "undoing what was done"})
		_ = engine.Process.Signal(syscall.SIGTERM) // it may have ended by itself
		time.AfterFunc(undoBound, func() { _ = out.Close() })
	})
	defer interrupted()

	_, err = control.Read(out, report)
	if err == nil {
		return nil
	}
	if errors.Is(err, control.ErrCutOff) {
		err = a.died(d, early, exited)
		if ctx.Err() != nil {
			err = errors.New("interrupted; everything that had been started is undone")
		}
		if req.Fresh { // what the engine could not undo itself
			err = errors.Join(err, a.delete(context.WithoutCancel(ctx), d))
		}
		return err
	}
	select {
	case <-exited:
	case <-time.After(undoBound):
		err = errors.Join(err, fmt.Errorf("the engine still runs %s later; end it with: lab delete%s", undoBound, a.flag()))
	}
	return err
}

// died explains an engine that ended without a word.
func (a *app) died(d store.Dir, early *os.File, exited <-chan error) error {
	var status error
	select {
	case status = <-exited:
	case <-time.After(undoBound):
		return view.Fail(view.TimedOut, "the engine does not answer; end it with: lab delete%s", a.flag())
	}
	// A runtime that dies says why before it lists its goroutines.
	said := fmt.Sprintf("/proc/self/fd/%d", early.Fd())
	text := cmp.Or(logs.Crash(said, 5), logs.Tail(d.EngineLog(), 5), logs.Tail(said, 5))
	err := fmt.Errorf("the engine ended (%v) before the lab was up; its last words:\n%s", status, text)
	return errors.Join(store.Full(a.root), err)
}
