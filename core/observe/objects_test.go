package observe

import (
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"kubelab/core/plain"
	"kubelab/core/view"
)

// history makes changes as etcd would tell them.
type history struct {
	t        *testing.T
	c        *catalogue
	revision int64
	versions map[string]int64
	told     []view.Event
}

func newHistory(t *testing.T) *history {
	h := &history{t: t, versions: map[string]int64{}}
	h.c = newCatalogue(func(e view.Event) { h.told = append(h.told, e) })
	h.c.reset(nil, 0)
	return h
}

func (h *history) put(key string, o runtime.Object) []view.Event {
	h.told = nil
	h.revision++
	h.versions[key]++
	h.c.change(&mvccpb.Event{Type: mvccpb.PUT, Kv: &mvccpb.KeyValue{
		Key: []byte(key), Value: stored(h.t, o), ModRevision: h.revision, Version: h.versions[key],
	}})
	return h.told
}

func (h *history) del(key string) []view.Event {
	h.told = nil
	h.revision++
	h.c.change(&mvccpb.Event{Type: mvccpb.DELETE, Kv: &mvccpb.KeyValue{Key: []byte(key), ModRevision: h.revision}})
	return h.told
}

func texts(events []view.Event) string {
	var all []string
	for _, e := range events {
		all = append(all, string(e.Kind)+" "+e.Text)
	}
	return strings.Join(all, "\n")
}

func newPod(change func(*corev1.Pod)) *corev1.Pod {
	yes := true
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "web-abc", UID: "u1", OwnerReferences: []metav1.OwnerReference{
			{Kind: "ReplicaSet", Name: "web", UID: "r1", Controller: &yes},
		}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("250m")},
		}}}},
		Status: corev1.PodStatus{Phase: corev1.PodPending},
	}
	if change != nil {
		change(p)
	}
	return p
}

func TestPodsAreFollowed(t *testing.T) {
	h := newHistory(t)
	const key = "/registry/pods/demo/web-abc"
	ready := func(p *corev1.Pod) {
		p.Spec.NodeName, p.Status.Phase, p.Status.PodIP = "node-1", corev1.PodRunning, "10.1.2.3"
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Ready: true}}
	}
	events := h.put(key, newPod(nil))
	if got := texts(events); got != "key pods/demo/web-abc created: Pending, 0 of 1 ready\npod demo/web-abc: Pending, 0 of 1 ready" {
		t.Errorf("created: %s", got)
	}
	if k := events[0].Key; k.Revision != 1 || k.Version != 1 || len(k.Owners) != 1 || k.Owners[0] != (view.Object{Resource: "replicasets", Namespace: "demo", Name: "web", UID: "r1"}) {
		t.Errorf("the key is told as %+v", k)
	}
	events = h.put(key, newPod(ready))
	if got := texts(events); got != "key pods/demo/web-abc: Running, 1 of 1 ready on node-1\npod demo/web-abc: Running, 1 of 1 ready on node-1" {
		t.Errorf("ready: %s", got)
	}
	if refers := events[0].Key.Refers; len(refers) != 2 || refers[0].Name != "10.1.2.3" || refers[1].Name != "node-1" {
		t.Errorf("it refers to %+v", refers)
	}
	if got := texts(h.put(key, newPod(ready))); got != "key pods/demo/web-abc updated" {
		t.Errorf("nothing that people want to know: %s", got)
	}
	d := h.c.draw()
	if len(d.pods) != 1 || !d.pods[0].Ready || d.pods[0].Owner != "ReplicaSet/web" || d.requested["node-1"]["cpu"] != "250m" || d.requested["node-1"]["pods"] != "1" {
		t.Errorf("drawn as %+v, requested %v", d.pods, d.requested)
	}
	if again := h.c.draw(); &again.pods[0] != &d.pods[0] {
		t.Error("what has not changed is drawn again")
	}
	if got := texts(h.del(key)); got != "key pods/demo/web-abc deleted\npod demo/web-abc is gone from node-1" {
		t.Errorf("deleted: %s", got)
	}
	if d := h.c.draw(); len(d.pods) != 0 || len(d.requested) != 0 {
		t.Errorf("after that there is %+v, %v", d.pods, d.requested)
	}
}

func TestStatusOfPods(t *testing.T) {
	waiting := func(reason string) corev1.ContainerState {
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}
	}
	now := metav1.Now()
	for want, change := range map[string]func(*corev1.Pod){
		"Pending":     func(*corev1.Pod) {},
		"Running":     func(p *corev1.Pod) { p.Status.Phase = corev1.PodRunning },
		"Evicted":     func(p *corev1.Pod) { p.Status.Phase, p.Status.Reason = corev1.PodFailed, "Evicted" },
		"Terminating": func(p *corev1.Pod) { p.DeletionTimestamp = &now },
		"ContainerCreating": func(p *corev1.Pod) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{State: waiting("ContainerCreating")}}
		},
		"CrashLoopBackOff": func(p *corev1.Pod) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{State: waiting("CrashLoopBackOff")}}
		},
		"OOMKilled": func(p *corev1.Pod) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "OOMKilled"}}}}
		},
		"Init:0/1": func(p *corev1.Pod) {
			p.Spec.InitContainers, p.Status.InitContainerStatuses = make([]corev1.Container, 1), []corev1.ContainerStatus{{State: waiting("PodInitializing")}}
		},
		"Init:ErrImagePull": func(p *corev1.Pod) {
			p.Spec.InitContainers, p.Status.InitContainerStatuses = make([]corev1.Container, 1), []corev1.ContainerStatus{{State: waiting("ErrImagePull")}}
		},
	} {
		if got := podStatus(newPod(change)); got != want {
			t.Errorf("status %q, want %q", got, want)
		}
	}
}

func TestNodesLeasesAndServices(t *testing.T) {
	h := newHistory(t)
	node := func(ready corev1.ConditionStatus, taints ...corev1.Taint) *corev1.Node {
		return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node-1"}, Spec: corev1.NodeSpec{Taints: taints},
			Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready}}}}
	}
	const nodeKey = "/registry/minions/node-1"
	h.put(nodeKey, node(corev1.ConditionTrue))
	if got := texts(h.put(nodeKey, node(corev1.ConditionTrue))); got != "key " {
		t.Errorf("a heartbeat is told as %q", got)
	}
	taint := corev1.Taint{Key: "node.kubernetes.io/unreachable", Effect: corev1.TaintEffectNoExecute}
	if got := texts(h.put(nodeKey, node(corev1.ConditionUnknown, taint))); !strings.Contains(got, "node node-1: NotReady (unknown: nothing is heard of it), tainted node.kubernetes.io/unreachable:NoExecute") {
		t.Errorf("a silent node is told as %q", got)
	}

	lease := func(holder string, moves int32) *coordinationv1.Lease {
		return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "kube-scheduler"},
			Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseTransitions: &moves, RenewTime: &metav1.MicroTime{Time: time.Unix(9, 0)}}}
	}
	const leaseKey = "/registry/leases/kube-system/kube-scheduler"
	h.put(leaseKey, lease("master-1_uid", 0))
	if got := texts(h.put(leaseKey, lease("master-1_uid", 0))); got != "key " {
		t.Errorf("a renewal is told as %q", got)
	}
	if got := texts(h.put(leaseKey, lease("master-2_uid", 1))); !strings.Contains(got, "lease kube-scheduler of master-2 leads") {
		t.Errorf("a Lease that moves is told as %q", got)
	}
	if got := texts(h.put(leaseKey, lease("", 1))); !strings.Contains(got, "kube-scheduler of master-2 gave its Lease up") {
		t.Errorf("a Lease that is given up is told as %q", got)
	}

	yes, no := true, false
	h.put("/registry/services/specs/demo/web", &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "web"},
		Spec: corev1.ServiceSpec{ClusterIP: "10.1.64.5", Ports: []corev1.ServicePort{{Port: 80, Protocol: "TCP"}}}})
	events := h.put("/registry/endpointslices/demo/web-1", &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "web-1", Labels: map[string]string{discoveryv1.LabelServiceName: "web"}},
		Endpoints: []discoveryv1.Endpoint{
			{Addresses: []string{"10.1.2.4"}, Conditions: discoveryv1.EndpointConditions{Ready: &no}},
			{Addresses: []string{"10.1.2.3"}, Conditions: discoveryv1.EndpointConditions{Ready: &yes}, TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: "demo", Name: "web-abc"}},
		},
	})
	if got := texts(events); !strings.HasSuffix(got, "endpoints 10.1.2.3, 10.1.2.4 (not ready)") {
		t.Errorf("an EndpointSlice is told as %q", got)
	}
	d := h.c.draw()
	if len(d.services) != 1 || len(d.services[0].Endpoints) != 2 || d.services[0].Endpoints[0] != (view.Endpoint{Address: "10.1.2.3", Pod: "web-abc", Ready: true}) {
		t.Errorf("Services are %+v", d.services)
	}
	if l := d.leases["kube-scheduler"]; l.Holder != "" || l.Transitions != 1 || !l.Renewed.Equal(time.Unix(9, 0)) {
		t.Errorf("the Lease is %+v", l)
	}
	replicas := int32(3)
	h.put("/registry/deployments/demo/web", &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "web"},
		Spec: appsv1.DeploymentSpec{Replicas: &replicas}, Status: appsv1.DeploymentStatus{ReadyReplicas: 2}})
	if w := h.c.draw().workloads; len(w) != 1 || w[0].Desired != 3 || w[0].Ready != 2 {
		t.Errorf("workloads are %+v", w)
	}
}

// A catalogue that was cut off learns what it has missed, and tells what that means for people.
func TestReset(t *testing.T) {
	h := newHistory(t)
	h.put("/registry/pods/demo/a", newPod(func(p *corev1.Pod) { p.Name = "a" }))
	h.put("/registry/pods/demo/b", newPod(func(p *corev1.Pod) { p.Name = "b" }))
	kept := &mvccpb.KeyValue{Key: []byte("/registry/pods/demo/a"), ModRevision: 1, Value: stored(t, newPod(func(p *corev1.Pod) { p.Name = "a" }))}
	added := &mvccpb.KeyValue{Key: []byte("/registry/pods/demo/c"), ModRevision: 7, Value: stored(t, newPod(func(p *corev1.Pod) { p.Name = "c" }))}
	h.told = nil
	h.c.reset([]*mvccpb.KeyValue{kept, added}, 9)
	if got := texts(h.told); got != "pod demo/c: Pending, 0 of 1 ready\npod demo/b is gone" {
		t.Errorf("told: %s", got)
	}
	if d := h.c.draw(); len(d.pods) != 2 || d.pods[0].Name != "a" || d.pods[1].Name != "c" {
		t.Errorf("drawn: %+v", d.pods)
	}
}

// Whatever people write into names and messages, nothing of it reaches a terminal as more than text.
func TestHostileObjects(t *testing.T) {
	h := newHistory(t)
	const evil = "\x1b]0;evil\x07\u202e"
	events := h.put("/registry/pods/demo/"+evil, newPod(func(p *corev1.Pod) { p.Name, p.Spec.NodeName, p.Status.Reason = evil, evil, evil }))
	events = append(events, h.put("/registry/events/demo/e", &corev1.Event{
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: evil, Namespace: "demo"}, Reason: evil, Message: strings.Repeat(evil, 1000), Source: corev1.EventSource{Component: evil},
	})...)
	events = append(events, h.put("/registry/minions/x", &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: evil}, Spec: corev1.NodeSpec{Taints: []corev1.Taint{{Key: evil}}}})...)
	for _, e := range events {
		for _, s := range []string{e.Text, e.Source, e.Object.Name} {
			if strings.ContainsFunc(s, plain.Unfit) {
				t.Errorf("%s holds %q", e.Kind, s)
			}
		}
		if len(e.Text) > 2000 {
			t.Errorf("%s has a text of %d bytes", e.Kind, len(e.Text))
		}
	}
}
