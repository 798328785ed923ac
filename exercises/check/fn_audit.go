package check

import (
	"fmt"
	"strings"

	"github.com/google/cel-go/common/types/ref"

	"kubelab/core/target"
	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func auditFunction() expr.Function {
	return expr.Function{
		Name: "audit", Of: varHistory,
		Forms: []expr.Form{{
			Params: []expr.Param{{Name: "what", Type: expr.String}}, Result: expr.ListOf(requestType),
			Call: func(args []ref.Val) any {
				q, err := requestsLike(expr.Text(args[1]))
				if err != nil {
					return err
				}
				found, err := args[0].Value().(*Span).find(q)
				if err != nil {
					return err
				}
				list := make([]*view.Request, len(found))
				for i, e := range found {
					list[i] = e.Request
				}
				return list
			},
		}},
		Doc: "Requests to API servers since the step began, as they were audited: a verb and objects, with stars: " +
			"`create pods/demo/*`, `* secrets/*/*`, `delete nodes/node-2`, or `*` for all. " +
			"What only says that a component is alive, and what components read, is left out.",
		Example: `audit("create pods/demo/*").exists(r, byPerson(r) && r.code == 403 && r.refused == "authorization")`,
	}
}

// requestsLike reads what audit takes.
func requestsLike(what string) (query, error) {
	q := query{kinds: string(view.Requested)}
	words := strings.Fields(what)
	switch {
	case len(words) == 0 || len(words) > 2:
		return q, fmt.Errorf("audit(%q): write a verb and objects, for example create pods/demo/*", what)
	case words[0] != "*":
		q.verb = words[0]
	}
	if len(words) == 2 {
		kind, rest, ok := strings.Cut(words[1], "/")
		if !ok {
			return q, fmt.Errorf("audit(%q): write objects as kind/namespace/name, or kind/name of what is in no namespace, with stars", what)
		}
		if kind != "*" {
			kind = target.Resource(kind)
		}
		q.about = kind + "/" + rest
	}
	return q, nil
}
