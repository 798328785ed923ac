package master

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
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
	heap(t, "idle")

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

// heap leaves profiles of memory and goroutines.
func heap(t *testing.T, name string) {
	dir := os.Getenv("PROFILE")
	if dir == "" {
		return
	}
	runtime.GC()
	for _, kind := range []string{"heap", "goroutine"} {
		f, err := os.Create(dir + "/" + name + "-" + kind + ".prof")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(pprof.Lookup(kind).WriteTo(f, 0), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRounds crashes and restarts every master in turn, and finds nothing left of the dead ones.
func TestRounds(t *testing.T) {
	if os.Getenv("FIGURES") == "" {
		t.Skip("takes three minutes, because timers of a minute hold what a crashed API server leaves; set FIGURES=1")
	}
	l := newLab(t, 3)
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	if err := Bootstrap(ctx, l.masters, nil); err != nil {
		t.Fatal(err)
	}
	l.round(ctx, l.masters[0]) // what the first restart adds, later ones use again
	l.settle()
	goroutines, bytes := steady(ctx)
	heap(t, "before")
	t.Logf("before: %d goroutines, heap %d MB, memory %s", goroutines, bytes>>20, pss())
	for i := range 5 {
		l.round(ctx, l.masters[i%3])
	}
	l.settle()
	l.eventually("what was in use is free", 3*time.Minute, func(context.Context) error {
		g, b := runtime.NumGoroutine(), inUse()
		if g <= goroutines+goroutines/20 && b <= bytes+bytes/10 {
			return nil
		}
		time.Sleep(time.Second) // a collection is not cheap
		return fmt.Errorf("%d goroutines, heap %d MB", g, b>>20)
	})
	heap(t, "after")
	t.Logf("after: %d goroutines, heap %d MB, memory %s", runtime.NumGoroutine(), inUse()>>20, pss())
	if err := StopAll(ctx, l.masters); err != nil {
		t.Error(err)
	}
}

// round crashes a master and starts it again when the others have a leader.
func (l *lab) round(ctx context.Context, m *Master) {
	l.t.Helper()
	begin := time.Now()
	dead := m.Component(component.APIServer).underWay()
	m.Crash()
	l.eventually("another member leads etcd", 10*time.Second, func(context.Context) error {
		if l.leader(component.Etcd) == nil {
			return errors.New("nobody leads")
		}
		return nil
	})
	restart := time.Now()
	if err := m.Start(ctx); err != nil {
		l.t.Fatal(err)
	}
	l.t.Logf("%s: started in %s, ready %s after the crash", m.Machine(),
		time.Since(restart).Round(time.Millisecond), time.Since(begin).Round(time.Millisecond))
	l.eventually("the crashed API server has wound down", 20*time.Second, func(context.Context) error {
		select {
		case <-dead.Done():
			return nil
		default:
			return errors.New("it has not")
		}
	})
}

// settle waits until somebody leads everywhere.
func (l *lab) settle() {
	l.t.Helper()
	for _, name := range component.OfMaster {
		if name == component.APIServer {
			continue
		}
		l.eventually(name+" leads", 15*time.Second, func(context.Context) error {
			if l.leader(name) == nil {
				return errors.New("nobody leads")
			}
			return nil
		})
	}
}

// steady waits until goroutines and heap have stopped changing, and says how many there are: controllers that
// have just begun to lead grow for some seconds, and dead servers shrink for a minute.
func steady(ctx context.Context) (goroutines int, bytes uint64) {
	const every, alike = 5 * time.Second, 6
	for same := 0; same < alike && ctx.Err() == nil; {
		time.Sleep(every)
		g, b := runtime.NumGoroutine(), inUse()
		if near(g, goroutines) && near(int(b), int(bytes)) {
			same++
		} else {
			same = 0
		}
		goroutines, bytes = g, b
	}
	return goroutines, bytes
}

// near reports whether a and b differ by less than two percent.
func near(a, b int) bool { return max(a, b)-min(a, b) < max(a, b)/50 }

// inUse is what the heap holds after a collection, in bytes.
func inUse() uint64 {
	debug.FreeOSMemory()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}
