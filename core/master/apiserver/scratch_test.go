package apiserver

import (
	"context"
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"kubelab/core/master/etcd"
	"kubelab/core/master/internal/ownnet"
	"kubelab/core/master/logs"
	"kubelab/core/pki"
	"kubelab/core/store"
	"kubelab/core/topology"
)

func TestMain(m *testing.M) { ownnet.Main(m) }

func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestThree(t *testing.T) {
	if os.Getenv("GC") != "" {
		gc, _ := strconv.Atoi(os.Getenv("GC"))
		debug.SetGCPercent(gc)
	}
	s := topology.New("test", netip.MustParsePrefix("10.100.0.0/16"), 3, 0)
	var addrs []netip.Addr
	for _, m := range s.Masters {
		addrs = append(addrs, s.Addr(m))
	}
	ownnet.Use(t, addrs...)
	root := "/tmp/m-keep"
	os.RemoveAll(root)
	d, _ := store.Open(root, s.Name)
	r := logs.NewRouter(d, os.Stderr)
	r.Install()
	start, c0 := time.Now(), cpu()
	since := func(what ...any) {
		t.Log(append(what, time.Since(start).Round(time.Millisecond), "cpu", (cpu() - c0).Round(time.Millisecond))...)
	}
	a, err := pki.Open(d, s)
	if err != nil {
		t.Fatal(err)
	}
	a.Admin()
	for _, m := range s.Masters {
		if err := a.Master(m); err != nil {
			t.Fatal(err)
		}
	}
	since("pki")
	f, _ := os.Create("/tmp/m-cpu.prof")
	pprof.StartCPUProfile(f)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	servers := make([]*Server, 3)
	first := make(chan struct{})
	for i, m := range s.Masters {
		wg.Go(func() {
			if i > 0 && os.Getenv("SEQ") != "" {
				<-first
			} else if i == 0 {
				defer close(first)
			}
			var err error
			servers[i], err = Start(ctx, Config{Spec: s, Machine: m, Dir: d, Log: r.For(m, "kube-apiserver")})
			since(m, "apiserver", err)
		})
	}
	for _, m := range s.Masters {
		e, err := etcd.Open(ctx, etcd.Config{Spec: s, Machine: m, Dir: d, Log: r.For(m, "etcd")}, etcd.NewCluster(s, s.Masters...))
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			start := time.Now()
			e.Stop(ctx)
			t.Log("etcd stop", time.Since(start))
		}()
		since(m, "etcd open")
		go func() {
			e.Ready(ctx)
			since(m, "etcd ready")
		}()
	}
	wg.Wait()
	pprof.StopCPUProfile()
	var u syscall.Rusage
	syscall.Getrusage(0, &u)
	t.Log("user", time.Duration(u.Utime.Nano()), "sys", time.Duration(u.Stime.Nano()))
	f.Close()
	t.Log("goroutines", runtime.NumGoroutine())
	time.Sleep(time.Second)
	for _, s := range servers {
		if s != nil {
			start := time.Now()
			err := s.Stop(ctx)
			t.Log("stop", time.Since(start), err)
		}
	}
	t.Log("goroutines", runtime.NumGoroutine())
}
