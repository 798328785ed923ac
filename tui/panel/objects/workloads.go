package objects

import (
	"fmt"
	"kubelab/tui/widget"
	"slices"
	"strings"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// workloads is the table of what makes pods, each one below its owner.
type workloads struct {
	grid[workload]
}

// workload is a row: a Workload, how far below its owners, and its pods.
type workload struct {
	*view.Workload
	depth int
	pods  []*view.Pod
}

func (w workload) object() string { return plural(w.Kind) + "/" + w.Namespace + "/" + w.Workload.Name }

// old reports whether it is what a Deployment keeps of an earlier version.
func (w workload) old() bool { return w.Desired == 0 && w.Current == 0 && w.Owner != "" }

func newWorkloads() *workloads {
	p := &workloads{}
	p.id = workload.object
	p.words = func(w workload) []string { return []string{w.Kind, w.Namespace, w.Workload.Name, w.Owner} }
	muted := func(s *panel.State, w workload, text string) cell {
		if w.old() {
			return styled(text, &s.Theme.Muted)
		}
		return words(text)
	}
	number := func(of func(workload) int) func(*panel.State, workload) cell {
		return func(s *panel.State, w workload) cell { return muted(s, w, fmt.Sprint(of(w))) }
	}
	updated, current := func(w workload) int { return w.Updated }, func(w workload) int { return w.Current }
	p.columns = []column[workload]{
		{title: "namespace", min: 6, measure: func(w workload) int { return widget.Width(w.Namespace) }, drop: 2,
			cell:    func(s *panel.State, w workload) cell { return namespaced(s, w.Namespace) },
			compare: by(func(w workload) string { return w.Namespace })},
		{title: "kind", width: 12, drop: 1, cell: func(s *panel.State, w workload) cell { return muted(s, w, plain.Line(w.Kind)) },
			compare: by(func(w workload) string { return w.Kind })},
		{title: "name", min: 18, measure: func(w workload) int { return widget.Width(w.Workload.Name) + 2*w.depth },
			cell: func(s *panel.State, w workload) cell {
				if w.depth == 0 || p.by > 0 || p.reverse { // below its owner only as long as that stands above
					return muted(s, w, plain.Line(w.Workload.Name))
				}
				branch := span{strings.Repeat("  ", w.depth-1) + "└ ", &s.Theme.Muted}
				return append(cell{branch}, muted(s, w, plain.Line(w.Workload.Name))...)
			},
			compare: by(func(w workload) string { return w.Workload.Name })},
		{title: "ready", width: 15, min: 15, cell: readyBar,
			compare: by(func(w workload) float64 { return float64(w.Ready) / float64(max(w.Desired, 1)) })},
		{title: "updated", right: true, width: 7, drop: 4, cell: number(updated), compare: by(updated)},
		{title: "there", right: true, width: 5, drop: 5, cell: number(current), compare: by(current)},
		{title: "pods", min: 12, width: 18, drop: 3, cell: podSigns, fill: true},
		{title: "owner", min: 12, wide: true, measure: func(w workload) int { return widget.Width(w.Owner) }, drop: 6,
			cell:    func(s *panel.State, w workload) cell { return orDash(s, w.Owner) },
			compare: by(func(w workload) string { return w.Owner })},
	}
	return p
}

// readyBar is how many of the pods that are wanted are ready.
func readyBar(s *panel.State, w workload) cell {
	if w.old() {
		return styled("0 wanted", &s.Theme.Muted)
	}
	style := &s.Theme.Good
	if w.Ready < w.Desired {
		style = &s.Theme.Warn
	}
	ratio := 1.0
	if w.Desired > 0 {
		ratio = float64(w.Ready) / float64(w.Desired)
	}
	return append(bar(ratio, 6, style, &s.Theme.Muted), span{fmt.Sprintf(" %d/%d", w.Ready, w.Desired), style})
}

// podSigns are its own pods, a cell for each.
func podSigns(s *panel.State, w workload) cell {
	var c cell
	for _, p := range w.pods {
		sign := s.Theme.Pod(*p)
		c = append(c, span{sign.Mark + " ", &sign.Style})
		if len(c) == 64 { // no screen shows more
			break
		}
	}
	return c
}

func (*workloads) Name() string { return "workloads" }

func (*workloads) Title(*panel.State) string { return "Workloads" }

func (p *workloads) sync(s *panel.State) {
	p.set(stamp{s.Lab, s.Lab.Revision, len(s.Lab.Workloads)}, func() []workload { return tree(s.Lab) })
}

// tree puts every workload below its owner, and finds its pods.
func tree(lab *view.Snapshot) []workload {
	type place struct{ namespace, owner string }
	pods, below := map[place][]*view.Pod{}, map[place][]*view.Workload{}
	known := map[place]bool{}
	for i := range lab.Pods {
		p := &lab.Pods[i]
		pods[place{p.Namespace, p.Owner}] = append(pods[place{p.Namespace, p.Owner}], p)
	}
	for i := range lab.Workloads {
		w := &lab.Workloads[i]
		known[place{w.Namespace, w.Kind + "/" + w.Name}] = true
		below[place{w.Namespace, w.Owner}] = append(below[place{w.Namespace, w.Owner}], w)
	}
	rows := make([]workload, 0, len(lab.Workloads))
	var add func(w *view.Workload, depth int)
	add = func(w *view.Workload, depth int) {
		me := place{w.Namespace, w.Kind + "/" + w.Name}
		rows = append(rows, workload{w, depth, pods[me]})
		if depth < 8 { // owners cannot be trusted to have no circle
			for _, child := range below[me] {
				add(child, depth+1)
			}
		}
	}
	for i := range lab.Workloads {
		if w := &lab.Workloads[i]; w.Owner == "" || !known[place{w.Namespace, w.Owner}] {
			add(w, 0)
		}
	}
	return rows
}

func (p *workloads) Keys(*panel.State) []panel.Binding {
	return p.bindings(panel.Binding{Keys: "enter", Does: "tell its story", Short: true})
}

func (p *workloads) Key(s *panel.State, key string) (panel.Result, bool) {
	p.sync(s)
	if key == "enter" {
		return p.open(), true
	}
	return panel.Result{}, p.key(key)
}

func (p *workloads) open() panel.Result {
	if w, ok := p.current(); ok {
		return panel.Result{Open: "story", With: w.object()}
	}
	return panel.Result{}
}

func (p *workloads) Click(s *panel.State, x, y int) panel.Result {
	p.sync(s)
	if p.click(x, y) {
		return p.open()
	}
	return panel.Result{}
}

func (*workloads) Answered(*panel.State, view.Question, view.Answer, error) {}

func (p *workloads) Selected(s *panel.State) string {
	p.sync(s)
	if w, ok := p.current(); ok {
		return w.object()
	}
	return ""
}

func (p *workloads) View(s *panel.State, w, h int) string {
	p.sync(s)
	text := func() string {
		return p.status("workload") + " · R running r not ready C creating P pending T terminating F failing"
	}
	return footed(s, w, h, text, []string{objectsSource}, func(h int) []string {
		lines := p.view(s, w, h, true)
		if len(p.rows) == 0 {
			lines = under(s, lines, w, h, p.filter, len(p.all), "There are no workloads. kubectl create deployment makes one; the controller manager then makes "+
				"its ReplicaSet, and that its pods. Deployments, ReplicaSets, StatefulSets, DaemonSets and Jobs stand here, each below its owner.")
		}
		return lines
	})
}

func (p *workloads) Explain(s *panel.State) string {
	p.sync(s)
	text := "A workload says how many pods of a kind there should be; a loop in the controller manager compares that with what there is, and makes or deletes pods until both agree. "
	i := slices.IndexFunc(p.all, func(w workload) bool { return w.depth == 1 && w.Desired > 0 })
	if i < 0 {
		return text + "A Deployment owns ReplicaSets, one for each version, and a ReplicaSet owns the pods. There is none at the moment."
	}
	w := p.all[i]
	return text + fmt.Sprintf("Here %s owns %s/%s, which wants %s and has %d ready. Kill one of them and watch the number fall and come back: nobody restarted the pod, another one took its place.",
		plain.Line(w.Owner), plain.Line(w.Kind), plain.Line(w.Workload.Name), panel.Plural(w.Desired, "pod"), w.Ready)
}
