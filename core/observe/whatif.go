package observe

import (
	"context"
	"fmt"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/cmd/kube-scheduler/app/config"
	corev1defaults "k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/kubernetes/pkg/scheduler"
	schedulerconfig "k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/names"
	frameworkruntime "k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"sigs.k8s.io/yaml"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// schedulerTerm is a scheduler while it leads.
type schedulerTerm struct {
	master    topology.Machine
	scheduler *scheduler.Scheduler
	config    *config.CompletedConfig

	mu       sync.Mutex // guards the rest: one question after the other
	snapshot *cache.Snapshot
	asked    framework.Framework
}

// leadingScheduler is the scheduler that leads.
func (o *Observer) leadingScheduler() (*schedulerTerm, error) {
	leader := o.cluster.Leader(component.Scheduler)
	o.mu.Lock()
	defer o.mu.Unlock()
	for m, t := range o.schedulers {
		if m.Name() == leader {
			return t, nil
		}
	}
	return nil, view.Fail(view.Failed, "no kube-scheduler leads at the moment; see: lab status")
}

// queue is what the scheduler that leads has still to do.
func (o *Observer) queue() (*view.Queue, error) {
	t, err := o.leadingScheduler()
	if err != nil {
		return nil, err
	}
	q := t.scheduler.SchedulingQueue
	names := func(pods []*corev1.Pod) []view.Object {
		list := []view.Object{}
		for _, p := range pods {
			list = append(list, view.Object{Resource: "pods", Namespace: plain.Line(p.Namespace), Name: plain.Line(p.Name), UID: string(p.UID)})
		}
		return list
	}
	return &view.Queue{
		Master: t.master.Name(), Active: names(q.PodsInActiveQ()), Backoff: names(q.PodsInBackoffQ()),
		Unschedulable: names(q.UnschedulablePods()), InFlight: names(q.InFlightPods()),
	}, nil
}

// whatIf asks the plugins of the scheduler that leads about a pod that is not created. They see what it sees.
func (o *Observer) whatIf(ctx context.Context, manifest string) (*view.Decision, error) {
	pod := &corev1.Pod{}
	if err := yaml.UnmarshalStrict([]byte(manifest), pod); err != nil {
		return nil, view.Fail(view.Usage, "read the pod: %v", err)
	}
	if pod.Kind != "Pod" || pod.APIVersion != "v1" || len(pod.Spec.Containers) == 0 {
		return nil, view.Fail(view.Usage, "that is no pod: it wants apiVersion: v1, kind: Pod and containers in its spec")
	}
	if pod.Name == "" {
		pod.Name = "what-if"
	}
	if pod.Namespace == "" {
		pod.Namespace = metav1.NamespaceDefault
	}
	if len(pod.Spec.ResourceClaims) > 0 {
		return nil, view.Fail(view.Failed, "the pod has resourceClaims: the plugin that judges them can only be asked by the scheduler itself; create the pod, and see: lab decisions")
	}
	corev1defaults.SetObjectDefaults_Pod(pod)
	t, err := o.leadingScheduler()
	if err != nil {
		return nil, err
	}
	return t.whatIf(ctx, pod)
}

func (t *schedulerTerm) whatIf(ctx context.Context, pod *corev1.Pod) (*view.Decision, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.prepare(ctx); err != nil {
		return nil, fmt.Errorf("ask the scheduler of %s: %w", t.master, err)
	}
	if err := t.scheduler.Cache.UpdateSnapshot(klog.FromContext(ctx), t.snapshot); err != nil {
		return nil, fmt.Errorf("see what the scheduler of %s sees: %w", t.master, err)
	}
	w := newWitness(t.asked)
	node, err := t.decide(ctx, w, pod)
	d := w.decision(pod, node, err)
	d.Master, d.WhatIf, d.Attempt = t.master.Name(), true, 1
	if node == "" && d.Why == "" {
		d.Why = "no node fits"
	}
	return d, nil
}

// prepare makes the plugins once more, upon a snapshot of their own: the scheduler's is in use. Only DynamicResources cannot
// be made twice upon the same informers; it has nothing to say about pods without resourceClaims.
func (t *schedulerTerm) prepare(ctx context.Context) error {
	if t.asked != nil {
		return nil
	}
	own := t.scheduler.Profiles[corev1.DefaultSchedulerName]
	if own == nil || len(t.config.ComponentConfig.Profiles) == 0 {
		return fmt.Errorf("it has no profile %s", corev1.DefaultSchedulerName)
	}
	profile := t.config.ComponentConfig.Profiles[0].DeepCopy()
	profile.Plugins.MultiPoint.Enabled = slices.DeleteFunc(profile.Plugins.MultiPoint.Enabled, func(p schedulerconfig.Plugin) bool { return p.Name == names.DynamicResources })
	snapshot := cache.NewEmptySnapshot()
	f, err := frameworkruntime.NewFramework(context.WithoutCancel(ctx), plugins.NewInTreeRegistry(), profile,
		frameworkruntime.WithComponentConfigVersion(t.config.ComponentConfig.APIVersion),
		frameworkruntime.WithClientSet(own.ClientSet()), frameworkruntime.WithKubeConfig(own.KubeConfig()),
		frameworkruntime.WithInformerFactory(own.SharedInformerFactory()),
		frameworkruntime.WithSharedDRAManager(own.SharedDRAManager()), frameworkruntime.WithSharedCSIManager(own.SharedCSIManager()),
		frameworkruntime.WithSnapshotSharedLister(snapshot), frameworkruntime.WithMutableSnapshotLister(snapshot),
		frameworkruntime.WithEventRecorder(nil), frameworkruntime.WithPodNominator(t.scheduler.SchedulingQueue),
		frameworkruntime.WithParallelism(1),
	)
	if err != nil {
		return err
	}
	t.snapshot, t.asked = snapshot, f
	return nil
}

// decide goes the way of the scheduler's own schedulePod: filters, then scores if more than one node fits.
func (t *schedulerTerm) decide(ctx context.Context, w *witness, pod *corev1.Pod) (string, error) {
	state := framework.NewCycleState()
	nodes, err := t.snapshot.NodeInfos().List()
	if err != nil {
		return "", err
	}
	only, status, _ := w.RunPreFilterPlugins(ctx, state, pod)
	if !status.IsSuccess() {
		return "", nil // the witness has heard why
	}
	var fit []fwk.NodeInfo
	for _, n := range nodes {
		if !only.AllNodes() && !only.NodeNames.Has(n.Node().Name) {
			w.verdicts[n.Node().Name] = &view.Verdict{Node: n.Node().Name, Why: "ruled out before nodes were looked at"}
			continue
		}
		if w.RunFilterPluginsWithNominatedPods(ctx, state, pod, n).IsSuccess() {
			fit = append(fit, n)
		}
	}
	switch len(fit) {
	case 0:
		return "", nil
	case 1:
		return fit[0].Node().Name, nil
	}
	if s := w.RunPreScorePlugins(ctx, state, pod, fit); !s.IsSuccess() {
		return "", s.AsError()
	}
	scores, s := w.RunScorePlugins(ctx, state, pod, fit)
	if !s.IsSuccess() {
		return "", s.AsError()
	}
	best := scores[0]
	for _, score := range scores {
		if score.TotalScore > best.TotalScore {
			best = score
		}
	}
	return best.Name, nil
}
