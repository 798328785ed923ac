package session

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"kubelab/core/view"
	"kubelab/exercises"
)

// ours is what names begin with of what exercises leave behind: keys of taints on nodes, and namespaces.
const ours = "unit-"

// tidy takes away what exercises have left: taints, and what is in namespaces of others. What is in its own is for the setups to say.
func (s *Session) tidy(ctx context.Context, report view.Report, setups []exercises.Setup) error {
	if err := s.untaint(ctx, report); err != nil {
		return err
	}
	for _, namespace := range left(s.Lab.Snapshot(), setups) {
		if err := s.insist(ctx, report, view.Action{Verb: view.Empty, Targets: []string{namespace}}); err != nil {
			return err
		}
	}
	return nil
}

// left are the namespaces of other exercises in which something is.
func left(lab *view.Snapshot, setups []exercises.Setup) (names []string) {
	add := func(namespace string) {
		if strings.HasPrefix(namespace, ours) && !slices.ContainsFunc(setups, func(s exercises.Setup) bool { return slices.Contains(s.Empty, namespace) }) {
			names = append(names, namespace)
		}
	}
	for _, p := range lab.Pods {
		add(p.Namespace)
	}
	for _, w := range lab.Workloads {
		add(w.Namespace)
	}
	for _, one := range lab.Services {
		add(one.Namespace)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// untaint takes taints of exercises off nodes.
func (s *Session) untaint(ctx context.Context, report view.Report) error {
	for _, n := range s.Lab.Snapshot().Nodes {
		manifest, found := withoutOurs(n)
		if !found {
			continue
		}
		if err := s.do(ctx, report, view.Action{Verb: view.Apply, Manifest: manifest}); err != nil {
			return err
		}
	}
	return nil
}

// withoutOurs is the node without taints of exercises, to be applied, and whether it has any.
func withoutOurs(n view.Node) (manifest string, found bool) {
	taints := []map[string]string{}
	for _, text := range n.Taints {
		if strings.HasPrefix(text, ours) {
			found = true
			continue
		}
		what, effect, _ := strings.Cut(text, ":")
		key, value, _ := strings.Cut(what, "=")
		taints = append(taints, map[string]string{"key": key, "value": value, "effect": effect})
	}
	b, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Node", "metadata": map[string]string{"name": n.Name}, "spec": map[string]any{"taints": taints},
	})
	if err != nil {
		panic(err) // these are strings
	}
	return string(b), found
}
