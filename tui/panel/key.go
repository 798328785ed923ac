package panel

import (
	"strings"

	"kubelab/core/view"
)

// KeyOf is the key of an object in etcd below /registry/, as most are kept. asked is the resource with its group, if that was said.
func KeyOf(asked string, o view.Object) string {
	resource := o.Resource
	_, group, _ := strings.Cut(asked, ".")
	switch resource {
	case "services":
		resource = "services/specs"
	case "endpoints":
		resource = "services/endpoints"
	case "nodes":
		resource = "minions"
	case "replicationcontrollers":
		resource = "controllers"
	case "ingresses":
		resource = "ingress"
	case "customresourcedefinitions":
		resource = "apiextensions.k8s.io/customresourcedefinitions"
	case "apiservices":
		resource = "apiregistration.k8s.io/apiservices"
	default:
		// Objects of groups that are not built in are kept below their group.
		if strings.Contains(group, ".") && !strings.HasSuffix(group, ".k8s.io") {
			resource = group + "/" + resource
		}
	}
	if o.Namespace != "" {
		resource += "/" + o.Namespace
	}
	return resource + "/" + o.Name
}

// ValueOf is the key among the answers, which may have others that only begin like it.
func ValueOf(keys *view.Keys, key string) (view.KeyValue, bool) {
	if keys != nil {
		for _, one := range keys.List {
			if one.Key == key || strings.HasSuffix(one.Key, "/registry/"+key) || strings.HasSuffix(one.Key, "/"+strings.TrimPrefix(key, "/")) {
				return one, true
			}
		}
	}
	return view.KeyValue{}, false
}
