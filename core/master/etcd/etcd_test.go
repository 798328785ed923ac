package etcd

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sys/unix"

	"kubelab/core/component"
	"kubelab/core/master/internal/ownnet"
	"kubelab/core/master/logs"
	"kubelab/core/pki"
	"kubelab/core/store"
	"kubelab/core/topology"
)

func TestMain(m *testing.M) { ownnet.Main(m) }

// lab is an etcd cluster on the loopback link.
type lab struct {
	t       *testing.T
	dir     store.Dir
	spec    topology.Spec
	logs    *logs.Router
	running map[topology.Machine]*Member
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{
		t: t, spec: topology.New("test", netip.MustParsePrefix("10.100.0.0/16"), 3, 0),
		running: map[topology.Machine]*Member{},
	}
	all := topology.New("test", l.spec.Subnet, 4, 0)
	var addrs []netip.Addr
	for _, m := range all.Masters {
		addrs = append(addrs, l.spec.Addr(m))
	}
	ownnet.Use(t, addrs...)
	var err error
	if l.dir, err = store.Open(t.TempDir(), l.spec.Name); err != nil {
		t.Fatal(err)
	}
	a, err := pki.Open(l.dir, l.spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Admin(); err != nil {
		t.Fatal(err)
	}
	for _, m := range all.Masters {
		if err := a.Master(m); err != nil {
			t.Fatal(err)
		}
	}
	l.logs = logs.NewRouter(l.dir, os.Stderr)
	t.Cleanup(func() {
		for _, m := range l.running {
			m.Crash()
			<-m.Done()
		}
		l.logs.Close()
	})
	return l
}

func (l *lab) open(ctx context.Context, m topology.Machine, in Initial) {
	l.t.Helper()
	e, err := Open(ctx, Config{
		Spec: l.spec, Machine: m, Dir: l.dir, Log: l.logs.For(m, component.Etcd),
		Failed: func(err error) { l.t.Logf("%s failed: %v", m, err) },
	}, in)
	if err != nil {
		l.t.Fatalf("%v\n%s", err, l.dir.LogTail(m, "etcd", 12))
	}
	l.running[m] = e
}

func (l *lab) ready(ctx context.Context) {
	l.t.Helper()
	for _, e := range l.running {
		if err := e.Ready(ctx); err != nil {
			l.t.Fatal(err)
		}
	}
}

func (l *lab) client(at ...topology.Machine) *clientv3.Client {
	l.t.Helper()
	c, err := Client(l.dir, l.spec, at...)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { c.Close() })
	return c
}

func (l *lab) leader(ctx context.Context) topology.Machine {
	l.t.Helper()
	for ctx.Err() == nil {
		for m, e := range l.running {
			if e.Leading() {
				return m
			}
		}
		time.Sleep(time.Millisecond)
	}
	l.t.Fatal("nobody leads")
	return topology.Machine{}
}

func (l *lab) others(m topology.Machine) []topology.Machine {
	return slices.DeleteFunc(slices.Clone(l.spec.Masters), func(o topology.Machine) bool { return o == m })
}

func TestLife(t *testing.T) {
	l := newLab(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	begin := time.Now()
	for _, m := range l.spec.Masters {
		if Exists(l.dir, m) {
			t.Errorf("%s has data", m)
		}
		l.open(ctx, m, NewCluster(l.spec, l.spec.Masters...))
	}
	l.ready(ctx)
	t.Logf("ready after %s", time.Since(begin).Round(time.Millisecond))
	if _, err := l.client(l.spec.Masters[0]).Put(ctx, "a", "1"); err != nil {
		t.Fatal(err)
	}

	// A leader that crashes is missed only after the election timeout; the others go on then.
	victim := l.leader(ctx)
	begin = time.Now()
	l.running[victim].Crash()
	if took := time.Since(begin); took > 50*time.Millisecond {
		t.Errorf("the crash took %s", took)
	}
	c := l.client(l.others(victim)...)
	for {
		// What reaches a member before it misses its leader is sent to the dead one and lost.
		short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		_, err := c.Put(short, "a", "2")
		cancel()
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
	took := time.Since(begin)
	t.Logf("a write succeeded %s after the crash", took.Round(time.Millisecond))
	if timing, _ := l.spec.Timing.Values(); took < timing.EtcdElection {
		t.Errorf("it took %s: the leader handed its lead over", took)
	}
	<-l.running[victim].Done()
	t.Logf("it had wound down %s after the crash", time.Since(begin).Round(time.Millisecond))
	begin = time.Now()
	l.open(ctx, victim, Initial{})
	l.ready(ctx)
	t.Logf("back after %s", time.Since(begin).Round(time.Millisecond))
	if got, err := l.client(victim).Get(ctx, "a"); err != nil || string(got.Kvs[0].Value) != "2" {
		t.Errorf("read %v, %v", got, err)
	}

	// One that stops hands its lead over.
	leader := l.leader(ctx)
	begin = time.Now()
	if err := l.running[leader].Stop(ctx); err != nil {
		t.Fatal(err)
	}
	t.Logf("stopped after %s", time.Since(begin).Round(time.Millisecond))
	delete(l.running, leader)
	for _, m := range l.others(leader) {
		if l.running[m].Etcd().Server.Leader() == 0 {
			t.Errorf("%s knows no leader", m)
		}
	}
	l.open(ctx, leader, Initial{})
	l.ready(ctx)
}

// until waits for something of which nobody is told.
func (l *lab) until(ctx context.Context, what string, is func() bool) {
	l.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			l.t.Fatalf("waited in vain until %s", what)
		}
	}
}

// TestGivingUp starts a member whose data is damaged while nobody waits for it any more, then once more, and then with
// new data.
func TestGivingUp(t *testing.T) {
	l := newLab(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	m := l.spec.Masters[0]
	dir := l.dir.Master(m, dataDir)
	l.open(ctx, m, NewCluster(l.spec, m))
	l.ready(ctx)
	l.crash(ctx)
	log := filepath.Join(dir, "member", "wal", "0000000000000000-0000000000000000.wal")
	if err := os.WriteFile(log, []byte(strings.Repeat("damaged ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}

	past, end := context.WithCancel(ctx)
	end()
	cfg := Config{Spec: l.spec, Machine: m, Dir: l.dir, Log: l.logs.For(m, component.Etcd), Failed: func(error) {}}
	if _, err := Open(past, cfg, Initial{}); err == nil {
		t.Fatal("a member runs with a damaged log")
	}
	l.until(ctx, "what nobody waits for gives up", func() bool { return isHeld(dir) })
	if _, err := Open(ctx, cfg, Initial{}); err == nil || !strings.Contains(err.Error(), "lab stop") {
		t.Errorf("while the data is held: %v, want what to do", err)
	}

	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	l.open(ctx, m, NewCluster(l.spec, m))
	l.ready(ctx)
}

// On a full disk a member does not even begin, and says so.
func TestAFullDisk(t *testing.T) {
	l := newLab(t)
	m := l.spec.Masters[0]
	if err := unix.Mount("full", l.dir.Path(), "tmpfs", 0, "size=8m"); err != nil { // who has a network of his own may mount
		t.Fatal(err)
	}
	defer unix.Unmount(l.dir.Path(), unix.MNT_DETACH)
	cfg := Config{Spec: l.spec, Machine: m, Dir: l.dir, Log: l.logs.For(m, component.Etcd), Failed: func(error) {}}
	if _, err := Open(t.Context(), cfg, NewCluster(l.spec, m)); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("with 8 MiB of disk: %v", err)
	}
}

func TestJoinAndLeave(t *testing.T) {
	l := newLab(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, m := range l.spec.Masters {
		l.open(ctx, m, NewCluster(l.spec, l.spec.Masters...))
	}
	l.ready(ctx)
	four := topology.Machine{Kind: topology.Master, Number: 4}
	c := l.client(l.spec.Masters...)
	begin := time.Now()
	in, err := AddLearner(ctx, c, l.spec, four)
	if err != nil {
		t.Fatal(err)
	}
	// A start that failed after this is tried again.
	if again, err := AddLearner(ctx, c, l.spec, four); err != nil || len(again.Cluster) != 4 || !again.Existing {
		t.Fatalf("added again: %v, %v", again, err)
	}
	l.open(ctx, four, in)
	t.Logf("open after %s", time.Since(begin).Round(time.Millisecond))
	if err := Promote(ctx, c, l.spec, four); err != nil {
		t.Fatal(err)
	}
	if err := Promote(ctx, c, l.spec, four); err != nil {
		t.Errorf("promote again: %v", err)
	}
	l.ready(ctx)
	t.Logf("a full member after %s", time.Since(begin).Round(time.Millisecond))
	if _, err := l.client(four).Put(ctx, "a", "1"); err != nil {
		t.Error(err)
	}
	for range 2 { // the second time it is none any more
		if err := Remove(ctx, c, l.spec, four); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-l.running[four].Done():
		if l.running[four].Err() == nil {
			t.Error("the removed member does not say that it failed")
		}
	case <-ctx.Done():
		t.Fatal("the removed member goes on")
	}
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if err := Promote(short, c, l.spec, four); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("promote a stranger: %v", err)
	}
}
