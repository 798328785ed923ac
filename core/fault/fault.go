// Package fault breaks a lab and mends it again. Every fault is real, says before what it will do, is watched by a
// stopwatch while it does it, and can be undone.
//
// The main types are Faults, which does Actions, and kind, one way to break something; the table of all kinds is in
// kinds.go. parts.go is what can be killed, stopped and started; links.go, etcd.go, nodes.go and masters.go hold
// the kinds that are about those; predict.go and foretell.go say what will happen, phases.go how the stopwatch sees
// that it has; records.go remembers and heals.
package fault

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"kubelab/core/cluster"
	"kubelab/core/stopwatch"
	"kubelab/core/store"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// Faults are what is and was broken in one lab. Its methods may be called from any goroutine.
type Faults struct {
	lab    *cluster.Cluster
	log    *slog.Logger
	file   string // where records are kept
	tell   func(view.Event)
	timing topology.Timing
	watch  *stopwatch.Stopwatch

	running context.Context // ends with Close
	end     context.CancelFunc
	work    sync.WaitGroup // measuring and flapping

	links sync.Mutex // held while what is lost between machines changes

	mu      sync.Mutex // guards the fields below
	records []*view.Record
	whole   map[string]bool               // faults of kind Flap whose link is whole just now
	flaps   map[string]context.CancelFunc // end the flapping, by fault
}

// Config is what Faults work with.
type Config struct {
	Cluster *cluster.Cluster
	Dir     store.Dir
	Log     *slog.Logger
	Tell    func(view.Event) // is told of every fault; must not block
}

// New reads what was broken before in the lab. Nothing is broken by it.
func New(cfg Config) (*Faults, error) {
	timing, err := cfg.Cluster.Spec().Timing.Values()
	if err != nil {
		return nil, err
	}
	access, err := cfg.Cluster.ClientConfig()
	if err != nil {
		return nil, err
	}
	source, err := stopwatch.NewSource(access, cfg.Cluster.DemoService)
	if err != nil {
		return nil, err
	}
	f := &Faults{
		lab: cfg.Cluster, log: cfg.Log, file: cfg.Dir.Path("faults.json"), tell: cfg.Tell, timing: timing,
		watch: stopwatch.New(source), whole: map[string]bool{}, flaps: map[string]context.CancelFunc{},
	}
	f.running, f.end = context.WithCancel(context.Background())
	return f, f.load()
}

// Close ends measuring and flapping. What is broken stays so.
func (f *Faults) Close() {
	f.end()
	f.work.Wait()
}

// bound is how long doing something may take, without what is measured afterwards.
const bound = 90 * time.Second

// Do does a, if it is one of the kinds.
func (f *Faults) Do(ctx context.Context, a view.Action, report view.Report) (view.Outcome, error) {
	if a.Verb == view.Heal {
		return f.heal(ctx, a, report)
	}
	k, ok := kindOf(a.Verb)
	if !ok {
		return view.Outcome{}, view.Fail(view.Usage, "%q cannot be done to a lab; see: lab faults", a.Verb)
	}
	r, wait, err := f.undertake(ctx, k, a, report)
	if err != nil {
		return view.Outcome{}, err
	}
	wait(patience(ctx, a))
	return view.Outcome{Record: f.copyOf(r)}, nil
}

// undertake does a while nobody changes what the lab is made of. Others may go on while it is being measured.
func (f *Faults) undertake(ctx context.Context, k kind, a view.Action, report view.Report) (r *view.Record, wait func(context.Context), err error) {
	done, err := f.lab.Beside(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	d, err := f.prepare(k, a)
	if err != nil {
		return nil, nil, err
	}
	return f.inject(ctx, d, report)
}

// patience is how long whoever asked for a waits for what is measured: as long as ctx lasts, or not at all.
func patience(ctx context.Context, a view.Action) context.Context {
	if !a.Detach {
		return ctx
	}
	ended, end := context.WithCancel(ctx)
	end()
	return ended
}

// prepare looks whether it can be done, before anything is.
func (f *Faults) prepare(k kind, a view.Action) (*deed, error) {
	d := &deed{kind: k, Action: a}
	if err := k.read(f, d); err != nil {
		return nil, err
	}
	if k.available != nil {
		if err := k.available(f, d); err != nil {
			return nil, fmt.Errorf("%s is not available here: %w", a.Verb, err)
		}
	}
	if k.check != nil {
		if err := k.check(f, d); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// inject does the deed and has it watched. A call of wait waits until that has ended, or ctx has.
func (f *Faults) inject(ctx context.Context, d *deed, report view.Report) (r *view.Record, wait func(context.Context), err error) {
	before := f.lab.Snapshot()
	p := f.predict(d, before)
	for _, sentence := range p.sentences {
		report(view.Step{Name: "Expected", Note: sentence})
	}
	run := f.watch.Ready(ctx)
	r = &view.Record{Fault: view.Fault{
		Kind: d.Verb, What: d.what(), Expected: p.sentences, Heal: d.kind.undone,
	}, Action: d.Action, Before: string(before.State)}
	if before.Reason != "" {
		r.Before += ": " + before.Reason
	}
	waits := f.waits(d, p)
	began := time.Now()
	report(view.Step{Name: d.String(), Bound: bound})
	run.Begin(waits)
	if err := f.attempt(ctx, d, report); err != nil {
		run.Drop()
		report(view.Step{Name: d.String(), Done: true, Took: time.Since(began), Error: err.Error()})
		return nil, nil, err
	}
	run.Did()
	if d.waiting.Load() {
		run.Expect(nil)
	}
	f.record(r, d, began)
	report(view.Step{Name: d.String(), Done: true, Took: time.Since(began)})
	f.retire("by lab " + d.String())
	f.told(view.FaultInjected, r)
	return r, f.measure(run, r, &r.Measured, report), nil
}

// attempt does the deed, or undoes what it has done of it.
func (f *Faults) attempt(ctx context.Context, d *deed, report view.Report) error {
	within, cancel := context.WithTimeoutCause(ctx, max(bound, d.kind.bound), fmt.Errorf("gave up after %s: %w", bound, context.DeadlineExceeded))
	defer cancel()
	err := d.kind.inject(within, f, d, report)
	if err == nil {
		return nil
	}
	f.log.Error("break", "fault", d.String(), "err", err)
	if d.kind.undo != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), bound)
		defer cancel()
		if undoErr := d.kind.undo(undo, f, d, report); undoErr != nil {
			return errors.Join(err, fmt.Errorf("undo it: %w", undoErr))
		}
	}
	return err
}

// measure has the run measured in the background, as a part of the record. wait must be called: it waits for that, but
// not after ctx has ended, and what comes later is not reported.
func (f *Faults) measure(run *stopwatch.Run, r *view.Record, into **view.Measured, report view.Report) (wait func(context.Context)) {
	finished := make(chan struct{})
	var mu sync.Mutex // guards gone
	gone := false
	f.work.Go(func() {
		defer close(finished)
		m := run.Measure(f.running, func(m view.Mark) {
			mu.Lock()
			defer mu.Unlock()
			if !gone {
				report(markStep(m))
			}
		})
		f.mu.Lock()
		*into = &m
		f.mu.Unlock()
		f.save()
		f.retire(bySelf)
		f.told(view.FaultMeasured, r)
	})
	return func(ctx context.Context) {
		select {
		case <-finished:
		case <-ctx.Done():
		}
		mu.Lock()
		defer mu.Unlock()
		gone = true
	}
}

// markStep shows a phase as it came.
func markStep(m view.Mark) view.Step {
	note := fmt.Sprintf("within %s, upstream %s", short(m.Within), short(m.Upstream))
	return view.Step{Name: string(m.Phase), Took: m.Took, Done: true, Note: note}
}

// short writes a duration as people read it.
func short(d time.Duration) string {
	if d >= time.Minute {
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%gs", d.Round(100*time.Millisecond).Seconds())
}

func (f *Faults) told(k view.EventKind, r *view.Record) {
	known := f.copyOf(r)
	text := fmt.Sprintf("fault %s %s: %s", known.ID, strings.TrimPrefix(string(k), "fault-"), strings.TrimSpace(string(known.Kind)+" "+known.What))
	f.tell(view.Event{Time: time.Now(), Kind: k, Source: "lab", Text: text, Record: known})
}
