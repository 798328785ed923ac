package master

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"syscall"
	"testing"
	"time"

	"kubelab/core/master/internal/ownnet"
	"kubelab/core/master/logs"
	"kubelab/core/pki"
	"kubelab/core/store"
	"kubelab/core/topology"
)

func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func pss() string {
	b, _ := os.ReadFile("/proc/self/smaps_rollup")
	var out []string
	for _, l := range strings.Split(string(b), "\n") {
		if strings.HasPrefix(l, "Pss:") || strings.HasPrefix(l, "Rss:") || strings.HasPrefix(l, "Pss_Anon:") || strings.HasPrefix(l, "Pss_File:") {
			out = append(out, strings.Join(strings.Fields(l), " "))
		}
	}
	return strings.Join(out, ", ")
}

func TestScratch(t *testing.T) {
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
		t.Helper()
		t.Log(append(what, time.Since(start).Round(time.Millisecond), "cpu", (cpu() - c0).Round(time.Millisecond))...)
	}
	if os.Getenv("PROF") != "" {
		f, _ := os.Create("/tmp/m-cpu.prof")
		pprof.StartCPUProfile(f)
	}
	restore := EaseGC()
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
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var masters []*Master
	for _, m := range s.Masters {
		masters = append(masters, New(Config{Spec: s, Machine: m, Dir: d, PKI: a, Logs: r}))
	}
	pods := make(chan error, 1)
	err = Bootstrap(ctx, masters, func() {
		since("first serving")
		go func() {
			pods <- masters[0].AwaitPods(ctx)
			since("pods")
		}()
	})
	since("bootstrap", err)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(<-pods)
	since("done")
	if os.Getenv("PROF") != "" {
		pprof.StopCPUProfile()
	}
	t.Log("goroutines", runtime.NumGoroutine(), pss())
	restore()
	time.Sleep(3 * time.Second)
	t.Log("goroutines", runtime.NumGoroutine(), pss())
	if os.Getenv("IDLE") != "" {
		f, _ := os.Create("/tmp/m-idle.prof")
		pprof.StartCPUProfile(f)
		c := cpu()
		time.Sleep(20 * time.Second)
		pprof.StopCPUProfile()
		h, _ := os.Create("/tmp/m-heap.prof")
		runtime.GC()
		pprof.Lookup("heap").WriteTo(h, 0)
		h.Close()
		h, _ = os.Create("/tmp/m-gor.txt")
		pprof.Lookup("goroutine").WriteTo(h, 1)
		h.Close()
		t.Log("idle", fmt.Sprintf("%.1f%%", float64(cpu()-c)/float64(20*time.Second)*100), pss())
	}
	for _, m := range masters {
		t.Log(m.Machine(), m.Status())
	}
	stopping := time.Now()
	t.Log("stop", StopAll(ctx, masters), time.Since(stopping))
	for _, m := range masters {
		t.Log(m.Machine(), m.Status())
	}
	start, c0 = time.Now(), cpu()
	err = Bootstrap(ctx, masters, func() { since("resume: first serving") })
	since("resume", err)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(masters[0].AwaitPods(ctx))
	since("resume: pods")
	stopping = time.Now()
	t.Log("stop", StopAll(ctx, masters), time.Since(stopping))
	t.Log("goroutines", runtime.NumGoroutine())
}
