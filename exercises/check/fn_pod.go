package check

import (
	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func podFunction() expr.Function {
	return expr.Function{
		Name: "pod", Of: varLab,
		Forms: ofSnapshot("name", expr.Struct("Pod"), func(s *view.Snapshot, name string) any { return first(s.Pods, named(name), podName) }),
		Doc: "A pod by `namespace/name`, or by what a learner picks on the map: `pod/namespace/name`, or a container of it. " +
			"All is empty if there is none, so `pod(…).uid == \"\"` says that it is gone.",
		Example: `pod(answers.pod).restarts > start.pod(answers.pod).restarts`,
	}
}
