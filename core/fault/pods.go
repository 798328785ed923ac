package fault

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"kubelab/core/component"
	"kubelab/core/images"
	"kubelab/core/node"
	"kubelab/core/target"
	"kubelab/core/view"
)

// podPart is a pod, or one of its containers.
type podPart struct {
	f *Faults
	t target.Target
}

func (p podPart) can(v view.Verb) error {
	if p.t.Container == "" && v == view.Pause {
		return fmt.Errorf("a pod is no process; pause one of its containers: container/%s/%s/NAME", p.t.Namespace, p.t.Pod)
	}
	return nil
}

func (p podPart) state() component.State { return component.Running }

func (p podPart) exists() error {
	pod, err := p.f.lab.Pod(p.t.Namespace, p.t.Pod)
	if err != nil || p.t.Container == "" {
		return err
	}
	if _, ok := pod.Restarts[p.t.Container]; !ok {
		return view.Fail(view.NotFound, "pod %s/%s has no container %q that was started", p.t.Namespace, p.t.Pod, p.t.Container)
	}
	return nil
}

func (p podPart) do(ctx context.Context, v view.Verb) (string, error) {
	if p.t.Container == "" {
		return "", p.deletePod(ctx, v == view.Kill)
	}
	signal := map[view.Verb]syscall.Signal{
		view.Kill: syscall.SIGKILL, view.Pause: syscall.SIGSTOP, view.Resume: syscall.SIGCONT,
	}[v]
	return "", p.f.withContainer(ctx, p.t, func(ctx context.Context, c containerd.Container) error {
		task, err := c.Task(ctx, nil)
		if err != nil {
			return fmt.Errorf("find its process: %w", err)
		}
		return task.Kill(ctx, signal)
	})
}

// deletePod deletes the pod through the API, with its own grace period or none.
func (p podPart) deletePod(ctx context.Context, atOnce bool) error {
	var o metav1.DeleteOptions
	if atOnce {
		o = *metav1.NewDeleteOptions(0)
	}
	return p.f.lab.Client().CoreV1().Pods(p.t.Namespace).Delete(ctx, p.t.Pod, o)
}

// Labels by which containerd's CRI plugin knows what belongs to whom.
const (
	podNamespaceLabel  = "io.kubernetes.pod.namespace"
	podNameLabel       = "io.kubernetes.pod.name"
	containerNameLabel = "io.kubernetes.container.name"
)

// withContainer finds the running container in containerd, on whichever node it is.
func (f *Faults) withContainer(ctx context.Context, t target.Target, do func(context.Context, containerd.Container) error) error {
	pod, err := f.lab.Pod(t.Namespace, t.Pod)
	if err != nil {
		return err
	}
	for _, m := range f.lab.Spec().Nodes {
		if m.Name() != pod.Node {
			continue
		}
		return onNode(ctx, f.lab.Node(m), t, do)
	}
	return view.Fail(view.Failed, "%s runs on no node of the lab yet", t)
}

func onNode(ctx context.Context, n *node.Node, t target.Target, do func(context.Context, containerd.Container) error) error {
	client, err := n.Containerd()
	if err != nil {
		return err
	}
	defer client.Close()
	list, err := client.Containers(ctx, fmt.Sprintf("labels.%q==%q,labels.%q==%q,labels.%q==%q",
		podNamespaceLabel, t.Namespace, podNameLabel, t.Pod, containerNameLabel, t.Container))
	if err != nil {
		return fmt.Errorf("list containers on %s: %w", n.Machine, err)
	}
	for _, c := range list { // dead ones are kept for their logs
		task, err := c.Task(ctx, nil)
		if err != nil {
			continue
		}
		if s, err := task.Status(ctx); err == nil && s.Status == containerd.Running {
			return do(ctx, c)
		}
	}
	return view.Fail(view.Failed, "%s: %w on %s just now; kubelet may be waiting before it starts it again", t, errNotRunning, n.Machine)
}

var errNotRunning = errors.New("it does not run")

// oomKind has a demo container take more memory than it may.
func oomKind() kind {
	return kind{
		verb: view.OutOfMemory, does: "have a demo container take more memory than its limit", to: []string{"container"},
		read: readTargets, check: partsCheck,
		inject: func(ctx context.Context, f *Faults, d *deed, _ view.Report) error {
			return f.inParallel(ctx, d.targets, f.eat)
		},
	}
}

// demoPort is where the demo listens, see manifests/demo.yaml.
const demoPort = 8080

// eat asks the demo in the container to take its limit and some more.
func (f *Faults) eat(ctx context.Context, t target.Target) error {
	pod, err := f.lab.Pod(t.Namespace, t.Pod)
	if err != nil {
		return err
	}
	var limit int64
	err = f.withContainer(ctx, t, func(ctx context.Context, c containerd.Container) error {
		image, err := c.Image(ctx)
		if err != nil {
			return err
		}
		if image.Name() != images.Demo1 && image.Name() != images.Demo2 {
			return view.Fail(view.Failed, "only the demo server takes memory when asked to, and this is %s", image.Name())
		}
		spec, err := c.Spec(ctx)
		if err != nil {
			return err
		}
		if spec.Linux != nil && spec.Linux.Resources != nil && spec.Linux.Resources.Memory != nil && spec.Linux.Resources.Memory.Limit != nil {
			limit = *spec.Linux.Resources.Memory.Limit
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case limit <= 0:
		return view.Fail(view.Failed, "it has no memory limit (resources.limits.memory) that it could exceed")
	}
	const more = 32 // MiB
	url := fmt.Sprintf("http://%s/eat?mib=%d", netip.AddrPortFrom(pod.IP, demoPort), limit>>20+more)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil // it has died of it, before it could answer
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the demo refuses: %s", answer.Status)
	}
	return view.Fail(view.Failed, "it has taken %d MiB and lives: its limit is not enforced", limit>>20+more)
}
