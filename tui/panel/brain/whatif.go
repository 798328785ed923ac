package brain

import (
	"encoding/json"
	"fmt"
	"strings"
)

// podManifest makes a pod of a compact description: "cpu=500m memory=128Mi selector=disk=ssd tolerate=key=value:NoSchedule label=app=web". Every
// word but cpu, memory, namespace and name may come more than once. JSON is YAML too.
func podManifest(line string) (string, error) {
	requests, selector, labels := map[string]string{}, map[string]string{}, map[string]string{}
	meta := map[string]any{"name": "what-if"}
	var tolerations []map[string]string
	words := strings.Fields(line)
	if len(words) == 0 {
		return "", fmt.Errorf("describe the pod, for example cpu=500m memory=128Mi")
	}
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		if value == "" {
			return "", fmt.Errorf("%q says nothing: write name=value, for example cpu=500m", word)
		}
		switch name {
		case "cpu", "memory":
			requests[name] = value
		case "selector", "label":
			key, want, ok := strings.Cut(value, "=")
			if !ok || key == "" {
				return "", fmt.Errorf("%q wants a key and a value: %s=disk=ssd", word, name)
			}
			if name == "label" {
				labels[key] = want
			} else {
				selector[key] = want
			}
		case "tolerate":
			tolerations = append(tolerations, toleration(value))
		case "namespace", "name":
			meta[name] = value
		default:
			return "", fmt.Errorf("%q is not known: use cpu, memory, selector, tolerate, label, namespace, name", name)
		}
	}
	spec := map[string]any{"containers": []any{map[string]any{"name": "what-if", "image": "what-if", "resources": map[string]any{"requests": requests}}}}
	if len(selector) > 0 {
		spec["nodeSelector"] = selector
	}
	if len(tolerations) > 0 {
		spec["tolerations"] = tolerations
	}
	if len(labels) > 0 {
		meta["labels"] = labels
	}
	b, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec})
	return string(b), err
}

// toleration reads key, key=value, key:Effect or key=value:Effect.
func toleration(text string) map[string]string {
	rest, effect, _ := strings.Cut(text, ":")
	key, value, equal := strings.Cut(rest, "=")
	t := map[string]string{"key": key, "operator": "Exists"}
	if equal {
		t["operator"], t["value"] = "Equal", value
	}
	if effect != "" {
		t["effect"] = effect
	}
	return t
}
