package master

import (
	"context"
	"errors"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"syscall"
	"testing"
	"time"

	"kubelab/core/component"
)

// cpu is what the process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // it cannot fail for the process itself
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// pss is the memory of the process, with its share of what it shares, as the kernel prints it.
func pss() string {
	b, _ := os.ReadFile("/proc/self/smaps_rollup")
	for line := range strings.Lines(string(b)) {
		if kb, ok := strings.CutPrefix(line, "Pss:"); ok {
			return strings.TrimSpace(kb)
		}
	}
	return "unknown"
}

// TestFigures measures what the design promises. It asserts nothing: figures depend on the machine. With
// PROFILE=dir it leaves CPU profiles of the start and of the idle time, and a heap profile, there.
func TestFigures(t *testing.T) {
	if os.Getenv("FIGURES") == "" {
		t.Skip("takes a minute and a quiet machine; set FIGURES=1")
	}
	l := newLab(t, 3)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	begin, used := time.Now(), cpu()
	report := func(what string) {
		t.Helper()
		t.Logf("%-28s %6s, CPU %6s", what, time.Since(begin).Round(time.Millisecond), (cpu() - used).Round(time.Millisecond))
	}
	stop := profile(t, "start")
	restore := EaseGC()
	pods := make(chan error, 1)
	if err := Bootstrap(ctx, l.masters, func() {
		report("fresh: first API server")
		go func() {
			pods <- l.masters[0].AwaitPods(ctx)
			report("fresh: pods can be created")
		}()
	}); err != nil {
		t.Fatal(err)
	}
	report("fresh: all ready")
	if err := <-pods; err != nil {
		t.Fatal(err)
	}
	stop()
	t.Logf("memory before clean-up       %s", pss())
	restore()
	time.Sleep(3 * time.Second) // the start's last work
	t.Logf("goroutines %d, memory         %s", runtime.NumGoroutine(), pss())
	const idle = 20 * time.Second
	stop = profile(t, "idle")
	used = cpu()
	time.Sleep(idle)
	t.Logf("idle                         %.1f %% of a core, memory %s", float64(cpu()-used)/float64(idle)*100, pss())
	stop()
	heap(t)

	begin, used = time.Now(), cpu()
	if err := StopAll(ctx, l.masters); err != nil {
		t.Fatal(err)
	}
	report("stopped")
	restore = EaseGC()
	begin, used = time.Now(), cpu()
	if err := Bootstrap(ctx, l.masters, func() { report("resumed: first API server") }); err != nil {
		t.Fatal(err)
	}
	report("resumed: all ready")
	restore()
	if err := StopAll(ctx, l.masters); err != nil {
		t.Fatal(err)
	}
}

func profile(t *testing.T, name string) (stop func()) {
	dir := os.Getenv("PROFILE")
	if dir == "" {
		return func() {}
	}
	f, err := os.Create(dir + "/" + name + ".prof")
	if err != nil {
		t.Fatal(err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		t.Fatal(err)
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}
}

func heap(t *testing.T) {
	dir := os.Getenv("PROFILE")
	if dir == "" {
		return
	}
	f, err := os.Create(dir + "/heap.prof")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	runtime.GC()
	if err := pprof.WriteHeapProfile(f); err != nil {
		t.Fatal(err)
	}
}

func goroutines(t *testing.T, name string) {
	dir := os.Getenv("PROFILE")
	if dir == "" {
		return
	}
	f, err := os.Create(dir + "/goroutines-" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := pprof.Lookup("goroutine").WriteTo(f, 1); err != nil {
		t.Fatal(err)
	}
}

// TestRounds crashes and restarts every master in turn, and finds nothing left of the dead ones.
func TestRounds(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute and a half: what a crashed API server leaves winds down slowly")
	}
	l := newLab(t, 3)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if err := Bootstrap(ctx, l.masters, nil); err != nil {
		t.Fatal(err)
	}
	round := func(m *Master) {
		t.Helper()
		begin := time.Now()
		m.Crash()
		l.eventually("another member leads etcd", 10*time.Second, func(context.Context) error {
			if l.leader(component.Etcd) == nil {
				return errors.New("nobody leads")
			}
			return nil
		})
		restart := time.Now()
		if err := m.Start(ctx); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: started in %s, ready %s after the crash", m.Machine(),
			time.Since(restart).Round(time.Millisecond), time.Since(begin).Round(time.Millisecond))
	}
	round(l.masters[0]) // what the first restart adds, later ones use again
	settled := func() int {
		for _, name := range []string{component.Scheduler, component.ControllerManager} {
			l.eventually(name+" leads", 15*time.Second, func(context.Context) error {
				if l.leader(name) == nil {
					return errors.New("nobody leads")
				}
				return nil
			})
		}
		const windDown = 45 * time.Second // measured: 40 s
		time.Sleep(windDown)
		return runtime.NumGoroutine()
	}
	before := settled()
	goroutines(t, "before")
	for i := range 5 {
		round(l.masters[i%3])
	}
	after := settled()
	goroutines(t, "after")
	t.Logf("goroutines: %d before five rounds, %d after; memory %s", before, after, pss())
	if after > before+before/20 {
		t.Errorf("%d goroutines have stayed; PROFILE=dir shows them", after-before)
	}
	if err := StopAll(ctx, l.masters); err != nil {
		t.Error(err)
	}
}
