package worker

import (
	"context"
	"fmt"
	"time"

	"github.com/containerd/containerd/api/events"
	containerd "github.com/containerd/containerd/v2/client"
	envelope "github.com/containerd/containerd/v2/core/events"
	"github.com/containerd/typeurl/v2"

	"kubelab/core/component"
	"kubelab/core/node"
	"kubelab/core/plain"
	"kubelab/core/view"
)

// wanted selects events of kubelet's namespace.
const wanted = `namespace==k8s.io,topic~="^/(containers|images|tasks)/"`

// lookupBound is how long containerd may take to say whose container an event is about, while other events wait.
const lookupBound = time.Second

// Follow tells what containerd does with containers and images on the node, as events of the kind ContainerDone, until
// ctx ends. Health is told nil when nothing is missed from now on, and an error while containerd or the node is down,
// each when it changes; Follow connects anew by itself. A containerd that hangs is only silent. Both functions are
// called by one goroutine, which waits for them.
func Follow(ctx context.Context, n *node.Node, tell func(view.Event), health func(error)) {
	keep(ctx, n, health, func(ctx context.Context, say func(error)) error {
		client, err := n.Containerd()
		if err != nil {
			return err
		}
		defer client.Close()
		f := follower{node: n, client: client, known: map[string]view.Container{}}
		heard, failed := client.Subscribe(ctx, wanted)
		// The answer proves that containerd is there: a subscription is not confirmed.
		if err := f.learn(ctx); err != nil {
			return fmt.Errorf("ask containerd on %s: %w", n.Machine, err)
		}
		say(nil)
		for {
			select {
			case e := <-heard:
				if told, ok := f.translate(ctx, e); ok {
					tell(told)
				}
			case err := <-failed:
				return fmt.Errorf("events of containerd on %s: %w", n.Machine, err)
			}
		}
	})
}

// follower is one connection to a containerd.
type follower struct {
	node   *node.Node
	client *containerd.Client
	// known are the containers by id. When one is deleted, containerd cannot say any more whose it was, nor the host
	// what its process was.
	known map[string]view.Container
}

func (f *follower) learn(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askBound)
	defer cancel()
	list, err := containersIn(ctx, f.client, f.node)
	for _, c := range list {
		f.known[c.ID] = c
	}
	return err
}

// translate makes an event of the lab from one of containerd, if it is worth it.
func (f *follower) translate(ctx context.Context, e *envelope.Envelope) (view.Event, bool) {
	change := view.ContainerChange{Topic: e.Topic}
	decoded, err := typeurl.UnmarshalAny(e.Event)
	if err != nil {
		return view.Event{}, false // of a kind that this version of containerd does not have
	}
	var text string
	switch d := decoded.(type) {
	case *events.ImageCreate:
		change.ID, text = plain.Line(d.Name), "image "+d.Name+" added"
	case *events.ImageDelete:
		change.ID, text = plain.Line(d.Name), "image "+d.Name+" removed"
	default:
		text = f.translateContainer(ctx, decoded, &change)
	}
	if text == "" || isID(change.ID) {
		return view.Event{}, false
	}
	out := view.Event{
		Time: e.Timestamp, Kind: view.ContainerDone, Source: f.node.Machine.Name() + "/" + component.Containerd,
		Text: plain.Line(text), Container: &change,
	}
	if change.Pod.Name != "" {
		out.Object = &change.Pod
	}
	return out, true
}

// translateContainer fills change in and says what has happened, or nothing if it is not worth it: what is executed in a
// container beside its own process, probes above all, is not.
func (f *follower) translateContainer(ctx context.Context, decoded any, change *view.ContainerChange) string {
	name := func(id string) string { return nameOf(f.container(ctx, id, change)) }
	switch d := decoded.(type) {
	case *events.ContainerCreate:
		text := "container of " + name(d.ID) + " created"
		if d.Image != "" { // kubelet's all have one
			text += " from " + d.Image
		}
		return text
	case *events.ContainerDelete:
		defer delete(f.known, d.ID)
		return "container of " + name(d.ID) + " deleted"
	case *events.TaskCreate:
		return f.started(ctx, d.ContainerID, d.Pid, "created", change)
	case *events.TaskStart:
		return f.started(ctx, d.ContainerID, d.Pid, "started", change)
	case *events.TaskExit:
		if d.ID != d.ContainerID {
			return ""
		}
		change.ExitCode = int(d.ExitStatus)
		return fmt.Sprintf("task of %s has ended with exit code %d", name(d.ContainerID), d.ExitStatus)
	case *events.TaskDelete:
		if d.ID != "" && d.ID != d.ContainerID {
			return ""
		}
		change.ExitCode = int(d.ExitStatus)
		return "task of " + name(d.ContainerID) + " deleted"
	case *events.TaskOOM:
		return "task of " + name(d.ContainerID) + " has used up its memory"
	case *events.TaskPaused:
		return "task of " + name(d.ContainerID) + " paused"
	case *events.TaskResumed:
		return "task of " + name(d.ContainerID) + " resumed"
	}
	return ""
}

// started notes the process of a task.
func (f *follower) started(ctx context.Context, id string, inside uint32, what string, change *view.ContainerChange) string {
	c := f.container(ctx, id, change)
	text := "task of " + nameOf(c) + " " + what
	if pid, _ := processesOf(f.node, inside); pid != 0 { // or it has ended meanwhile
		c.PID, change.PID = pid, pid
		f.known[id] = c
	}
	if change.PID != 0 {
		text += fmt.Sprintf(", PID %d", change.PID)
	}
	return text
}

// container fills in what is known of a container.
func (f *follower) container(ctx context.Context, id string, change *view.ContainerChange) view.Container {
	c, ok := f.known[id]
	if !ok {
		c = view.Container{ID: id}
		ctx, cancel := context.WithTimeout(ctx, lookupBound)
		defer cancel()
		if got, err := f.client.ContainerService().Get(ctx, id); err == nil { // or it was deleted meanwhile
			c = describe(id, got.Image, got.Labels)
			f.known[id] = c
		}
	}
	change.ID, change.Pod, change.Container, change.PID = id, c.Pod, c.Name, c.PID
	return c
}

// nameOf is how people call a container.
func nameOf(c view.Container) string {
	pod := c.Pod.Namespace + "/" + c.Pod.Name
	switch {
	case c.Pod.Name == "":
		return c.ID[:min(len(c.ID), 12)] // as runtimes shorten ids
	case c.Name == "":
		return pod + "'s sandbox"
	default:
		return pod + "/" + c.Name
	}
}
