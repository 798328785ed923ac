package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kubelab/core/component"
	"kubelab/core/view"
	"kubelab/lab/control"
)

// faultRounds is how often each failure is measured; crashRounds is how often masters, and nodes, are crashed and
// started to find what grows. What is in use is compared after the warmRounds-th and after the last.
const (
	faultRounds = 10
	crashRounds = 100
	warmRounds  = 10
	// nodeEvery is how far apart crashes of nodes are: their pods run again after 3 s, and the first warmRounds of them outlast
	// the 75 s for which API servers keep changes, in lists whose length doubles (see masterRest), so that these are full when
	// they are looked at first. Masters crash as fast as they come back.
	nodeEvery = 12 * time.Second
	// masterRest is how long what a crashed API server leaves may take to end: API servers keep every change of the last 75 s
	// for their watchers (k8s.io/apiserver, watch_cache.go, eventFreshDuration), and crashes make many.
	masterRest = 2 * time.Minute
	// nodeRest is how long the kernel holds connections of pods that are gone with their addresses: an API server's watches
	// have sent them something, which it repeats for 924.6 s (tcp_retries2 in Linux' ip-sysctl).
	nodeRest = 16 * time.Minute
)

// faults measures failures with the lab's own stopwatch, which is what users see.
func (b *measurement) faults(ctx context.Context) error {
	if err := b.lab.run(ctx, "start", "--masters", "3", "--nodes", "3", "--detach"); err != nil {
		return err
	}
	do := doer(b.lab.dir.Socket())
	for range faultRounds {
		if err := b.loseLeader(ctx, do, &b.figures.write); err != nil {
			return err
		}
		if err := b.loseScheduler(ctx, do); err != nil {
			return err
		}
		if err := b.loseNode(ctx, do); err != nil {
			return err
		}
	}
	if err := b.lab.run(ctx, "delete"); err != nil {
		return err
	}
	return b.upstreamTiming(ctx)
}

// masterCrashes finds what is left of crashes of masters.
func (b *measurement) masterCrashes(ctx context.Context) error {
	return b.crashes(ctx, "master", 0, masterRest, &b.figures.masterGrowth)
}

// nodeCrashes finds what is left of crashes of nodes.
func (b *measurement) nodeCrashes(ctx context.Context) error {
	return b.crashes(ctx, "node", nodeEvery, nodeRest, &b.figures.nodeGrowth)
}

func (b *measurement) crashes(ctx context.Context, kind string, every, rest time.Duration, g *growth) error {
	if err := b.lab.run(ctx, "start", "--masters", "3", "--nodes", "3", "--detach"); err != nil {
		return err
	}
	if err := b.crashRounds(ctx, doer(b.lab.dir.Socket()), kind, every, rest, g); err != nil {
		return err
	}
	return b.lab.run(ctx, "delete")
}

// upstreamTiming measures the loss of etcd's leader with etcd's default timeouts.
func (b *measurement) upstreamTiming(ctx context.Context) error {
	if err := b.lab.run(ctx, "start", "--masters", "3", "--nodes", "0", "--timing", "upstream", "--detach"); err != nil {
		return err
	}
	do := doer(b.lab.dir.Socket())
	for range faultRounds {
		if err := b.loseLeader(ctx, do, &b.figures.writeUpstream); err != nil {
			return err
		}
	}
	return b.lab.run(ctx, "delete")
}

// engineOf has the engine of a lab do things.
type engineOf struct{ *control.Client }

func doer(socket string) engineOf { return engineOf{control.Dial(socket)} }

// do does something to the lab, waits until it is measured, and returns what was.
func (e engineOf) do(ctx context.Context, verb view.Verb, targets ...string) (view.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, commandBound)
	defer cancel()
	out, err := e.Do(ctx, view.Action{Verb: verb, Targets: targets}, func(view.Step) {})
	if err != nil {
		return view.Record{}, fmt.Errorf("lab %s %s: %w", verb, strings.Join(targets, " "), err)
	}
	return *out.Record, nil
}

// mark is when a phase came.
func phase(m *view.Measured, p view.Phase) (time.Duration, error) {
	if m != nil {
		for _, mark := range m.Marks {
			if mark.Phase == p && mark.Seen {
				return mark.Took, nil
			}
		}
	}
	return 0, fmt.Errorf("the stopwatch did not see that %q", p)
}

func (f *figure) addPhase(m *view.Measured, p view.Phase) error {
	took, err := phase(m, p)
	if err == nil {
		f.addTime(took)
	}
	return err
}

// loseLeader crashes the master whose member leads etcd.
func (b *measurement) loseLeader(ctx context.Context, e engineOf, write *figure) error {
	s, err := e.Status(ctx)
	if err != nil {
		return err
	}
	r, err := e.do(ctx, view.Kill, s.Etcd.Leader)
	if err != nil {
		return err
	}
	if err := write.addPhase(r.Measured, view.FirstWrite); err != nil {
		return err
	}
	if r, err = e.do(ctx, view.Heal, r.ID); err != nil {
		return err
	}
	if err := b.figures.masterBack.addPhase(r.Recovery, view.Ready); err != nil {
		return err
	}
	return b.healthy(ctx, e)
}

// loseScheduler crashes the scheduler that leads.
func (b *measurement) loseScheduler(ctx context.Context, e engineOf) error {
	s, err := e.Status(ctx)
	if err != nil {
		return err
	}
	r, err := e.do(ctx, view.Kill, s.Leases[component.Scheduler]+"/"+component.Scheduler)
	if err != nil {
		return err
	}
	if err := b.figures.lease.addPhase(r.Measured, view.SchedulerMove); err != nil {
		return err
	}
	if _, err := e.do(ctx, view.Heal, r.ID); err != nil {
		return err
	}
	return b.healthy(ctx, e)
}

// loseNode crashes the node that has the most pods.
func (b *measurement) loseNode(ctx context.Context, e engineOf) error {
	s, err := e.Status(ctx)
	if err != nil {
		return err
	}
	victim := s.Nodes[0]
	for _, n := range s.Nodes {
		if n.Pods > victim.Pods {
			victim = n
		}
	}
	r, err := e.do(ctx, view.Kill, victim.Name)
	if err != nil {
		return err
	}
	if err := b.figures.evacuate.addPhase(r.Measured, view.Replaced); err != nil {
		return err
	}
	if r, err = e.do(ctx, view.Heal, r.ID); err != nil {
		return err
	}
	if err := b.figures.nodeBack.addPhase(r.Recovery, view.Ready); err != nil {
		return err
	}
	return b.healthy(ctx, e)
}

// healthy waits until the lab is as it was before something was broken.
func (b *measurement) healthy(ctx context.Context, e engineOf) error {
	ctx, cancel := context.WithTimeout(ctx, commandBound)
	defer cancel()
	return poll(ctx, "the lab to be healthy", func(ctx context.Context) error {
		s, err := e.Status(ctx)
		if err == nil && (s.State != view.Healthy || s.Leases[component.Scheduler] == "" || s.Leases[component.ControllerManager] == "") {
			err = fmt.Errorf("it is %s: %s", s.State, s.Reason)
		}
		return err
	})
}

// growth is what is in use after some rounds, and after all of them.
type growth struct{ warm, last usage }

// usage is what a lab holds of the machine.
type usage struct {
	goroutines, files, mounts, cgroups int
	memory                             int64 // bytes
}

// crashRounds crashes and starts machines of a kind, one after the other, at least every apart, and counts what is in use after a rest.
func (b *measurement) crashRounds(ctx context.Context, e engineOf, kind string, every, rest time.Duration, g *growth) error {
	next := time.Now()
	for round := 1; round <= crashRounds; round++ {
		if err := sleep(ctx, time.Until(next)); err != nil {
			return err
		}
		next = time.Now().Add(every)
		machine := fmt.Sprintf("%s-%d", kind, round%3+1)
		for _, verb := range []view.Verb{view.Kill, view.Start} {
			if err := e.quietly(ctx, verb, machine); err != nil {
				return fmt.Errorf("round %d, %w", round, err)
			}
		}
		if round != warmRounds && round != crashRounds {
			continue
		}
		if err := b.healthy(ctx, e); err != nil {
			return err
		}
		for _, verb := range []view.Verb{view.Compact, view.Defragment} { // history that anybody writes is no growth
			if err := e.quietly(ctx, verb); err != nil {
				return err
			}
		}
		if err := sleep(ctx, rest); err != nil {
			return err
		}
		u, err := b.leastUsage(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("  %s, round %d: %+v\n", kind, round, u)
		if round == warmRounds {
			g.warm = u
		} else {
			g.last = u
		}
	}
	return nil
}

// quietly does something without waiting for what is measured of it.
func (e engineOf) quietly(ctx context.Context, verb view.Verb, targets ...string) error {
	if _, err := e.Do(ctx, view.Action{Verb: verb, Targets: targets, Detach: true}, func(view.Step) {}); err != nil {
		return fmt.Errorf("%s %s: %w", verb, strings.Join(targets, " "), err)
	}
	return nil
}

// looks is how often, and lookEvery how far apart, usage is looked at after collections: between two of them memory swings by
// a fifth, so the least of it counts.
const looks, lookEvery = 10, 2 * time.Second

func (b *measurement) leastUsage(ctx context.Context) (least usage, err error) {
	for n := range looks {
		if err := collect(b.lab.dir.Socket()); err != nil {
			return least, err
		}
		u, err := b.usage()
		if err != nil {
			return u, err
		}
		if n == 0 || u.memory < least.memory {
			least = u
		}
		if err := sleep(ctx, lookEvery); err != nil {
			return u, err
		}
	}
	return least, nil
}

// usage looks at the engine and at all that it has made.
func (b *measurement) usage() (u usage, err error) {
	engine, err := b.lab.engine()
	if err != nil {
		return u, err
	}
	if u.goroutines, err = goroutines(b.lab.dir.Socket()); err != nil {
		return u, err
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", engine))
	if err != nil {
		return u, err
	}
	u.files = len(open)
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return u, err
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, b.lab.dir.Path()) || strings.Contains(line, b.lab.dir.Name()) { // other labs may come and go
			u.mounts++
		}
	}
	all, err := processes()
	if err != nil {
		return u, err
	}
	for _, p := range tree(all, engine, false) { // nodes have mounts of their own
		if p.argv0 == "node-init" || p.parent == engine {
			inside, _ := os.ReadFile(fmt.Sprintf("/proc/%d/mounts", p.pid)) // it has just ended
			u.mounts += strings.Count(string(inside), "\n")
		}
	}
	// Errors are of cgroups that vanish while they are counted.
	for _, top := range []string{"/sys/fs/cgroup/lab", "/sys/fs/cgroup/memory/lab", "/sys/fs/cgroup/pids/lab"} {
		_ = filepath.WalkDir(filepath.Join(top, b.lab.dir.Name()), func(_ string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				u.cgroups++
			}
			return nil
		})
	}
	u.memory, err = memory(tree(all, engine, false))
	return u, err
}

// collect has the engine collect its garbage and give back what it does not use.
func collect(socket string) error {
	_, err := askEngine(socket, http.MethodPost, "collect")
	return err
}

// goroutines asks the engine how many it has.
func goroutines(socket string) (n int, err error) {
	first, err := askEngine(socket, http.MethodGet, "pprof/goroutine?debug=1")
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscanf(first, "goroutine profile: total %d", &n)
	return n, err
}

// askEngine asks the engine for something that is there to debug it, and returns the first line.
func askEngine(socket, method, what string) (first string, err error) {
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	defer client.CloseIdleConnections()
	r, err := http.NewRequest(method, "http://engine/debug/"+what, nil)
	if err != nil {
		return "", err
	}
	answer, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	first, err = bufio.NewReader(answer.Body).ReadString('\n')
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return first, err
}

// percent is how much more there is after all rounds than after some, of what has grown most.
func (g growth) percent() float64 {
	most := 0.0
	for _, p := range [][2]float64{
		{float64(g.warm.goroutines), float64(g.last.goroutines)}, {float64(g.warm.files), float64(g.last.files)},
		{float64(g.warm.mounts), float64(g.last.mounts)}, {float64(g.warm.cgroups), float64(g.last.cgroups)},
		{float64(g.warm.memory), float64(g.last.memory)},
	} {
		most = max(most, 100*(p[1]-p[0])/p[0])
	}
	return most
}

func (g growth) measured() bool { return g.last.goroutines > 0 }

// maxGrowth is the most that anything may grow from the warmRounds-th round to the last, in percent.
const maxGrowth = 5

// row is a line of a table: after some rounds → after all.
func (g growth) row(what string) string {
	w, l := g.warm, g.last
	return fmt.Sprintf("| %s | %d → %d | %d → %d | %d → %d | %d → %d | %d → %d MiB | %.1f %% %s |\n", what, w.goroutines, l.goroutines,
		w.files, l.files, w.mounts, l.mounts, w.cgroups, l.cgroups, w.memory>>20, l.memory>>20, g.percent(), mark(g.percent() <= maxGrowth))
}
