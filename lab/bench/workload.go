package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
)

// The demo that every lab starts with.
const (
	demoNamespace = "demo"
	demoName      = "web"
	demoPods      = "app=web"
)

// pods follows the demo's pods by a watch.
type pods struct {
	client kubernetes.Interface
	watch  watch.Interface
	ready  map[types.UID]string // names
}

// followPods lists the pods and watches from there. Call stop.
func followPods(ctx context.Context, client kubernetes.Interface) (*pods, error) {
	list, err := client.CoreV1().Pods(demoNamespace).List(ctx, metav1.ListOptions{LabelSelector: demoPods})
	if err != nil {
		return nil, fmt.Errorf("list the demo's pods: %w", err)
	}
	p := &pods{client: client, ready: map[types.UID]string{}}
	for i := range list.Items {
		p.note(&list.Items[i])
	}
	p.watch, err = client.CoreV1().Pods(demoNamespace).Watch(ctx, metav1.ListOptions{
		LabelSelector: demoPods, ResourceVersion: list.ResourceVersion,
	})
	if err != nil {
		return nil, fmt.Errorf("watch the demo's pods: %w", err)
	}
	return p, nil
}

func (p *pods) stop() { p.watch.Stop() }

func (p *pods) note(pod *corev1.Pod) {
	delete(p.ready, pod.UID)
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue && pod.DeletionTimestamp == nil {
			p.ready[pod.UID] = pod.Name
		}
	}
}

// until waits for done to hold of the pods that are ready.
func (p *pods) until(ctx context.Context, done func() bool) error {
	for !done() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the demo's pods, of which %d are ready: %w", len(p.ready), context.Cause(ctx))
		case e, open := <-p.watch.ResultChan():
			pod, is := e.Object.(*corev1.Pod)
			switch {
			case !open || !is:
				return fmt.Errorf("the watch of the demo's pods ended: %v", e.Object)
			case e.Type == watch.Deleted:
				delete(p.ready, pod.UID)
			default:
				p.note(pod)
			}
		}
	}
	return nil
}

// scaleBy asks for more pods and returns how long it took until all of them were Ready.
func (p *pods) scaleBy(ctx context.Context, more int32) (time.Duration, error) {
	deployments := p.client.AppsV1().Deployments(demoNamespace)
	scale, err := deployments.GetScale(ctx, demoName, metav1.GetOptions{})
	if err != nil {
		return 0, err
	}
	if err := p.until(ctx, func() bool { return len(p.ready) == int(scale.Spec.Replicas) }); err != nil {
		return 0, err
	}
	scale.Spec.Replicas += more
	began := time.Now()
	if _, err := deployments.UpdateScale(ctx, demoName, scale, metav1.UpdateOptions{}); err != nil {
		return 0, err
	}
	err = p.until(ctx, func() bool { return len(p.ready) == int(scale.Spec.Replicas) })
	return time.Since(began), err
}

// deleteOne deletes a pod and returns how long it took until a new one was Ready.
func (p *pods) deleteOne(ctx context.Context) (time.Duration, error) {
	before := map[types.UID]bool{}
	var victim string
	for uid, name := range p.ready {
		before[uid], victim = true, name
	}
	began := time.Now()
	if err := p.client.CoreV1().Pods(demoNamespace).Delete(ctx, victim, metav1.DeleteOptions{}); err != nil {
		return 0, err
	}
	err := p.until(ctx, func() bool {
		for uid := range p.ready {
			if !before[uid] {
				return true
			}
		}
		return false
	})
	return time.Since(began), err
}
