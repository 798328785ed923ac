package apiserver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"
	"k8s.io/component-helpers/auth/rbac/reconciliation"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	schedulingv1 "k8s.io/kubernetes/pkg/apis/scheduling/v1"
	rbacrest "k8s.io/kubernetes/pkg/registry/rbac/rest"
	schedulingrest "k8s.io/kubernetes/pkg/registry/scheduling/rest"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy"
)

// Two of upstream's start hooks, those that make the default roles and the system's priority classes, sleep
// for a second before they begin, and then make 200 objects one after the other. A start of the lab waits
// for both. These hooks do the same at once and side by side, with upstream's own policy and upstream's own
// reconciliation; /readyz lists them under these names.
const (
	rolesHook   = "rbac/bootstrap-roles-at-once"
	classesHook = "scheduling/bootstrap-system-priority-classes-at-once"

	writers   = 16 // etcd writes what arrives together with one fsync
	hookRetry = 50 * time.Millisecond
	hookBound = 30 * time.Second // as upstream's
)

func (s *Server) replaceHooks(c *app.Config) error {
	g := c.KubeAPIs.ControlPlane.Generic
	g.DisabledPostStartHooks.Insert(rbacrest.PostStartHookName, schedulingrest.PostStartHookName)
	return errors.Join(
		g.AddPostStartHook(rolesHook, persist(ensureRoles)),
		g.AddPostStartHook(classesHook, persist(ensureClasses)),
	)
}

// persist makes a hook of f that tries until f succeeds.
func persist(f func(context.Context, kubernetes.Interface) error) genericapiserver.PostStartHookFunc {
	return func(hook genericapiserver.PostStartHookContext) error {
		client, err := kubernetes.NewForConfig(hook.LoopbackClientConfig)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(hook, hookBound)
		defer cancel()
		for {
			if err = f(ctx, client); err == nil {
				return nil
			}
			klog.V(2).InfoS("A start hook tries again", "err", err)
			select {
			case <-time.After(hookRetry):
			case <-hook.Done():
				return nil // the server stops
			case <-ctx.Done():
				return err
			}
		}
	}
}

func ensureClasses(ctx context.Context, client kubernetes.Interface) error {
	var all errgroup.Group
	for _, class := range schedulingv1.SystemPriorityClasses() {
		all.Go(func() error {
			_, err := client.SchedulingV1().PriorityClasses().Create(ctx, class, metav1.CreateOptions{})
			if apierrors.IsAlreadyExists(err) {
				return nil
			}
			return err
		})
	}
	return all.Wait()
}

// ensureRoles has upstream reconcile its roles and bindings. What is there already, which is everything but
// on a lab's first start, is read by four requests.
func ensureRoles(ctx context.Context, client kubernetes.Interface) error {
	rbac, namespaces := client.RbacV1(), client.CoreV1().Namespaces()
	clusterRoles, err := rbac.ClusterRoles().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	clusterBindings, err := rbac.ClusterRoleBindings().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	roles, err := rbac.Roles(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	bindings, err := rbac.RoleBindings(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}

	e := ensurer{roles: map[object]reconciliation.RuleOwner{}, bindings: map[object]reconciliation.RoleBinding{}}
	e.all.SetLimit(writers)
	for i := range clusterRoles.Items {
		e.roles[key(&clusterRoles.Items[i])] = reconciliation.ClusterRoleRuleOwner{ClusterRole: &clusterRoles.Items[i]}
	}
	for i := range roles.Items {
		e.roles[key(&roles.Items[i])] = reconciliation.RoleRuleOwner{Role: &roles.Items[i]}
	}
	for i := range clusterBindings.Items {
		e.bindings[key(&clusterBindings.Items[i])] = reconciliation.ClusterRoleBindingAdapter{ClusterRoleBinding: &clusterBindings.Items[i]}
	}
	for i := range bindings.Items {
		e.bindings[key(&bindings.Items[i])] = reconciliation.RoleBindingAdapter{RoleBinding: &bindings.Items[i]}
	}

	for _, r := range append(bootstrappolicy.ClusterRoles(), bootstrappolicy.ControllerRoles()...) {
		e.role(reconciliation.ClusterRoleRuleOwner{ClusterRole: &r}, reconciliation.ClusterRoleModifier{Client: rbac.ClusterRoles()})
	}
	for _, b := range append(bootstrappolicy.ClusterRoleBindings(), bootstrappolicy.ControllerRoleBindings()...) {
		e.binding(reconciliation.ClusterRoleBindingAdapter{ClusterRoleBinding: &b},
			reconciliation.ClusterRoleBindingClientAdapter{Client: rbac.ClusterRoleBindings()})
	}
	for _, list := range bootstrappolicy.NamespaceRoles() {
		for _, r := range list {
			e.role(reconciliation.RoleRuleOwner{Role: &r}, reconciliation.RoleModifier{Client: rbac, NamespaceClient: namespaces})
		}
	}
	for _, list := range bootstrappolicy.NamespaceRoleBindings() {
		for _, b := range list {
			e.binding(reconciliation.RoleBindingAdapter{RoleBinding: &b},
				reconciliation.RoleBindingClientAdapter{Client: rbac, NamespaceClient: namespaces})
		}
	}
	return e.all.Wait()
}

// object names a role or a binding; those of the cluster have no namespace.
type object struct{ namespace, name string }

func key(o metav1.Object) object { return object{o.GetNamespace(), o.GetName()} }

// ensurer reconciles roles and bindings side by side, and knows what there was before.
type ensurer struct {
	roles    map[object]reconciliation.RuleOwner
	bindings map[object]reconciliation.RoleBinding
	all      errgroup.Group
}

func (e *ensurer) role(want reconciliation.RuleOwner, c reconciliation.RuleOwnerModifier) {
	found := e.roles[object{want.GetNamespace(), want.GetName()}]
	e.all.Go(func() error {
		o := reconciliation.ReconcileRoleOptions{Role: want, Client: &roleReader{c, found, false}, Confirm: true}
		if _, err := o.Run(); err != nil {
			return fmt.Errorf("reconcile the role %s: %w", want.GetName(), err)
		}
		return nil
	})
}

func (e *ensurer) binding(want reconciliation.RoleBinding, c reconciliation.RoleBindingModifier) {
	found := e.bindings[object{want.GetNamespace(), want.GetName()}]
	e.all.Go(func() error {
		o := reconciliation.ReconcileRoleBindingOptions{RoleBinding: want, Client: &bindingReader{c, found, false}, Confirm: true}
		if _, err := o.Run(); err != nil {
			return fmt.Errorf("reconcile the role binding %s: %w", want.GetName(), err)
		}
		return nil
	})
}

// roleReader answers the first question from what was read before; found is nil when nothing was there. It
// is asked again when somebody else was faster.
type roleReader struct {
	reconciliation.RuleOwnerModifier
	found reconciliation.RuleOwner
	asked bool
}

// Get reads the role.
func (r *roleReader) Get(namespace, name string) (reconciliation.RuleOwner, error) {
	switch {
	case r.asked:
		return r.RuleOwnerModifier.Get(namespace, name)
	case r.found == nil:
		r.asked = true
		return nil, apierrors.NewNotFound(rbacv1.Resource("roles"), name)
	}
	r.asked = true
	return r.found, nil
}

type bindingReader struct {
	reconciliation.RoleBindingModifier
	found reconciliation.RoleBinding
	asked bool
}

// Get reads the binding.
func (r *bindingReader) Get(namespace, name string) (reconciliation.RoleBinding, error) {
	switch {
	case r.asked:
		return r.RoleBindingModifier.Get(namespace, name)
	case r.found == nil:
		r.asked = true
		return nil, apierrors.NewNotFound(rbacv1.Resource("rolebindings"), name)
	}
	r.asked = true
	return r.found, nil
}
