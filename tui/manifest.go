package tui

import (
	"encoding/json"
	"errors"
	"fmt"

	"sigs.k8s.io/yaml"
)

// kept are fields of an object that the API server writes. A manifest without them can be applied to what there is by then.
var kept = []string{"managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink"}

// manifest is an object as somebody would have written it.
func manifest(object string) (string, error) {
	var o map[string]any
	// Large numbers stay whole.
	exact := func(d *json.Decoder) *json.Decoder { d.UseNumber(); return d }
	if err := yaml.Unmarshal([]byte(object), &o, exact); err != nil {
		return "", fmt.Errorf("what etcd has there is no object that could be edited: %w", err)
	}
	metadata, ok := o["metadata"].(map[string]any)
	if !ok || o["kind"] == nil {
		return "", errors.New("what etcd has there is no object that could be edited")
	}
	delete(o, "status")
	for _, field := range kept {
		delete(metadata, field)
	}
	text, err := yaml.Marshal(o)
	return string(text), err
}
