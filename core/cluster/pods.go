package cluster

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"

	"kubelab/core/topology"
	"kubelab/core/view"
)

// Pod is what the engine knows of a pod that has not finished.
type Pod struct {
	Namespace, Name string
	UID             string
	Node            string // empty while it is not bound
	IP              netip.Addr
	Owner           string // UID of its controller, empty without one
	Tied            bool   // its controller wants it on this node and no other: a DaemonSet
	Ready, Deleting bool
	Restarts        map[string]int32 // by container
}

// Pods are those that the engine last heard of; it hears nothing while no API server answers.
func (c *Cluster) Pods() []Pod {
	var list []Pod
	pods, _ := c.caches.pods.List(labels.Everything()) // a lister's List from a cache has no error
	for _, p := range pods {
		list = append(list, podOf(p))
	}
	return list
}

// Pod is the pod of that name. It is NotFound when the engine has not heard of it.
func (c *Cluster) Pod(namespace, name string) (Pod, error) {
	p, err := c.caches.pods.Pods(namespace).Get(name)
	if err != nil {
		return Pod{}, view.Fail(view.NotFound, "there is no pod %q in namespace %q; see: lab kubectl get pods -n %s", name, namespace, namespace)
	}
	return podOf(p), nil
}

func podOf(p *corev1.Pod) Pod {
	pod := Pod{
		Namespace: p.Namespace, Name: p.Name, UID: string(p.UID), Node: p.Spec.NodeName, Ready: podutil.IsPodReady(p),
		Deleting: p.DeletionTimestamp != nil, Restarts: map[string]int32{},
	}
	pod.IP, _ = netip.ParseAddr(p.Status.PodIP) // it has none yet
	if owner := metav1.GetControllerOf(p); owner != nil {
		pod.Owner, pod.Tied = string(owner.UID), owner.Kind == "DaemonSet"
	}
	for _, s := range p.Status.ContainerStatuses {
		pod.Restarts[s.Name] = s.RestartCount
	}
	return pod
}

// NodeReady reports whether the cluster last called the node ready.
func (c *Cluster) NodeReady(m topology.Machine) bool { return ready(c.caches.node(m), time.Time{}) }

// Heard reports whether the engine has heard of the cluster's nodes and pods since it was started.
func (c *Cluster) Heard() bool { return c.caches.heard() }

// NodeCordoned reports whether no new pods are put on the node.
func (c *Cluster) NodeCordoned(m topology.Machine) bool {
	n := c.caches.node(m)
	return n != nil && n.Spec.Unschedulable
}

// NodeHas reports whether the cluster says that the condition holds on the node.
func (c *Cluster) NodeHas(m topology.Machine, condition corev1.NodeConditionType) bool {
	n := c.caches.node(m)
	if n == nil {
		return false
	}
	for _, cond := range n.Status.Conditions {
		if cond.Type == condition {
			return cond.Status == corev1.ConditionTrue
		}
	}
	return false
}

// Etcd is the cluster of members as the best informed one sees it. Nobody is asked over the network.
func (c *Cluster) Etcd() view.Etcd {
	masters, _ := c.machines()
	return etcdOf(c.Spec(), masters)
}

// Leader is the machine whose component leads, in process and not by the Lease; empty where none does.
func (c *Cluster) Leader(name string) string { return c.LeaderBut(name, "") }

// LeaderBut is Leader, but not the machine but: one that is cut off may think for a while that it still leads.
func (c *Cluster) LeaderBut(name, but string) string {
	masters, _ := c.machines()
	for m, made := range masters {
		if m.Name() != but && made.Component(name).Status().Leading {
			return m.Name()
		}
	}
	return ""
}

// DemoService is where the demo's Service answers, not ok in a lab that has none.
func (c *Cluster) DemoService(ctx context.Context) (a netip.Addr, ok bool) {
	s, err := c.client.CoreV1().Services(demoNamespace).Get(ctx, demoName, metav1.GetOptions{})
	if err != nil {
		return a, false
	}
	a, err = netip.ParseAddr(s.Spec.ClusterIP)
	return a, err == nil
}

// cordonBound is how long the engine may take to hear of what it did itself.
const cordonBound = 5 * time.Second

// Cordon keeps new pods off the node, or lets them come again. It returns when the engine has heard of it.
func (c *Cluster) Cordon(ctx context.Context, m topology.Machine, on bool) error {
	patch := fmt.Appendf(nil, `{"spec":{"unschedulable":%t}}`, on)
	_, err := c.client.CoreV1().Nodes().Patch(ctx, m.Name(), types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, cordonBound)
	defer cancel()
	return poll(ctx, func(context.Context) (bool, string) {
		return c.NodeCordoned(m) == on, "nothing was heard of it"
	})
}

// Drain keeps new pods off the node and has those leave that are there.
func (c *Cluster) Drain(ctx context.Context, m topology.Machine) error { return c.drain(ctx, m) }
