package logs

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"kubelab/core/component"
	"kubelab/core/store"
	"kubelab/core/topology"
	"kubelab/core/view"
)

const (
	engine    = "engine"
	pod       = "pod"
	container = "container"
)

// resolve finds the sources of target, or says what the user may have meant.
func resolve(ctx context.Context, d store.Dir, spec topology.Spec, target string) ([]source, error) {
	part := strings.Split(target, "/")
	switch {
	case target == engine:
		return []source{fileSource(engine, d.EngineLog())}, nil
	case part[0] == pod && len(part) == 3:
		return podSources(ctx, d, part[1], part[2], "")
	case part[0] == container && len(part) == 4:
		return podSources(ctx, d, part[1], part[2], part[3])
	case part[0] == pod:
		return nil, view.Fail(view.Usage, "logs: %q is not a pod: write pod/NAMESPACE/NAME, for example pod/demo/web-abc", target)
	case part[0] == container:
		return nil, view.Fail(view.Usage, "logs: %q is not a container: write container/NAMESPACE/POD/CONTAINER", target)
	}
	m, err := topology.ParseMachine(part[0])
	if err != nil || !spec.Has(m) || len(part) > 2 || len(part) == 2 && !slices.Contains(componentsOf(m), part[1]) {
		return nil, unknown(spec, target)
	}
	if len(part) == 2 {
		return []source{fileSource(part[1], d.Log(m, part[1]))}, nil
	}
	var all []source
	for _, c := range componentsOf(m) {
		// One that was never started has no file; the others are of use all the same.
		if _, err := os.Stat(d.Log(m, c)); !errors.Is(err, fs.ErrNotExist) {
			all = append(all, fileSource(c, d.Log(m, c)))
		}
	}
	if len(all) == 0 {
		return nil, view.Fail(view.Failed, "logs: nothing was ever started on %s: see lab status, start it with lab restart %s", m, m)
	}
	return all, nil
}

func componentsOf(m topology.Machine) []string {
	if m.Kind == topology.Master {
		return component.OfMaster
	}
	return component.OfNode
}

// targets lists everything that has a file.
func targets(spec topology.Spec) []string {
	list := []string{engine}
	for _, m := range spec.Machines() {
		list = append(list, m.Name())
		for _, c := range componentsOf(m) {
			list = append(list, m.Name()+"/"+c)
		}
	}
	return list
}

// unknown is the error about a target that does not exist, with the nearest that do.
func unknown(spec topology.Spec, target string) error {
	if list := near(target, targets(spec)); len(list) > 0 {
		return view.Fail(view.NotFound, "logs: there is no %q: did you mean %s?", target, strings.Join(list, " or "))
	}
	var machines []string
	for _, m := range spec.Machines() {
		machines = append(machines, m.Name())
	}
	return view.Fail(view.NotFound, "logs: there is no %q: use engine, pod/NAMESPACE/NAME, a machine (%s), or one of its components, for example %s/%s",
		target, strings.Join(machines, ", "), spec.Masters[0], component.Etcd)
}

// near are at most three of names that target may have been meant for: those that end with it, such as
// etcd, or else those that the fewest wrong letters make of it.
func near(target string, names []string) []string {
	const wrong, most = 2, 3
	for d := 0; d <= wrong; d++ {
		var list []string
		for _, n := range names {
			if distance(target, n) == d || d == 0 && strings.HasSuffix(n, "/"+target) {
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
