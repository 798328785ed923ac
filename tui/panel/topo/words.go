package topo

import (
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/component"
	"kubelab/tui/panel"
)

// width is how many cells text takes.
func width(s string) int {
	if printable(s) { // nearly all text, and much faster
		return len(s)
	}
	return ansi.StringWidth(s)
}

// age is how long something is past, without tenths of a second: on a screen full of ages they would never be still.
func age(s *panel.State, t time.Time) string {
	if d := s.Now.Sub(t); !t.IsZero() && d < 10*time.Second {
		return strconv.Itoa(int(max(d, 0)/time.Second)) + "s"
	}
	return panel.Ago(s.Now, t)
}

// namesOf are what a component is called, the longest first.
func namesOf(name string) []string {
	switch name {
	case component.APIServer:
		return []string{"kube-apiserver", "API server", "api"}
	case component.Scheduler:
		return []string{"kube-scheduler", "scheduler", "sched"}
	case component.ControllerManager:
		return []string{"kube-controller-manager", "controllers", "ctrl"}
	case component.Kubelet:
		return []string{"kubelet", "klet"}
	case component.Containerd:
		return []string{"containerd", "ctrd"}
	case component.KubeProxy:
		return []string{"kube-proxy", "proxy"}
	}
	return []string{name}
}

// cores reads a quantity of CPU as Kubernetes writes it: 2, 150m. 0 if it cannot be read.
func cores(s string) float64 {
	number, milli := strings.CutSuffix(s, "m")
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || !(v >= 0 && v < 1e9) {
		return 0
	}
	if milli {
		v /= 1000
	}
	return v
}

// tenths is a number of cores with a decimal.
func tenths(v float64) string {
	s := strconv.FormatFloat(v, 'f', 1, 64)
	return strings.TrimSuffix(s, ".0")
}

// middle cuts a name in its middle to w cells: what tells pods of one workload apart stands at the end.
func middle(s string, w int) string {
	const end = 6
	if width(s) <= w || w < 2*end || width(s) != len(s) {
		return s
	}
	return s[:w-end-1] + "…" + s[len(s)-end:]
}
