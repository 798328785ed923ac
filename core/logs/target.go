package logs

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"kubelab/core/store"
	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
)

const engine = "engine"

// resolve finds the sources of what is named, or says what the user may have meant.
func resolve(ctx context.Context, d store.Dir, spec topology.Spec, name string) ([]source, error) {
	if name == engine {
		return []source{fileSource(engine, d.EngineLog())}, nil
	}
	t, err := target.Parse(spec, name)
	switch {
	case err != nil:
		if len(target.Near(name, []string{engine})) > 0 {
			err = view.Fail(view.NotFound, "there is no %q: did you mean %s?", name, engine)
		}
		return nil, view.Fail(view.CodeOf(err), "logs: %w", err)
	case t.Pod != "":
		return podSources(ctx, d, t.Namespace, t.Pod, t.Container)
	case t.Component != "":
		return []source{fileSource(t.Component, d.Log(t.Machine, t.Component))}, nil
	}
	var all []source
	for _, c := range target.Components(t.Machine) {
		// One that was never started has no file; the others are of use all the same.
		if _, err := os.Stat(d.Log(t.Machine, c)); !errors.Is(err, fs.ErrNotExist) {
			all = append(all, fileSource(c, d.Log(t.Machine, c)))
		}
	}
	if len(all) == 0 {
		return nil, view.Fail(view.Failed, "logs: nothing was ever started on %s: see lab status, start it with lab start %s", t.Machine, t.Machine)
	}
	return all, nil
}

// targets lists everything that has a file.
func targets(spec topology.Spec) []string { return append([]string{engine}, target.All(spec)...) }
