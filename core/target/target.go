// Package target reads what people call the parts of a lab: master-1, node-2/kubelet, pod/demo/web-abc. It knows
// names only; whether a pod exists is for the API server to say.
//
// The main type is Target.
package target

import (
	"slices"
	"strings"

	"kubelab/core/component"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// Target is one part of a lab: a machine, a component of one, a pod, or a container of one.
type Target struct {
	Machine   topology.Machine // zero for pods and containers
	Component string           // empty for the machine itself
	Namespace string           // of a pod or container, with what follows
	Pod       string
	Container string // empty for the whole pod
}

// String is the target as people write it.
func (t Target) String() string {
	switch {
	case t.Container != "":
		return strings.Join([]string{container, t.Namespace, t.Pod, t.Container}, "/")
	case t.Pod != "":
		return strings.Join([]string{pod, t.Namespace, t.Pod}, "/")
	case t.Component != "":
		return t.Machine.Name() + "/" + t.Component
	}
	return t.Machine.Name()
}

// Kind says what sort of thing the target is: master, node, pod, container or the component's name.
func (t Target) Kind() string {
	switch {
	case t.Container != "":
		return container
	case t.Pod != "":
		return pod
	case t.Component != "":
		return t.Component
	}
	return string(t.Machine.Kind)
}

const (
	pod       = "pod"
	container = "container"
)

// Parse reads a target of the lab. An unknown one is an error that lists the names near to it.
func Parse(s topology.Spec, text string) (Target, error) {
	part := strings.Split(text, "/")
	switch {
	case part[0] == pod && len(part) == 3 && !slices.Contains(part, ""):
		return Target{Namespace: part[1], Pod: part[2]}, nil
	case part[0] == container && len(part) == 4 && !slices.Contains(part, ""):
		return Target{Namespace: part[1], Pod: part[2], Container: part[3]}, nil
	case part[0] == pod:
		return Target{}, view.Fail(view.Usage, "%q is not a pod: write pod/NAMESPACE/NAME, for example pod/demo/web-abc", text)
	case part[0] == container:
		return Target{}, view.Fail(view.Usage, "%q is not a container: write container/NAMESPACE/POD/CONTAINER", text)
	}
	m, err := topology.ParseMachine(part[0])
	switch {
	case err != nil || !s.Has(m) || len(part) > 2:
		return Target{}, unknown(s, text)
	case len(part) == 1:
		return Target{Machine: m}, nil
	case !slices.Contains(Components(m), part[1]):
		return Target{}, unknown(s, text)
	}
	return Target{Machine: m, Component: part[1]}, nil
}

// Machine reads the name of one of the lab's machines.
func Machine(s topology.Spec, text string) (topology.Machine, error) {
	m, err := topology.ParseMachine(text)
	if err == nil && s.Has(m) {
		return m, nil
	}
	names := machines(s)
	if list := Near(text, names); len(list) > 0 {
		return m, view.Fail(view.NotFound, "there is no machine %q: did you mean %s?", text, strings.Join(list, " or "))
	}
	return m, view.Fail(view.NotFound, "there is no machine %q: there is %s", text, strings.Join(names, ", "))
}

// Components are those of the machine, in the order in which they start.
func Components(m topology.Machine) []string {
	if m.Kind == topology.Master {
		return component.OfMaster
	}
	return component.OfNode
}

// All lists the lab's machines and components.
func All(s topology.Spec) []string {
	var list []string
	for _, m := range s.Machines() {
		list = append(list, m.Name())
		for _, c := range Components(m) {
			list = append(list, m.Name()+"/"+c)
		}
	}
	return list
}

func machines(s topology.Spec) []string {
	var names []string
	for _, m := range s.Machines() {
		names = append(names, m.Name())
	}
	return names
}

// unknown is the error about a target that does not exist, with the nearest that do.
func unknown(s topology.Spec, text string) error {
	if list := Near(text, All(s)); len(list) > 0 {
		return view.Fail(view.NotFound, "there is no %q: did you mean %s?", text, strings.Join(list, " or "))
	}
	return view.Fail(view.NotFound, "there is no %q: use a machine (%s), one of its components, for example %s/%s, or pod/NAMESPACE/NAME",
		text, strings.Join(machines(s), ", "), s.Masters[0], component.Etcd)
}

// Near are at most three of names that text may have been meant for: those that end with it, such as etcd, or
// else those that the fewest wrong letters make of it.
func Near(text string, names []string) []string {
	const wrong, most = 2, 3
	for d := 0; d <= wrong; d++ {
		var list []string
		for _, n := range names {
			if distance(text, n) == d || d == 0 && strings.HasSuffix(n, "/"+text) {
				list = append(list, n)
			}
		}
		if len(list) > 0 {
			return list[:min(most, len(list))]
		}
	}
	return nil
}

// distance is how many letters have to be changed, added or removed to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
