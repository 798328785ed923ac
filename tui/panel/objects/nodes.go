package objects

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// nodes is the table of nodes, with the selected one in detail below: what it says of itself, or, chosen with v, what it makes of a Service.
type nodes struct {
	grid[*view.Node]
	changed       map[string]bool
	focus         int // where the keys go
	left          document
	right         document // what its containerd and kubelet say; part of left where there is no room beside it
	beside        bool
	tableH        int // lines of the table, as drawn last
	leftW, rightW int

	details map[string]*view.NodeDetail // the latest answers, by node
	got     map[string]answer           // by node
	asked   string                      // node that was asked last
	service string                      // NAMESPACE/NAME of the Service that is shown instead; empty for the node itself
	proxies map[proxyKey]*proxyAnswer
}

const (
	onTable = iota
	onLeft
	onRight
)

// proxyKey is a node and the Service that it is asked about.
type proxyKey struct{ node, service string }

// proxyAnswer is what became of asking: the rules, and the latest try.
type proxyAnswer struct {
	rules, tried *view.Proxy
	triedAt      time.Time
	trying       bool
	err          string
}

// tries is how many requests "try it" makes.
const tries = 100

func newNodes() *nodes {
	p := &nodes{details: map[string]*view.NodeDetail{}, got: map[string]answer{}, proxies: map[proxyKey]*proxyAnswer{}}
	p.id = func(n *view.Node) string { return n.Name }
	p.words = func(n *view.Node) []string { return append([]string{n.Name, n.IP, n.PodRange}, n.Taints...) }
	p.columns = p.nodeColumns()
	return p
}

func (*nodes) Name() string { return "nodes" }

func (p *nodes) Title(s *panel.State) string {
	ready := 0
	for _, n := range s.Lab.Nodes {
		if n.Ready {
			ready++
		}
	}
	return fmt.Sprintf("Nodes, %d of %d ready", ready, len(s.Lab.Nodes))
}

func (p *nodes) sync(s *panel.State) {
	p.set(stamp{s.Lab, s.Lab.Revision, len(s.Lab.Nodes)}, func() []*view.Node {
		rows := make([]*view.Node, len(s.Lab.Nodes))
		for i := range rows {
			rows[i] = &s.Lab.Nodes[i]
		}
		return rows
	})
	if len(p.rows) == 0 {
		p.focus = onTable
	}
}

// Show takes a node, or one of its components: node-1/kubelet.
func (p *nodes) Show(s *panel.State, what string) panel.Result {
	name, _, _ := strings.Cut(strings.TrimPrefix(what, "nodes/"), "/")
	if name == "" {
		return p.ask(s)
	}
	p.filter, p.service = "", ""
	p.stale = true
	p.sync(s)
	p.choose(name)
	p.detail(s)
	p.focus = onLeft
	p.left.first()
	if i := slices.IndexFunc(p.left.entries, func(e entry) bool { return e.id == what }); i >= 0 {
		p.left.to(i)
	}
	return p.ask(s)
}

func (p *nodes) Opened(s *panel.State) panel.Result { return p.ask(s) }

// ask asks for what is shown of the selected node.
func (p *nodes) ask(s *panel.State) panel.Result {
	p.sync(s)
	n, ok := p.current()
	if !ok {
		return panel.Result{}
	}
	if v := p.chosen(s); v != nil {
		return panel.Result{Ask: &view.Question{Proxy: &view.ProxyRequest{Node: n.Name, Service: objectOfService(v)}}, Every: 3 * time.Second}
	}
	p.asked = n.Name
	return panel.Result{Ask: &view.Question{Node: n.Name}, Every: 3 * time.Second}
}

func objectOfService(v *view.Service) view.Object {
	return view.Object{Resource: "services", Namespace: v.Namespace, Name: v.Name}
}

// chosen is the Service that is shown; nil for none, or when it is gone.
func (p *nodes) chosen(s *panel.State) *view.Service {
	i := slices.IndexFunc(s.Lab.Services, func(v view.Service) bool { return v.Namespace+"/"+v.Name == p.service })
	if i < 0 {
		return nil
	}
	return &s.Lab.Services[i]
}

func (p *nodes) Answered(s *panel.State, q view.Question, a view.Answer, err error) {
	switch {
	case q.Node != "":
		p.got[q.Node] = answer{at: s.Now}
		if err != nil {
			p.got[q.Node] = answer{at: s.Now, err: plain.Line(err.Error())}
		} else if a.Node != nil {
			p.details[q.Node] = a.Node
		}
	case q.Proxy != nil:
		one := p.proxy(proxyKey{q.Proxy.Node, q.Proxy.Service.Namespace + "/" + q.Proxy.Service.Name})
		tried := q.Proxy.Try > 0
		one.trying = one.trying && !tried
		switch {
		case err != nil:
			one.err = plain.Line(err.Error())
		case a.Proxy != nil:
			one.rules, one.err = a.Proxy, ""
			if tried {
				one.tried, one.triedAt = a.Proxy, s.Now
			}
		}
	}
}

func (p *nodes) proxy(key proxyKey) *proxyAnswer {
	if p.proxies[key] == nil {
		p.proxies[key] = &proxyAnswer{}
	}
	return p.proxies[key]
}

func (p *nodes) Keys(s *panel.State) []panel.Binding {
	enter, why := "go into the node", ""
	if p.focus != onTable {
		enter = "open the pod"
	}
	if p.chosen(s) == nil {
		why = "choose a Service with v first"
	}
	return p.bindings(
		panel.Binding{Keys: "enter/→", Does: enter, Short: true},
		panel.Binding{Keys: "←", Does: "back to the table"},
		panel.Binding{Keys: "v", Does: "the next Service as the node sees it, then the node again", Short: true},
		panel.Binding{Keys: "i", Does: fmt.Sprintf("try the Service: %d requests from the node", tries), Why: why, Short: true})
}

func (p *nodes) Key(s *panel.State, key string) (panel.Result, bool) {
	p.sync(s)
	switch key {
	case "v":
		p.next(s)
		return p.ask(s), true
	case "i":
		return p.try(s), true
	case "enter":
		return p.enter(s), true
	case "right":
		return p.goRight(s), true
	case "left", "h":
		p.focus = max(p.focus-1, onTable)
		return panel.Result{}, true
	}
	switch p.focus {
	case onLeft:
		return panel.Result{}, p.left.key(key)
	case onRight:
		return panel.Result{}, p.right.key(key)
	}
	was := p.selected
	if !p.key(key) {
		return panel.Result{}, false
	}
	if p.selected != was {
		return p.moved(s), true
	}
	return panel.Result{}, true
}

// moved is another node being selected.
func (p *nodes) moved(s *panel.State) panel.Result {
	p.left, p.right = document{}, document{}
	return p.ask(s)
}

// next chooses the Service after the one that is shown.
func (p *nodes) next(s *panel.State) {
	all := s.Lab.Services
	i := slices.IndexFunc(all, func(v view.Service) bool { return v.Namespace+"/"+v.Name == p.service }) + 1
	p.service = ""
	if i < len(all) {
		p.service = all[i].Namespace + "/" + all[i].Name
	}
	p.left, p.right, p.focus = document{}, document{}, min(p.focus, onLeft)
}

func (p *nodes) try(s *panel.State) panel.Result {
	v := p.chosen(s)
	n, ok := p.current()
	if v == nil || !ok {
		return panel.Result{Note: "choose a Service with v first"}
	}
	p.proxy(proxyKey{n.Name, p.service}).trying = true
	return panel.Result{Ask: &view.Question{Proxy: &view.ProxyRequest{Node: n.Name, Service: objectOfService(v), Try: tries}}}
}

// enter goes from the table into the node, and from a pod there to its panel.
func (p *nodes) enter(s *panel.State) panel.Result {
	if p.focus == onTable {
		return p.goRight(s)
	}
	id := p.under()
	if name, ok := strings.CutPrefix(id, "pod/"); ok {
		return panel.Result{Open: "pod", With: "pods/" + name}
	}
	return panel.Result{}
}

// goRight goes from the table into the node, and there to the right. Going in asks, if moving has not.
func (p *nodes) goRight(s *panel.State) panel.Result {
	switch {
	case len(p.rows) == 0:
	case p.focus == onTable:
		p.focus = onLeft
		p.detail(s)
		if p.left.on == "" {
			p.left.first()
		}
		if n, _ := p.current(); p.asked != n.Name {
			return p.ask(s)
		}
	case p.focus == onLeft && p.beside && len(p.right.entries) > 0:
		p.focus = onRight
		if p.right.on == "" {
			p.right.first()
		}
	}
	return panel.Result{}
}

// under is what the cursor is on in the detail.
func (p *nodes) under() string {
	if p.focus == onRight {
		return p.right.on
	}
	return p.left.on
}

func (p *nodes) Selected(s *panel.State) string {
	p.sync(s)
	n, ok := p.current()
	switch {
	case !ok:
		return ""
	case p.focus != onTable && p.under() != "":
		return p.under()
	}
	return n.Name
}

func (p *nodes) Explain(s *panel.State) string {
	p.sync(s)
	text := "A node is a machine that runs pods: kubelet takes orders from the API server, containerd starts the containers, and kube-proxy writes the rules that lead Services to pods. "
	if n, ok := p.current(); ok {
		text += fmt.Sprintf("Here %s renewed its Lease %s ago and runs %s, which ask for %s of its %s CPU cores; the scheduler counts what is asked for, not what is used. ",
			plain.Line(n.Name), panel.Ago(s.Now, n.Heartbeat), panel.Plural(n.Pods, "pod"), cores(n.Requested["cpu"]), cores(n.Capacity["cpu"]))
	}
	return text + "When the heartbeats stop, the controller manager marks the node and, after a while, its pods are made anew elsewhere; the node itself may be running on all the time, cut off."
}
