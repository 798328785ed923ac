package objects

import (
	"fmt"
	"kubelab/tui/widget"
	"strings"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// container is a container of a pod: what the pod's YAML says of it, and what containerd did.
type container struct {
	name, image     string
	ready           string // true or false
	restarts        string
	state, reason   string // running, waiting or terminated
	started, exit   string
	pid             int
	since           string
	known, declared bool // its status is known; it is in the pod's spec
}

// containersOf reads containers out of a pod's YAML as the engine writes it: block style, lists not indented below their name. It reads nothing else, and
// what it cannot read is missing.
func containersOf(yaml string) []*container {
	var list []*container
	find := func(name string) *container {
		for _, c := range list {
			if c.name == name {
				return c
			}
		}
		c := &container{name: name}
		list = append(list, c)
		return c
	}
	var part, section, nested string
	fields := map[string]string{}
	finish := func() {
		if name := fields["name"]; name != "" {
			c := find(name)
			switch part + "." + section {
			case "spec.containers":
				c.image, c.declared = fields["image"], true
			case "status.containerStatuses":
				c.known, c.ready, c.restarts, c.state, c.reason = true, fields["ready"], fields["restartCount"], fields["state"], fields["state.reason"]
				c.started, c.exit = fields["state.startedAt"], fields["state.exitCode"]
			}
		}
		clear(fields)
		nested = ""
	}
	for text := range strings.SplitSeq(yaml, "\n") {
		depth := len(text) - len(strings.TrimLeft(text, " "))
		item := depth == 2 && strings.HasPrefix(text[depth:], "- ")
		if item {
			finish()
			text, depth = "    "+text[4:], 4
		}
		name, value, _ := strings.Cut(strings.TrimSpace(text), ":")
		value = strings.Trim(strings.TrimSpace(value), `"`)
		switch {
		case depth == 0 && text != "":
			finish()
			part, section = name, ""
		case depth == 2:
			finish()
			section = name
		case depth == 4:
			fields[name], nested = value, name
		case depth == 6 && nested == "state":
			fields["state"] = name
		case depth == 8 && nested == "state":
			fields["state."+name] = value
		}
	}
	finish()
	var real []*container
	for _, c := range list {
		if c.declared || c.known {
			real = append(real, c)
		}
	}
	return real
}

// withEvents adds what containerd said lately, oldest first, and containers that only it knows.
func withEvents(list []*container, events []*view.Event) []*container {
	for _, e := range events {
		change := e.Container
		if e.Kind != view.ContainerDone || change == nil || change.Container == "" {
			continue
		}
		var c *container
		for _, one := range list {
			if one.name == change.Container {
				c = one
			}
		}
		if c == nil {
			c = &container{name: change.Container}
			list = append(list, c)
		}
		switch change.Topic {
		case "/tasks/start":
			c.pid, c.since = change.PID, panel.Clock(e.Time)
		case "/tasks/exit":
			c.pid, c.since = 0, panel.Clock(e.Time)
			if !c.known {
				c.state, c.exit = "terminated", fmt.Sprint(change.ExitCode)
			}
		}
	}
	return list
}

// containerLines are the containers as a small table.
func containerLines(s *panel.State, list []*container) []cell {
	names := 9
	for _, c := range list {
		names = max(names, min(widget.Width(c.name), 24))
	}
	lines := []cell{styled("  "+widget.Fit("container", names)+"  "+widget.Fit("state", 26)+"  restarts     PID  image", &s.Theme.Muted)}
	for _, c := range list {
		state, mark := c.state, span{"·", &s.Theme.Muted}
		switch {
		case c.state == "running" && c.ready == "true":
			mark = span{"●", &s.Theme.Good}
		case c.state == "running" && c.known:
			state, mark = "running, not ready", span{"◐", &s.Theme.Warn}
		case c.state == "" && c.pid > 0:
			state, mark = "started "+c.since, span{"●", &s.Theme.Good}
		case c.state == "waiting":
			mark = span{"◐", &s.Theme.Warn}
		case c.state == "terminated" && c.exit == "0":
			mark = span{"○", &s.Theme.Muted}
		case c.state == "terminated":
			mark = span{"✗", &s.Theme.Bad}
		}
		switch {
		case c.reason != "":
			state += ": " + c.reason
		case c.exit != "":
			state += ", exit code " + c.exit
		}
		if state == "" {
			state = "not said yet"
		}
		pid := "-"
		if c.pid > 0 {
			pid = fmt.Sprint(c.pid)
		}
		restarts := c.restarts
		if restarts == "" {
			restarts = "-"
		}
		lines = append(lines, cell{mark, {" " + widget.Fit(plain.Line(c.name), names) + "  ", nil}, {widget.Fit(plain.Line(state), 26), mark.style},
			{fmt.Sprintf("  %8s  %6s  ", restarts, pid), nil}, {plain.Line(c.image), &s.Theme.Muted}})
	}
	return lines
}
