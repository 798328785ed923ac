package labtest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kubelab/core/component"
	"kubelab/core/view"
)

// act does what a verb means to a target.
func (l *Lab) act(v view.Verb, target string) {
	parts := strings.Split(target, "/")
	switch {
	case v == view.Kill && parts[0] == "container":
		l.KillContainer(parts[1], parts[2], parts[3])
	case v == view.Stop && len(parts) == 2:
		l.SetState(parts[0], parts[1], component.Stopped)
	case (v == view.Start || v == view.Resume) && len(parts) == 2:
		l.SetState(parts[0], parts[1], component.Running)
	case v == view.Start && strings.HasPrefix(target, "node-"):
		for _, name := range component.OfNode {
			l.SetState(target, name, component.Running)
		}
	case v == view.Uncordon:
		l.Show(func(s *view.Snapshot) {
			for i := range s.Nodes {
				if s.Nodes[i].Name == target {
					s.Nodes[i].Taints, s.Nodes[i].Schedulable = nil, true
				}
			}
		})
	case v == view.PowerLoss:
		l.PowerLoss(target)
	}
}

// SetState has a component be in another state.
func (l *Lab) SetState(machine, name string, state component.State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.show(func(s *view.Snapshot) {
		status := statusOf(s, machine, name)
		status.State, status.Since = state, time.Now()
		setStatus(s, machine, name, status)
	})
	l.tell(view.Event{Kind: view.Changed, Source: machine + "/" + name, Text: fmt.Sprintf("%s/%s is %s", machine, name, state)})
}

// KillContainer ends a container's process; kubelet starts it again at once if it runs.
func (l *Lab) KillContainer(namespace, pod, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for node, list := range l.running {
		for i := range list {
			c := &list[i]
			if c.Pod.Namespace != namespace || c.Pod.Name != pod || c.Name != name || c.Status != "running" {
				continue
			}
			l.containerd(node, "/tasks/exit", *c, "task of %s has ended with exit code 137")
			c.Status, c.PID = "stopped", 0
			if statusOf(l.snapshot, node, component.Kubelet).State != component.Running {
				return
			}
			l.pids++
			c.Status, c.PID, c.ID = "running", l.pids, fmt.Sprintf("c%d", l.pids)
			l.containerd(node, "/tasks/start", *c, "task of %s started")
			l.show(func(s *view.Snapshot) {
				for i := range s.Pods {
					if s.Pods[i].UID == c.Pod.UID {
						s.Pods[i].Restarts++
					}
				}
			})
			return
		}
	}
}

// DeletePod deletes a pod, and its ReplicaSet makes another one on the same node.
func (l *Lab) DeletePod(namespace, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.snapshot.Pods, func(p view.Pod) bool { return p.Namespace == namespace && p.Name == name })
	if i < 0 {
		return
	}
	p := l.snapshot.Pods[i]
	for _, c := range l.running[p.Node] {
		if c.Pod.UID == p.UID {
			l.containerd(p.Node, "/tasks/exit", c, "task of %s has ended with exit code 0")
		}
	}
	l.running[p.Node] = slices.DeleteFunc(l.running[p.Node], func(c view.Container) bool { return c.Pod.UID == p.UID })
	l.show(func(s *view.Snapshot) { s.Pods = slices.Delete(s.Pods, i, i+1) })
	l.tell(view.Event{Kind: view.PodChanged, Source: component.Etcd, Object: &view.Object{Resource: "pods", Namespace: namespace, Name: name, UID: p.UID},
		Text: fmt.Sprintf("%s/%s is gone from %s", namespace, name, p.Node)})
	l.addPod(namespace, name+"x", "web", p.Node)
}

// PowerLoss ends everything on a node.
func (l *Lab) PowerLoss(node string) {
	for _, name := range component.OfNode {
		l.SetState(node, name, component.Stopped)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running[node] = nil
}

// NodeSays has the cluster believe something of a node.
func (l *Lab) NodeSays(node string, ready bool, taints ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	condition, says := "True", "Ready"
	if !ready {
		condition, says = "Unknown", "NotReady (unknown: nothing is heard of it)"
	}
	if len(taints) > 0 {
		says += ", tainted " + strings.Join(taints, " ")
	}
	l.show(func(s *view.Snapshot) {
		for i := range s.Nodes {
			if n := &s.Nodes[i]; n.Name == node {
				n.Ready, n.Taints, n.Conditions = ready, taints, map[string]string{"Ready": condition}
			}
		}
	})
	l.tell(view.Event{Kind: view.NodeChanged, Source: component.Etcd, Object: &view.Object{Resource: "nodes", Name: node}, Text: node + ": " + says})
}

// containerd tells what containerd would of a container.
func (l *Lab) containerd(node, topic string, c view.Container, text string) {
	name := c.Pod.Namespace + "/" + c.Pod.Name
	if c.Name == "" {
		name += "'s sandbox"
	} else {
		name += "/" + c.Name
	}
	o := c.Pod
	l.tell(view.Event{Kind: view.ContainerDone, Source: node + "/containerd", Object: &o, Text: fmt.Sprintf(text, name),
		Container: &view.ContainerChange{Topic: topic, ID: c.ID, Pod: o, Container: c.Name, PID: c.PID}})
}

// beat renews the Leases of nodes whose kubelets run.
func beat(s *view.Snapshot) {
	for i := range s.Nodes {
		if s.Nodes[i].Components[component.Kubelet].State == component.Running {
			s.Nodes[i].Heartbeat = time.Now()
		}
	}
}

func statusOf(s *view.Snapshot, machine, name string) component.Status {
	return s.Components(machine)[name]
}

func setStatus(s *view.Snapshot, machine, name string, status component.Status) {
	if c := s.Components(machine); c != nil {
		c[name] = status
	}
}
