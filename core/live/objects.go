package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"kubelab/core/cluster"
	"kubelab/core/logs"
	"kubelab/core/target"
	"kubelab/core/view"
)

// objects does with objects of any kind what kubectl does, through the API as everybody.
type objects struct {
	cluster *cluster.Cluster

	once      sync.Once // makes what follows
	err       error
	dynamic   dynamic.Interface
	discovery discovery.CachedDiscoveryInterface
	mapper    *restmapper.DeferredDiscoveryRESTMapper
	raw       rest.Interface
}

// fieldManager owns the fields that are applied, as kubectl's --field-manager does.
const fieldManager = "lab"

func (o *objects) ready() error {
	o.once.Do(func() {
		config, err := o.cluster.ClientConfig()
		if err != nil {
			o.err = err
			return
		}
		config.QPS, config.Burst, config.UserAgent = 100, 500, "lab" // to empty a namespace is to ask for some forty kinds
		askAgain(config)
		found, err := discovery.NewDiscoveryClientForConfig(config)
		if err != nil {
			o.err = err
			return
		}
		o.discovery, o.raw = memory.NewMemCacheClient(found), found.RESTClient()
		o.mapper = restmapper.NewDeferredDiscoveryRESTMapper(o.discovery)
		o.dynamic, o.err = dynamic.NewForConfig(config)
	})
	return o.err
}

// resource finds what people call a kind.
func (o *objects) resource(name string) (schema.GroupVersionResource, bool, error) {
	if err := o.ready(); err != nil {
		return schema.GroupVersionResource{}, false, err
	}
	plural, group, _ := strings.Cut(target.Resource(name), ".")
	found, err := o.mapper.ResourceFor(schema.GroupVersionResource{Group: group, Resource: plural})
	if meta.IsNoMatchError(err) {
		o.mapper.Reset() // it may be younger than what was discovered
		found, err = o.mapper.ResourceFor(schema.GroupVersionResource{Group: group, Resource: plural})
	}
	switch {
	case meta.IsNoMatchError(err):
		return found, false, view.Fail(view.NotFound, "the API server knows no resource %q; see: lab kubectl api-resources", name)
	case err != nil:
		return found, false, fmt.Errorf("look up %s: %w", name, err)
	}
	kind, err := o.mapper.KindFor(found)
	if err != nil {
		return found, false, err
	}
	mapping, err := o.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	return found, err == nil && mapping.Scope.Name() == meta.RESTScopeNameNamespace, err
}

// on is the client of an object's resource in its namespace.
func (o *objects) on(of view.Object) (dynamic.ResourceInterface, error) {
	r, namespaced, err := o.resource(of.Resource)
	if err != nil {
		return nil, err
	}
	if namespaced {
		return o.dynamic.Resource(r).Namespace(of.Namespace), nil
	}
	return o.dynamic.Resource(r), nil
}

func (o *objects) scale(ctx context.Context, a view.Action) (view.Outcome, error) {
	of, err := oneObject(a)
	if err != nil {
		return view.Outcome{}, err
	}
	if a.Replicas < 0 || a.Replicas > 1000 {
		return view.Outcome{}, view.Fail(view.Usage, "scale %s to %d: use 0 to 1000", of, a.Replicas)
	}
	client, err := o.on(of)
	if err != nil {
		return view.Outcome{}, err
	}
	patch := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, a.Replicas)
	if _, err := client.Patch(ctx, of.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager}, "scale"); err != nil {
		return view.Outcome{}, fmt.Errorf("scale %s: %w", of, err)
	}
	return view.Outcome{Text: fmt.Sprintf("%s is to have %d replicas.", of, a.Replicas)}, nil
}

func (o *objects) delete(ctx context.Context, a view.Action) (view.Outcome, error) {
	of, err := oneObject(a)
	if err != nil {
		return view.Outcome{}, err
	}
	client, err := o.on(of)
	if err != nil {
		return view.Outcome{}, err
	}
	if err := client.Delete(ctx, of.Name, metav1.DeleteOptions{}); err != nil {
		return view.Outcome{}, fmt.Errorf("delete %s: %w", of, err)
	}
	return view.Outcome{Text: fmt.Sprintf("%s is deleted.", of)}, nil
}

func oneObject(a view.Action) (view.Object, error) {
	if len(a.Targets) != 1 {
		return view.Object{}, view.Fail(view.Usage, "%s takes one object, for example deployments/demo/web", a.Verb)
	}
	return target.Object(a.Targets[0])
}

// bindings are told to an API server and not kept, so there is nothing to apply one to.
var bindings = schema.GroupVersionResource{Version: "v1", Resource: "bindings"}

// apply applies manifests as kubectl apply --server-side does, one after the other; it stops at the first that is refused.
func (o *objects) apply(ctx context.Context, a view.Action) (view.Outcome, error) {
	if err := o.ready(); err != nil {
		return view.Outcome{}, err
	}
	var done []string
	for docs := yaml.NewYAMLOrJSONDecoder(strings.NewReader(a.Manifest), 4096); ; {
		var u unstructured.Unstructured
		err := docs.Decode(&u)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return view.Outcome{}, view.Fail(view.Usage, "read the manifest: %v", err)
		}
		if len(u.Object) == 0 {
			continue
		}
		name, err := o.applyOne(ctx, &u)
		if err != nil {
			return view.Outcome{}, view.Fail(view.Failed, "apply %s %s: %w%s", u.GetKind(), u.GetName(), err, before(done))
		}
		done = append(done, name)
	}
	if len(done) == 0 {
		return view.Outcome{}, view.Fail(view.Usage, "the manifest is empty")
	}
	return view.Outcome{Text: strings.Join(done, ", ") + " applied."}, nil
}

func before(done []string) string {
	if len(done) == 0 {
		return ""
	}
	return "; applied before that: " + strings.Join(done, ", ")
}

func (o *objects) applyOne(ctx context.Context, u *unstructured.Unstructured) (name string, err error) {
	kind := u.GroupVersionKind()
	mapping, err := o.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if meta.IsNoMatchError(err) {
		o.mapper.Reset()
		mapping, err = o.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	}
	if err != nil {
		return "", err
	}
	u.SetManagedFields(nil)
	u.SetResourceVersion("")
	client := dynamic.ResourceInterface(o.dynamic.Resource(mapping.Resource))
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		if u.GetNamespace() == "" {
			u.SetNamespace(metav1.NamespaceDefault)
		}
		client = o.dynamic.Resource(mapping.Resource).Namespace(u.GetNamespace())
	}
	if mapping.Resource == bindings {
		_, err = client.Create(ctx, u, metav1.CreateOptions{FieldManager: fieldManager})
	} else {
		_, err = client.Apply(ctx, u.GetName(), u, metav1.ApplyOptions{FieldManager: fieldManager, Force: true})
	}
	return view.Object{Resource: mapping.Resource.Resource, Namespace: u.GetNamespace(), Name: u.GetName()}.String(), err
}

// list has an API server print objects.
func (o *objects) list(ctx context.Context, q view.ListQuestion) (*view.List, error) {
	r, namespaced, err := o.resource(q.Resource)
	if err != nil {
		return nil, err
	}
	path := "/apis/" + r.Group + "/" + r.Version
	if r.Group == "" {
		path = "/api/" + r.Version
	}
	if namespaced && q.Namespace != "" {
		path += "/namespaces/" + q.Namespace
	}
	raw, err := o.raw.Get().AbsPath(path, r.Resource).SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").Do(ctx).Raw()
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", r.Resource, err)
	}
	var table metav1.Table
	if err := json.Unmarshal(raw, &table); err != nil {
		return nil, fmt.Errorf("list %s: read the answer: %w", r.Resource, err)
	}
	list := &view.List{Resource: r.Resource, Rows: []view.ListRow{}}
	if namespaced {
		list.Columns = append(list.Columns, "Namespace")
	}
	for _, c := range table.ColumnDefinitions {
		list.Columns = append(list.Columns, c.Name)
	}
	for _, row := range table.Rows {
		var m metav1.PartialObjectMetadata
		if err := json.Unmarshal(row.Object.Raw, &m); err != nil {
			return nil, fmt.Errorf("list %s: read the answer: %w", r.Resource, err)
		}
		one := view.ListRow{Object: view.Object{Resource: r.Resource, Namespace: m.Namespace, Name: logs.Clean(m.Name), UID: string(m.UID)}}
		if namespaced {
			one.Cells = append(one.Cells, m.Namespace)
		}
		for _, cell := range row.Cells {
			one.Cells = append(one.Cells, logs.Clean(strings.ReplaceAll(fmt.Sprint(cell), "\n", " ")))
		}
		list.Rows = append(list.Rows, one)
	}
	return list, nil
}
