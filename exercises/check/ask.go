package check

import (
	"github.com/google/cel-go/common/types/ref"

	"kubelab/core/view"
	"kubelab/exercises/expr"
)

// ofAsker makes the form of a function that asks the lab: question makes the question of a text, and value takes the result
// out of the answer.
func ofAsker(name, param string, result *expr.Type, question func(string) view.Question, value func(view.Answer, string) any) []expr.Form {
	return []expr.Form{{
		Params: []expr.Param{{Name: param, Type: expr.String}}, Result: result,
		Call: func(args []ref.Val) any {
			a, text := args[0].Value().(*asking), expr.Text(args[1])
			answer, err := a.ask(name+" "+text, question(text))
			if err != nil {
				return err
			}
			return value(answer, text)
		},
	}}
}

const askedDoc = " The lab is asked every few seconds while an expression wants to know, " +
	"and soon when something has happened there; until there is an answer the expression does not hold. A recording cannot be asked."
