package check

import (
	"slices"

	"github.com/google/cel-go/common/types/ref"

	"kubelab/core/view"
	"kubelab/exercises/expr"
)

func faultsFunction() expr.Function {
	params := []expr.Param{{Name: "verb", Type: expr.String}, {Name: "about", Type: expr.String}}
	var forms []expr.Form
	for n := 0; n <= len(params); n++ {
		forms = append(forms, expr.Form{Params: params[:n], Result: expr.ListOf(expr.Struct("Record")), Call: func(args []ref.Val) any {
			var verb, about string
			if n > 0 {
				verb = expr.Text(args[1])
			}
			if n > 1 {
				about = expr.Text(args[2])
			}
			return faults(args[0].Value().(*Span), verb, about)
		}})
	}
	return expr.Function{
		Name: "faults", Of: varHistory, Forms: forms,
		Doc: "What was broken since the step began, the oldest first, " +
			"each as it is known now: what was predicted, `measured` and `recovery` once the stopwatch has stopped, `healed`. " +
			"`verb` is what was done (`kill`, `cut`, …), `about` one of the things that it was done to, with stars. Use `has(f.measured)` before you look into it.",
		Example: `faults("kill", "master-*").exists(f, has(f.measured) && f.measured.writes.gap < duration("5s"))`,
	}
}

// faults are the latest records of what was injected in the span.
func faults(s *Span, verb, about string) any {
	injected, err := s.find(query{kinds: string(view.FaultInjected), about: about})
	if err != nil {
		return err
	}
	later, err := s.find(query{kinds: string(view.FaultMeasured) + "," + string(view.FaultHealed)})
	if err != nil {
		return err
	}
	list := []*view.Record{}
	for _, e := range injected {
		if e.Record == nil || verb != "" && string(e.Record.Kind) != verb {
			continue
		}
		r := e.Record
		for _, l := range slices.Backward(later) {
			if l.Record != nil && l.Record.ID == r.ID && l.Seq > e.Seq {
				r = l.Record
				break
			}
		}
		list = append(list, r)
	}
	return list
}
