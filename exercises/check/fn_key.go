package check

import (
	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func keyFunction() expr.Function {
	return expr.Function{
		Name: "key", Of: varAsker,
		Forms: ofAsker(askKey, "key", expr.Struct("KeyValue"),
			func(key string) view.Question { return view.Question{Keys: &view.KeyQuestion{Prefix: key, Limit: 10}} },
			func(a view.Answer, key string) any {
				if a.Keys != nil {
					for i := range a.Keys.List {
						if a.Keys.List[i].Key == key {
							return &a.Keys.List[i]
						}
					}
				}
				return new(view.KeyValue)
			}),
		Doc:     "A key of etcd, with the revisions at which it was made and last changed, and without its value. All is empty if there is none." + askedDoc,
		Example: `key("/registry/deployments/demo/web").modified == int(answers.revision)`,
	}
}
