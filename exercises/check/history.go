package check

import (
	"github.com/google/cel-go/common/types/ref"

	"kubelab/core/view"
	"kubelab/exercises/expr"
)

// ofHistory makes the forms of a function that finds events: of a kind, about something, with words in their text.
func ofHistory(result *expr.Type, call func([]*view.Event) any) []expr.Form {
	params := []expr.Param{{Name: "kind", Type: expr.String}, {Name: "about", Type: expr.String}, {Name: "text", Type: expr.String}}
	var forms []expr.Form
	for n := 1; n <= len(params); n++ {
		forms = append(forms, expr.Form{Params: params[:n], Result: result, Call: func(args []ref.Val) any {
			q := query{kinds: expr.Text(args[1])}
			if n > 1 {
				q.about = expr.Text(args[2])
			}
			if n > 2 {
				q.text = expr.Text(args[3])
			}
			found, err := args[0].Value().(*Span).find(q)
			if err != nil {
				return err
			}
			return call(found)
		}})
	}
	return forms
}

// kindsDoc explains the parameters of ofHistory.
const kindsDoc = "`kind` is what kind of event: `component` (a component or machine changed its state), `container` (containerd told it), " +
	"`pod`, `node`, `leader`, `lease`, `decision` (of the scheduler), `event` (an Event of Kubernetes), `rule` (of kube-proxy), " +
	"`key` (of etcd), `request`, `action` (somebody did something to the lab), `fault-injected`, `fault-measured`, `fault-healed`; " +
	"several with commas. `about` is a part of the lab or an object, with stars: `node-2`, `node-2/kubelet`, `pod/demo/web-*`. " +
	"`text` has to be part of the event's text. `lab events --all` shows kinds and texts."
