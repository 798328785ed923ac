package check

import (
	"fmt"
	"strings"

	"github.com/google/cel-go/common/types/ref"

	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func containerFunction() expr.Function {
	return expr.Function{
		Name: "container", Of: varAsker,
		Forms: []expr.Form{{
			Params: []expr.Param{{Name: "pod", Type: expr.String}, {Name: "name", Type: expr.String}}, Result: expr.Struct("Container"),
			Call: func(args []ref.Val) any {
				return containerOf(args[0].Value().(*asking), named(expr.Text(args[1])), expr.Text(args[2]))
			},
		}},
		Doc: "A container of a pod as containerd knows it, `\"\"` for the pod's sandbox; the one that runs, if there are several. " +
			"`pid` is its first process's on the machine that the lab runs on. All is empty if there is none." + askedDoc,
		Example: `container(answers.pod, "web").pid == int(answers.pid)`,
	}
}

func containerOf(a *asking, pod, name string) any {
	p, ok := first(a.lab.Pods, pod, podName).(*view.Pod)
	if !ok || p.Node == "" {
		return fmt.Errorf("%s is on no node", pod)
	}
	answer, err := a.ask(askNode+" "+p.Node, view.Question{Node: p.Node})
	switch {
	case err != nil:
		return err
	case answer.Node == nil:
		return new(view.Container)
	}
	namespace, podName, _ := strings.Cut(pod, "/")
	found := new(view.Container)
	for i := range answer.Node.Containers {
		c := &answer.Node.Containers[i]
		if c.Pod.Namespace == namespace && c.Pod.Name == podName && c.Name == name && (found.ID == "" || c.Status == "running") {
			found = c
		}
	}
	return found
}
