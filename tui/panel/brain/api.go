package brain

import (
	"fmt"
	"strings"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// API shows the API servers by their requests.
type API struct {
	requests stream
	filter   string
	writes   bool // only those that change something
	refused  bool // only those that were refused
	all      bool // reads and heartbeats too

	open *view.Event // the request that is shown alone
	top  int         // first line of it
}

// NewAPI makes the panel.
func NewAPI() *API {
	return &API{requests: stream{list: list{cols: []column{
		{title: "time", width: 12}, {title: "server", width: 9, from: 90}, {title: "code", width: 6, right: true}, {title: "took", width: 8, right: true},
		{title: "verb", width: 6}, {title: "object", width: 16, share: 3}, {title: "user", width: 13, share: 1, from: 66},
	}}}}
}

func (*API) Name() string { return "api" }

func (a *API) Title(s *panel.State) string {
	return fmt.Sprintf("API servers · %.1f requests/s", rate(s, s.Events[view.Requested], isRequest))
}

func isRequest(e *view.Event) bool { return e.Request != nil }

// heartbeat reports whether a request only says that somebody is alive.
func heartbeat(r *view.Request) bool { return r.Object.Routine() }

// reading reports whether a request only looks.
func reading(r *view.Request) bool {
	return r.Verb == "get" || r.Verb == "list" || r.Verb == "watch" || r.Verb == "head"
}

// wants reports whether a request is shown. What was refused is shown whatever it was if that is asked for.
func (a *API) wants(e *view.Event) bool {
	r := e.Request
	switch {
	case r == nil, a.writes && !r.Write(), a.refused && r.Refused == "":
		return false
	case !a.all && !a.refused && (reading(r) || heartbeat(r)):
		return false
	}
	return a.filter == "" || panel.Matches(a.filter, r.Server, r.Verb, r.User, what(r), string(r.Refused), fmt.Sprint(r.Code))
}

func (a *API) sync(s *panel.State) { a.requests.take(s.Events[view.Requested], a.wants) }

// what is the object of a request as one word, or its path.
func what(r *view.Request) string {
	if r.Object.Resource == "" {
		return r.Path
	}
	text := strings.TrimSuffix(r.Object.String(), "/")
	if r.Sub != "" {
		text += " (" + r.Sub + ")"
	}
	return text
}

func (a *API) Keys(*panel.State) []panel.Binding {
	toggle := func(on bool, yes, no string) string {
		if on {
			return no
		}
		return yes
	}
	if a.open != nil {
		return []panel.Binding{{Keys: "backspace", Does: "back to all requests", Short: true}}
	}
	return []panel.Binding{
		{Keys: "enter", Does: "the request's way", Short: true}, {Keys: "w", Does: toggle(a.writes, "only writes", "not only writes"), Short: true},
		{Keys: "f", Does: toggle(a.refused, "only what was refused", "not only what was refused"), Short: true},
		{Keys: "a", Does: toggle(a.all, "reads and heartbeats too", "hide reads and heartbeats"), Short: true}, {Keys: "g", Does: "follow the newest request"},
	}
}

func (a *API) Key(s *panel.State, key string) (panel.Result, bool) {
	if a.open != nil {
		switch key {
		case "backspace", "enter", "left", "h":
			a.Back()
		case "up", "k":
			a.top = max(a.top-1, 0)
		case "down", "j":
			a.top++
		default:
			return panel.Result{}, false
		}
		return panel.Result{}, true
	}
	a.sync(s)
	switch key {
	case "w":
		a.writes = !a.writes
	case "f":
		a.refused = !a.refused
	case "a":
		a.all = !a.all
	case "enter":
		if e := a.requests.selected(); e != nil {
			kept := *e
			a.open, a.top = &kept, 0
		}
	default:
		handled := a.requests.table.Key(key, a.requests.h-2)
		a.requests.moved()
		return panel.Result{}, handled
	}
	return panel.Result{}, true
}

func (a *API) Click(s *panel.State, x, y int) panel.Result {
	if a.open == nil {
		a.sync(s)
		a.requests.click(x, y)
		a.requests.moved()
	}
	return panel.Result{}
}

func (a *API) Wheel(s *panel.State, lines int) {
	if a.open != nil {
		a.top = max(a.top+lines, 0)
		return
	}
	a.sync(s)
	a.requests.table.Move(lines)
	a.requests.moved()
}

func (*API) Answered(*panel.State, view.Question, view.Answer, error) {}

// Selected is the server of the request.
func (a *API) Selected(s *panel.State) string {
	e := a.open
	if e == nil {
		a.sync(s)
		e = a.requests.selected()
	}
	if e == nil {
		return ""
	}
	return e.Request.Server + "/" + component.APIServer
}

func (a *API) Filter(text string) { a.filter = text }
func (a *API) Filtered() string   { return a.filter }

// Back leaves the request.
func (a *API) Back() bool {
	was := a.open != nil
	a.open = nil
	return was
}

func (a *API) Explain(s *panel.State) string {
	e := a.open
	if e == nil {
		a.sync(s)
		e = a.requests.selected()
	}
	text := "Everything in Kubernetes talks to the API servers and to nothing else: people, controllers, schedulers and kubelets read and write " +
		"objects there, and only the API servers talk to etcd. "
	if e == nil {
		return text + "Each request passes authentication, authorization, admission and validation before it is stored. " +
			"No request is shown at the moment; a shows reads and heartbeats as well."
	}
	r := e.Request
	end := fmt.Sprintf("It was answered with %d after %s.", r.Code, panel.Brief(r.Took))
	if r.Refused != "" {
		end = fmt.Sprintf("%s refused it with %d: %s.", r.Refused, r.Code, strings.TrimSuffix(plain.Line(r.Why), "."))
	}
	return plain.Line(text + fmt.Sprintf("Here %s asked %s to %s %s. ", who(r.User), r.Server, r.Verb, what(r)) + end)
}
