package brain

import (
	"fmt"
	"strings"
	"time"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
	"kubelab/tui/widget"
)

// leadsTo says what an API server does up to a stage of a request.
var leadsTo = map[string]string{
	"admission begins":        "authentication, authorization, priority and fairness, decoding",
	"admission has mutated":   "admission plugins fill in and change fields",
	"admission has validated": "validation, then admission plugins that may only say no",
}

// drawOne shows one request on its way through an API server.
func (a *API) drawOne(p *page, s *panel.State) {
	t, e := s.Theme, a.open
	r := e.Request
	p.add(code(t, r) + "  " + show(t.Title, r.Verb) + " " + object(t, r))
	if p.left() > 0 {
		p.add(t.Muted.Render("backspace goes back to all requests"))
	}
	body := &page{w: p.w, h: 1 << 10}
	if r.Refused != "" {
		why := r.Why
		if why == "" {
			why = "it gave no reason"
		}
		body.prose(t.Bad, fmt.Sprintf("✗ refused by %s: %s", r.Refused, why))
	}
	stages(body, t, r)
	field := func(name, value string) {
		if value == "" {
			return
		}
		for i, line := range widget.Wrap(plain.Line(value), max(p.w-12, 8)) {
			if i > 0 {
				name = ""
			}
			body.add(t.Muted.Render(widget.Fit(name, 11)) + " " + line)
		}
	}
	body.add(heading(t, p.w, "Who", ""))
	user := r.User
	if user == "" {
		user = "nobody known: it was not authenticated"
	}
	field("user", user)
	field("as", r.As)
	field("groups", strings.Join(r.Groups, ", "))
	field("agent", r.Agent)
	field("from", r.From)
	field("server", r.Server)
	field("received", panel.Clock(r.Began))
	field("audit id", r.ID)
	if len(r.Mutations) > 0 {
		body.add(heading(t, p.w, "What admission changed", ""))
		for _, m := range r.Mutations {
			name, value, ok := strings.Cut(plain.Line(m), " = ")
			if !ok {
				body.add("  " + plain.Line(m))
				continue
			}
			body.add("  " + t.Accent.Render(name) + t.Muted.Render(" = ") + value)
		}
	} else if r.Write() {
		body.add(t.Muted.Render("Admission changed nothing that is known."))
	}
	a.top = min(a.top, max(len(body.lines)-p.left(), 0))
	end := min(a.top+p.left(), len(body.lines))
	p.add(body.lines[a.top:end]...)
}

// stages is the way from the request to the response, each with the time that it took.
func stages(p *page, t *theme.Theme, r *view.Request) {
	list := []view.Stage{{Name: "received"}}
	list = append(list, r.Stages...)
	last := fmt.Sprintf("response %d", r.Code)
	if r.Long {
		last = "open until"
	}
	list = append(list, view.Stage{Name: last, At: r.Took})
	p.add(heading(t, p.w, "Its way", "took "+panel.Brief(r.Took)))
	bar := min(max(p.w-60, 0), 24)
	for i, stage := range list {
		if i == 0 {
			p.add(ms(0) + "  " + plain.Line(stage.Name))
			continue
		}
		step := max(stage.At-list[i-1].At, 0)
		meanwhile := leadsTo[stage.Name]
		if i == len(list)-1 {
			meanwhile = lastStep(r)
		}
		line := ms(stage.At) + "  " + widget.Fit(plain.Line(stage.Name), 24) + " "
		if bar > 0 && r.Took > 0 {
			line += widget.Bar(float64(step)/float64(r.Took), bar, t.Accent, t.Border) + " "
		}
		p.add(line+t.Muted.Render(widget.FitLeft("+"+strings.TrimSpace(ms(step)), 11)), "             "+t.Muted.Render("└ "+meanwhile))
	}
}

// lastStep is what is done between the last stage that is known and the response.
func lastStep(r *view.Request) string {
	switch {
	case r.Refused != "":
		return "it was refused by " + string(r.Refused)
	case r.Long:
		return "changes are sent as they come"
	case len(r.Stages) > 0:
		return "written to etcd, which answers once a majority has it; the response is encoded"
	case r.Write():
		return "everything: no stages of admission are known"
	case r.Object.Resource == "":
		return "everything: this is no object, there is no admission"
	}
	return "everything: reads are not admitted, they come out of the cache or from etcd"
}

func ms(d time.Duration) string { return fmt.Sprintf("%8.2f ms", float64(d)/1e6) }
