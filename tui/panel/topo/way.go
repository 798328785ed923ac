package topo

import (
	"strings"

	"kubelab/core/component"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// way is where a write went: from whom, through the balancer, to an API server, into etcd, from its leader to the other members, and out to the
// kubelets and kube-proxies that watch what was written.
type way struct {
	look   look            // of the lines; plain if there is no write to be shown. Boxes on the way are as what has changed
	client bool            // it came from outside
	node   string          // it came from this node
	master string          // whose API server got it; balanced says that it came there through the balancer
	stored bool            // it was not refused
	parts  map[string]look // components that it went through
	to     map[string]bool // nodes that hear of it
	all    bool            // all nodes do

	balanced bool
}

func wayOf(s *panel.State, e *view.Event) way {
	if e == nil {
		return way{}
	}
	r := e.Request
	w := way{look: accent, master: r.Server, balanced: balanced(s, r), stored: r.Code < 400, parts: map[string]look{}, to: map[string]bool{}}
	wanted := deliberate(r)
	if wanted {
		w.look = lit
	}
	if !w.stored {
		w.look = bad
	}
	if node, ok := strings.CutPrefix(r.User, "system:node:"); ok && w.balanced {
		w.node = node
	} else if w.balanced {
		w.client = true
	}
	if !wanted && w.stored {
		return w // heartbeats are seen on the lines; boxes stay calm
	}
	part := changed
	if !w.stored {
		part = bad
	}
	w.parts[r.Server+"/"+component.APIServer] = part
	if c := writer(r); c != "" && !w.balanced {
		w.parts[r.Server+"/"+c] = part
	}
	if w.stored {
		w.parts[r.Server+"/"+component.Etcd] = part
		if leader := s.Lab.Etcd.Leader; leader != "" {
			w.parts[leader+"/"+component.Etcd] = part
		}
		w.hear(s, r)
	}
	return w
}

// hear finds the nodes that watch what was written: a kubelet its own pods and node, each kube-proxy all Services and their endpoints.
func (w *way) hear(s *panel.State, r *view.Request) {
	switch r.Object.Resource {
	case "services", "endpointslices", "nodes":
		w.all = true
	case "pods":
		for i := range s.Lab.Pods {
			if p := &s.Lab.Pods[i]; p.Name == r.Object.Name && p.Namespace == r.Object.Namespace && p.Node != "" {
				w.to[p.Node] = true
			}
		}
	}
}

// reaches reports whether the way leads along the line of a node.
func (w *way) reaches(node string) bool {
	return w.look != plain && (w.node == node || w.all || w.to[node])
}

// nodes reports whether the way leads along the line from the nodes to the balancer.
func (w *way) nodes() bool { return w.look != plain && (w.node != "" || w.all || len(w.to) > 0) }
