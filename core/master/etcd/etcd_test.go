package etcd

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"kubelab/core/master/internal/ownnet"
	"kubelab/core/master/logs"
	"kubelab/core/pki"
	"kubelab/core/store"
	"kubelab/core/topology"
)

func TestMain(m *testing.M) { ownnet.Main(m) }

type lab struct {
	t    testing.TB
	d    store.Dir
	s    topology.Spec
	logs *logs.Router
}

func newLab(t testing.TB, masters int) *lab {
	t.Helper()
	s := topology.New("test", netip.MustParsePrefix("10.100.0.0/16"), masters, 0)
	var addrs []netip.Addr
	for n := range topology.MaxMasters {
		addrs = append(addrs, s.Addr(topology.Machine{Kind: topology.Master, Number: n + 1}))
	}
	ownnet.Use(t, addrs...)
	root := t.TempDir()
	if keep := os.Getenv("KEEP"); keep != "" {
		root = keep
		os.RemoveAll(root)
	}
	d, err := store.Open(root, s.Name)
	if err != nil {
		t.Fatal(err)
	}
	a, err := pki.Open(d, s)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Admin(); err != nil {
		t.Fatal(err)
	}
	for n := range topology.MaxMasters {
		if err := a.Master(topology.Machine{Kind: topology.Master, Number: n + 1}); err != nil {
			t.Fatal(err)
		}
	}
	r := logs.NewRouter(d, os.Stderr)
	t.Cleanup(func() { r.Close() })
	return &lab{t, d, s, r}
}

func (l *lab) config(m topology.Machine) Config {
	return Config{Spec: l.s, Machine: m, Dir: l.d, Log: l.logs.For(m, "etcd")}
}

func TestStatic(t *testing.T) {
	for i := range 3 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			l := newLab(t, 3)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			start := time.Now()
			var ms []*Member
			for _, m := range l.s.Masters {
				e, err := Open(ctx, l.config(m), NewCluster(l.s, l.s.Masters...))
				if err != nil {
					t.Fatal(err)
				}
				t.Log(m, "open", time.Since(start))
				ms = append(ms, e)
				defer e.Stop(ctx)
			}
			for i, m := range ms {
				if err := m.Ready(ctx); err != nil {
					t.Fatal(err)
				}
				t.Log(l.s.Masters[i], "ready", time.Since(start))
			}
		})
	}
}

func TestLearners(t *testing.T) {
	for i := range 3 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			l := newLab(t, 3)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			start := time.Now()
			first, err := Open(ctx, l.config(l.s.Masters[0]), NewCluster(l.s, l.s.Masters[0]))
			if err != nil {
				t.Fatal(err)
			}
			defer first.Stop(ctx)
			t.Log("open", time.Since(start))
			if err := first.Ready(ctx); err != nil {
				t.Fatal(err)
			}
			t.Log("ready", time.Since(start))
			c, err := Client(l.d, l.s, l.s.Masters[0])
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			var in [3]Initial
			for i, m := range l.s.Masters[1:] {
				if in[i+1], err = AddLearner(ctx, c, l.s, m); err != nil {
					t.Fatal(err)
				}
				t.Log(m, "added", time.Since(start))
			}
			var wg sync.WaitGroup
			for i, m := range l.s.Masters[1:] {
				wg.Go(func() {
					e, err := Open(ctx, l.config(m), in[2])
					if err != nil {
						t.Error(err)
						return
					}
					t.Cleanup(func() { e.Stop(context.Background()) })
					t.Log(m, "open", time.Since(start))
					if err := e.Ready(ctx); err != nil {
						t.Error(err)
					}
					t.Log(m, "ready", time.Since(start))
					if err := Promote(ctx, c, l.s, m); err != nil {
						t.Error(err)
					}
					t.Log(m, "promoted", time.Since(start))
				})
				_ = i
			}
			wg.Wait()
			if _, err := c.Put(ctx, "a", "b"); err != nil {
				t.Error(err)
			}
			t.Log("put", time.Since(start))
			_ = clientv3.OpPut
		})
	}
}
