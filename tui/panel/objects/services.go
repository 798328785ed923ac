package objects

import (
	"fmt"
	"kubelab/tui/widget"
	"strings"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// services is the table of Services, with the endpoints of the selected one below.
type services struct {
	grid[*view.Service]
}

func newServices() *services {
	p := &services{}
	p.id = serviceName
	p.words = func(v *view.Service) []string {
		words := []string{v.Namespace, v.Name, v.Type, v.IP, strings.Join(v.Ports, " ")}
		for _, e := range v.Endpoints {
			words = append(words, e.Pod, e.Address)
		}
		return words
	}
	p.columns = []column[*view.Service]{
		{title: "namespace", min: 6, measure: func(v *view.Service) int { return widget.Width(v.Namespace) }, drop: 1,
			cell:    func(s *panel.State, v *view.Service) cell { return namespaced(s, v.Namespace) },
			compare: by(func(v *view.Service) string { return v.Namespace })},
		{title: "name", min: 10, width: 12, measure: func(v *view.Service) int { return widget.Width(v.Name) },
			cell:    func(_ *panel.State, v *view.Service) cell { return words(plain.Line(v.Name)) },
			compare: by(func(v *view.Service) string { return v.Name })},
		{title: "type", width: 9, drop: 4, cell: func(s *panel.State, v *view.Service) cell { return styled(plain.Line(v.Type), &s.Theme.Muted) },
			compare: by(func(v *view.Service) string { return v.Type })},
		{title: "address", width: 13, drop: 3, cell: func(s *panel.State, v *view.Service) cell { return orDash(s, v.IP) },
			compare: by(func(v *view.Service) string { return v.IP })},
		{title: "ports", min: 6, width: 7, measure: func(v *view.Service) int { return min(widget.Width(strings.Join(v.Ports, " ")), 24) }, drop: 2,
			cell: func(s *panel.State, v *view.Service) cell { return orDash(s, strings.Join(v.Ports, " ")) }},
		{title: "ready", width: 12, cell: endpointsCell,
			compare: by(func(v *view.Service) float64 { return float64(readyOf(v)) / float64(max(len(v.Endpoints), 1)) })},
		{title: "pods", min: 24, width: 24, drop: 5, fill: true, cell: endpointPods},
	}
	return p
}

func serviceName(v *view.Service) string { return "services/" + v.Namespace + "/" + v.Name }

func readyOf(v *view.Service) int {
	n := 0
	for _, e := range v.Endpoints {
		if e.Ready {
			n++
		}
	}
	return n
}

// endpointsCell is how many of a Service's endpoints get connections.
func endpointsCell(s *panel.State, v *view.Service) cell {
	ready, all := readyOf(v), len(v.Endpoints)
	style := &s.Theme.Good
	switch {
	case ready == 0:
		return styled(fmt.Sprintf("✗ %d/%d", ready, all), &s.Theme.Bad)
	case ready < all:
		style = &s.Theme.Warn
	}
	return append(bar(float64(ready)/float64(all), 6, style, &s.Theme.Muted), span{fmt.Sprintf(" %d/%d", ready, all), style})
}

// endpointPods are the pods behind a Service; where there is none, its addresses.
func endpointPods(s *panel.State, v *view.Service) cell {
	var c cell
	for i, e := range v.Endpoints {
		name := e.Pod
		if name == "" {
			name = e.Address
		}
		if i > 0 {
			c = append(c, span{"  ", nil})
		}
		if c = append(c, readyMark(s, e.Ready), span{" " + plain.Line(name), nil}); i == 8 {
			break
		}
	}
	if c == nil {
		return styled("nobody answers here", &s.Theme.Muted)
	}
	return c
}

func readyMark(s *panel.State, ready bool) span {
	if ready {
		return span{"●", &s.Theme.Good}
	}
	return span{"○", &s.Theme.Warn}
}

func (*services) Name() string { return "services" }

func (*services) Title(*panel.State) string { return "Services" }

func (p *services) sync(s *panel.State) {
	p.set(stamp{s.Lab, s.Lab.Revision, len(s.Lab.Services)}, func() []*view.Service {
		rows := make([]*view.Service, len(s.Lab.Services))
		for i := range rows {
			rows[i] = &s.Lab.Services[i]
		}
		return rows
	})
}

func (p *services) Keys(*panel.State) []panel.Binding {
	return p.bindings(panel.Binding{Keys: "enter", Does: "tell its story", Short: true})
}

func (p *services) Key(s *panel.State, key string) (panel.Result, bool) {
	p.sync(s)
	if key == "enter" {
		return p.open(), true
	}
	return panel.Result{}, p.key(key)
}

func (p *services) open() panel.Result {
	if v, ok := p.current(); ok {
		return panel.Result{Open: "story", With: serviceName(v)}
	}
	return panel.Result{}
}

func (p *services) Click(s *panel.State, x, y int) panel.Result {
	p.sync(s)
	if p.click(x, y) {
		return p.open()
	}
	return panel.Result{}
}

func (*services) Answered(*panel.State, view.Question, view.Answer, error) {}

func (p *services) Selected(s *panel.State) string {
	p.sync(s)
	if v, ok := p.current(); ok {
		return serviceName(v)
	}
	return ""
}

func (p *services) View(s *panel.State, w, h int) string {
	p.sync(s)
	return footed(s, w, h, func() string { return p.status("Service") + " · ready: endpoints that get connections, of all" }, []string{objectsSource}, func(h int) []string {
		v, ok := p.current()
		if !ok {
			return under(s, p.view(s, w, h, true), w, h, p.filter, len(p.all), "There are no Services. One is an address that stays while pods come and go: "+
				"kubectl expose deployment web --port 80 makes one, and kube-proxy on every node leads connections from it to pods that are ready.")
		}
		if h < 12 {
			return p.view(s, w, h, true)
		}
		// The table keeps its height while one moves through it.
		most := min(len(p.rows)+1, max(h/2, 6))
		return append(p.view(s, w, most, true), p.endpoints(s, v, w, h-most)...)
	})
}

// endpoints are those of one Service, a line each.
func (p *services) endpoints(s *panel.State, v *view.Service, w, h int) []string {
	lines := []string{strings.Repeat(" ", w), ruler(s, w, "endpoints of "+plain.Line(v.Namespace)+"/"+plain.Line(v.Name), "● ready  ○ not")}
	if len(v.Endpoints) == 0 {
		return append(lines, empty(s, w, h-2, "None: no pod has the labels that the Service selects, or none has an address yet. A connection to "+v.IP+" is refused.")...)
	}
	for i, e := range v.Endpoints {
		if len(lines) == h-1 && i < len(v.Endpoints)-1 {
			return append(lines, line(s, styled(fmt.Sprintf("and %d more", len(v.Endpoints)-i), &s.Theme.Muted), w, false))
		}
		word := "ready"
		if !e.Ready {
			word = "not ready"
		}
		mark := readyMark(s, e.Ready)
		c := cell{mark, {fmt.Sprintf(" %-9s  %-15s  ", word, plain.Line(e.Address)), mark.style}, {widget.Fit(plain.Line(e.Node), 9) + "  ", nil}}
		lines = append(lines, line(s, append(c, orDash(s, e.Pod)...), w, false))
	}
	return lines
}

func (p *services) Explain(s *panel.State) string {
	p.sync(s)
	text := "A Service is one address and name for a changing set of pods; nothing listens there, it exists only as rules in every node's kernel, which kube-proxy writes. "
	v, ok := p.current()
	if !ok {
		return text + "Its endpoints are the pods with the labels that it selects. There is none at the moment."
	}
	return text + fmt.Sprintf("Here a connection to %s of %s/%s goes to one of the %s that are ready, of %d, chosen at random. Make a pod fail its readiness probe and it stays where it is but is led to no longer.",
		plain.Line(v.IP), plain.Line(v.Namespace), plain.Line(v.Name), panel.Plural(readyOf(v), "endpoint"), len(v.Endpoints))
}
