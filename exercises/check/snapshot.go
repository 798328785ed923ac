package check

import (
	"path"
	"strings"

	"github.com/google/cel-go/common/types/ref"

	"kubelab/core/view"
	"kubelab/exercises/expr"
)

// ofSnapshot makes a form of a function that looks something up in a Snapshot by a name.
func ofSnapshot(param string, result *expr.Type, call func(*view.Snapshot, string) any) []expr.Form {
	return []expr.Form{{
		Params: []expr.Param{{Name: param, Type: expr.String}}, Result: result,
		Call: func(args []ref.Val) any { return call(args[0].Value().(*view.Snapshot), expr.Text(args[1])) },
	}}
}

// named is a name without the kind in front of it: demo/web-abc of pod/demo/web-abc, and of what is in such a pod.
func named(text string) string {
	parts := strings.Split(text, "/")
	switch {
	case len(parts) == 4:
		return parts[1] + "/" + parts[2] // container/NAMESPACE/POD/CONTAINER
	case len(parts) == 3:
		return parts[1] + "/" + parts[2]
	}
	return text
}

// byName are the items of a list whose name fits a pattern with stars.
func byName[T any](list []T, pattern string, name func(*T) string) ([]*T, error) {
	found := []*T{}
	for i := range list {
		ok, err := path.Match(pattern, name(&list[i]))
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, &list[i])
		}
	}
	return found, nil
}

// first is the first item whose name fits, and one without any content when there is none.
func first[T any](list []T, pattern string, name func(*T) string) any {
	found, err := byName(list, pattern, name)
	switch {
	case err != nil:
		return err
	case len(found) == 0:
		return new(T)
	}
	return found[0]
}

func podName(p *view.Pod) string           { return p.Namespace + "/" + p.Name }
func workloadName(w *view.Workload) string { return w.Namespace + "/" + w.Name }
func serviceName(s *view.Service) string   { return s.Namespace + "/" + s.Name }
