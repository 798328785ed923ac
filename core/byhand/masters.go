package byhand

import (
	"fmt"
	"slices"
	"strings"

	"kubelab/core/component"
	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// What runs on a master is goroutines of the engine: no signal ends one of them alone. On a master that kubeadm has set up
// they are containers of pods that kubelet finds in a directory (static pods).

// inEngine are the lines for a master or one of its components: why there is none, and what it would be elsewhere.
func inEngine(v view.Verb, t target.Target) []string {
	elsewhere, ok := onKubeadmMaster(v, componentsOf(t))
	if !ok {
		return []string{impossible(v, t.String())}
	}
	what := t.String() + " is"
	if t.Component == "" {
		what = "the components of " + t.String() + " are"
	}
	return []string{
		comment("%s goroutines of the engine: no command ends, starts or signals them alone", what),
		comment("on a master of kubeadm's: %s", elsewhere),
	}
}

// componentsOf are those that are meant, the one that needs others before these.
func componentsOf(t target.Target) []string {
	if t.Component != "" {
		return []string{t.Component}
	}
	list := slices.Clone(component.OfMaster)
	slices.Reverse(list)
	return list
}

const (
	manifests = "/etc/kubernetes/manifests"
	aside     = "/etc/kubernetes" // kubelet does not look for pods there
)

// onKubeadmMaster is what does v to components there; ok is false where nothing does.
func onKubeadmMaster(v view.Verb, names []string) (line string, ok bool) {
	id := "$(crictl ps -q --name %s)"
	var one string
	switch v {
	case view.Kill:
		one = "crictl stop --timeout 0 " + id
	case view.Restart:
		one = "crictl stop --timeout 30 " + id
	case view.Stop:
		one = "mv " + manifests + "/%s.yaml " + aside + "/"
	case view.Start:
		one = "mv " + aside + "/%s.yaml " + manifests + "/"
	case view.Pause, view.Resume:
		signal := map[view.Verb]string{view.Pause: "STOP", view.Resume: "CONT"}[v]
		one = "kill -" + signal + " $(crictl inspect --output go-template --template '{{.info.pid}}' " + id + ")"
	default:
		return "", false
	}
	if len(names) == 1 {
		return fmt.Sprintf(one, names[0]), true
	}
	return "for c in " + strings.Join(names, " ") + "; do " + fmt.Sprintf(one, "$c") + "; done", true
}

// rollingRestart restarts one master after the other, the one that leads etcd last.
func (l lab) rollingRestart() []string {
	lines := []string{comment("as lab does it, but that it also takes each master out of its load balancer first")}
	leader, _ := l.leader()
	order := slices.Clone(l.spec.Masters)
	slices.SortStableFunc(order, func(a, b topology.Machine) int {
		switch leader {
		case a:
			return 1
		case b:
			return -1
		}
		return 0
	})
	for _, m := range order {
		if m == leader && len(order) > 1 {
			lines = append(lines, l.moveLeader(view.Action{})...)
		}
		lines = append(lines, l.tool("restart", m.Name()))
	}
	elsewhere, _ := onKubeadmMaster(view.Restart, componentsOf(target.Target{}))
	return append(lines, comment("on each master of kubeadm's: %s", elsewhere))
}
