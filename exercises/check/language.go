package check

import (
	"fmt"
	"slices"
	"strings"

	"kubelab/core/component"
	"kubelab/core/topology"
	"kubelab/core/view"
	"kubelab/exercises/expr"
)

// Names of types that have methods only.
const (
	historyType = "History"
	askerType   = "Asker"
)

// Types of results.
var (
	snapshotType = expr.Struct("Snapshot")
	eventType    = expr.Struct("Event")
	requestType  = expr.Struct("Request")
	timingType   = expr.Struct("Timing")
)

// Language is what expressions of exercises can use. It is made once; all exercises share it.
func Language() (*expr.Env, error) {
	return expr.New([]any{
		view.Snapshot{}, view.Event{}, view.Record{}, view.Container{}, view.KeyValue{}, view.Read{}, view.Proxy{}, component.Status{}, topology.Timing{},
	}, variables(), functions())
}

func variables() []expr.Variable {
	return []expr.Variable{
		{Name: varLab, Type: snapshotType, Doc: "The lab as it is now."},
		{Name: varStart, Type: snapshotType, Doc: "The lab as it was when the step began."},
		{Name: varAnswers, Type: expr.MapOf(expr.Any), Doc: "What the learner has answered, by the question's id: a number, the id of a choice, or a part of the lab " +
			"such as `master-2/etcd`. " +
			"What reads an answer that is not given yet does not hold."},
		{Name: varKept, Type: expr.MapOf(expr.Any), Doc: "What `keep` of this step or of one before has kept, by name."},
		{Name: varNow, Type: expr.Time, Doc: "The time."},
		{Name: varHistory, Type: expr.Opaque(historyType), Doc: "What has happened since the step began. Functions of it can be called " +
			"without it: `happened(…)` is `history.happened(…)`."},
		{Name: varUnit, Type: expr.Opaque(historyType), Doc: "What has happened since the exercise began: `unit.happened(…)`."},
		{Name: varTiming, Type: timingType, Doc: "The lab's timing."},
		{Name: varUpstream, Type: timingType, Doc: "The timing that Kubernetes and etcd have by default, to show beside the lab's."},
		{Name: varAsker, Type: expr.Opaque(askerType)},
	}
}

// functions are all functions, in the order in which they are documented.
func functions() []expr.Function {
	return slices.Concat(
		[]expr.Function{leaderFunction(), holderFunction(), stateFunction(), componentFunction(), nodeFunction()},
		[]expr.Function{podFunction(), podsFunction(), workloadFunction(), serviceFunction()},
		[]expr.Function{happenedFunction(), eventsFunction(), betweenFunction(), inOrderFunction()},
		[]expr.Function{auditFunction(), byPersonFunction(), decisionFunction(), faultsFunction(), writesLostFunction(), snapshotsFunction()},
		[]expr.Function{containersFunction(), containerFunction(), keyFunction(), readsFunction(), requestsFunction()},
		[]expr.Function{machineFunction()},
	)
}

// Reference documents the language for authors, in Markdown.
func Reference(e *expr.Env) string {
	var b strings.Builder
	b.WriteString("# The language of checks\n\n" +
		"Checks are [CEL](https://cel.dev) expressions. Beside CEL's own operators and functions there are these.\n\n" +
		"## Variables\n\n")
	for _, v := range e.Variables() {
		if v.Doc != "" {
			fmt.Fprintf(&b, "- `%s` (%s): %s\n", v.Name, v.Type, v.Doc)
		}
	}
	b.WriteString("\n## Functions\n")
	for _, f := range e.Functions() {
		b.WriteString("\n")
		for _, form := range f.Forms {
			fmt.Fprintf(&b, "### `%s`\n\n", f.Signature(form))
		}
		fmt.Fprintf(&b, "%s\n\n    %s\n", f.Doc, f.Example)
	}
	b.WriteString("\n## Types\n")
	for _, name := range []string{
		"Snapshot", "Etcd", "EtcdMember", "Lease", "Balancer", "Master", "Node", "Status", "Pod", "Workload", "Service", "Endpoint", "Fault",
		"Event", "Object", "Request", "KeyChange", "Decision", "Verdict", "ContainerChange", "RuleChange",
		"Record", "Measured", "Mark", "Traffic", "SnapshotDone", "EtcdSnapshot", "Container", "KeyValue", "Read", "Got", "Proxy", "Timing",
	} {
		fmt.Fprintf(&b, "\n### %s\n\n", name)
		for _, field := range e.Fields(name) {
			fmt.Fprintf(&b, "- `%s`\n", field)
		}
	}
	return b.String()
}
