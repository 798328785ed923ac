package topo

import (
	"cmp"
	"fmt"
	"strings"

	"kubelab/core/component"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
)

// Keys are those that move and open, and then the signs: what is on the map is explained where the keys are.
func (m *Map) Keys(s *panel.State) []panel.Binding {
	at := m.find(m.items(s))
	list := []panel.Binding{
		{Keys: "←↓↑→ hjkl", Does: "move over machines, components and pods", Short: true},
		{Keys: "enter", Does: "open " + opens(at), Short: true},
		{Keys: "L", Does: "logs of what is selected (l goes to the right here)"},
		{Keys: "g G", Does: "to the balancer, to the last thing on the map"},
		{Keys: "pgup pgdn", Does: "as many rows as are seen, up or down"},
		{Keys: "click", Does: "select; a click on what is selected opens it"},
	}
	signs := func(of []theme.Sign) {
		for _, g := range of {
			list = append(list, panel.Binding{Keys: g.Mark, Does: g.Word})
		}
	}
	signs(legend(s.Theme))
	return append(list,
		panel.Binding{Keys: "▮▯", Does: "cores that pods ask for, of those that the node has"},
		panel.Binding{Keys: "↻ 2", Does: "how often a pod's containers were started again"},
		panel.Binding{Keys: "+9", Does: "pods, or how many there are no cells for"},
		panel.Binding{Keys: "▲", Does: "a pressure on the node, or something that is stale"},
	)
}

// opens says what enter opens.
func opens(at item) string {
	_, part, ok := strings.Cut(at.id, "/")
	switch {
	case at.id == balancer:
		return "the requests"
	case strings.HasPrefix(at.id, "pod/"):
		return "the pod"
	case ok && at.kind == ofMaster:
		return namesOf(part)[0]
	case at.kind == ofNode:
		return "the node"
	}
	return "what is in the box"
}

// Explain says what the map shows, with this lab's names.
func (m *Map) Explain(s *panel.State) string {
	lab := s.Lab
	if len(lab.Masters) == 0 {
		return "The map will show every machine of the lab. Masters run the control plane: API server, scheduler, controllers and etcd. Nodes run the pods."
	}
	names := make([]string, 0, len(lab.Masters))
	for i := range lab.Masters {
		names = append(names, lab.Masters[i].Name)
	}
	leader := "no member leads just now, so nothing can be written"
	if lab.Etcd.Leader != "" {
		leader = fmt.Sprintf("%s leads them now (★), and a write counts once %d of %d have it", lab.Etcd.Leader, lab.Etcd.Members/2+1, lab.Etcd.Members)
	}
	first := fmt.Sprintf("Everything that anybody wants of the cluster goes through the load balancer to the API server of one of the masters (%s), which keeps all of it in etcd; %s.",
		strings.Join(names, ", "), leader)
	second := fmt.Sprintf("Schedulers and controllers run on each master, but only those that hold a Lease act: %s decides where pods run, %s makes what is into what should be.",
		cmp.Or(lab.Leases[component.Scheduler], "nobody just now"), cmp.Or(lab.Leases[component.ControllerManager], "nobody just now"))
	third := "There is no node yet; on nodes a kubelet would have containerd run the pods."
	if len(lab.Nodes) > 0 {
		n := &lab.Nodes[0]
		third = fmt.Sprintf("On a node such as %s the kubelet hears of its pods, %d now, has containerd run them, and renews its heartbeat (♥ %s ago), "+
			"without which the node would be taken for dead and its pods would be started elsewhere.", n.Name, n.Pods, age(s, n.Heartbeat))
	}
	return first + " " + second + " " + third
}
