package cluster

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io"
	"text/template"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"

	"kubelab/core/topology"
)

//go:embed manifests/*.yaml
var manifests embed.FS

// fieldManager owns the fields that the lab applies, as kubectl's --field-manager does.
const fieldManager = "lab"

// manifestValues fills the templates in manifests/.
type manifestValues struct {
	ClusterDomain string
	DNS           string
	Forward       string // upstream resolvers of the cluster's DNS; empty on a machine that has none
	Replicas      int
}

func valuesFor(s topology.Spec, resolvers string) manifestValues {
	return manifestValues{
		ClusterDomain: topology.ClusterDomain,
		DNS:           s.DNSService().String(),
		Forward:       resolvers,
		Replicas:      min(2, max(1, len(s.Nodes))),
	}
}

// apply puts the objects of one of the manifests that are wanted into the cluster, by server-side apply.
func apply(ctx context.Context, client dynamic.Interface, name string, values manifestValues, wanted func(kind string) bool) error {
	t, err := template.ParseFS(manifests, "manifests/"+name)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := t.Execute(&text, values); err != nil {
		return err
	}
	for docs := yaml.NewYAMLOrJSONDecoder(&text, 4096); ; {
		var o unstructured.Unstructured
		if err := docs.Decode(&o); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("read manifest %s: %w", name, err)
		}
		if !wanted(o.GetKind()) {
			continue
		}
		// Guessing the resource from the kind spares the discovery of some hundred resources. It is right
		// for every kind in manifests/, which the test of this file checks against a real API server.
		resource, _ := meta.UnsafeGuessKindToResource(o.GroupVersionKind())
		_, err := client.Resource(resource).Namespace(o.GetNamespace()).Apply(ctx, o.GetName(), &o,
			metav1.ApplyOptions{FieldManager: fieldManager, Force: true})
		if err != nil {
			return fmt.Errorf("apply %s %s: %w", o.GetKind(), o.GetName(), err)
		}
	}
}
