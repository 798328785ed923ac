// Package live is a running lab as front ends see it: it puts what the cluster does and what is broken in it behind the
// one interface view.Lab. What the verbs mean is the business of packages cluster and fault.
//
// The main type is Lab.
package live

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"kubelab/core/cluster"
	"kubelab/core/fault"
	"kubelab/core/store"
	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// Lab is one running lab.
type Lab struct {
	cluster *cluster.Cluster
	faults  *fault.Faults
	events  *hub
}

var _ view.Lab = (*Lab)(nil)

// New makes a Lab of a cluster that is started or will be.
func New(c *cluster.Cluster, d store.Dir, log *slog.Logger) (*Lab, error) {
	l := &Lab{cluster: c, events: newHub()}
	var err error
	l.faults, err = fault.New(fault.Config{Cluster: c, Dir: d, Log: log, Tell: l.events.tell})
	if err != nil {
		return nil, fmt.Errorf("prepare to break things: %w", err)
	}
	return l, nil
}

// Snapshot is the lab as it is now.
func (l *Lab) Snapshot() view.Snapshot {
	s := l.cluster.Snapshot()
	s.Faults = l.faults.Active()
	return s
}

// Watch tells what happens from now on.
func (l *Lab) Watch(ctx context.Context) <-chan view.Event { return l.events.watch(ctx) }

// Do does what is asked.
func (l *Lab) Do(ctx context.Context, a view.Action, report view.Report) (view.Outcome, error) {
	switch a.Verb {
	case view.Add:
		return l.add(ctx, a, report)
	case view.Remove:
		return l.remove(ctx, a, report)
	case view.SaveSnapshot, view.VerifySnapshot, view.RestoreSnapshot, view.ListSnapshots:
		return l.snapshot(ctx, a, report)
	}
	return l.faults.Do(ctx, a, report)
}

func (l *Lab) add(ctx context.Context, a view.Action, report view.Report) (view.Outcome, error) {
	if len(a.Targets) != 1 || a.Targets[0] != string(topology.Master) && a.Targets[0] != string(topology.Node) {
		return view.Outcome{}, view.Fail(view.Usage, "add a %s or a %s", topology.Master, topology.Node)
	}
	m, err := l.cluster.Add(ctx, topology.Kind(a.Targets[0]), report)
	if err != nil {
		return view.Outcome{}, err
	}
	return view.Outcome{Text: m.Name() + " is part of the lab."}, nil
}

func (l *Lab) remove(ctx context.Context, a view.Action, report view.Report) (view.Outcome, error) {
	if len(a.Targets) != 1 {
		return view.Outcome{}, view.Fail(view.Usage, "remove one machine at a time")
	}
	m, err := target.Machine(l.cluster.Spec(), a.Targets[0])
	if err != nil {
		return view.Outcome{}, err
	}
	if err := l.cluster.Remove(ctx, m, report); err != nil {
		return view.Outcome{}, err
	}
	return view.Outcome{Text: m.Name() + " is no longer part of the lab."}, nil
}

func (l *Lab) snapshot(ctx context.Context, a view.Action, report view.Report) (out view.Outcome, err error) {
	name := strings.Join(a.Targets, "")
	if len(a.Targets) > 1 || name == "" && (a.Verb == view.VerifySnapshot || a.Verb == view.RestoreSnapshot) {
		return out, view.Fail(view.Usage, "name one snapshot; see: lab snapshot list")
	}
	var one view.EtcdSnapshot
	switch a.Verb {
	case view.ListSnapshots:
		out.Snapshots, err = l.cluster.Snapshots()
		return out, err
	case view.SaveSnapshot:
		one, err = l.cluster.SaveSnapshot(ctx, name, report)
		out.Text = fmt.Sprintf("Snapshot %s: revision %d, %d keys, in %s", one.Name, one.Revision, one.Keys, one.Path)
	case view.VerifySnapshot:
		one, err = l.cluster.VerifySnapshot(name)
		out.Text = fmt.Sprintf("Snapshot %s is whole: revision %d, %d keys, of %s", one.Name, one.Revision, one.Keys, one.Time.Local().Format("2006-01-02 15:04:05"))
	case view.RestoreSnapshot:
		err = l.cluster.RestoreSnapshot(ctx, name, report)
		out.Text = "The cluster is what it was in the snapshot. Objects made since are gone; nodes follow within seconds."
		return out, err
	}
	out.Snapshots = []view.EtcdSnapshot{one}
	return out, err
}

// Possibilities lists what can be done to the lab, and why not.
func (l *Lab) Possibilities() []view.Possible { return l.faults.Possibilities() }

// History lists all faults that are remembered, the oldest first.
func (l *Lab) History() []view.Record { return l.faults.History() }

// LoadImage imports an image archive into every node.
func (l *Lab) LoadImage(ctx context.Context, archive io.Reader, report view.Report) ([]string, error) {
	return l.cluster.LoadImage(ctx, archive, report)
}

// Stop stops the lab in good order. What would keep it from starting again is healed before.
func (l *Lab) Stop(ctx context.Context, report view.Report) error {
	l.faults.BeforeStop(ctx, report)
	l.faults.Close()
	return l.cluster.Stop(ctx, report)
}
