package observe

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"

	"kubelab/core/plain"
	"kubelab/core/view"
)

// watched is an API server's whole admission chain, with a look at the object before and after it.
type watched struct{ admission.Interface }

var (
	_ admission.MutationInterface   = watched{}
	_ admission.ValidationInterface = watched{}
)

// Admit has the chain change the object, and notes what it changed.
func (w watched) Admit(ctx context.Context, a admission.Attributes, o admission.ObjectInterfaces) error {
	chain, ok := w.Interface.(admission.MutationInterface)
	if !ok {
		return nil
	}
	begin := sinceReceived(ctx)
	before := copyOf(a)
	err := chain.Admit(ctx, a, o)
	s := seen{stages: []view.Stage{{Name: "admission begins", At: begin}, {Name: "admission has mutated", At: sinceReceived(ctx)}}}
	if err != nil {
		s.why = err.Error()
	} else if before != nil {
		s.mutations = mutations(before, a.GetObject(), a, o)
	}
	annotate(ctx, mutatedKey, s)
	return err
}

// Validate has the chain judge the object. The object has its final name then, and its UID.
func (w watched) Validate(ctx context.Context, a admission.Attributes, o admission.ObjectInterfaces) error {
	chain, ok := w.Interface.(admission.ValidationInterface)
	if !ok {
		return nil
	}
	err := chain.Validate(ctx, a, o)
	s := seen{stages: []view.Stage{{Name: "admission has validated", At: sinceReceived(ctx)}}}
	if err != nil {
		s.why = err.Error()
	}
	if object, metaErr := meta.Accessor(a.GetObject()); metaErr == nil && a.GetSubresource() == "" {
		s.name, s.uid = object.GetName(), string(object.GetUID())
	}
	annotate(ctx, validatedKey, s)
	return err
}

// copyOf is the object before admission, nil where nothing is compared: heartbeats and Events come too often to be copied,
// and nothing changes them.
func copyOf(a admission.Attributes) runtime.Object {
	switch a.GetResource().Resource {
	case "leases", "events":
		return nil
	}
	if a.GetSubresource() == "status" || a.GetObject() == nil {
		return nil
	}
	return a.GetObject().DeepCopyObject()
}

const (
	maxMutations = 20 // that are kept
	maxMutation  = 120
)

// mutations says which fields differ, by their names in the version that was asked for: "spec.serviceAccountName = default".
func mutations(before, after runtime.Object, a admission.Attributes, o admission.ObjectInterfaces) []string {
	if reflect.DeepEqual(before, after) {
		return nil
	}
	named := func(object runtime.Object) any {
		versioned, err := o.GetObjectConvertor().ConvertToVersion(object, a.GetKind().GroupVersion())
		if err != nil {
			return nil // it is not shown then
		}
		fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(versioned)
		if err != nil {
			return nil
		}
		return fields
	}
	var list []string
	compare(&list, "", named(before), named(after))
	if len(list) > maxMutations {
		list = append(list[:maxMutations], fmt.Sprintf("and %d more", len(list)-maxMutations))
	}
	return list
}

// compare adds to list what differs below path. Values of Secrets do not come here: only the names of fields of data do.
func compare(list *[]string, path string, before, after any) {
	if reflect.DeepEqual(before, after) {
		return
	}
	a, isMap := before.(map[string]any)
	b, bothMaps := after.(map[string]any)
	if before == nil {
		isMap = bothMaps
	}
	if isMap && bothMaps {
		for _, key := range slices.Sorted(maps.Keys(merged(a, b))) {
			if key == "managedFields" {
				continue
			}
			compare(list, join(path, key), a[key], b[key])
		}
		return
	}
	x, isList := before.([]any)
	y, bothLists := after.([]any)
	if isList && bothLists && len(x) <= len(y) {
		for i := range y {
			var old any
			if i < len(x) {
				old = x[i]
			}
			if _, deep := y[i].(map[string]any); deep && old == nil {
				*list = append(*list, plain.Line(fmt.Sprintf("%s[%d] added: %s", path, i, short(y[i]))))
				continue
			}
			compare(list, fmt.Sprintf("%s[%d]", path, i), old, y[i])
		}
		return
	}
	if strings.HasPrefix(path, "data.") || strings.HasPrefix(path, "stringData.") {
		*list = append(*list, plain.Line(path+" changed"))
		return
	}
	*list = append(*list, plain.Line(fmt.Sprintf("%s = %s", path, short(after))))
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func merged(a, b map[string]any) map[string]any {
	m := maps.Clone(a)
	if m == nil {
		m = map[string]any{}
	}
	maps.Copy(m, b)
	return m
}

func short(v any) string {
	if v == nil {
		return "nothing"
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	return plain.Cut(string(b), maxMutation)
}
