package live

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"kubelab/core/target"
	"kubelab/core/view"
)

// Bounds of emptying a namespace.
const (
	emptyBound = 30 * time.Second
	emptyEvery = 100 * time.Millisecond
)

// kept is what a namespace is born with: controllers make it again, and no pod starts before they have.
var kept = map[string]string{"serviceaccounts": "default", "configmaps": "kube-root-ca.crt"}

// empty deletes all that a namespace holds, and keeps the namespace: to delete that takes over 5 s, since the namespace
// controller waits so long for API servers that may not know of it yet (namespaceDeletionGracePeriod in
// k8s.io/kubernetes/pkg/controller/namespace). A namespace that there is not is empty; one that goes is waited for.
func (o *objects) empty(ctx context.Context, a view.Action, report view.Report) (view.Outcome, error) {
	if len(a.Targets) != 1 {
		return view.Outcome{}, view.Fail(view.Usage, "empty takes the name of one namespace")
	}
	name := a.Targets[0]
	if err := target.Emptiable(name); err != nil {
		return view.Outcome{}, err
	}
	if err := o.ready(); err != nil {
		return view.Outcome{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, emptyBound)
	defer cancel()
	began, step := time.Now(), view.Step{Name: "Namespace " + name + " holds nothing", Bound: emptyBound}
	report(step)
	err := o.emptied(ctx, name)
	step.Took = time.Since(began)
	if err != nil {
		step.Error = err.Error()
		report(step)
		return view.Outcome{}, err
	}
	step.Done = true
	report(step)
	return view.Outcome{Text: "Namespace " + name + " holds nothing."}, nil
}

// emptied deletes until nothing is left: controllers make things as long as what they make them for is there.
func (o *objects) emptied(ctx context.Context, namespace string) error {
	all, err := o.emptiable()
	if err != nil {
		return err
	}
	namespaces := o.dynamic.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	for kinds := all; ; {
		var left []string
		ns, err := namespaces.Get(ctx, namespace, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			return nil
		case err != nil:
			return fmt.Errorf("look at namespace %s: %w", namespace, err)
		case ns.GetDeletionTimestamp() != nil:
			left = []string{"the namespace itself, which goes"}
		default:
			found, err := o.deleteAll(ctx, namespace, kinds)
			if err != nil {
				return err
			}
			if len(found) == 0 && len(kinds) == len(all) {
				return nil
			}
			// Those of which there was something are looked at until there is none, and then all once more.
			if kinds = slices.Collect(maps.Keys(found)); len(kinds) == 0 {
				kinds = all
				continue
			}
			left = slices.Concat(slices.Collect(maps.Values(found))...)
		}
		select {
		case <-time.After(emptyEvery):
		case <-ctx.Done():
			slices.Sort(left)
			return view.Fail(view.TimedOut, "empty namespace %s within %s: still there: %s", namespace, emptyBound, strings.Join(left, ", "))
		}
	}
}

// emptiable are the kinds of which a namespace may hold something that can be deleted.
func (o *objects) emptiable() (list []schema.GroupVersionResource, err error) {
	o.discovery.Invalidate() // somebody may have made new kinds
	groups, err := o.discovery.ServerPreferredNamespacedResources()
	if err != nil {
		return nil, fmt.Errorf("ask what a namespace may hold: %w", err)
	}
	groups = discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "delete"}}, groups)
	found, err := discovery.GroupVersionResources(groups)
	for r := range found {
		list = append(list, r)
	}
	return list, err
}

// deleteAll deletes, at once and without grace, all objects of some kinds, and says which there were.
func (o *objects) deleteAll(ctx context.Context, namespace string, kinds []schema.GroupVersionResource) (map[schema.GroupVersionResource][]string, error) {
	found := map[schema.GroupVersionResource][]string{}
	var mu sync.Mutex
	var all sync.WaitGroup
	var errs []error
	for _, kind := range kinds {
		all.Go(func() {
			names, err := o.deleteKind(ctx, namespace, kind)
			mu.Lock()
			defer mu.Unlock()
			if len(names) > 0 {
				found[kind] = names
			}
			if err != nil {
				errs = append(errs, err)
			}
		})
	}
	all.Wait()
	return found, errors.Join(errs...)
}

func (o *objects) deleteKind(ctx context.Context, namespace string, kind schema.GroupVersionResource) (there []string, err error) {
	client := o.dynamic.Resource(kind).Namespace(namespace)
	list, err := client.List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list %s of %s: %w", kind.Resource, namespace, err)
	}
	now, background := int64(0), metav1.DeletePropagationBackground
	err = list.EachListItem(func(item runtime.Object) error {
		u := item.(*unstructured.Unstructured) // it is what a dynamic client lists
		if kept[kind.Resource] == u.GetName() {
			return nil
		}
		if kind.Resource != "events" { // things that end go on to cause some
			there = append(there, kind.Resource+"/"+u.GetName())
		}
		err := client.Delete(ctx, u.GetName(), metav1.DeleteOptions{GracePeriodSeconds: &now, PropagationPolicy: &background})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	})
	if err != nil {
		return there, fmt.Errorf("delete %s of %s: %w", kind.Resource, namespace, err)
	}
	return there, nil
}
