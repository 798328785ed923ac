package target

import (
	"strings"

	"kubelab/core/view"
)

// plural are resources by the names that people use for them: what kubectl knows as short names, and singulars that do
// not just lack an s.
var plural = map[string]string{
	"po": "pods", "deploy": "deployments", "rs": "replicasets", "ds": "daemonsets", "sts": "statefulsets", "svc": "services",
	"ep": "endpoints", "endpoint": "endpoints", "no": "nodes", "ns": "namespaces", "cm": "configmaps", "sa": "serviceaccounts", "ev": "events",
	"cj": "cronjobs", "ing": "ingresses", "ingress": "ingresses", "netpol": "networkpolicies", "networkpolicy": "networkpolicies",
	"pv": "persistentvolumes", "pvc": "persistentvolumeclaims", "pdb": "poddisruptionbudgets", "hpa": "horizontalpodautoscalers", "quota": "resourcequotas",
	"sc": "storageclasses", "storageclass": "storageclasses", "crd": "customresourcedefinitions", "pc": "priorityclasses", "priorityclass": "priorityclasses",
	"runtimeclass": "runtimeclasses", "ingressclass": "ingressclasses",
}

// clusterWide are resources whose objects are in no namespace.
var clusterWide = map[string]bool{
	"nodes": true, "namespaces": true, "persistentvolumes": true, "clusterroles": true, "clusterrolebindings": true, "storageclasses": true,
	"priorityclasses": true, "customresourcedefinitions": true, "apiservices": true, "runtimeclasses": true, "ingressclasses": true,
	"flowschemas": true, "prioritylevelconfigurations": true, "csinodes": true, "csidrivers": true,
}

// Object is the object that text names: kind/namespace/name, kind/name of what is in no namespace or in the namespace
// "default", with the kind as kubectl takes it: deployment/demo/web, po/demo/web-abc, node/node-1. Whether there is such an object
// is not known here.
func Object(text string) (view.Object, error) {
	wrong := view.Fail(view.Usage, "%q names no object: write kind/namespace/name, for example pod/demo/web-abc, or kind/name, for example node/node-1", text)
	parts := strings.Split(text, "/")
	for _, p := range parts {
		if p == "" {
			return view.Object{}, wrong
		}
	}
	o := view.Object{}
	switch len(parts) {
	case 2:
		o.Name = parts[1]
	case 3:
		o.Namespace, o.Name = parts[1], parts[2]
	default:
		return view.Object{}, wrong
	}
	o.Resource = Resource(parts[0])
	if o.Namespace == "" && !clusterWide[o.Resource] {
		o.Namespace = "default"
	}
	if clusterWide[o.Resource] && len(parts) == 3 {
		return view.Object{}, view.Fail(view.Usage, "%s are in no namespace: write %s/%s", o.Resource, parts[0], o.Name)
	}
	return o, nil
}

// Resource is the plural of a kind that is written as kubectl takes it.
func Resource(kind string) string {
	kind = strings.ToLower(kind)
	switch name := plural[kind]; {
	case name != "":
		return name
	case strings.HasSuffix(kind, "s"):
		return kind
	}
	return kind + "s"
}

// Emptiable reports, as an error, why a namespace cannot be emptied: Kubernetes itself lives in those that it makes.
func Emptiable(namespace string) error {
	switch {
	case namespace == "" || strings.Contains(namespace, "/"):
		return view.Fail(view.Usage, "%q names no namespace: write its name alone, for example demo", namespace)
	case namespace == "default" || strings.HasPrefix(namespace, "kube-"):
		return view.Fail(view.Usage, "namespace %s cannot be emptied: Kubernetes itself needs what is in it", namespace)
	}
	return nil
}
