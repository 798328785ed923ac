package check

import (
	"slices"
	"strings"

	"kubelab/core/view"
)

// labAgent is what the engine calls itself when it does for a person what kubectl would do.
const labAgent = "lab"

// tools are what people send requests with, as their user agents begin.
var tools = []string{"kubectl/", "curl/", "Wget", "helm", "k9s"}

// byPerson reports whether a person sent a request, not a component of the cluster or the lab's own stopwatch.
func byPerson(r *view.Request) bool {
	switch {
	case slices.ContainsFunc(tools, func(t string) bool { return strings.HasPrefix(r.Agent, t) }):
		return true
	case r.Agent == labAgent:
		return true
	case strings.HasPrefix(r.Agent, labAgent): // components, the engine, its stopwatch
		return false
	}
	return r.User != "" && !strings.HasPrefix(r.User, "system:")
}
