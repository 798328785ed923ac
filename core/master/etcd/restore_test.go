package etcd

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/etcdutl/v3/snapshot"
	"go.uber.org/zap"

	"kubelab/core/store"
	"kubelab/core/topology"
)

// crash ends all members as a power failure would, and waits until their files are closed.
func (l *lab) crash(ctx context.Context) {
	l.t.Helper()
	for _, e := range l.running {
		e.Crash()
	}
	for m, e := range l.running {
		select {
		case <-e.Done():
			delete(l.running, m)
		case <-ctx.Done():
			l.t.Fatalf("%s does not end: %v", m, ctx.Err())
		}
	}
}

// each does something to the files of all members, which do not run.
func (l *lab) each(do func(topology.Machine) error) {
	l.t.Helper()
	for _, m := range l.spec.Masters {
		if err := do(m); err != nil {
			l.t.Fatal(err)
		}
	}
}

// resume starts all members with what they have.
func (l *lab) resume(ctx context.Context) {
	l.t.Helper()
	l.each(func(m topology.Machine) error { l.open(ctx, m, Initial{}); return nil })
	l.ready(ctx)
}

// value is what a key holds, and the revision at which it was read; empty for a key that is not there.
func (l *lab) value(ctx context.Context, key string) (string, int64) {
	l.t.Helper()
	got, err := l.client(l.spec.Masters...).Get(ctx, key)
	if err != nil {
		l.t.Fatal(err)
	}
	if len(got.Kvs) == 0 {
		return "", got.Header.Revision
	}
	return string(got.Kvs[0].Value), got.Header.Revision
}

func (l *lab) put(ctx context.Context, key, value string) {
	l.t.Helper()
	if _, err := l.client(l.spec.Masters...).Put(ctx, key, value); err != nil {
		l.t.Fatal(err)
	}
}

// saved is a snapshot of the cluster as it is. The member that is asked for it may be a little behind the others, until
// it is asked for something that must be up to date.
func (l *lab) saved(ctx context.Context) (db string) {
	l.t.Helper()
	from := l.spec.Masters[0]
	if _, err := l.client(from).Get(ctx, "a"); err != nil {
		l.t.Fatal(err)
	}
	config, err := ClientConfig(l.dir, l.spec, from)
	if err != nil {
		l.t.Fatal(err)
	}
	db = filepath.Join(l.t.TempDir(), "db")
	if _, err := snapshot.NewV3(zap.NewNop()).Save(ctx, config, db); err != nil {
		l.t.Fatal(err)
	}
	return db
}

func isThere(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

func TestRestoreAndBack(t *testing.T) {
	l := newLab(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	l.each(func(m topology.Machine) error { l.open(ctx, m, NewCluster(l.spec, l.spec.Masters...)); return nil })
	l.ready(ctx)
	l.put(ctx, "a", "then")
	db := l.saved(ctx)
	l.put(ctx, "a", "now")
	l.put(ctx, "b", "now")
	_, before := l.value(ctx, "b")
	cluster := func() uint64 {
		got, err := l.client(l.spec.Masters...).Get(ctx, "a")
		if err != nil {
			t.Fatal(err)
		}
		return got.Header.ClusterId
	}
	old, token := cluster(), "restored"

	restore := func(m topology.Machine) error { return Restore(l.dir, l.spec, m, db, token) }
	l.crash(ctx)
	l.each(restore)
	l.resume(ctx)
	a, after := l.value(ctx, "a")
	if b, _ := l.value(ctx, "b"); a != "then" || b != "" {
		t.Errorf("after Restore a is %q and b is %q, want what was then: %q and nothing", a, b, "then")
	}
	if after < before+revisionBump/2 {
		t.Errorf("the revision is %d and was %d: to a client the past would go on", after, before)
	}
	if now := cluster(); now == old {
		t.Errorf("the cluster's id is still %x: members of the old one would be let in", now)
	}
	l.isCompacted(ctx, before)
	l.hasAllMembers(ctx)

	// What was put aside comes back as it was, and nothing is left of what was tried.
	l.crash(ctx)
	l.each(func(m topology.Machine) error { return Revert(l.dir, m) })
	l.resume(ctx)
	a, reverted := l.value(ctx, "a")
	if b, _ := l.value(ctx, "b"); a != "now" || b != "now" || reverted >= revisionBump {
		t.Errorf("after Revert a is %q and b is %q at revision %d, want what was before", a, b, reverted)
	}

	// The second time it is kept. One member has lost its data meanwhile, and gets it from the snapshot all the same.
	l.crash(ctx)
	lost := l.spec.Masters[1]
	if err := Wipe(l.dir, lost); err != nil {
		t.Fatal(err)
	}
	l.each(restore)
	if !Exists(l.dir, lost) {
		t.Errorf("%s has not got the snapshot", lost)
	}
	// Going back, it must not be the one that keeps it: its peers would take it for what it was.
	l.each(func(m topology.Machine) error { return Revert(l.dir, m) })
	for _, m := range l.spec.Masters {
		if got, want := Exists(l.dir, m), m != lost; got != want {
			t.Errorf("after Revert %s has data: %t, want %t", m, got, want)
		}
	}
	l.each(restore)
	l.each(func(m topology.Machine) error { return Settle(l.dir, m) })
	for _, m := range l.spec.Masters {
		if isThere(t, l.dir.Master(m, aside)) {
			t.Errorf("Settle has left what %s had", m)
		}
	}
	// Nothing is aside any more, so there is nothing to go back to.
	l.each(func(m topology.Machine) error { return Revert(l.dir, m) })
	l.resume(ctx)
	if a, _ := l.value(ctx, "a"); a != "then" {
		t.Errorf("a is %q, want what was restored", a)
	}
	l.put(ctx, "a", "later")
}

// isCompacted wants a client that watches from a revision of before to be told that it has to list anew.
func (l *lab) isCompacted(ctx context.Context, revision int64) {
	l.t.Helper()
	bound, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	answer := <-l.client(l.spec.Masters...).Watch(bound, "a", clientv3.WithRev(revision))
	if !errors.Is(answer.Err(), rpctypes.ErrCompacted) {
		l.t.Errorf("a watch from revision %d: %+v, %v; want it compacted", revision, answer, answer.Err())
	}
}

func (l *lab) hasAllMembers(ctx context.Context) {
	l.t.Helper()
	list, err := l.client(l.spec.Masters...).MemberList(ctx)
	if err != nil {
		l.t.Fatal(err)
	}
	var names, want []string
	for _, m := range list.Members {
		names = append(names, m.Name)
		if m.IsLearner {
			l.t.Errorf("%s is a learner", m.Name)
		}
	}
	for _, m := range l.spec.Masters {
		want = append(want, m.Name())
	}
	slices.Sort(names)
	if !slices.Equal(names, want) {
		l.t.Errorf("members are %v, want %v", names, want)
	}
}

// TestRestoreOfWhatEtcdCannotRead needs no etcd: the data that is put aside is a file with a mark.
func TestRestoreOfWhatEtcdCannotRead(t *testing.T) {
	spec := topology.New("test", netip.MustParsePrefix("10.100.0.0/16"), 3, 0)
	m := spec.Masters[0]
	bad := filepath.Join(t.TempDir(), "db")
	if err := os.WriteFile(bad, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, db := range map[string]string{"no database": bad, "no file": bad + ".none"} {
		t.Run(name, func(t *testing.T) {
			d, err := store.Open(t.TempDir(), spec.Name)
			if err != nil {
				t.Fatal(err)
			}
			mark := func(dir string) string { return d.Master(m, dir, "mark") }
			if err := os.MkdirAll(d.Master(m, dataDir), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(mark(dataDir), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			// It may be tried again after it was reverted, and once more.
			for range 2 {
				if err := Restore(d, spec, m, db, "restored"); err == nil {
					t.Fatal("restored from nothing")
				}
				if !isThere(t, mark(aside)) {
					t.Fatal("the data is not kept")
				}
				if err := Revert(d, m); err != nil {
					t.Fatal(err)
				}
				if !isThere(t, mark(dataDir)) || isThere(t, d.Master(m, aside)) {
					t.Fatal("the data is not where it was")
				}
			}
			// Who has put nothing aside reverts and settles nothing.
			if err := errors.Join(Revert(d, m), Settle(d, m)); err != nil || !isThere(t, mark(dataDir)) {
				t.Errorf("once more: %v; the data is there: %t", err, isThere(t, mark(dataDir)))
			}
		})
	}
}
