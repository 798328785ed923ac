package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"kubelab/core/cluster"
	"kubelab/core/live"
	"kubelab/core/master/logs"
	"kubelab/core/network"
	"kubelab/core/observe"
	"kubelab/core/store"
	"kubelab/core/topology"
	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/lab/control"
	"kubelab/lab/sshd"
)

// engineCommand is the engine of one lab. Only "lab start" calls it.
func (a *app) engineCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "engine",
		Short:  "The process that runs a lab; lab start starts it",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			progress := os.NewFile(progressFD, "progress")
			if progress == nil {
				return view.Fail(view.Usage, "the engine is started by: lab start")
			}
			unix.CloseOnExec(progressFD)
			var req launchRequest
			if err := json.NewDecoder(io.LimitReader(os.Stdin, 1<<20)).Decode(&req); err != nil {
				return view.Fail(view.Usage, "the engine is started by: lab start (%v)", err)
			}
			return a.runEngine(c.Context(), req, progress)
		},
	}
}

// runEngine brings the lab up, says on progress how that went, and then serves it until it is stopped.
func (a *app) runEngine(ctx context.Context, req launchRequest, progress *os.File) error {
	out := control.NewWriter(progress)
	e, err := a.newEngine(req)
	if err == nil {
		err = e.start(ctx, a, req, out.Report)
	}
	out.End("", err)
	// Nobody reads it after the end.
	_ = progress.Close()
	if err != nil {
		return err
	}
	return e.serve(ctx)
}

// engine is one lab while it is held.
type engine struct {
	dir     store.Dir
	lock    *store.Lock
	cluster *cluster.Cluster
	lab     *live.Lab
	server  *control.Server
	log     *slog.Logger
	logs    *logs.Router
	fresh   bool
	people  *sshd.Server
	asked   chan struct{} // holds a token when somebody at the screen wants the lab stopped

	exercises func() (exercises.Catalog, error) // read once, for all people
}

// newEngine takes the lab for this process and lays its directory.
func (a *app) newEngine(req launchRequest) (_ *engine, err error) {
	d, err := a.dir()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(a.root, 0o711); err != nil {
		return nil, err
	}
	e := &engine{dir: d, fresh: req.Fresh, asked: make(chan struct{}, 1), exercises: sync.OnceValues(builtin)}
	if e.lock, err = d.Lock(); err != nil {
		if errors.Is(err, store.ErrNameTaken) {
			return nil, errors.Join(err, store.Tidy(a.root))
		}
		return nil, fmt.Errorf("lab %q: %w; see it with: lab status%s", a.name, err, a.flag())
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.abandon())
		}
	}()
	// Whatever an engine that was killed has left is in the way.
	if err := cluster.Sweep(context.Background(), a.name); err != nil {
		return e, err
	}
	spec, err := a.settle(d, req)
	if err != nil {
		return e, err
	}
	if e.log, err = openLog(d); err != nil {
		return e, err
	}
	dir, _, err := unpack(context.Background(), a.root)
	if err != nil {
		return e, err
	}
	e.logs = logs.NewRouter(d, os.Stderr)
	if err := e.logs.Install(); err != nil {
		return e, err
	}
	observer := observe.New(e.log)
	cfg := cluster.Config{Spec: spec, Fresh: req.Fresh, Dir: d, Assets: dir, Log: e.log, Logs: e.logs}
	if !req.Unseen {
		cfg.Hooks = observer.Hooks()
	}
	if e.cluster, err = cluster.New(cfg); err != nil {
		return e, err
	}
	if e.lab, err = live.New(e.cluster, observer, d, e.log); err != nil {
		return e, err
	}
	e.lab.See(context.Background(), req.Unseen) // to its end
	return e, nil
}

// settle decides what the lab is. A new lab gets its directory and a subnet that no other has.
func (a *app) settle(d store.Dir, req launchRequest) (topology.Spec, error) {
	if !req.Fresh {
		return d.Load()
	}
	if err := d.Remove(); err != nil { // half of a lab whose start was killed
		return req.Spec, err
	}
	unlock, err := store.LockRoot(a.root)
	if err != nil {
		return req.Spec, err
	}
	defer unlock()
	spec := req.Spec
	if spec.Subnet.IsValid() {
		err = network.Collisions(spec)
	} else {
		spec.Subnet, err = network.FreeSubnet(store.Subnets(a.root))
	}
	if err != nil {
		return spec, err
	}
	return spec, d.Begin(spec)
}

// openLog sends everything that the engine says, a panic's last words included, to its log. Those words also go where it
// has written until now: the command that waits for it looks there, and the log may lie on a full disk.
func openLog(d store.Dir) (*slog.Logger, error) {
	f, err := os.OpenFile(d.EngineLog(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := debug.SetCrashOutput(os.Stderr, debug.CrashOptions{}); err != nil {
		return nil, fmt.Errorf("open the engine's log: %w", err)
	}
	for _, fd := range []int{1, 2} {
		if err := unix.Dup2(int(f.Fd()), fd); err != nil {
			return nil, fmt.Errorf("open the engine's log: %w", err)
		}
	}
	return slog.New(slog.NewTextHandler(os.Stderr, nil)), nil
}

const (
	logBound  = 8 << 20 // bytes of the engine's log, and as many of the older one beside it
	logPeriod = time.Minute
)

// boundLog keeps the engine's log from growing without end, until ctx ends.
func (e *engine) boundLog(ctx context.Context) {
	tick := time.NewTicker(logPeriod)
	defer tick.Stop()
	for {
		store.BoundLog(e.dir.EngineLog(), logBound)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// start brings the lab up. What fails or is interrupted is undone: a new lab vanishes, an old one is as it was.
func (e *engine) start(ctx context.Context, a *app, req launchRequest, report view.Report) error {
	var err error
	if e.people, err = e.admit(a, req); err == nil { // first: a wrong file of keys is known before anything is started
		err = e.cluster.Start(ctx, report)
	}
	if err == nil {
		e.lab.Refresh() // who asks first sees that it is up
		e.server, err = control.Listen(e.dir.Socket(), e.lab, e.log)
	}
	if err == nil && e.fresh {
		err = e.dir.Complete()
	}
	if err == nil {
		e.log.Info("the lab is up")
		return nil
	}
	e.log.Error("start", "err", err)
	if ctx.Err() != nil {
		err = view.Fail(view.Failed, "interrupted; everything that had been started is undone")
	}
	e.cluster.Abandon()
	if e.people != nil {
		err = errors.Join(err, e.people.Close("The lab did not come up."))
	}
	return errors.Join(err, e.abandon())
}

// abandon gives the lab up after a start that did not succeed.
func (e *engine) abandon() error {
	err := cluster.Sweep(context.Background(), e.dir.Name())
	if e.fresh {
		err = errors.Join(err, e.dir.Remove())
	}
	err = errors.Join(err, e.lock.Release())
	if e.fresh {
		err = errors.Join(err, store.Tidy(e.dir.Root()))
	}
	return err
}

// askToStop has the lab stopped, and returns at once.
func (e *engine) askToStop() {
	select {
	case e.asked <- struct{}{}:
	default: // somebody has asked already
	}
}

// stop stops the lab in good order.
func (e *engine) stop(ctx context.Context) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopBound)
	defer cancel()
	if err := e.lab.Stop(bounded, func(view.Step) {}); err != nil {
		e.log.Error("stop", "err", err)
	}
}

// serve waits until the lab is stopped, by command or by signal, and leaves nothing running.
func (e *engine) serve(ctx context.Context) error {
	bounding, end := context.WithCancel(ctx)
	defer end()
	go e.boundLog(bounding)
	select {
	case <-e.server.Stopped():
	case <-e.asked:
		e.stop(ctx)
	case <-ctx.Done():
		e.stop(ctx)
	}
	err := errors.Join(e.people.Close("The lab is stopped. Bring it back with: lab start"), e.server.Close(), cluster.Sweep(context.Background(), e.dir.Name()))
	e.log.Info("the lab is stopped", "err", err)
	return errors.Join(err, os.Remove(e.dir.Socket()), e.lock.Release())
}
