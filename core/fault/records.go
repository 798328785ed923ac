package fault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"kubelab/core/store"
	"kubelab/core/target"
	"kubelab/core/view"
)

// maxRecords is how much history is kept.
const maxRecords = 500

// record gives what was done an id and notes it.
func (f *Faults) record(r *view.Record, d *deed, since time.Time) {
	f.mu.Lock()
	last := 0
	if n := len(f.records); n > 0 {
		// Ids are given out in order; what cannot be read as one cannot have been given out.
		_, _ = fmt.Sscanf(f.records[n-1].ID, "f%d", &last)
	}
	r.ID, r.Since = fmt.Sprintf("f%d", last+1), since
	d.id = r.ID
	if !d.kind.lasts() {
		r.Healed, r.HealedBy = since, "it leaves nothing to heal"
	}
	f.records = append(f.records, r)
	if more := len(f.records) - maxRecords; more > 0 {
		f.records = slices.Delete(f.records, 0, more)
	}
	f.mu.Unlock()
	if d.Verb == view.Flap {
		f.flap(d)
	}
	f.save()
}

// retire closes the records of faults that are over without having been healed as such.
func (f *Faults) retire(how string) {
	changed := false
	for _, r := range f.open() {
		d, err := f.again(r.Action)
		if err == nil && d.kind.holds(f, d) {
			continue
		}
		f.mu.Lock()
		if r.Healed.IsZero() {
			r.Healed, r.HealedBy = time.Now(), how
			changed = true
		}
		f.mu.Unlock()
		f.stopFlapping(r.ID)
		f.told(view.FaultHealed, r)
	}
	if changed {
		f.save()
	}
}

// bySelf is how a fault ends that nobody heals: the node's init starts a component again, for example.
const bySelf = "by itself"

// Active lists what is injected, the oldest first.
func (f *Faults) Active() []view.Fault {
	f.retire(bySelf)
	list := []view.Fault{}
	for _, r := range f.open() {
		list = append(list, r.Fault)
	}
	return list
}

// History lists all faults that are remembered, the oldest first.
func (f *Faults) History() []view.Record {
	f.retire(bySelf)
	f.mu.Lock()
	defer f.mu.Unlock()
	list := []view.Record{}
	for _, r := range f.records {
		list = append(list, *r)
	}
	return list
}

// open are the records of what is injected.
func (f *Faults) open() []*view.Record {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []*view.Record
	for _, r := range f.records {
		if r.Active() {
			list = append(list, r)
		}
	}
	return list
}

// active are the injected faults that match, as deeds.
func (f *Faults) active(match func(*deed) bool) []*deed {
	var list []*deed
	for _, r := range f.open() {
		if d, err := f.again(r.Action); err == nil {
			if d.id = r.ID; match(d) {
				list = append(list, d)
			}
		}
	}
	return list
}

// again makes the deed of a recorded action. It fails when its machines are no longer there.
func (f *Faults) again(a view.Action) (*deed, error) {
	k, ok := kindOf(a.Verb)
	if !ok {
		return nil, fmt.Errorf("there is no %s any more", a.Verb)
	}
	d := &deed{kind: k, Action: a}
	return d, k.read(f, d)
}

func (f *Faults) copyOf(r *view.Record) *view.Record {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := *r
	return &c
}

// heal undoes faults: those that are named, all, or the only one.
func (f *Faults) heal(ctx context.Context, a view.Action, report view.Report) (view.Outcome, error) {
	h, err := f.healEach(ctx, a, report)
	for _, wait := range h.waits {
		wait(patience(ctx, a))
	}
	switch {
	case err != nil:
		return view.Outcome{}, err
	case h.lost:
		out, err := f.restoreNewest(ctx, report)
		if err == nil && a.All {
			_, err = f.heal(ctx, a, report) // what is left, such as a node that is cordoned
		}
		return out, err
	case len(h.healed) == 0:
		return view.Outcome{Text: "Nothing is injected."}, nil
	}
	return view.Outcome{Record: f.copyOf(h.healed[len(h.healed)-1])}, nil
}

// healing is what has become of faults that were to be healed.
type healing struct {
	healed []*view.Record
	waits  []func(context.Context)
	lost   bool // data is gone that only a snapshot has
}

// restoreNewest heals what only a snapshot can. Nobody may hold the lab meanwhile: all masters start anew.
func (f *Faults) restoreNewest(ctx context.Context, report view.Report) (view.Outcome, error) {
	name, err := f.lab.NewestSnapshot()
	if err != nil {
		return view.Outcome{}, fmt.Errorf("heal the loss of etcd's data: %w", err)
	}
	if err := f.lab.RestoreSnapshot(ctx, name, report); err != nil {
		return view.Outcome{}, fmt.Errorf("heal the loss of etcd's data: %w", err)
	}
	f.retire("by a restore of snapshot " + name)
	f.tell(view.Event{Kind: view.Acted, Source: "lab", Text: "snapshot " + name + " was restored",
		Snapshot: &view.SnapshotDone{Verb: view.RestoreSnapshot, Of: f.lab.SnapshotOf(name)}})
	return view.Outcome{Text: "The cluster is what it was in snapshot " + name + ". Objects made since are gone; nodes follow within seconds."}, nil
}

func (f *Faults) healEach(ctx context.Context, a view.Action, report view.Report) (h healing, err error) {
	done, err := f.lab.Beside(ctx)
	if err != nil {
		return h, err
	}
	defer done()
	f.retire(bySelf)
	list, err := f.toHeal(a)
	if err != nil {
		return h, err
	}
	// The last one first: what was broken on top of something else is mended before it. But links before all others:
	// what is started must reach its peers.
	slices.Reverse(list)
	slices.SortStableFunc(list, func(a, b *view.Record) int { return boolToInt(isLink(b.Kind)) - boolToInt(isLink(a.Kind)) })
	var errs []error
	lost := f.lab.DataLost()
	for _, r := range list {
		switch {
		case !f.copyOf(r).Active(): // it has gone with another one
			continue
		case lost && !isLink(r.Kind) && (a.All || r.Kind == view.WipeData):
			h.lost = true // nothing else can be mended before that
			continue
		}
		wait, err := f.healOne(ctx, r, report)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		h.healed, h.waits = append(h.healed, r), append(h.waits, wait)
	}
	return h, errors.Join(errs...)
}

func (f *Faults) toHeal(a view.Action) ([]*view.Record, error) {
	open := f.open()
	var ids []string
	for _, r := range open {
		ids = append(ids, r.ID)
	}
	switch {
	case a.All && len(a.Targets) > 0:
		return nil, view.Fail(view.Usage, "heal --all takes no id")
	case a.All:
		return open, nil
	case len(a.Targets) == 0 && len(open) > 1:
		return nil, view.Fail(view.Usage, "heal which one of %s? Name it, or: lab heal --all", strings.Join(ids, ", "))
	case len(a.Targets) == 0:
		return open, nil
	}
	var list []*view.Record
	for _, id := range a.Targets {
		r, err := f.find(id, ids)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

func (f *Faults) find(id string, open []string) (*view.Record, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.records, func(r *view.Record) bool { return r.ID == id })
	switch {
	case i < 0 && len(open) == 0:
		return nil, view.Fail(view.NotFound, "there is no fault %q, and nothing is injected", id)
	case i < 0:
		if near := target.Near(id, open); len(near) > 0 {
			open = near
		}
		return nil, view.Fail(view.NotFound, "there is no fault %q; injected: %s", id, strings.Join(open, ", "))
	case !f.records[i].Active():
		r := f.records[i]
		return nil, view.Fail(view.Failed, "fault %s (%s %s) is over since %s, %s", id, r.Kind, r.What,
			r.Healed.Format(time.TimeOnly), r.HealedBy)
	}
	return f.records[i], nil
}

func (f *Faults) healOne(ctx context.Context, r *view.Record, report view.Report) (wait func(context.Context), err error) {
	d, err := f.again(r.Action)
	if err != nil {
		return nil, err
	}
	d.id = r.ID
	run := f.watch.Ready(ctx)
	run.Begin(f.recovery(d))
	name := "Heal " + r.ID + ": " + d.String()
	began := time.Now()
	report(view.Step{Name: name, Bound: bound})
	within, cancel := context.WithTimeoutCause(ctx, max(bound, d.kind.bound), fmt.Errorf("gave up after %s: %w", bound, context.DeadlineExceeded))
	defer cancel()
	err = d.kind.undo(within, f, d, report)
	end := view.Step{Name: name, Done: true, Took: time.Since(began)}
	if err != nil {
		run.Drop()
		end.Error = err.Error()
		report(end)
		return nil, fmt.Errorf("heal %s: %w", r.ID, err)
	}
	run.Did()
	report(end)
	f.mu.Lock()
	r.Healed, r.HealedBy = time.Now(), "by lab heal"
	f.mu.Unlock()
	f.save()
	f.retire(bySelf)
	f.told(view.FaultHealed, r)
	return f.measure(run, r, &r.Recovery, report), nil
}

// load reads the records of earlier runs of the engine. What it has broken then is over, but for what is written
// on disks: in etcd and on nodes.
func (f *Faults) load() error {
	b, err := os.ReadFile(f.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &f.records); err != nil {
		// History is not worth a lab that does not start.
		f.log.Error("read what was broken before", "file", f.file, "err", err)
		f.records = nil
		return nil
	}
	for _, r := range f.records {
		if r.Active() && !slices.Contains([]view.Verb{view.Cordon, view.Drain, view.FillQuota}, r.Kind) {
			r.Healed, r.HealedBy = time.Now(), "by the lab's next start"
		}
	}
	return nil
}

// save keeps the records. They are worth a line in the log, not an error: the deed is done.
func (f *Faults) save() {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := json.Marshal(f.records)
	if err == nil {
		err = store.WriteFile(f.file, b, 0o600)
	}
	if err != nil {
		f.log.Error("keep what was broken", "file", f.file, "err", err)
	}
}

// BeforeStop heals what is kept on disk and would keep the lab from starting again.
func (f *Faults) BeforeStop(ctx context.Context, report view.Report) {
	for _, r := range f.open() {
		if r.Kind != view.FillQuota {
			continue
		}
		wait, err := f.healOne(ctx, r, report)
		if err != nil {
			f.log.Error("heal before the lab stops", "fault", r.ID, "err", err)
			continue
		}
		wait(patience(ctx, view.Action{Detach: true}))
	}
}
