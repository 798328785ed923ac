package check

import (
	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func serviceFunction() expr.Function {
	return expr.Function{
		Name: "service", Of: varLab,
		Forms:   ofSnapshot("name", expr.Struct("Service"), func(s *view.Snapshot, name string) any { return first(s.Services, named(name), serviceName) }),
		Doc:     "A Service by `namespace/name`, with the endpoints that its EndpointSlices list. All is empty if there is none.",
		Example: `service("demo/web").endpoints.exists(e, e.pod == "web-new" && e.ready)`,
	}
}
