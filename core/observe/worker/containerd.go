package worker

import (
	"context"
	"fmt"
	"strings"

	tasks "github.com/containerd/containerd/api/services/tasks/v1"
	task "github.com/containerd/containerd/api/types/task"
	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/snapshots"

	"kubelab/core/node"
	"kubelab/core/plain"
	"kubelab/core/view"
)

// Labels by which containerd's CRI plugin knows what belongs to whom.
const (
	podNamespaceLabel  = "io.kubernetes.pod.namespace"
	podNameLabel       = "io.kubernetes.pod.name"
	podUIDLabel        = "io.kubernetes.pod.uid"
	containerNameLabel = "io.kubernetes.container.name"
)

// snapshotter is the one that kubelet's containers get their file systems from.
const snapshotter = "overlayfs"

// stopped is the status of a container that has no task: it has ended, and is kept for its logs.
const stopped = "stopped"

// Containers asks the node's containerd for what it has in kubelet's namespace: containers with the ids of their
// processes on the host, images, and the number of snapshots. It takes at most 5 s.
func Containers(ctx context.Context, n *node.Node) (containers []view.Container, images []view.Image, layers int, err error) {
	ctx, cancel := context.WithTimeout(ctx, askBound)
	defer cancel()
	client, err := n.Containerd()
	if err != nil {
		return nil, nil, 0, err
	}
	defer client.Close()
	if containers, err = containersIn(ctx, client, n); err != nil {
		return nil, nil, 0, fmt.Errorf("list containers on %s: %w", n.Machine, err)
	}
	if images, err = imagesIn(ctx, client); err != nil {
		return nil, nil, 0, fmt.Errorf("list images on %s: %w", n.Machine, err)
	}
	if layers, err = snapshotsIn(ctx, client); err != nil {
		return nil, nil, 0, fmt.Errorf("list snapshots on %s: %w", n.Machine, err)
	}
	return containers, images, layers, nil
}

func containersIn(ctx context.Context, client *containerd.Client, n *node.Node) ([]view.Container, error) {
	list, err := client.ContainerService().List(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := client.TaskService().List(ctx, &tasks.ListTasksRequest{})
	if err != nil {
		return nil, err
	}
	running := map[string]*task.Process{}
	for _, t := range answer.Tasks {
		running[t.ID] = t
	}
	out := make([]view.Container, 0, len(list))
	for _, c := range list {
		v := describe(c.ID, c.Image, c.Labels)
		v.Status = stopped
		if t := running[c.ID]; t != nil {
			v.Status = strings.ToLower(t.Status.String())
			v.PID, v.Process = processesOf(n, t.Pid)
		}
		out = append(out, v)
	}
	return out, nil
}

// describe is what does not change in a container's life.
func describe(id, image string, labels map[string]string) view.Container {
	c := view.Container{ID: id, Image: plain.Line(image), Name: plain.Line(labels[containerNameLabel])}
	if name := labels[podNameLabel]; name != "" {
		c.Pod = view.Object{
			Resource: "pods", Namespace: plain.Line(labels[podNamespaceLabel]), Name: plain.Line(name), UID: plain.Line(labels[podUIDLabel]),
		}
	}
	return c
}

func imagesIn(ctx context.Context, client *containerd.Client) ([]view.Image, error) {
	list, err := client.ImageService().List(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]view.Image, 0, len(list))
	for _, i := range list {
		if isID(i.Name) {
			continue
		}
		size, err := containerd.NewImage(client, i).Size(ctx)
		if err != nil {
			size = 0 // a part of it is missing, as while it is pulled
		}
		out = append(out, view.Image{Name: plain.Line(i.Name), Size: size})
	}
	return out, nil
}

// isID reports whether an image's name is its id: the CRI plugin keeps every image under that too.
func isID(image string) bool { return strings.HasPrefix(image, "sha256:") }

func snapshotsIn(ctx context.Context, client *containerd.Client) (count int, err error) {
	err = client.SnapshotService(snapshotter).Walk(ctx, func(context.Context, snapshots.Info) error {
		count++
		return nil
	})
	return count, err
}
