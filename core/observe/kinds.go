package observe

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	resourcehelper "k8s.io/component-helpers/resource"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/view"
)

// What the catalogue takes of each kind. Its methods are called with mu held.

// pod is a pod and what only sums need of it.
type pod struct {
	view.Pod
	finished bool
	requests corev1.ResourceList
}

func (c *catalogue) takePod(key string, d *corev1.Pod, about view.Object) (refers []view.Object, says string, events []view.Event) {
	before, was := c.pods[key]
	p := podOf(d)
	c.pods[key], c.changed = p, true
	says = p.says()
	if p.IP != "" {
		refers = append(refers, view.Object{Resource: "addresses", Name: p.IP})
	}
	if p.Node != "" {
		refers = append(refers, view.Object{Resource: "nodes", Name: p.Node})
	}
	if !was || before.says() != says {
		events = append(events, view.Event{Kind: view.PodChanged, Source: component.Etcd, Object: &about, Text: fmt.Sprintf("%s/%s: %s", p.Namespace, p.Name, says)})
	}
	return refers, says, events
}

func (p pod) says() string {
	text := fmt.Sprintf("%s, %d of %d ready", p.Status, p.Running, p.Of)
	if p.Node != "" {
		text += " on " + p.Node
	}
	if p.Restarts > 0 {
		text += fmt.Sprintf(", restarted %d times", p.Restarts)
	}
	return text
}

func podOf(d *corev1.Pod) pod {
	p := pod{
		Pod: view.Pod{
			Namespace: plain.Line(d.Namespace), Name: plain.Line(d.Name), UID: string(d.UID), Node: plain.Line(d.Spec.NodeName), IP: d.Status.PodIP,
			Status: podStatus(d), Of: len(d.Spec.Containers), Created: d.CreationTimestamp.Time,
		},
		finished: d.Status.Phase == corev1.PodSucceeded || d.Status.Phase == corev1.PodFailed,
		requests: resourcehelper.PodRequests(d, resourcehelper.PodResourcesOptions{}),
	}
	if owner := metav1.GetControllerOf(d); owner != nil {
		p.Owner = plain.Line(owner.Kind + "/" + owner.Name)
	}
	for _, cond := range d.Status.Conditions {
		if cond.Type == corev1.PodReady {
			p.Ready = cond.Status == corev1.ConditionTrue
		}
	}
	for _, s := range d.Status.ContainerStatuses {
		p.Restarts += int(s.RestartCount)
		if s.Ready {
			p.Running++
		}
	}
	return p
}

// podStatus is kubectl's word in its column STATUS (printPod in pkg/printers/internalversion), for what a lab's pods come to.
func podStatus(d *corev1.Pod) string {
	status := cmp.Or(d.Status.Reason, string(d.Status.Phase), "Unknown")
	for i, s := range d.Status.InitContainerStatuses {
		switch w, t := s.State.Waiting, s.State.Terminated; {
		case t != nil && t.ExitCode == 0:
			continue
		case t != nil:
			status = "Init:" + cmp.Or(t.Reason, fmt.Sprintf("ExitCode:%d", t.ExitCode))
		case w != nil && w.Reason != "" && w.Reason != "PodInitializing":
			status = "Init:" + w.Reason
		case s.Started != nil && *s.Started && s.Ready:
			continue
		default:
			status = fmt.Sprintf("Init:%d/%d", i, len(d.Spec.InitContainers))
		}
		return plain.Line(terminating(d, status))
	}
	for _, s := range slices.Backward(d.Status.ContainerStatuses) {
		switch w, t := s.State.Waiting, s.State.Terminated; {
		case w != nil && w.Reason != "":
			status = w.Reason
		case t != nil:
			status = cmp.Or(t.Reason, fmt.Sprintf("ExitCode:%d", t.ExitCode))
		}
	}
	return plain.Line(terminating(d, status))
}

func terminating(d *corev1.Pod, status string) string {
	switch {
	case d.DeletionTimestamp == nil:
		return status
	case d.Status.Reason == "NodeLost":
		return "Unknown"
	}
	return "Terminating"
}

// nodeState is what the cluster says of a node.
type nodeState struct {
	name       string
	ready      corev1.ConditionStatus
	conditions map[string]string
	taints     []string
	capacity   map[string]string
	cordoned   bool
}

func (c *catalogue) takeNode(key string, d *corev1.Node, about view.Object) (says string, events []view.Event) {
	before, was := c.nodes[key]
	n := nodeState{name: plain.Line(d.Name), ready: corev1.ConditionUnknown, conditions: map[string]string{}, cordoned: d.Spec.Unschedulable}
	for _, cond := range d.Status.Conditions {
		n.conditions[plain.Line(string(cond.Type))] = plain.Line(string(cond.Status))
		if cond.Type == corev1.NodeReady {
			n.ready = cond.Status
		}
	}
	for _, t := range d.Spec.Taints {
		n.taints = append(n.taints, plain.Line(t.ToString()))
	}
	n.capacity = quantities(d.Status.Allocatable)
	c.nodes[key] = n
	says = n.says()
	if !was || before.says() != says {
		c.changed = true
		events = append(events, view.Event{Kind: view.NodeChanged, Source: component.Etcd, Object: &about, Text: n.name + ": " + says})
	}
	return says, events
}

func (n nodeState) says() string {
	words := []string{map[corev1.ConditionStatus]string{corev1.ConditionTrue: "Ready", corev1.ConditionFalse: "NotReady"}[n.ready]}
	if words[0] == "" {
		words[0] = "NotReady (unknown: nothing is heard of it)"
	}
	for _, pressure := range []corev1.NodeConditionType{corev1.NodeDiskPressure, corev1.NodeMemoryPressure, corev1.NodePIDPressure, corev1.NodeNetworkUnavailable} {
		if n.conditions[string(pressure)] == string(corev1.ConditionTrue) {
			words = append(words, string(pressure))
		}
	}
	if n.cordoned {
		words = append(words, "cordoned")
	}
	if len(n.taints) > 0 {
		words = append(words, "tainted "+strings.Join(n.taints, " "))
	}
	return strings.Join(words, ", ")
}

func quantities(list corev1.ResourceList) map[string]string {
	text := map[string]string{}
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourcePods} {
		if q, ok := list[name]; ok {
			text[string(name)] = q.String()
		}
	}
	return text
}

// requests sums what pods ask for.
type requests struct {
	pods        int
	cpu, memory resource.Quantity
}

func newRequests() *requests {
	return &requests{cpu: *resource.NewMilliQuantity(0, resource.DecimalSI), memory: *resource.NewQuantity(0, resource.BinarySI)}
}

func (r *requests) add(list corev1.ResourceList) {
	r.pods++
	r.cpu.Add(*list.Cpu())
	r.memory.Add(*list.Memory())
}

func (r *requests) text() map[string]string {
	return map[string]string{"cpu": r.cpu.String(), "memory": r.memory.String(), "pods": fmt.Sprint(r.pods)}
}

// takeLease follows who leads, and when kubelets said that they are alive.
func (c *catalogue) takeLease(d *coordinationv1.Lease, about view.Object) (says string, events []view.Event) {
	var renewed time.Time
	if d.Spec.RenewTime != nil {
		renewed = d.Spec.RenewTime.Time
	}
	if d.Namespace == corev1.NamespaceNodeLease {
		c.beats[plain.Line(d.Name)] = renewed
		c.changed = true
		return "", nil
	}
	if d.Namespace != metav1.NamespaceSystem || d.Name != component.Scheduler && d.Name != component.ControllerManager {
		return "", nil
	}
	l := view.Lease{Renewed: renewed}
	if d.Spec.HolderIdentity != nil {
		l.Holder, _, _ = strings.Cut(plain.Line(*d.Spec.HolderIdentity), "_") // the rest tells processes of a machine apart
	}
	if d.Spec.LeaseDurationSeconds != nil {
		l.Seconds = int(*d.Spec.LeaseDurationSeconds)
	}
	if d.Spec.LeaseTransitions != nil {
		l.Transitions = int(*d.Spec.LeaseTransitions)
	}
	before := c.leases[d.Name]
	c.leases[d.Name], c.changed = l, true
	says = "held by " + cmp.Or(l.Holder, "nobody")
	if before.Holder != l.Holder {
		text := fmt.Sprintf("%s of %s leads", d.Name, l.Holder)
		if l.Holder == "" {
			text = fmt.Sprintf("%s of %s gave its Lease up", d.Name, before.Holder)
		}
		events = append(events, view.Event{Kind: view.LeaseMoved, Source: d.Name, Object: &about, Text: text})
	}
	return says, events
}

// slice is what an EndpointSlice adds to a Service.
type slice struct {
	service   string // namespace/name
	endpoints []view.Endpoint
}

// takeOther takes what nothing is told about beside the change of the key.
func (c *catalogue) takeOther(key string, decoded runtime.Object) (says string, refers []view.Object) {
	workload := func(kind string, m *metav1.ObjectMeta, desired *int32, current, ready, updated int32) string {
		w := view.Workload{Kind: kind, Namespace: plain.Line(m.Namespace), Name: plain.Line(m.Name), Desired: 1,
			Current: int(current), Ready: int(ready), Updated: int(updated)}
		if desired != nil {
			w.Desired = int(*desired)
		}
		if owner := metav1.GetControllerOf(m); owner != nil {
			w.Owner = plain.Line(owner.Kind + "/" + owner.Name)
		}
		c.workloads[key] = w
		return fmt.Sprintf("%d of %d ready", w.Ready, w.Desired)
	}
	switch d := decoded.(type) {
	case *appsv1.Deployment:
		says = workload("Deployment", &d.ObjectMeta, d.Spec.Replicas, d.Status.Replicas, d.Status.ReadyReplicas, d.Status.UpdatedReplicas)
	case *appsv1.ReplicaSet:
		says = workload("ReplicaSet", &d.ObjectMeta, d.Spec.Replicas, d.Status.Replicas, d.Status.ReadyReplicas, d.Status.FullyLabeledReplicas)
	case *appsv1.StatefulSet:
		says = workload("StatefulSet", &d.ObjectMeta, d.Spec.Replicas, d.Status.Replicas, d.Status.ReadyReplicas, d.Status.UpdatedReplicas)
	case *appsv1.DaemonSet:
		says = workload("DaemonSet", &d.ObjectMeta, &d.Status.DesiredNumberScheduled, d.Status.CurrentNumberScheduled, d.Status.NumberReady, d.Status.UpdatedNumberScheduled)
	case *batchv1.Job:
		says = workload("Job", &d.ObjectMeta, d.Spec.Completions, d.Status.Active, d.Status.Succeeded, d.Status.Succeeded)
	case *corev1.Service:
		s := view.Service{Namespace: plain.Line(d.Namespace), Name: plain.Line(d.Name), Type: string(d.Spec.Type), IP: d.Spec.ClusterIP, Ports: []string{}}
		for _, p := range d.Spec.Ports {
			s.Ports = append(s.Ports, fmt.Sprintf("%d/%s", p.Port, p.Protocol))
		}
		c.services[key] = s
		says = strings.TrimSpace(s.IP + " " + strings.Join(s.Ports, " "))
	case *discoveryv1.EndpointSlice:
		says, refers = c.takeSlice(key, d)
	}
	return says, refers
}

func (c *catalogue) takeSlice(key string, d *discoveryv1.EndpointSlice) (says string, refers []view.Object) {
	service := d.Labels[discoveryv1.LabelServiceName]
	s := slice{service: plain.Line(d.Namespace + "/" + service)}
	refers = append(refers, view.Object{Resource: "services", Namespace: plain.Line(d.Namespace), Name: plain.Line(service)})
	var words []string
	for _, e := range d.Endpoints {
		for _, address := range e.Addresses {
			end := view.Endpoint{Address: plain.Line(address), Ready: e.Conditions.Ready == nil || *e.Conditions.Ready}
			if e.NodeName != nil {
				end.Node = plain.Line(*e.NodeName)
			}
			if e.TargetRef != nil && e.TargetRef.Kind == "Pod" {
				end.Pod = plain.Line(e.TargetRef.Name)
				refers = append(refers, view.Object{Resource: "pods", Namespace: plain.Line(e.TargetRef.Namespace), Name: end.Pod, UID: string(e.TargetRef.UID)})
			}
			s.endpoints = append(s.endpoints, end)
			word := end.Address
			if !end.Ready {
				word += " (not ready)"
			}
			words = append(words, word)
		}
	}
	c.slices[key] = s
	if len(words) == 0 {
		return "no endpoints", refers
	}
	slices.Sort(words)
	if len(words) > maxEndpoints {
		words = append(words[:maxEndpoints], fmt.Sprintf("and %d more", len(words)-maxEndpoints))
	}
	return "endpoints " + strings.Join(words, ", "), refers
}

// maxEndpoints is how many endpoints are named in a line.
const maxEndpoints = 8
