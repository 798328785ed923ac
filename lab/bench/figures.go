package main

import (
	"fmt"
	"slices"
	"time"
)

// figure is one thing that is measured, once in every round.
type figure struct {
	what  string
	unit  string
	bound float64 // the most that the median may be, in unit
	got   []float64
}

const (
	seconds = "s"
	percent = "% of one core"
	mib     = "MiB"
	millis  = "ms"
)

func (f *figure) add(v float64) {
	f.got = append(f.got, v)
	fmt.Printf("  %-62s %s\n", f.what, f.format(v))
}

func (f *figure) addTime(d time.Duration) { f.add(d.Seconds()) }
func (f *figure) addBytes(n int64)        { f.add(float64(n) / (1 << 20)) }

// median is the middle value, or the mean of the two in the middle, of a figure that was measured.
func (f *figure) median() float64 {
	s := slices.Sorted(slices.Values(f.got))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}

// worst is the largest value, p100. Less is better for every figure here.
func (f *figure) worst() float64 { return slices.Max(f.got) }

func (f *figure) measured() bool { return len(f.got) > 0 }

// holds tells whether the median keeps the bound.
func (f *figure) holds() bool { return f.median() <= f.bound }

func (f *figure) format(v float64) string {
	switch f.unit {
	case seconds:
		return fmt.Sprintf("%.2f s", v)
	case percent:
		return fmt.Sprintf("%.1f %%", v)
	}
	return fmt.Sprintf("%.0f %s", v, f.unit)
}

// pair is a figure of the lab's masters beside the same figure of the baseline.
type pair struct {
	what          string
	bounded       bool // the lab must need less
	lab, upstream figure
}

func newPair(what, unit string, bounded bool) pair {
	return pair{what, bounded, figure{what: what + ", lab", unit: unit}, figure{what: what + ", upstream's processes", unit: unit}}
}

// ratio is below 1 where the lab needs less.
func (p *pair) ratio() float64 { return p.lab.median() / p.upstream.median() }

func (p *pair) holds() bool { return !p.bounded || p.ratio() < 1 }

// figures are all that the benchmark measures.
type figures struct {
	start, resume, small, idle, memory, scale, replace figure
	api, ready, masterMemory, masterIdle               pair

	write, writeUpstream, lease, evacuate, masterBack, nodeBack figure
	masterGrowth, nodeGrowth                                    growth

	observing observing
	screen    screen
	learning  learning
}

func newFigures() *figures {
	return &figures{
		start:   figure{what: "nothing → 3 masters, 3 nodes Ready, the demo answers", unit: seconds, bound: 9},
		resume:  figure{what: "the same lab, resumed after a stop", unit: seconds, bound: 7},
		small:   figure{what: "nothing → 1 master, 1 node Ready, the demo answers", unit: seconds, bound: 5},
		idle:    figure{what: "3 masters, 3 nodes, idle: processor", unit: percent, bound: 20},
		memory:  figure{what: "3 masters, 3 nodes, idle: memory without the pods' own", unit: mib, bound: 1126},
		scale:   figure{what: "6 pods more, all Ready", unit: seconds, bound: 2.5},
		replace: figure{what: "a pod deleted → its replacement Ready", unit: seconds, bound: 1.2},

		write:         figure{what: "master of etcd's leader crashed → first acknowledged write", unit: seconds, bound: 0.6},
		writeUpstream: figure{what: "the same with etcd's default timeouts", unit: seconds, bound: 1.6},
		lease:         figure{what: "kube-scheduler crashed → another one leads (Lease of 4 s)", unit: seconds, bound: 5},
		evacuate:      figure{what: "node crashed → all replicas Ready elsewhere (8 s + 3 s)", unit: seconds, bound: 13.5},
		masterBack:    figure{what: "crashed master started → ready", unit: seconds, bound: 3},
		nodeBack:      figure{what: "crashed node started → Ready", unit: seconds, bound: 1.2},

		observing: newObserving(), screen: newScreen(), learning: newLearning(),

		api:          newPair("nothing → 3 API servers say /readyz", seconds, false),
		ready:        newPair("nothing → 3 masters ready", seconds, true),
		masterMemory: newPair("3 masters, idle: memory", mib, true),
		masterIdle:   newPair("3 masters, idle: processor", percent, true),
	}
}

func (f *figures) ofLab() []*figure {
	return []*figure{&f.start, &f.resume, &f.small, &f.scale, &f.replace, &f.memory, &f.idle}
}

func (f *figures) ofFaults() []*figure {
	return []*figure{&f.write, &f.writeUpstream, &f.lease, &f.evacuate, &f.masterBack, &f.nodeBack}
}

func (f *figures) compared() []*pair {
	return []*pair{&f.api, &f.ready, &f.masterMemory, &f.masterIdle}
}

// missed counts what was measured and does not keep its bound.
func (f *figures) missed() int {
	n := 0
	l := &f.learning
	for _, one := range append(append(f.ofLab(), f.ofFaults()...), &l.shown, &l.judging, &l.resets, &l.solutions) {
		if one.measured() && !one.holds() {
			n++
		}
	}
	for _, g := range []growth{f.masterGrowth, f.nodeGrowth} {
		if g.measured() && g.percent() > maxGrowth {
			n++
		}
	}
	_, seen := f.observing.rows()
	_, looked := f.screen.rows()
	n += seen + looked
	for _, p := range f.compared() {
		if p.lab.measured() && p.upstream.measured() && !p.holds() {
			n++
		}
	}
	return n
}
