package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"kubelab/core/master/etcd"
	"kubelab/core/pki"
	"kubelab/core/store"
	"kubelab/core/topology"
)

// operation is one write or read as its client saw it.
type operation struct {
	client     int
	key        int
	write      bool
	value      int // written or read
	version    int64
	begin, end time.Time
	err        error
}

// workload is clients that write and read a few objects through all API servers and through the load balancer.
type workload struct {
	t     *testing.T
	dir   store.Dir
	spec  topology.Spec
	doors []kubernetes.Interface // the load balancer, and each API server

	stopping context.CancelFunc
	clients  sync.WaitGroup

	mu   sync.Mutex // guards all and next
	all  []operation
	next int // the next value: no two writes have the same
}

const (
	keys       = 8
	writers    = 4
	readers    = 4
	askBound   = 3 * time.Second       // of one request
	betweenAsk = 15 * time.Millisecond // on average, by each client
)

func key(n int) string { return fmt.Sprintf("soak-%d", n) }

func newWorkload(t *testing.T, dir store.Dir, spec topology.Spec) *workload {
	t.Helper()
	w := &workload{t: t, dir: dir, spec: spec, next: 1}
	for _, url := range append([]string{spec.BalancerURL()}, urls(spec)...) {
		config, err := clientcmd.BuildConfigFromFlags(url, pki.AdminFilesOf(dir).Kubeconfig)
		if err != nil {
			t.Fatal(err)
		}
		config.QPS = -1
		w.doors = append(w.doors, client(t, config))
	}
	for k := range keys {
		o := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: key(k)}, Data: map[string]string{"value": "0"}}
		if _, err := w.doors[0].CoreV1().ConfigMaps("default").Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func urls(spec topology.Spec) []string {
	var list []string
	for _, m := range spec.Masters {
		list = append(list, spec.APIServerURL(m))
	}
	return list
}

func client(t *testing.T, config *rest.Config) kubernetes.Interface {
	t.Helper()
	c, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// start has all clients ask until stop.
func (w *workload) start(ctx context.Context) {
	ctx, w.stopping = context.WithCancel(ctx)
	for n := range writers + readers {
		w.clients.Go(func() {
			for ctx.Err() == nil {
				w.ask(ctx, n, w.doors[rand.IntN(len(w.doors))], rand.IntN(keys), n < writers)
				select {
				case <-time.After(time.Duration(rand.Int64N(int64(2 * betweenAsk)))):
				case <-ctx.Done():
				}
			}
		})
	}
}

// stop ends the clients and reads every key once more: what was acknowledged must be there.
func (w *workload) stop() {
	w.stopping()
	w.clients.Wait()
	for k := range keys {
		for n, door := range w.doors {
			if err := w.ask(w.t.Context(), writers+readers+n, door, k, false); err != nil {
				w.t.Errorf("read %s when everything is healed: %v", key(k), err)
			}
		}
	}
}

// ask sends one request and notes what came of it. A request that ctx ends is one like any other: nobody knows what
// became of it.
func (w *workload) ask(ctx context.Context, client int, door kubernetes.Interface, k int, write bool) error {
	bounded, cancel := context.WithTimeout(ctx, askBound)
	defer cancel()
	op := operation{client: client, key: k, write: write, begin: time.Now()}
	var got *corev1.ConfigMap
	if write {
		w.mu.Lock()
		op.value = w.next
		w.next++
		w.mu.Unlock()
		o := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: key(k)}, Data: map[string]string{"value": strconv.Itoa(op.value)}}
		got, op.err = door.CoreV1().ConfigMaps("default").Update(bounded, o, metav1.UpdateOptions{})
	} else {
		got, op.err = door.CoreV1().ConfigMaps("default").Get(bounded, key(k), metav1.GetOptions{})
	}
	op.end = time.Now()
	if op.err == nil {
		if !write {
			op.value, op.err = strconv.Atoi(got.Data["value"])
		}
		op.version, _ = strconv.ParseInt(got.ResourceVersion, 10, 64) // zero fails the comparison
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, op)
	return op.err
}

// judge looks whether what the clients were told can be true.
func (w *workload) judge() {
	w.t.Helper()
	var done, failed [2]int
	for _, op := range w.all {
		kind := 0
		if op.write {
			kind = 1
		}
		if op.err == nil {
			done[kind]++
		} else {
			failed[kind]++
		}
	}
	w.t.Logf("writes: %d acknowledged, %d not; reads: %d answered, %d not", done[1], failed[1], done[0], failed[0])
	if done[1] < 100 || done[0] < 100 {
		w.t.Errorf("too little was answered to judge by")
	}
	for k := range keys {
		w.linearizable(k)
	}
	w.versionsGrow()
}

// register is what a key must look like to clients: one value at a time, in one order that agrees with the clock.
var register = porcupine.Model{
	Init: func() any { return 0 },
	Step: func(state, input, output any) (bool, any) {
		if op := input.(operation); op.write {
			return true, op.value
		}
		return output.(int) == state.(int), state
	},
	DescribeOperation: func(input, output any) string {
		if op := input.(operation); op.write {
			return fmt.Sprintf("write %d", op.value)
		}
		return fmt.Sprintf("read %d", output)
	},
}

// checkBound is how long the search for an order may take; it takes milliseconds where there is one.
const checkBound = time.Minute

func (w *workload) linearizable(k int) {
	w.t.Helper()
	history := w.history(k)
	result, info := porcupine.CheckOperationsVerbose(register, history, checkBound)
	switch result {
	case porcupine.Ok:
	case porcupine.Unknown:
		w.t.Errorf("%s: no order was found within %s for %d operations", key(k), checkBound, len(history))
	default:
		w.t.Errorf("%s: what clients were told about it cannot be true: a write is lost, or a read is stale", key(k))
		if dir := w.t.ArtifactDir(); dir != "" {
			path := dir + "/" + key(k) + ".html"
			if err := porcupine.VisualizePath(register, info, path); err == nil {
				w.t.Logf("see %s", path)
			}
		}
	}
}

// history is what happened to a key. A write that was not acknowledged may still happen at any later time, if it was
// ever read; if it was not, nobody can tell that it happened.
func (w *workload) history(k int) []porcupine.Operation {
	seen := map[int]bool{}
	var last time.Time
	for _, op := range w.all {
		if op.key == k && !op.write && op.err == nil {
			seen[op.value] = true
		}
		if op.end.After(last) {
			last = op.end
		}
	}
	var list []porcupine.Operation
	lost := writers + readers + len(w.doors) // client numbers of those who never got an answer
	for _, op := range w.all {
		if op.key != k || op.err != nil && (!op.write || !seen[op.value]) {
			continue
		}
		o := porcupine.Operation{ClientId: op.client, Input: op, Output: op.value, Call: op.begin.UnixNano(), Return: op.end.UnixNano()}
		if op.err != nil {
			lost++
			o.ClientId, o.Return = lost, last.UnixNano()+1
		}
		list = append(list, o)
	}
	return list
}

// versionsGrow looks whether what came later has a later resourceVersion: of one key whatever was asked, of all keys
// what was written.
func (w *workload) versionsGrow() {
	w.t.Helper()
	answered := slices.DeleteFunc(slices.Clone(w.all), func(op operation) bool { return op.err != nil })
	byBegin := slices.Clone(answered)
	slices.SortFunc(answered, func(a, b operation) int { return a.end.Compare(b.end) })
	slices.SortFunc(byBegin, func(a, b operation) int { return a.begin.Compare(b.begin) })
	newest, written, ended := map[int]operation{}, operation{}, 0
	for _, op := range byBegin {
		for ; ended < len(answered) && answered[ended].end.Before(op.begin); ended++ {
			o := answered[ended]
			if o.version > newest[o.key].version {
				newest[o.key] = o
			}
			if o.write && o.version > written.version {
				written = o
			}
		}
		if before := newest[op.key]; op.version < before.version {
			w.t.Errorf("%s went back from version %d to %d: %+v, then %+v", key(op.key), before.version, op.version, before, op)
		}
		if op.write && op.version <= written.version {
			w.t.Errorf("a write got version %d after another one had got %d: %+v, then %+v", op.version, written.version, written, op)
		}
	}
}

// membersEqual compares the content of all members of etcd at one revision.
func (l *soakLab) membersEqual() {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), waitBound)
	defer cancel()
	c, err := etcd.Client(l.dir, l.spec, l.spec.Masters...)
	if err != nil {
		l.t.Fatal(err)
	}
	defer c.Close()
	latest, err := c.Get(ctx, "/") // a linearizable read, for its revision
	if err != nil {
		l.t.Fatal(err)
	}
	at := latest.Header.Revision
	hashes := map[string]uint32{}
	for _, m := range l.spec.Masters {
		for { // until the member has come that far
			h, err := c.HashKV(ctx, l.spec.EtcdClientURL(m), at)
			if err == nil && h.Header.Revision >= at {
				hashes[m.Name()] = h.Hash
				break
			}
			if ctx.Err() != nil {
				l.t.Fatalf("hash of etcd on %s at revision %d: %v", m, at, err)
			}
		}
	}
	for name, h := range hashes {
		if h != hashes[l.spec.Masters[0].Name()] {
			l.t.Errorf("members of etcd differ at revision %d: %s and %s: %v", at, l.spec.Masters[0], name, hashes)
			return
		}
	}
	l.t.Logf("all members of etcd are equal at revision %d: %v", at, hashes)
}

// TestJudgeFindsLies gives the judge histories that cannot be true.
func TestJudgeFindsLies(t *testing.T) {
	at := func(ms int) time.Time { return time.Unix(0, int64(ms)*int64(time.Millisecond)) }
	write := func(value, from, to int, err error) operation {
		return operation{client: value, write: true, value: value, begin: at(from), end: at(to), err: err}
	}
	read := func(value, from, to int) operation {
		return operation{client: 100 + from, value: value, begin: at(from), end: at(to)}
	}
	for name, tt := range map[string]struct {
		all  []operation
		true bool
	}{
		"nothing special":                          {[]operation{write(1, 0, 10, nil), read(1, 20, 30)}, true},
		"a read beside a write":                    {[]operation{write(1, 0, 50, nil), read(0, 10, 20), read(1, 30, 40)}, true},
		"an acknowledged write is lost":            {[]operation{write(1, 0, 10, nil), read(0, 20, 30)}, false},
		"a read is stale":                          {[]operation{write(1, 0, 10, nil), write(2, 20, 30, nil), read(2, 40, 50), read(1, 60, 70)}, false},
		"a write without an answer comes late":     {[]operation{write(1, 0, 10, context.DeadlineExceeded), read(0, 20, 30), read(1, 40, 50)}, true},
		"a write without an answer never comes":    {[]operation{write(1, 0, 10, context.DeadlineExceeded), read(0, 20, 30)}, true},
		"a write without an answer comes and goes": {[]operation{write(1, 0, 10, context.DeadlineExceeded), read(1, 20, 30), read(0, 40, 50)}, false},
		"a value that nobody wrote":                {[]operation{read(7, 0, 10)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := &workload{t: t, all: tt.all}
			if got := porcupine.CheckOperations(register, w.history(0)); got != tt.true {
				t.Errorf("the judge says %t, want %t", got, tt.true)
			}
		})
	}
}
