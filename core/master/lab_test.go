package master

import (
	"context"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"

	"kubelab/core/master/internal/ownnet"
	"kubelab/core/master/logs"
	"kubelab/core/pki"
	"kubelab/core/store"
	"kubelab/core/topology"
)

func TestMain(m *testing.M) { ownnet.Main(m) }

// lab is the control plane of a lab on the loopback link.
type lab struct {
	t       testing.TB
	dir     store.Dir
	spec    topology.Spec
	pki     *pki.Authority
	logs    *logs.Router
	masters []*Master
}

func newLab(t testing.TB, masters int) *lab {
	t.Helper()
	l := &lab{t: t, spec: topology.New("test", netip.MustParsePrefix("10.100.0.0/16"), masters, 0)}
	addrs := []netip.Addr{l.spec.Balancer()}
	for n := range topology.MaxMasters {
		addrs = append(addrs, l.spec.Addr(topology.Machine{Kind: topology.Master, Number: n + 1}))
	}
	ownnet.Use(t, addrs...)
	root := t.TempDir()
	if keep := os.Getenv("KEEP"); keep != "" {
		root = keep
	}
	var err error
	if l.dir, err = store.Open(root, l.spec.Name); err != nil {
		t.Fatal(err)
	}
	if l.pki, err = pki.Open(l.dir, l.spec); err != nil {
		t.Fatal(err)
	}
	if err := l.pki.Admin(); err != nil {
		t.Fatal(err)
	}
	l.logs = logs.NewRouter(l.dir, os.Stderr)
	if err := l.logs.Install(); err != nil {
		t.Fatal(err)
	}
	for _, m := range l.spec.Masters {
		l.add(m)
	}
	t.Cleanup(func() {
		for _, m := range l.masters {
			m.Crash()
		}
	})
	return l
}

func (l *lab) add(m topology.Machine) *Master {
	made := New(Config{Spec: l.spec, Machine: m, Dir: l.dir, PKI: l.pki, Logs: l.logs})
	l.masters = append(l.masters, made)
	return made
}

func (l *lab) master(name string) *Master {
	l.t.Helper()
	i := slices.IndexFunc(l.masters, func(m *Master) bool { return m.Machine().Name() == name })
	if i < 0 {
		l.t.Fatalf("there is no %s", name)
	}
	return l.masters[i]
}

func (l *lab) client(m *Master) kubernetes.Interface {
	l.t.Helper()
	c, err := m.Client()
	if err != nil {
		l.t.Fatal(err)
	}
	return c
}

// leader is the master whose component leads, nil when none does.
func (l *lab) leader(name string) *Master {
	for _, m := range l.masters {
		if m.Component(name).Status().Leading {
			return m
		}
	}
	return nil
}

// others are all masters but m.
func (l *lab) others(m *Master) []*Master {
	return slices.DeleteFunc(slices.Clone(l.masters), func(o *Master) bool { return o == m })
}

// eventually waits until f holds.
func (l *lab) eventually(what string, bound time.Duration, f func(ctx context.Context) error) time.Duration {
	l.t.Helper()
	begin := time.Now()
	ctx, cancel := context.WithTimeout(l.t.Context(), bound)
	defer cancel()
	for {
		err := f(ctx)
		if err == nil {
			took := time.Since(begin)
			l.t.Logf("%s after %s", what, took.Round(time.Millisecond))
			return took
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			l.t.Fatalf("%s: not within %s: %v", what, bound, err)
		}
	}
}
