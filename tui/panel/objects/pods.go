package objects

import (
	"fmt"
	"kubelab/tui/widget"
	"slices"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// pods is the table of all pods.
type pods struct {
	grid[*view.Pod]
	changed map[string]bool
}

func newPods() *pods {
	p := &pods{}
	p.id = func(p *view.Pod) string { return podTarget(p.Namespace, p.Name) }
	p.words = func(p *view.Pod) []string { return []string{p.Namespace, p.Name, p.Status, p.Node, p.IP, p.Owner} }
	p.columns = p.podColumns()
	return p
}

func (p *pods) podColumns() []column[*view.Pod] {
	return []column[*view.Pod]{
		{title: "namespace", min: 9, measure: func(p *view.Pod) int { return widget.Width(p.Namespace) }, drop: 1,
			cell:    func(s *panel.State, p *view.Pod) cell { return namespaced(s, p.Namespace) },
			compare: by(func(p *view.Pod) string { return p.Namespace })},
		{title: "name", min: 20, middle: true, measure: func(p *view.Pod) int { return widget.Width(p.Name) },
			cell:    func(_ *panel.State, p *view.Pod) cell { return words(plain.Line(p.Name)) },
			compare: by(func(p *view.Pod) string { return p.Name })},
		{title: "ready", right: true, width: 5, drop: 3, cell: readyCell,
			compare: by(func(p *view.Pod) float64 { return float64(p.Running) / float64(max(p.Of, 1)) })},
		{title: "status", width: 21, min: 18, cell: p.status,
			compare: by(func(p *view.Pod) string { return p.Status })},
		{title: restartsTitle, right: true, width: 8, drop: 4, cell: restartsCell, compare: by(func(p *view.Pod) int { return p.Restarts })},
		{title: "age", right: true, width: 5, drop: 5,
			cell:    func(s *panel.State, p *view.Pod) cell { return styled(panel.Ago(s.Now, p.Created), &s.Theme.Muted) },
			compare: by(func(p *view.Pod) int64 { return -p.Created.UnixNano() })},
		{title: "node", width: 8, measure: func(p *view.Pod) int { return widget.Width(p.Node) }, drop: 2, cell: nodeCell,
			compare: by(func(p *view.Pod) string { return p.Node })},
		{title: "ip", width: 14, drop: 6, cell: func(s *panel.State, p *view.Pod) cell { return orDash(s, p.IP) },
			compare: by(func(p *view.Pod) string { return p.IP })},
		{title: "owner", min: 16, wide: true, measure: func(p *view.Pod) int { return widget.Width(p.Owner) }, drop: 7,
			cell:    func(s *panel.State, p *view.Pod) cell { return orDash(s, p.Owner) },
			compare: by(func(p *view.Pod) string { return p.Owner })},
		{title: "uid", width: 36, wide: true, drop: 8, cell: func(s *panel.State, p *view.Pod) cell { return styled(plain.Line(p.UID), &s.Theme.Muted) }},
	}
}

// restartsTitle is that of a column which is the first to go that matters.
const restartsTitle = "restarts"

// status is a pod's status, and how often it was restarted where no column says so.
func (p *pods) status(s *panel.State, one *view.Pod) cell {
	c := podStatus(s, one, p.changed["pods/"+one.Namespace+"/"+one.Name])
	if one.Restarts > 0 && !slices.ContainsFunc(p.shown, func(i int) bool { return p.columns[i].title == restartsTitle }) {
		c = append(c, span{fmt.Sprintf(" ×%d", one.Restarts), &s.Theme.Warn})
	}
	return c
}

func (p *pods) Name() string { return "pods" }

func (p *pods) Title(s *panel.State) string { return "Pods" }

func (p *pods) sync(s *panel.State) {
	p.set(stamp{s.Lab, s.Lab.Revision, len(s.Lab.Pods)}, func() []*view.Pod {
		rows := make([]*view.Pod, len(s.Lab.Pods))
		for i := range rows {
			rows[i] = &s.Lab.Pods[i]
		}
		return rows
	})
}

func (p *pods) Keys(*panel.State) []panel.Binding {
	return p.bindings(panel.Binding{Keys: "enter", Does: "open the pod", Short: true})
}

func (p *pods) Key(s *panel.State, key string) (panel.Result, bool) {
	p.sync(s)
	if key == "enter" {
		return p.open(), true
	}
	return panel.Result{}, p.key(key)
}

func (p *pods) open() panel.Result {
	if pod, ok := p.current(); ok {
		return panel.Result{Open: "pod", With: "pods/" + pod.Namespace + "/" + pod.Name}
	}
	return panel.Result{}
}

func (p *pods) Click(s *panel.State, x, y int) panel.Result {
	p.sync(s)
	if p.click(x, y) {
		return p.open()
	}
	return panel.Result{}
}

func (*pods) Answered(*panel.State, view.Question, view.Answer, error) {}

func (p *pods) Selected(s *panel.State) string {
	p.sync(s)
	if pod, ok := p.current(); ok {
		return p.id(pod)
	}
	return ""
}

func (p *pods) View(s *panel.State, w, h int) string {
	p.sync(s)
	p.changed = recent(s, view.PodChanged)
	return footed(s, w, h, func() string { return podsInWords(s) + p.rest() }, []string{objectsSource}, func(h int) []string {
		lines := p.view(s, w, h, true)
		if len(p.rows) == 0 {
			lines = under(s, lines, w, h, p.filter, len(p.all), noPods)
		}
		return lines
	})
}

const noPods = "There are no pods yet. A pod appears here as soon as an API server has written it to etcd: when somebody creates a Deployment, its " +
	"ReplicaSet makes them, the scheduler chooses a node for each, and kubelet there starts the containers."

// rest is what the status line says beside the sum.
func (p *pods) rest() string {
	if p.filter == "" && p.by == 0 && !p.reverse {
		return ""
	}
	return " · shown: " + p.grid.status("pod")
}

// podsInWords sums up all pods.
func podsInWords(s *panel.State) string {
	ready, done := 0, 0
	for i := range s.Lab.Pods {
		switch p := &s.Lab.Pods[i]; {
		case p.Ready:
			ready++
		case p.Status == "Completed" || p.Status == "Succeeded":
			done++
		}
	}
	text := fmt.Sprintf("%s, %d ready", panel.Plural(len(s.Lab.Pods), "pod"), ready)
	if done > 0 {
		text += fmt.Sprintf(", %d done", done)
	}
	if others := len(s.Lab.Pods) - ready - done; others > 0 {
		text += fmt.Sprintf(", %d not", others)
	}
	return text
}

func (p *pods) Explain(s *panel.State) string {
	p.sync(s)
	text := "A pod is one or a few containers that live and die together on one node, with one address of their own; it is the smallest thing that Kubernetes runs. "
	if pod, ok := p.current(); ok {
		text += fmt.Sprintf("Here %s in namespace %s is %s with %d of %s ready", plain.Line(pod.Name), plain.Line(pod.Namespace), plain.Line(pod.Status), pod.Running, panel.Plural(pod.Of, "container"))
		if pod.Node != "" {
			text += ", on " + plain.Line(pod.Node)
		} else {
			text += ", and no node has been chosen for it yet"
		}
		text += ". "
	}
	return text + "Nobody repairs a pod: when it dies for good, whoever owns it makes another one with a new name and a new address, which is why Services stand in front of pods."
}
