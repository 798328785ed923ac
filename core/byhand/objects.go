package byhand

import (
	"fmt"
	"strings"

	"kubelab/core/target"
	"kubelab/core/view"
)

// object are the lines for what kubectl does to one object.
func (l lab) object(a view.Action) []string {
	if a.Verb == view.Apply {
		return []string{l.tool("kubectl", "apply", "--server-side", "-f", "manifest.yaml"), comment("manifest.yaml is %d lines long", strings.Count(strings.TrimSpace(a.Manifest), "\n")+1)}
	}
	var lines []string
	for _, text := range a.Targets {
		o, err := target.Object(text)
		if err != nil {
			lines = append(lines, comment("%v", err))
			continue
		}
		words := []string{"kubectl", string(a.Verb)}
		if o.Namespace != "" {
			words = append(words, "-n", o.Namespace)
		}
		words = append(words, o.Resource+"/"+o.Name)
		if a.Verb == view.Scale {
			words = append(words, fmt.Sprintf("--replicas=%d", a.Replicas))
		}
		lines = append(lines, l.tool(words...))
	}
	return lines
}

// empty are the lines that delete what a namespace holds.
func (l lab) empty(a view.Action) []string {
	var lines []string
	for _, name := range a.Targets {
		lines = append(lines, l.tool("kubectl", "delete", "deployments,statefulsets,daemonsets,jobs,pods,services,configmaps,secrets", "--all", "--force", "--grace-period=0", "-n", name),
			comment("and so on: kubectl api-resources --namespaced lists what else a namespace may hold"))
	}
	return lines
}
