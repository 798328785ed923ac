package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"kubelab/core/view"
	"kubelab/lab/control"
)

// This file measures what it costs to see everything: the same lab with and without its observers, in turn.

const (
	observingRounds = 3
	callers         = 8 // that ask the API at the same time
	callFor         = 10 * time.Second
	samples         = 200 // of how soon something shows
	manyPods        = 1000
	changeEvery     = 5 * time.Millisecond // 200 a second
	changeFor       = 30 * time.Second
	recordFor       = 2 * time.Minute
	quiet           = "quiet" // what is in this namespace nobody schedules
)

// observing is what was measured.
type observing struct {
	idle, calls, busy, memory [2]figure // without observers, and with
	shows                     []time.Duration
	recording                 int64 // bytes an hour
	changed, told             int
}

const callsUnit = "requests/s"

func newObserving() observing {
	var o observing
	for i, name := range []string{"without observers", "with observers"} {
		o.idle[i] = figure{what: "3 masters, 3 nodes, idle, " + name, unit: percent}
		o.calls[i] = figure{what: fmt.Sprintf("%d clients that write and read, %s", callers, name), unit: callsUnit}
		o.busy[i] = figure{what: fmt.Sprintf("%d pods, 200 changes a second, %s", manyPods, name), unit: percent}
		o.memory[i] = figure{what: "memory after all that, " + name, unit: mib}
	}
	return o
}

func (b *measurement) observe(ctx context.Context) error {
	for round := range observingRounds {
		fmt.Printf("round %d of %d\n", round+1, observingRounds)
		for side := range 2 {
			if err := b.observeOnce(ctx, side, round == 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// observeOnce measures a lab without observers if side is 0.
func (b *measurement) observeOnce(ctx context.Context, side int, first bool) error {
	args := []string{"start", "--masters", "3", "--nodes", "3", "--detach"}
	if side == 0 {
		args = append(args, "--unseen")
	}
	if _, err := b.lab.startTo(ctx, args...); err != nil {
		return err
	}
	o := &b.figures.observing
	client, err := clientFor(b.lab.kubeconfig(), "", nil)
	if err != nil {
		return err
	}
	if err := sleep(ctx, b.settle); err != nil {
		return err
	}
	if err := b.processorFor(ctx, b.window, &o.idle[side]); err != nil {
		return err
	}
	if side == 1 && first {
		if err := b.recordIdle(ctx, o); err != nil {
			return err
		}
	}
	n, err := call(ctx, client)
	if err != nil {
		return err
	}
	o.calls[side].add(float64(n) / callFor.Seconds())
	if err := b.busyLab(ctx, client, side); err != nil {
		return err
	}
	u, err := b.leastUsage(ctx)
	if err != nil {
		return err
	}
	o.memory[side].addBytes(u.memory)
	return b.lab.run(ctx, "delete")
}

// processorFor counts the processor time that the lab takes for a while.
func (b *measurement) processorFor(ctx context.Context, d time.Duration, to *figure) error {
	engine, err := b.lab.engine()
	if err != nil {
		return err
	}
	before, err := processes()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := sleep(ctx, d); err != nil {
		return err
	}
	after, err := processes()
	if err != nil {
		return err
	}
	used := float64(ticks(tree(after, engine, true))-ticks(tree(before, engine, true))) / ticksPerSecond
	to.add(100 * used / time.Since(began).Seconds())
	return nil
}

// recordIdle records the idle lab for a while.
func (b *measurement) recordIdle(ctx context.Context, o *observing) error {
	dir, err := os.MkdirTemp("", "lab-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "idle")
	if err := sleep(ctx, 0); err != nil {
		return err
	}
	cmd := b.lab.command(ctx, "record", file, "--for", recordFor.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("record: %w\n%s", err, out)
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	o.recording = info.Size() * int64(time.Hour/recordFor)
	fmt.Printf("  a recording of an idle lab: %d bytes in %s\n", info.Size(), recordFor)
	return nil
}

// call has clients write and read as fast as they can, and counts their requests.
func call(ctx context.Context, client kubernetes.Interface) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, callFor)
	defer cancel()
	var n atomic.Int64
	var all sync.WaitGroup
	var failed atomic.Pointer[error]
	maps := client.CoreV1().ConfigMaps(metav1.NamespaceDefault)
	for caller := range callers {
		all.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				name := fmt.Sprintf("bench-%d-%d", caller, i%100)
				m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{"i": fmt.Sprint(i)}}
				write := func() error { _, err := maps.Create(ctx, m, metav1.CreateOptions{}); return err }
				if i >= 100 {
					write = func() error { _, err := maps.Update(ctx, m, metav1.UpdateOptions{}); return err }
				}
				read := func() error { _, err := maps.Get(ctx, name, metav1.GetOptions{}); return err }
				for _, do := range []func() error{write, read, read} {
					if err := do(); err != nil && ctx.Err() == nil {
						failed.Store(&err)
						return
					}
					n.Add(1)
				}
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return n.Load(), nil
}

// busyLab measures how soon a change shows, then fills the lab with pods and changes them all the time.
func (b *measurement) busyLab(ctx context.Context, client kubernetes.Interface, side int) error {
	o := &b.figures.observing
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: quiet}}
	if _, err := client.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil {
		return err
	}
	engine := control.Dial(b.lab.dir.Socket())
	if err := makePods(ctx, client, 0, 1); err != nil {
		return err
	}
	if side == 1 {
		shows, err := sampleShows(ctx, client, engine)
		if err != nil {
			return err
		}
		o.shows = append(o.shows, shows...)
	}
	if err := makePods(ctx, client, 1, manyPods); err != nil {
		return err
	}
	if err := sleep(ctx, b.settle); err != nil {
		return err
	}
	following, stop := context.WithCancel(ctx)
	defer stop()
	var told atomic.Int64
	ended := make(chan error, 1)
	if side == 1 {
		go func() {
			ended <- engine.Follow(following, control.Following{Query: view.Query{Kinds: []view.EventKind{view.PodChanged}}}, func(l control.Line) error {
				if l.Event.Object != nil && l.Event.Object.Namespace == quiet {
					told.Add(1)
				}
				return nil
			})
		}()
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
	changing, done := context.WithCancel(ctx)
	var changed atomic.Int64
	changes := make(chan error, 1)
	go func() { changes <- changePods(changing, client, &changed) }()
	err := b.processorFor(ctx, changeFor, &o.busy[side])
	done()
	if err = errors.Join(err, <-changes); err != nil {
		return err
	}
	if side == 1 {
		if err := sleep(ctx, 5*time.Second); err != nil {
			return err
		}
		o.changed, o.told = o.changed+int(changed.Load()), o.told+int(told.Load())
		fmt.Printf("  %d changes acknowledged, %d told\n", changed.Load(), told.Load())
		stop()
		<-ended
	}
	return nil
}

// makePods makes pods that no scheduler takes.
func makePods(ctx context.Context, client kubernetes.Interface, from, to int) error {
	return parallel(ctx, from, to, func(i int) error {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("pod-", i)}, Spec: corev1.PodSpec{
			SchedulerName: "nobody", Containers: []corev1.Container{{Name: "a", Image: "none"}},
		}}
		_, err := client.CoreV1().Pods(quiet).Create(ctx, pod, metav1.CreateOptions{})
		return err
	})
}

func parallel(ctx context.Context, from, to int, f func(int) error) error {
	work := make(chan int)
	errs := make(chan error, callers)
	for range callers {
		go func() {
			var err error
			for i := range work {
				if err == nil {
					err = f(i)
				}
			}
			errs <- err
		}()
	}
	for i := from; i < to && ctx.Err() == nil; i++ {
		work <- i
	}
	close(work)
	var all []error
	for range callers {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}

// restart has a pod say that its container was restarted n times, as its kubelet would.
func restart(ctx context.Context, client kubernetes.Interface, pod, n int) error {
	patch := fmt.Appendf(nil, `{"status":{"containerStatuses":[{"name":"a","image":"none","imageID":"","ready":false,"restartCount":%d}]}}`, n)
	_, err := client.CoreV1().Pods(quiet).Patch(ctx, fmt.Sprint("pod-", pod), types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	return err
}

// sampleShows measures from the sending of a change to the first Snapshot that shows it.
func sampleShows(ctx context.Context, client kubernetes.Interface, engine *control.Client) (all []time.Duration, err error) {
	for n := 1; n <= samples; n++ {
		began := time.Now()
		if err := restart(ctx, client, 0, n); err != nil {
			return nil, err
		}
		for {
			s, err := engine.Status(ctx)
			if err != nil {
				return nil, err
			}
			if slices.ContainsFunc(s.Pods, func(p view.Pod) bool { return p.Namespace == quiet && p.Restarts == n }) {
				break
			}
			if time.Since(began) > 5*time.Second {
				return nil, fmt.Errorf("change %d does not show", n)
			}
			if err := sleep(ctx, 2*time.Millisecond); err != nil {
				return nil, err
			}
		}
		all = append(all, time.Since(began))
	}
	return all, nil
}

// changePods changes one pod after the other until ctx ends, and counts what was acknowledged.
func changePods(ctx context.Context, client kubernetes.Interface, changed *atomic.Int64) error {
	tick := time.NewTicker(changeEvery)
	defer tick.Stop()
	work := make(chan int, callers)
	var all sync.WaitGroup
	var failed atomic.Pointer[error]
	for range 2 * callers {
		all.Go(func() {
			for i := range work {
				// What has been sent is waited for, so that every change that happens is counted.
				if err := restart(context.WithoutCancel(ctx), client, i%manyPods, 1000+i/manyPods); err != nil {
					failed.Store(&err)
				} else {
					changed.Add(1)
				}
			}
		})
	}
	for i := 0; ctx.Err() == nil; i++ {
		select {
		case <-tick.C:
			work <- i
		case <-ctx.Done():
		}
	}
	close(work)
	all.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// rows are what was measured, with the bounds.
func (o *observing) rows() (text string, missed int) {
	if !o.memory[1].measured() {
		return "", 0
	}
	var s strings.Builder
	row := func(what, without, with, difference string, holds bool) {
		if !holds {
			missed++
		}
		fmt.Fprintf(&s, "| %s | %s | %s | %s | %s |\n", what, without, with, difference, mark(holds))
	}
	more := func(what string, f *[2]figure, bound float64) {
		d := f[1].median() - f[0].median()
		row(what, f[0].summary(), f[1].summary(), fmt.Sprintf("%+.1f %s, bound %.0f", d, strings.Fields(f[0].unit)[0], bound), d <= bound)
	}
	more("idle: processor", &o.idle, 5)
	share := 100 * (1 - o.calls[1].median()/o.calls[0].median())
	row(fmt.Sprintf("%d clients that write and read through the load balancer", callers), o.calls[0].summary(), o.calls[1].summary(),
		fmt.Sprintf("%.1f %% fewer, bound 10", share), share <= 10)
	more(fmt.Sprintf("%d pods, 200 changes a second: processor", manyPods), &o.busy, 50)
	more("memory after all that", &o.memory, 60)
	p99 := percentile(o.shows, 0.99)
	row("a change sent → a Snapshot shows it, p50 and p99", "", fmt.Sprintf("%d ms, %d ms", percentile(o.shows, 0.5).Milliseconds(), p99.Milliseconds()), "bound 150 ms", p99 <= 150*time.Millisecond)
	row("a recording of an idle hour, from "+recordFor.String(), "", fmt.Sprintf("%.1f MB", float64(o.recording)/1e6), "bound 20 MB", o.recording <= 20e6)
	row("changes of pods acknowledged, told", "", fmt.Sprintf("%d, %d", o.changed, o.told), "none may be lost", o.changed == o.told)
	return s.String(), missed
}

func percentile(list []time.Duration, p float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(list))
	return s[min(len(s)-1, int(p*float64(len(s))))]
}

func (b *measurement) observed() string {
	text, _ := b.figures.observing.rows()
	return b.circumstances(medians(observingRounds)) + "| what | without observers | with | difference | |\n|---|---|---|---|---|\n" + text + fmt.Sprintf(`
How it is measured:

- The same lab of 3 masters and 3 nodes, by turns with observers and without ("lab start --unseen"): audit, the watch of all keys, the scheduler's
  decisions, containerd's events, rules, and Snapshots. Processor time as in the first part, for %s.
- Clients write a ConfigMap and read it twice, each as fast as it can, for %s.
- The %d pods are real objects that no scheduler takes; their status is patched 200 times a second for %s, and somebody follows the events.
- How soon a change shows is counted from before its request is sent, by asking the engine for its Snapshot every 2 ms.
`, b.window, callFor, manyPods, changeFor)
}
