package target

import (
	"testing"

	"kubelab/core/view"
)

func TestObject(t *testing.T) {
	for text, want := range map[string]view.Object{
		"deployment/demo/web":   {Resource: "deployments", Namespace: "demo", Name: "web"},
		"Deployment/demo/web":   {Resource: "deployments", Namespace: "demo", Name: "web"},
		"po/demo/web-abc":       {Resource: "pods", Namespace: "demo", Name: "web-abc"},
		"pods/demo/web-abc":     {Resource: "pods", Namespace: "demo", Name: "web-abc"},
		"node/node-1":           {Resource: "nodes", Name: "node-1"},
		"svc/kubernetes":        {Resource: "services", Namespace: "default", Name: "kubernetes"},
		"endpointslice/a/b":     {Resource: "endpointslices", Namespace: "a", Name: "b"},
		"ingress/demo/front":    {Resource: "ingresses", Namespace: "demo", Name: "front"},
		"endpoints/demo/web":    {Resource: "endpoints", Namespace: "demo", Name: "web"},
		"storageclass/standard": {Resource: "storageclasses", Name: "standard"},
		"widget/demo/one":       {Resource: "widgets", Namespace: "demo", Name: "one"},
	} {
		if got, err := Object(text); err != nil || got != want {
			t.Errorf("Object(%q) = %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "web", "a/b/c/d", "pod/", "/demo/web", "pod//web", "node/demo/node-1"} {
		if got, err := Object(text); view.CodeOf(err) != view.Usage {
			t.Errorf("Object(%q) = %+v, %v, want wrong usage", text, got, err)
		}
	}
}

func TestEmptiable(t *testing.T) {
	for name, want := range map[string]bool{"demo": true, "unit-9": true, "": false, "a/b": false, "namespace/demo": false, "default": false, "kube-system": false} {
		if err := Emptiable(name); (err == nil) != want {
			t.Errorf("%q: %v", name, err)
		}
	}
}
