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

	"kubelab/core/byhand"
	"kubelab/core/cluster"
	"kubelab/core/fault"
	"kubelab/core/logs"
	"kubelab/core/observe"
	"kubelab/core/store"
	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// Lab is one running lab.
type Lab struct {
	*observe.Observer // Snapshot, Watch, Events and most of Ask are its business

	cluster *cluster.Cluster
	faults  *fault.Faults
	objects objects
	dir     store.Dir
}

var _ view.Lab = (*Lab)(nil)

// New makes a Lab of a cluster that is started or will be, and of what sees it. See must be called before it is used.
func New(c *cluster.Cluster, o *observe.Observer, d store.Dir, log *slog.Logger) (*Lab, error) {
	l := &Lab{Observer: o, cluster: c, objects: objects{cluster: c}, dir: d}
	var err error
	l.faults, err = fault.New(fault.Config{Cluster: c, Dir: d, Log: log, Tell: o.Tell})
	if err != nil {
		return nil, fmt.Errorf("prepare to break things: %w", err)
	}
	return l, nil
}

// See has the lab be seen until ctx ends. Unseen, it shows only what the engine knows anyway.
func (l *Lab) See(ctx context.Context, unseen bool) {
	if unseen {
		l.Glance(l.cluster, l.faults.Active)
		return
	}
	l.Run(ctx, l.cluster, l.faults.Active)
}

// Ask looks something up at its source.
func (l *Lab) Ask(ctx context.Context, q view.Question) (a view.Answer, err error) {
	switch {
	case q.Predict != nil:
		var p view.Prediction
		if p, err = l.faults.Foresee(*q.Predict); err == nil {
			a.Predict = &p
		}
		return a, err
	case q.List != nil:
		a.List, err = l.objects.list(ctx, *q.List)
		return a, err
	case q.Logs != nil:
		a.Logs, err = logs.Last(ctx, l.dir, l.cluster.Spec(), q.Logs.Target, min(max(q.Logs.Lines, 1), mostLines))
		return a, err
	}
	return l.Observer.Ask(ctx, q)
}

// mostLines is how many lines of a log are answered at most.
const mostLines = 1000

// Do does what is asked, and says what does the same by hand.
func (l *Lab) Do(ctx context.Context, a view.Action, report view.Report) (view.Outcome, error) {
	commands := byhand.Commands(a, l.Snapshot())
	l.Tell(view.Event{Kind: view.Acted, Source: "lab", Text: a.Command(), Commands: commands})
	out, err := l.do(ctx, a, report)
	l.Refresh() // who asks next sees what was done
	if err != nil {
		l.Tell(view.Event{Kind: view.Acted, Source: "lab", Text: a.Command() + " failed: " + err.Error()})
		return out, err
	}
	out.Commands = commands
	return out, nil
}

func (l *Lab) do(ctx context.Context, a view.Action, report view.Report) (view.Outcome, error) {
	switch a.Verb {
	case view.Add:
		return l.add(ctx, a, report)
	case view.Remove:
		return l.remove(ctx, a, report)
	case view.Scale:
		return l.objects.scale(ctx, a)
	case view.Delete:
		return l.objects.delete(ctx, a)
	case view.Empty:
		return l.objects.empty(ctx, a, report)
	case view.Apply:
		return l.objects.apply(ctx, a)
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
		if err == nil {
			l.tellSnapshot(a, l.cluster.SnapshotOf(name))
		}
		return out, err
	}
	if err == nil {
		l.tellSnapshot(a, one)
	}
	out.Snapshots = []view.EtcdSnapshot{one}
	return out, err
}

// tellSnapshot tells what was done with a snapshot.
func (l *Lab) tellSnapshot(a view.Action, s view.EtcdSnapshot) {
	did := map[view.Verb]string{view.SaveSnapshot: "saved", view.VerifySnapshot: "verified: it is whole", view.RestoreSnapshot: "restored"}[a.Verb]
	l.Tell(view.Event{Kind: view.Acted, Source: "lab", Text: fmt.Sprintf("snapshot %s (revision %d) was %s", s.Name, s.Revision, did),
		Snapshot: &view.SnapshotDone{Verb: a.Verb, Of: s}})
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
