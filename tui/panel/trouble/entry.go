package trouble

import (
	"fmt"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
	"kubelab/tui/widget"
)

// entryStyle is for what an entry says: calm, unless something was refused or broken.
func entryStyle(t *theme.Theme, e *view.Entry) lipgloss.Style {
	switch {
	case e.Record != nil:
		return t.Bad
	case e.Request != nil && e.Request.Refused != "", e.Decision != nil && e.Decision.Node == "", strings.HasPrefix(e.Text, "Warning "):
		return t.Warn
	}
	return t.Text
}

// entryText is what an entry says in a line.
func entryText(e *view.Entry) string {
	text := plain.Line(e.Text)
	switch {
	case e.Request != nil:
		text = strings.TrimPrefix(text, "system:serviceaccount:kube-system:") + ", took " + panel.Brief(e.Request.Took)
	case e.Key != nil:
		text += fmt.Sprintf(", revision %d", e.Key.Revision)
	case e.Record != nil:
		text = fmt.Sprintf("fault %s: %s %s", plain.Line(e.Record.ID), plain.Line(string(e.Record.Kind)), plain.Line(e.Record.What))
		switch e.Kind {
		case view.FaultHealed:
			text += ", over " + plain.Line(e.Record.HealedBy)
		case view.FaultMeasured:
			text += ", measured"
		}
	}
	return text
}

// entryLines are all that is known of an entry.
func entryLines(s *panel.State, e *view.Entry, w int) []string {
	lines := []string{heading(s, entryTitle(e), "", w)}
	add := func(label, format string, args ...any) {
		if text := fmt.Sprintf(format, args...); strings.TrimSpace(text) != "" {
			lines = append(lines, labelled(s, label, s.Theme.Text, text, w)...)
		}
	}
	add("time", "%s, %s after the entry before, seen in %s", panel.Clock(e.Time), panel.Brief(e.After), e.Source)
	if e.Object != nil {
		add("object", "%s", e.Object)
	}
	add("what", "%s", e.Text)
	switch {
	case e.Request != nil:
		lines = append(lines, requestLines(s, *e.Request, w)...)
	case e.Key != nil:
		add("key", "%s", e.Key.Key)
		add("revision", "%d of etcd, version %d of the key, %s", e.Key.Revision, e.Key.Version, panel.Size(int64(e.Key.Size)))
		add("owned by", "%s", objects(e.Key.Owners))
		add("refers to", "%s", objects(e.Key.Refers))
	case e.Decision != nil:
		lines = append(lines, decisionLines(s, *e.Decision, w)...)
	case e.Container != nil:
		add("topic", "%s", e.Container.Topic)
		add("container", "%s %s", e.Container.Container, e.Container.ID)
		if e.Container.PID != 0 {
			add("PID", "%d on the host", e.Container.PID)
		}
		if strings.HasSuffix(e.Container.Topic, "/exit") {
			add("exit code", "%d", e.Container.ExitCode)
		}
	case e.Rule != nil:
		add("Service", "%s", e.Rule.Service)
		add("endpoint", "%s", e.Rule.Endpoint)
	case e.Record != nil:
		add("predicted", "%s", strings.Join(e.Record.Expected, "; "))
	}
	return lines
}

func entryTitle(e *view.Entry) string {
	switch {
	case e.Request != nil:
		return "Request"
	case e.Key != nil:
		return "Key in etcd"
	case e.Decision != nil:
		return "Decision of the scheduler"
	case e.Container != nil:
		return "containerd"
	case e.Rule != nil:
		return "Rule of kube-proxy"
	case e.Record != nil:
		return "Fault"
	}
	return "Event"
}

func objects(list []view.Object) string {
	var names []string
	for _, o := range list {
		names = append(names, o.String())
	}
	return strings.Join(names, ", ")
}

// requestLines are a request's way through its API server: who, what, what admission made of it, and when each stage was over.
func requestLines(s *panel.State, r view.Request, w int) []string {
	var lines []string
	add := func(label string, style lipgloss.Style, text string) {
		if text != "" {
			lines = append(lines, labelled(s, label, style, text, w)...)
		}
	}
	t := s.Theme
	user := r.User
	if user == "" {
		user = "nobody who is known"
	}
	if r.As != "" {
		user += " as " + r.As
	}
	add("user", t.Text, user+", with "+r.Agent+" from "+r.From)
	code := fmt.Sprintf("%d after %s", r.Code, panel.Brief(r.Took))
	if r.Refused != "" {
		add("answer", t.Warn, code+fmt.Sprintf(", refused by %s: %s", r.Refused, r.Why))
	} else {
		add("answer", t.Text, code)
	}
	for i, m := range r.Mutations {
		label := "admission"
		if i > 0 {
			label = ""
		}
		add(label, t.Text, "set "+m)
	}
	for i, stage := range r.Stages {
		label := "stages"
		if i > 0 {
			label = ""
		}
		share := 0.0
		if r.Took > 0 {
			share = float64(stage.At) / float64(r.Took)
		}
		lines = append(lines, t.Muted.Render(widget.Fit(label, 11))+t.Text.Render(widget.FitLeft(panel.Brief(stage.At), 9))+"  "+
			widget.Bar(share, max(min(w/5, 24), 1), t.Accent, t.Border)+"  "+t.Text.Render(plain.Line(stage.Name)))
	}
	if len(r.Stages) > 0 {
		lines = append(lines, t.Muted.Render(widget.Fit("", 11))+t.Text.Render(widget.FitLeft(panel.Brief(r.Took), 9))+"  "+
			widget.Bar(1, max(min(w/5, 24), 1), t.Accent, t.Border)+"  "+t.Text.Render("answered"))
	}
	return lines
}

// decisionLines are what the scheduler thought of each node, the best first.
func decisionLines(s *panel.State, d view.Decision, w int) []string {
	t := s.Theme
	at := fmt.Sprintf("attempt %d, took %s on %s", d.Attempt, panel.Brief(d.Took), d.Master)
	if d.Node != "" {
		at = d.Node + ", " + at
	} else {
		at = "no node, " + at + ": " + d.Why
	}
	lines := labelled(s, "goes to", t.Text, at, w)
	nodes := slices.Clone(d.Nodes)
	slices.SortStableFunc(nodes, func(a, b view.Verdict) int { return int(b.Total - a.Total) })
	for _, n := range nodes {
		if n.Fits {
			lines = append(lines, labelled(s, plain.Line(n.Node), t.Good, "● fits"+score(n), w)...)
		} else {
			lines = append(lines, labelled(s, plain.Line(n.Node), t.Bad, "✗ "+n.Rejected+": "+n.Why, w)...)
		}
	}
	return lines
}

func score(n view.Verdict) string {
	if n.Total == 0 {
		return ""
	}
	names := make([]string, 0, len(n.Scores))
	for name, v := range n.Scores {
		if v != 0 {
			names = append(names, fmt.Sprintf("%s %d", name, v))
		}
	}
	slices.Sort(names)
	return fmt.Sprintf(", %d points: %s", n.Total, strings.Join(names, ", "))
}
