package brain

import (
	"cmp"
	"slices"
	"time"

	"kubelab/core/view"
	"kubelab/tui/panel"
)

// window is how far back requests are counted.
const window = 60 * time.Second

// stats is what the requests of the window come to.
type stats struct {
	servers map[string]*serverStats
	clients []count // the busiest first
	refused map[view.Layer]int
	total   int
	known   time.Duration // of the window, as far as requests are remembered
	step    time.Duration // of the series below
	top     struct{ rate, median float64 }
}

// serverStats is about one API server.
type serverStats struct {
	rate        float64 // requests a second in the last seconds
	median, p99 time.Duration
	refused     int
	rates       []float64 // by step, the oldest first; -1 is not known
	medians     []float64 // of the same, in ms

	took  []time.Duration
	steps [][]time.Duration
	count []int
}

type count struct {
	name string
	n    int
}

// lately is over how long the rate that is shown as a figure is taken.
const lately = 5 * time.Second

// take counts. Its steps begin at whole multiples of step, so that a series only moves when one is over.
func take(s *panel.State, cells int) *stats {
	all := s.Events[view.Requested]
	st := &stats{servers: map[string]*serverStats{}, refused: map[view.Layer]int{}, known: window}
	cells = max(cells, 1)
	perCell := (window/time.Second + time.Duration(cells) - 1) / time.Duration(cells)
	st.step = perCell * time.Second
	n := int(window / st.step)
	end := s.Now.Truncate(st.step)
	begin := end.Add(-time.Duration(n) * st.step)
	oldest := begin // before that nothing is known
	if len(all) >= panel.Remembered && all[0].Time.After(oldest) {
		oldest = all[0].Time
		st.known = max(s.Now.Sub(oldest), 0)
	}
	for _, m := range s.Lab.Masters {
		st.server(m.Name, n)
	}
	second := s.Now.Truncate(time.Second)
	users := map[string]int{}
	for i := len(all) - 1; i >= 0; i-- {
		e := &all[i]
		if s.Now.Sub(e.Time) > window {
			break
		}
		if e.Request == nil {
			continue
		}
		st.add(e, n, begin, second)
		users[e.Request.User]++
	}
	for name, n := range users {
		st.clients = append(st.clients, count{name, n})
	}
	slices.SortFunc(st.clients, func(a, b count) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.name, b.name))
	})
	st.finish(begin, oldest)
	return st
}

func (st *stats) server(name string, n int) *serverStats {
	one := st.servers[name]
	if one == nil {
		one = &serverStats{steps: make([][]time.Duration, n), count: make([]int, n)}
		st.servers[name] = one
	}
	return one
}

func (st *stats) add(e *view.Event, n int, begin, second time.Time) {
	r := e.Request
	one := st.server(r.Server, n)
	st.total++
	if r.Refused != "" {
		st.refused[r.Refused]++
		one.refused++
	}
	if e.Time.Before(second) && !e.Time.Before(second.Add(-lately)) {
		one.rate += 1 / lately.Seconds()
	}
	at := -1
	if since := e.Time.Sub(begin); since >= 0 && int(since/st.step) < n {
		at = int(since / st.step)
		one.count[at]++
	}
	if r.Long { // how long it lasted says nothing about the server
		return
	}
	one.took = append(one.took, r.Took)
	if at >= 0 {
		one.steps[at] = append(one.steps[at], r.Took)
	}
}

func (st *stats) finish(begin, oldest time.Time) {
	for _, one := range st.servers {
		one.median, one.p99 = quantile(one.took, 0.5), quantile(one.took, 0.99)
		for i, took := range one.steps {
			rate, median := float64(one.count[i])/st.step.Seconds(), float64(quantile(took, 0.5))/1e6
			if begin.Add(time.Duration(i) * st.step).Before(oldest) {
				rate, median = -1, -1
			} else if len(took) == 0 {
				median = -1
			}
			one.rates, one.medians = append(one.rates, rate), append(one.medians, median)
			st.top.rate, st.top.median = max(st.top.rate, rate), max(st.top.median, median)
		}
	}
}

// quantile sorts took and picks from it; 0 if there is nothing.
func quantile(took []time.Duration, q float64) time.Duration {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[min(int(q*float64(len(took))), len(took)-1)]
}
