package cluster

import (
	"fmt"
	"net/netip"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"

	"kubelab/core/topology"
)

// caches watch what the engine itself must know of the cluster: its nodes and where pods run. They keep the
// last state they saw while no API server answers.
type caches struct {
	nodes   corelisters.NodeLister
	pods    corelisters.PodLister
	factory []informers.SharedInformerFactory
	synced  []cache.InformerSynced
	stop    chan struct{} // closed by close
}

// podsNotFinished leaves out pods that hold no address and no process any more.
const podsNotFinished = "status.phase!=Succeeded,status.phase!=Failed"

// newCaches prepares the caches; onNodes is called after every change of the nodes.
func newCaches(client kubernetes.Interface, onNodes func()) (*caches, error) {
	nodes := informers.NewSharedInformerFactory(client, 0)
	pods := informers.NewSharedInformerFactoryWithOptions(client, 0,
		informers.WithTransform(essence),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) {
			o.FieldSelector = fields.ParseSelectorOrDie(podsNotFinished).String()
		}))
	c := &caches{
		nodes:   nodes.Core().V1().Nodes().Lister(),
		pods:    pods.Core().V1().Pods().Lister(),
		factory: []informers.SharedInformerFactory{nodes, pods},
		stop:    make(chan struct{}),
	}
	_, err := nodes.Core().V1().Nodes().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { onNodes() },
		UpdateFunc: func(_, _ any) { onNodes() },
		DeleteFunc: func(any) { onNodes() },
	})
	if err != nil {
		return nil, fmt.Errorf("watch nodes: %w", err)
	}
	c.synced = []cache.InformerSynced{nodes.Core().V1().Nodes().Informer().HasSynced, pods.Core().V1().Pods().Informer().HasSynced}
	return c, nil
}

// run starts to watch.
func (c *caches) run() {
	for _, f := range c.factory {
		f.Start(c.stop)
	}
}

// heard reports whether everything was listed at least once.
func (c *caches) heard() bool {
	for _, synced := range c.synced {
		if !synced() {
			return false
		}
	}
	return true
}

// close ends watching for good. It may be called once, whether or not run was.
func (c *caches) close() {
	close(c.stop)
	for _, f := range c.factory {
		f.Shutdown()
	}
}

// essence keeps of a pod what the engine needs, so that thousands of pods cost little memory.
func essence(obj any) (any, error) {
	p, ok := obj.(*corev1.Pod)
	if !ok {
		return obj, nil
	}
	kept := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: p.Name, Namespace: p.Namespace, UID: p.UID, ResourceVersion: p.ResourceVersion,
			DeletionTimestamp: p.DeletionTimestamp,
		},
		Spec:   corev1.PodSpec{NodeName: p.Spec.NodeName},
		Status: corev1.PodStatus{PodIP: p.Status.PodIP},
	}
	if owner := metav1.GetControllerOf(p); owner != nil {
		kept.OwnerReferences = []metav1.OwnerReference{{Kind: owner.Kind, UID: owner.UID, Controller: &yes}}
	}
	if podutil.IsPodReady(p) {
		kept.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	}
	for _, s := range p.Status.ContainerStatuses {
		kept.Status.ContainerStatuses = append(kept.Status.ContainerStatuses,
			corev1.ContainerStatus{Name: s.Name, RestartCount: s.RestartCount, Ready: s.Ready})
	}
	return kept, nil
}

var yes = true

// node is what the cluster last said of a node, or nil.
func (c *caches) node(m topology.Machine) *corev1.Node {
	n, err := c.nodes.Get(m.Name())
	if err != nil {
		return nil
	}
	return n
}

// podRanges are the ranges that the controller manager has given to nodes.
func (c *caches) podRanges() map[topology.Machine]netip.Prefix {
	ranges := map[topology.Machine]netip.Prefix{}
	nodes, _ := c.nodes.List(labels.Everything()) // a lister's List from a cache has no error
	for _, n := range nodes {
		m, err := topology.ParseMachine(n.Name)
		if err != nil {
			continue // a node that somebody else registered; the lab has no route to give it
		}
		if r, err := netip.ParsePrefix(n.Spec.PodCIDR); err == nil {
			ranges[m] = r
		}
	}
	return ranges
}

// podsPerNode counts the pods that are bound to each node.
func (c *caches) podsPerNode() map[string]int {
	count := map[string]int{}
	pods, _ := c.pods.List(labels.Everything()) // a lister's List from a cache has no error
	for _, p := range pods {
		if p.Spec.NodeName != "" {
			count[p.Spec.NodeName]++
		}
	}
	return count
}

// ready reports whether the node says that it is ready, and was heard of at or after since. A node that comes
// back is still called ready from before, so what it last said is not enough.
func ready(n *corev1.Node, since time.Time) bool {
	if n == nil {
		return false
	}
	for _, cond := range n.Status.Conditions {
		if cond.Type == corev1.NodeReady {
			return cond.Status == corev1.ConditionTrue && !cond.LastHeartbeatTime.Time.Before(since.Truncate(time.Second))
		}
	}
	return false
}
