package check

import (
	"fmt"
	"strings"

	"github.com/google/cel-go/common/types/ref"

	"kubelab/core/view"
	"kubelab/exercises/expr"
)

// maxTries is how many requests an expression may have a node make.
const maxTries = 100

func requestsFunction() expr.Function {
	return expr.Function{
		Name: "requests", Of: varAsker,
		Forms: []expr.Form{{
			Params: []expr.Param{{Name: "node", Type: expr.String}, {Name: "service", Type: expr.String}, {Name: "count", Type: expr.Int}},
			Result: expr.Struct("Proxy"),
			Call: func(args []ref.Val) any {
				return requestsFrom(args[0].Value().(*asking), expr.Text(args[1]), named(expr.Text(args[2])), expr.Number(args[3]))
			},
		}},
		Doc: fmt.Sprintf("What a node's kube-proxy has made of a Service: rules and endpoints, and `answered`, who answered how many of "+
			"`count` requests that are made from the node now, at most %d, and how many `failed`.", maxTries) + askedDoc,
		Example: `requests("node-2", "demo/web", 50).answered.size() == 3`,
	}
}

func requestsFrom(a *asking, node, service string, count int64) any {
	if count < 0 || count > maxTries {
		return fmt.Errorf("requests(…, %d): use 0 to %d", count, maxTries)
	}
	namespace, name, _ := strings.Cut(service, "/")
	answer, err := a.ask(fmt.Sprintf("%s %s %s %d", askProxy, node, service, count), view.Question{
		Proxy: &view.ProxyRequest{Node: node, Service: view.Object{Resource: "services", Namespace: namespace, Name: name}, Try: int(count)},
	})
	switch {
	case err != nil:
		return err
	case answer.Proxy == nil:
		return new(view.Proxy)
	}
	return answer.Proxy
}
