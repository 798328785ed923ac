package check

import (
	"strings"

	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func workloadFunction() expr.Function {
	return expr.Function{
		Name: "workload", Of: varLab,
		Forms: ofSnapshot("name", expr.Struct("Workload"), func(s *view.Snapshot, name string) any {
			kind, _, _ := strings.Cut(name, "/")
			return first(s.Workloads, kind+"/"+named(name), func(w *view.Workload) string { return strings.ToLower(w.Kind) + "/" + workloadName(w) })
		}),
		Doc:     "A Deployment, ReplicaSet, StatefulSet, DaemonSet or Job as `kind/namespace/name`: how many pods it wants and has. All is empty if there is none.",
		Example: `workload("deployment/demo/web").ready < workload("deployment/demo/web").desired`,
	}
}
