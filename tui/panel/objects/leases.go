package objects

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/topology"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// leases is the table of Leases: those that say who leads, and those that say that a node lives.
type leases struct {
	grid[lease]
}

// lease is a row.
type lease struct {
	name    string // of the component that leads, or of the node
	holder  string // machine
	node    bool
	leads   bool // the holder says so itself
	renewed time.Time
	lasts   time.Duration // 0 if not known
	moved   int           // how often
}

func (l lease) target() string {
	if l.node {
		return l.name + "/" + component.Kubelet
	}
	if l.holder == "" {
		return ""
	}
	return l.holder + "/" + l.name
}

func newLeases() *leases {
	p := &leases{}
	p.id = func(l lease) string { return fmt.Sprint(l.node, l.name) }
	p.words = func(l lease) []string { return []string{l.name, l.holder} }
	p.columns = []column[lease]{
		{title: "Lease", width: 23, cell: func(_ *panel.State, l lease) cell { return words(plain.Line(l.name)) }},
		{title: "says", width: 15, cell: meaning},
		{title: "held by", width: 12, drop: 1, cell: func(s *panel.State, l lease) cell {
			if l.node {
				return styled("its kubelet", &s.Theme.Muted)
			}
			return orDash(s, l.holder)
		}, compare: by(func(l lease) string { return l.holder })},
		{title: "age", min: 18, width: 23, cell: ageBar, compare: by(func(l lease) int64 { return -l.renewed.UnixNano() })},
		{title: "renewed", right: true, width: 9, cell: func(s *panel.State, l lease) cell {
			if l.renewed.IsZero() {
				return styled("never", &s.Theme.Muted)
			}
			return words(panel.Ago(s.Now, l.renewed) + " ago")
		}, drop: 2},
		{title: "lasts", right: true, width: 6, drop: 3, cell: func(s *panel.State, l lease) cell {
			if l.lasts == 0 {
				return styled("-", &s.Theme.Muted)
			}
			return words(fmt.Sprintf("%g s", l.lasts.Seconds()))
		}, compare: by(func(l lease) time.Duration { return l.lasts })},
		{title: "moved", right: true, width: 9, drop: 4, cell: func(s *panel.State, l lease) cell {
			if l.node {
				return styled("-", &s.Theme.Muted)
			}
			return words(panel.Plural(l.moved, "time"))
		}, compare: by(func(l lease) int { return l.moved })},
	}
	return p
}

// meaning is what a Lease stands for at the moment.
func meaning(s *panel.State, l lease) cell {
	expired := l.lasts > 0 && s.Now.Sub(l.renewed) > l.lasts
	switch {
	case l.renewed.IsZero():
		return styled("· never renewed", &s.Theme.Muted)
	case l.node && expired:
		return styled("✗ silent", &s.Theme.Bad)
	case l.node:
		return styled("● alive", &s.Theme.Good)
	case expired:
		return styled("✗ up for grabs", &s.Theme.Bad)
	case !l.leads:
		return styled("▲ holds, idle", &s.Theme.Warn)
	}
	return styled("★ leads", &s.Theme.Leads)
}

// ageBar is how much of its time a Lease has used up.
func ageBar(s *panel.State, l lease) cell {
	if l.renewed.IsZero() || l.lasts == 0 {
		return styled("-", &s.Theme.Muted)
	}
	age := max(s.Now.Sub(l.renewed), 0)
	ratio, style := float64(age)/float64(l.lasts), &s.Theme.Good
	switch {
	case ratio > 1:
		return append(bar(1, 12, &s.Theme.Bad, &s.Theme.Muted), span{" over " + panel.Ago(s.Now, l.renewed.Add(l.lasts)), &s.Theme.Bad})
	case ratio > 0.5:
		style = &s.Theme.Warn
	}
	return append(bar(ratio, 12, style, &s.Theme.Muted), span{fmt.Sprintf(" %2.0f %%", 100*ratio), style})
}

func (*leases) Name() string { return "leases" }

func (*leases) Title(*panel.State) string { return "Leases" }

func (p *leases) sync(s *panel.State) {
	p.set(stamp{s.Lab, s.Lab.Revision, len(s.Lab.Nodes)}, func() []lease {
		var rows []lease
		for _, name := range slices.Sorted(maps.Keys(s.Lab.Holders)) {
			h := s.Lab.Holders[name]
			rows = append(rows, lease{name, h.Holder, false, s.Lab.Leases[name] == h.Holder && h.Holder != "", h.Renewed, time.Duration(h.Seconds) * time.Second, h.Transitions})
		}
		timing, _ := topology.TimingName(s.Lab.Timing).Values() // if it is not known, neither is how long a node's Lease lasts
		for _, n := range s.Lab.Nodes {
			rows = append(rows, lease{name: n.Name, holder: n.Name, node: true, renewed: n.Heartbeat, lasts: timing.NodeLease})
		}
		return rows
	})
}

func (p *leases) Keys(*panel.State) []panel.Binding {
	return p.bindings(panel.Binding{Keys: "enter", Does: "tell its story; of a node: open it", Short: true})
}

func (p *leases) Key(s *panel.State, key string) (panel.Result, bool) {
	p.sync(s)
	if key == "enter" {
		return p.open(), true
	}
	return panel.Result{}, p.key(key)
}

func (p *leases) open() panel.Result {
	l, ok := p.current()
	switch {
	case !ok:
		return panel.Result{}
	case l.node:
		return panel.Result{Open: "nodes", With: l.name}
	}
	return panel.Result{Open: "story", With: "leases/kube-system/" + l.name}
}

func (p *leases) Click(s *panel.State, x, y int) panel.Result {
	p.sync(s)
	if p.click(x, y) {
		return p.open()
	}
	return panel.Result{}
}

func (*leases) Answered(*panel.State, view.Question, view.Answer, error) {}

func (p *leases) Selected(s *panel.State) string {
	p.sync(s)
	l, _ := p.current()
	return l.target()
}

func (p *leases) View(s *panel.State, w, h int) string {
	p.sync(s)
	text := func() string {
		timing, err := topology.TimingName(s.Lab.Timing).Values()
		if err != nil {
			return p.status("Lease")
		}
		return p.status("Lease") + fmt.Sprintf(" · a node silent for %g s is NotReady, %g s later its pods go", timing.NodeMonitorGrace.Seconds(), timing.Toleration.Seconds())
	}
	return footed(s, w, h, text, []string{objectsSource}, func(h int) []string {
		lines := p.view(s, w, h, true)
		if len(p.rows) == 0 {
			lines = under(s, lines, w, h, p.filter, len(p.all), "There are no Leases yet. The first scheduler and the first controller manager that come up each write one to lead, "+
				"and every kubelet renews one to say that its node lives.")
		}
		return lines
	})
}

func (p *leases) Explain(s *panel.State) string {
	p.sync(s)
	text := "A Lease is a small object with a holder and the time when it was last renewed; whoever holds one must renew it before it runs out. "
	rows := slices.SortedFunc(slices.Values(p.all), func(a, b lease) int { return cmp.Compare(a.name, b.name) })
	for _, l := range rows {
		if !l.node && l.holder != "" {
			text += fmt.Sprintf("Here %s holds that of %s, renewed it %s ago, and may lead for %g s without doing so again. ", plain.Line(l.holder), plain.Line(l.name), panel.Ago(s.Now, l.renewed), l.lasts.Seconds())
			break
		}
	}
	return text + "Kill the holder and watch its bar fill: nobody can know that it is dead, so the others wait until the Lease has run out, and only then one of them takes it."
}
