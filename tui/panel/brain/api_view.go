package brain

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
	"kubelab/tui/widget"
)

func (a *API) View(s *panel.State, w, h int) string {
	p := &page{w: w, h: h}
	if a.open != nil {
		a.drawOne(p, s)
		return p.String()
	}
	a.sync(s)
	// The two sparklines share what the figures leave.
	cells := min(max((w-51)/2, 0), 60)
	st := take(s, cells)
	a.drawServers(p, s, st, cells)
	switch {
	case h >= 30 && w >= 70:
		drawCounts(p, s, st)
	case h >= 16:
		drawCountsShort(p, s, st)
	}
	if p.left() >= 2 {
		p.add(heading(s.Theme, w, "Requests", a.requests.note(a.shown())))
	}
	if len(a.requests.events) == 0 {
		p.prose(s.Theme.Muted, "No request of this kind is remembered. Requests come from everybody, all the time; a shows reads and heartbeats as well.")
		return p.String()
	}
	p.list(s, &a.requests.list, p.left(), true, func(i int) []string { return requestCells(s, a.requests.events[i]) })
	return p.String()
}

// shown says which requests are.
func (a *API) shown() string {
	var parts []string
	switch {
	case a.writes && a.refused:
		parts = append(parts, "only refused writes")
	case a.writes:
		parts = append(parts, "only writes")
	case a.refused:
		parts = append(parts, "only refused")
	}
	switch {
	case a.all:
		parts = append(parts, "heartbeats too")
	case !a.refused:
		parts = append(parts, "reads and heartbeats hidden")
	}
	if a.filter != "" {
		parts = append(parts, "only "+strconv.Quote(a.filter))
	}
	return strings.Join(parts, ", ")
}

// drawServers is a line for each API server.
func (a *API) drawServers(p *page, s *panel.State, st *stats, cells int) {
	t := s.Theme
	cells = min(cells, int(window/st.step))
	last := "last 60 s"
	if cells < len(last) {
		last = ""
	}
	row := func(name, rate, rates, median, medians, p99, refused string) {
		line := widget.Fit(name, 13) + " " + widget.FitLeft(rate, 6) + " "
		if cells > 3 {
			line += widget.Fit(rates, cells) + " "
		}
		line += widget.FitLeft(median, 8) + " "
		if cells > 3 {
			line += widget.Fit(medians, cells) + " "
		}
		p.add(line + widget.FitLeft(p99, 8) + " " + widget.FitLeft(refused, 8))
	}
	m := t.Muted.Render
	row(m("  server"), m("per s"), m(last), m("median"), m(last), m("p99"), m("refused"))
	if len(s.Lab.Masters) == 0 {
		p.add(m("no API server yet: each master has one, behind the load balancer"))
	}
	for _, master := range s.Lab.Masters {
		one := st.servers[master.Name]
		sign := t.Component(master.Components[component.APIServer])
		median, p99, refused := m("-"), m("-"), m("0")
		if len(one.took) > 0 {
			median, p99 = panel.Brief(one.median), panel.Brief(one.p99)
		}
		if one.refused > 0 {
			refused = t.Warn.Render(strconv.Itoa(one.refused))
		}
		rates, medians := t.Accent.Render(spark(one.rates, st.top.rate)), t.Accent.Render(spark(one.medians, st.top.median))
		if sign.Word != "running" {
			rates = sign.Style.Render(sign.Word)
		}
		row(sign.String()+" "+plain.Line(master.Name), fmt.Sprintf("%.1f", one.rate), rates, median, medians, p99, refused)
	}
}

// span says how far back the counts go.
func span(st *stats) string {
	if st.known < window {
		return fmt.Sprintf("of the last %d requests, %d s", st.total, int(st.known/time.Second))
	}
	return fmt.Sprintf("of %s in the last 60 s", panel.Plural(st.total, "request"))
}

// layers are all that can refuse, from the outside to the inside.
var layers = []view.Layer{view.Authentication, view.Authorization, view.Overload, view.Admission, view.Validation, view.Storage}

// drawCounts is who asks, beside who refuses.
func drawCounts(p *page, s *panel.State, st *stats) {
	t := s.Theme
	right := 34
	left := p.w - right - 2
	p.add(heading(t, left, "Clients", span(st)) + "  " + heading(t, right, "Refused by", ""))
	for i, layer := range layers {
		client := ""
		if i < len(st.clients) {
			c := st.clients[i]
			bar := max(c.n*min(max(left-36, 0), 24)/st.clients[0].n, 1)
			client = widget.FitLeft(strconv.Itoa(c.n), 5) + " " + widget.Fit(plain.Line(who(c.name)), 28) + " " + t.Accent.Render(strings.Repeat("━", bar))
		}
		p.add(widget.Fit(client, left) + "  " + widget.Fit(refusals(t, string(layer), st.refused[layer]), right))
	}
}

func refusals(t *theme.Theme, layer string, n int) string {
	if n == 0 {
		return widget.FitLeft(t.Muted.Render("0"), 5) + " " + t.Muted.Render(layer)
	}
	return widget.FitLeft(t.Warn.Render(strconv.Itoa(n)), 5) + " " + layer
}

// drawCountsShort is the same in two lines.
func drawCountsShort(p *page, s *panel.State, st *stats) {
	t := s.Theme
	var clients, refused []string
	for i, c := range st.clients {
		text := fmt.Sprintf("%s %d", plain.Line(who(c.name)), c.n)
		if i > 0 && len(strings.Join(clients, " · "))+len(text) > p.w-20 {
			clients = append(clients, t.Muted.Render(fmt.Sprintf("%d more", len(st.clients)-i)))
			break
		}
		clients = append(clients, text)
	}
	for _, layer := range layers {
		if n := st.refused[layer]; n > 0 {
			refused = append(refused, fmt.Sprintf("%s %d", layer, n))
		}
	}
	if len(refused) == 0 {
		refused = []string{t.Muted.Render("none in the last 60 s")}
	}
	p.add(t.Muted.Render("clients    ")+strings.Join(clients, " · "), t.Muted.Render("refused by ")+strings.Join(refused, " · "))
}

func requestCells(s *panel.State, e *view.Event) []string {
	t, r := s.Theme, e.Request
	took := panel.Brief(r.Took)
	if r.Long {
		took = t.Muted.Render("open")
	}
	return []string{when(s, e.Time), plain.Line(r.Server), code(t, r), took, verb(t, r), object(t, r), plain.Line(who(r.User))}
}

// verb is what a request does: what changes something stands out.
func verb(t *theme.Theme, r *view.Request) string {
	switch {
	case r.Verb == "delete" || r.Verb == "deletecollection":
		return t.Bad.Render(r.Verb)
	case r.Write():
		return t.Accent.Render(r.Verb)
	}
	return show(t.Muted, r.Verb)
}

// code is a request's status, with a sign where it was refused.
func code(t *theme.Theme, r *view.Request) string {
	switch {
	case r.Code >= 500:
		return t.Bad.Render("✗ " + strconv.Itoa(r.Code))
	case r.Refused != "" || r.Code >= 400:
		return t.Warn.Render("✗ " + strconv.Itoa(r.Code))
	}
	return t.Good.Render(strconv.Itoa(r.Code))
}

// object is what a request is about, in its namespace's colour.
func object(t *theme.Theme, r *view.Request) string {
	if r.Object.Resource == "" {
		return t.Muted.Render(plain.Line(r.Path))
	}
	o, text := r.Object, ""
	switch {
	case o.Namespace == "" && o.Name == "":
		text = show(t.Muted, o.Resource)
	case o.Namespace == "":
		text = show(t.Muted, o.Resource+"/") + plain.Line(o.Name)
	case o.Name == "":
		text = show(t.Muted, o.Resource+"/") + show(t.Namespace(o.Namespace), o.Namespace)
	default:
		text = show(t.Muted, o.Resource+"/") + show(t.Namespace(o.Namespace), o.Namespace+"/") + plain.Line(o.Name)
	}
	if r.Sub != "" {
		text += t.Muted.Render(" (" + plain.Line(r.Sub) + ")")
	}
	return text
}
