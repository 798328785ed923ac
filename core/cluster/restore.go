package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"kubelab/core/component"
	"kubelab/core/master"
	"kubelab/core/master/etcd"
	"kubelab/core/pki"
	"kubelab/core/snapshot"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// Bounds of what is done with snapshots.
const (
	saveBound    = 60 * time.Second
	crashBound   = 30 * time.Second
	restoreBound = 60 * time.Second
)

// snapshotDir is where snapshots of the lab are kept that are given a name and not a path.
func (c *Cluster) snapshotDir() string { return c.dir.Path("snapshots") }

// snapshotPath is the file that is meant: a path if it looks like one, or a name.
func (c *Cluster) snapshotPath(name string) string {
	if strings.ContainsRune(name, filepath.Separator) {
		return name
	}
	return filepath.Join(c.snapshotDir(), strings.TrimSuffix(name, snapshot.Extension)+snapshot.Extension)
}

// identity tells the lab from all others, also from one of the same name that was deleted.
func (c *Cluster) identity() (string, error) {
	b, err := os.ReadFile(pki.SharedFilesOf(c.dir).CA.Cert)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// SaveSnapshot keeps all that etcd holds in a file: a path, or a name under which the lab keeps it. Without one it is
// named after the time.
func (c *Cluster) SaveSnapshot(ctx context.Context, name string, report view.Report) (view.EtcdSnapshot, error) {
	if name == "" {
		name = time.Now().Format("2006-01-02-150405")
	}
	path := c.snapshotPath(name)
	if _, err := os.Stat(path); err == nil {
		return view.EtcdSnapshot{}, view.Fail(view.Failed, "%s is there already: choose another name", path)
	}
	if err := os.MkdirAll(c.snapshotDir(), 0o700); err != nil {
		return view.EtcdSnapshot{}, err
	}
	identity, err := c.identity()
	if err != nil {
		return view.EtcdSnapshot{}, err
	}
	from, err := c.runningMember()
	if err != nil {
		return view.EtcdSnapshot{}, err
	}
	spec := c.Spec()
	config, err := etcd.ClientConfig(c.dir, spec, from)
	if err != nil {
		return view.EtcdSnapshot{}, err
	}
	err = step(ctx, report, "Snapshot of etcd, by "+from.Name(), saveBound, func(ctx context.Context) error {
		if err := c.caughtUp(ctx, from); err != nil {
			return err
		}
		_, err := snapshot.Save(ctx, config, spec, identity, path)
		return err
	})
	if err != nil {
		return view.EtcdSnapshot{}, err
	}
	return snapshot.Describe(path), nil
}

// caughtUp waits until the member has applied all that was acknowledged before: a linearizable read by it needs that.
func (c *Cluster) caughtUp(ctx context.Context, m topology.Machine) error {
	client, err := etcd.Client(c.dir, c.Spec(), m)
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := client.Get(ctx, fillPrefix); err != nil {
		return fmt.Errorf("ask etcd of %s whether it has caught up: %w", m, err)
	}
	return nil
}

// runningMember is a master whose member of etcd can be asked, the leader if there is one.
func (c *Cluster) runningMember() (topology.Machine, error) {
	leader := c.Etcd().Leader
	var found topology.Machine
	for _, m := range c.Spec().Masters {
		if c.Master(m).Component(component.Etcd).Status().State == component.Running && (found.Number == 0 || m.Name() == leader) {
			found = m
		}
	}
	if found.Number == 0 {
		return found, view.Fail(view.Failed, "no member of etcd runs; start one first: lab start %s/%s", c.Spec().Masters[0], component.Etcd)
	}
	return found, nil
}

// Snapshots lists those that the lab keeps.
func (c *Cluster) Snapshots() ([]view.EtcdSnapshot, error) { return snapshot.List(c.snapshotDir()) }

// NewestSnapshot is the name of the latest snapshot that the lab keeps and that is whole.
func (c *Cluster) NewestSnapshot() (string, error) {
	list, err := c.Snapshots()
	if err != nil {
		return "", err
	}
	for _, s := range slices.Backward(list) { // the latest first
		if s.Error != "" {
			continue
		}
		if _, err := c.VerifySnapshot(s.Name); err == nil {
			return s.Name, nil
		}
	}
	return "", view.Fail(view.NotFound, "the lab keeps no snapshot that is whole")
}

// VerifySnapshot checks a snapshot from its first byte to its last.
func (c *Cluster) VerifySnapshot(name string) (view.EtcdSnapshot, error) {
	_, done, err := c.unpackSnapshot(name)
	if err != nil {
		return view.EtcdSnapshot{}, err
	}
	done()
	return snapshot.Describe(c.snapshotPath(name)), nil
}

// SnapshotOf is what is known of a snapshot without reading all of it.
func (c *Cluster) SnapshotOf(name string) view.EtcdSnapshot {
	return snapshot.Describe(c.snapshotPath(name))
}

// unpackSnapshot checks a snapshot and takes the database out of it. A call of done deletes that again.
func (c *Cluster) unpackSnapshot(name string) (db string, done func(), err error) {
	identity, err := c.identity()
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp(c.dir.Path(), ".restore-*")
	if err != nil {
		return "", nil, err
	}
	done = func() { os.RemoveAll(dir) }
	path := c.snapshotPath(name)
	if db, _, err = snapshot.Unpack(path, identity, dir); err != nil {
		done()
		if view.CodeOf(err) == view.NotFound {
			err = view.Fail(view.NotFound, "there is no snapshot %s; see: lab snapshot list", path)
		}
		return "", nil, err
	}
	return db, done, nil
}

// RestoreSnapshot sets the whole cluster back to a snapshot: all masters crash, every member of etcd gets the database
// of the snapshot, as a new cluster, and all masters start again. Nodes run on meanwhile, and follow. When a step fails
// the masters come back with what they had.
func (c *Cluster) RestoreSnapshot(ctx context.Context, name string, report view.Report) error {
	alone, err := c.changing.alone(ctx)
	if err != nil {
		return err
	}
	defer alone()
	spec := c.Spec()
	var db string
	var clean func()
	err = step(ctx, report, "Snapshot checked", restoreBound, func(context.Context) (err error) {
		db, clean, err = c.unpackSnapshot(name)
		return err
	})
	if err != nil {
		return err
	}
	defer clean()
	masters := c.inOrder()
	// What an earlier restore could not delete is older than what the members have now.
	if err := c.eachMaster(func(m topology.Machine) error { return etcd.Settle(c.dir, m) }); err != nil {
		return err
	}
	err = step(ctx, report, count(spec.Masters)+" crashed", crashBound, func(ctx context.Context) error { return crash(ctx, masters) })
	if err == nil {
		err = step(ctx, report, "Databases restored", restoreBound, func(context.Context) error { return c.restoreDatabases(db) })
	}
	if err == nil {
		err = step(ctx, report, count(spec.Masters)+" started", apiBound, func(ctx context.Context) error { return c.bootAgain(ctx, masters) })
	}
	if err != nil {
		return errors.Join(err, c.revert(context.WithoutCancel(ctx), masters, report))
	}
	if err := c.eachMaster(func(m topology.Machine) error { return etcd.Settle(c.dir, m) }); err != nil {
		return err
	}
	// The Leases are those of the snapshot, or of the dead: they have to run out.
	return step(ctx, report, "Scheduler and controller manager lead", leadersBound, func(ctx context.Context) error {
		return poll(ctx, func(context.Context) (bool, string) {
			return c.Leader(component.Scheduler) != "" && c.Leader(component.ControllerManager) != "", "their Leases have not run out"
		})
	})
}

// restoreDatabases gives each member of etcd what was in a snapshot, as a member of a new cluster. None of them may run.
func (c *Cluster) restoreDatabases(db string) error {
	spec := c.Spec()
	token := spec.Name + time.Now().UTC().Format("-20060102-150405.000")
	return c.eachMaster(func(m topology.Machine) error { return etcd.Restore(c.dir, spec, m, db, token) })
}

// DataLost reports whether so many members of etcd have lost their data that no majority of them can come back.
func (c *Cluster) DataLost() bool {
	masters, wiped := c.inOrder(), 0
	for _, m := range masters {
		if m != nil && m.EtcdWiped() { // nil: one that is just added
			wiped++
		}
	}
	return len(masters)-wiped < len(masters)/2+1
}

// regain restores the newest snapshot if a majority of the members of etcd lost its data before the engine ended: what is left could not start, and
// if nothing is left an empty cluster would.
func (c *Cluster) regain(ctx context.Context, report view.Report) error {
	if c.fresh || !c.DataLost() {
		return nil
	}
	name, err := c.NewestSnapshot()
	if err != nil {
		return fmt.Errorf("a majority of etcd's members has lost its data, and %w: nothing is left but lab delete", err)
	}
	return step(ctx, report, "etcd's data was lost: snapshot "+name+" restored", restoreBound, func(context.Context) error {
		db, clean, err := c.unpackSnapshot(name)
		if err != nil {
			return err
		}
		defer clean()
		return c.restoreDatabases(db)
	})
}

// revert brings the masters back with the data that they had before a restore.
func (c *Cluster) revert(ctx context.Context, masters []*master.Master, report view.Report) error {
	return step(ctx, report, "Masters as they were before", apiBound+crashBound, func(ctx context.Context) error {
		if err := crash(ctx, masters); err != nil {
			return err
		}
		if err := c.eachMaster(func(m topology.Machine) error { return etcd.Revert(c.dir, m) }); err != nil {
			return err
		}
		return c.bootAgain(ctx, masters)
	})
}

// bootAgain starts all masters from what lies on their disks.
func (c *Cluster) bootAgain(ctx context.Context, masters []*master.Master) error {
	defer master.EaseGC()()
	for _, m := range masters {
		if err := c.network.AddMaster(m.Machine()); err != nil { // one may have had no power
			return err
		}
	}
	return c.explainMasters(master.Bootstrap(ctx, masters, nil))
}

func (c *Cluster) eachMaster(do func(topology.Machine) error) error {
	var all errgroup.Group
	for _, m := range c.Spec().Masters {
		all.Go(func() error { return do(m) })
	}
	return all.Wait()
}

// crash ends masters at once and waits until their files are closed.
func crash(ctx context.Context, masters []*master.Master) error {
	var all errgroup.Group
	for _, m := range masters {
		all.Go(func() error {
			// The member first: while it closes its files, nobody else has to be waited for.
			err := m.CrashEtcd(ctx)
			m.Crash()
			if err != nil {
				return fmt.Errorf("crash %s: %w", m.Machine(), err)
			}
			return nil
		})
	}
	return all.Wait()
}
