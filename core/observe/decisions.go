package observe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/cmd/kube-scheduler/app/config"
	"k8s.io/kubernetes/pkg/scheduler"
	"k8s.io/kubernetes/pkg/scheduler/framework"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// A scheduler's decisions are seen by standing between it and its plugins: for the time of one decision the framework that
// asks them is one that also writes down what they said.

// watchScheduler has a scheduler tell about each of its decisions. It is called before each term in which it leads.
func (o *Observer) watchScheduler(m topology.Machine, c *config.CompletedConfig, s *scheduler.Scheduler) {
	decide := s.SchedulePod
	s.SchedulePod = func(ctx context.Context, f framework.Framework, state fwk.CycleState, of *framework.QueuedPodInfo) (scheduler.ScheduleResult, error) {
		w := newWitness(f)
		begin := time.Now()
		result, err := decide(ctx, w, state, of)
		d := w.decision(of.Pod, result.SuggestedHost, err)
		d.Master, d.Took, d.Attempt = m.Name(), time.Since(begin), of.Attempts
		o.tellDecision(d)
		return result, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.schedulers[m] = &schedulerTerm{master: m, scheduler: s, config: c}
}

func (o *Observer) tellDecision(d *view.Decision) {
	pod := d.Pod
	o.journal.tell(view.Event{Kind: view.Decided, Source: d.Master + "/" + component.Scheduler, Object: &pod, Decision: d, Text: describeDecision(d)})
}

func describeDecision(d *view.Decision) string {
	fit := 0
	var best *view.Verdict
	for i := range d.Nodes {
		if d.Nodes[i].Fits {
			fit++
		}
		if d.Nodes[i].Node == d.Node {
			best = &d.Nodes[i]
		}
	}
	switch {
	case d.Node == "":
		return plain.Line(fmt.Sprintf("%s/%s fits nowhere: %s", d.Pod.Namespace, d.Pod.Name, d.Why))
	case best != nil && len(best.Scores) > 0:
		return fmt.Sprintf("%s/%s goes to %s: %d of %d nodes fit, this one scores %d", d.Pod.Namespace, d.Pod.Name, d.Node, fit, len(d.Nodes), best.Total)
	}
	return fmt.Sprintf("%s/%s goes to %s: only %d of %d nodes fit, so there is nothing to score", d.Pod.Namespace, d.Pod.Name, d.Node, fit, len(d.Nodes))
}

// witness is a framework that writes down what its plugins say.
type witness struct {
	framework.Framework

	mu       sync.Mutex // guards what follows: nodes are filtered in parallel
	skipped  []string
	verdicts map[string]*view.Verdict
	all      string // why no node was even looked at
	by       string
}

func newWitness(f framework.Framework) *witness {
	return &witness{Framework: f, verdicts: map[string]*view.Verdict{}}
}

func (w *witness) RunPreFilterPlugins(ctx context.Context, state fwk.CycleState, pod *corev1.Pod) (*fwk.PreFilterResult, *fwk.Status, sets.Set[string]) {
	result, status, with := w.Framework.RunPreFilterPlugins(ctx, state, pod)
	w.mu.Lock()
	defer w.mu.Unlock()
	for name := range state.GetSkipFilterPlugins() {
		w.skipped = append(w.skipped, name)
	}
	slices.Sort(w.skipped)
	if !status.IsSuccess() {
		w.all, w.by = status.Message(), status.Plugin()
	}
	return result, status, with
}

func (w *witness) RunFilterPluginsWithNominatedPods(ctx context.Context, state fwk.CycleState, pod *corev1.Pod, n fwk.NodeInfo) *fwk.Status {
	status := w.Framework.RunFilterPluginsWithNominatedPods(ctx, state, pod, n)
	v := &view.Verdict{Node: n.Node().Name, Fits: status.IsSuccess()}
	if !v.Fits {
		v.Rejected, v.Why = status.Plugin(), plain.Line(status.Message())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.verdicts[v.Node] = v
	return status
}

func (w *witness) RunScorePlugins(ctx context.Context, state fwk.CycleState, pod *corev1.Pod, nodes []fwk.NodeInfo) ([]fwk.NodePluginScores, *fwk.Status) {
	scores, status := w.Framework.RunScorePlugins(ctx, state, pod, nodes)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range scores {
		v := w.verdicts[s.Name]
		if v == nil { // a hint from an earlier, equal pod spared the filters
			v = &view.Verdict{Node: s.Name, Fits: true}
			w.verdicts[s.Name] = v
		}
		v.Total, v.Scores = s.TotalScore, map[string]int64{}
		for _, p := range s.Scores {
			v.Scores[p.Name] = p.Score
		}
	}
	return scores, status
}

// decision puts together what was seen.
func (w *witness) decision(pod *corev1.Pod, node string, err error) *view.Decision {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := &view.Decision{
		Pod:  view.Object{Resource: "pods", Namespace: plain.Line(pod.Namespace), Name: plain.Line(pod.Name), UID: string(pod.UID)},
		Node: node, Skipped: w.skipped, Nodes: []view.Verdict{}, Filters: []string{},
	}
	plugins := w.ListPlugins()
	for _, p := range plugins.Filter.Enabled {
		if !slices.Contains(w.skipped, p.Name) {
			d.Filters = append(d.Filters, p.Name)
		}
	}
	scored := map[string]bool{}
	var fit *framework.FitError
	if errors.As(err, &fit) {
		d.Why = plain.Line(fit.Error())
		// Nodes that a plugin ruled out before any was looked at.
		fit.Diagnosis.NodeToStatus.ForEachExplicitNode(func(name string, s *fwk.Status) {
			if w.verdicts[name] == nil {
				w.verdicts[name] = &view.Verdict{Node: name, Rejected: s.Plugin(), Why: plain.Line(s.Message())}
			}
		})
	} else if err != nil {
		d.Why = plain.Line(err.Error())
	}
	if d.Why == "" && w.all != "" {
		d.Why = plain.Line(strings.TrimPrefix(w.by+": "+w.all, ": "))
	}
	for _, v := range w.verdicts {
		for name := range v.Scores {
			scored[name] = true
		}
		d.Nodes = append(d.Nodes, *v)
	}
	slices.SortFunc(d.Nodes, func(a, b view.Verdict) int { return strings.Compare(a.Node, b.Node) })
	for _, p := range plugins.Score.Enabled {
		if scored[p.Name] {
			d.Scorers = append(d.Scorers, p.Name)
		}
	}
	return d
}
