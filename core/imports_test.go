package core

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layers are the packages of the module from the bottom to the top. A package may import only those of lines below its
// own. What lies under a folder belongs to it. A new line, or a package on another one, is a decision.
var layers = [][]string{
	{"core", "core/component", "core/topology", "core/images", "core/plain"},
	{"core/view", "core/store", "core/network"},
	{"core/pki", "core/target", "core/stopwatch", "core/snapshot", "core/balancer", "core/assets"},
	{"core/node", "core/master"},
	{"core/cluster"},
	{"core/story", "core/byhand", "core/recording", "core/logs"},
	{"core/fault", "core/observe"},
	{"core/live"},
	{"exercises"},
	{"tui"},
	{"lab/control", "lab/doctor", "lab/kubeconfig", "lab/progress", "lab/tools"},
	{"lab/exercise"},
	{"lab", "lab/bench", "lab/tour", "lab/e2e"},
}

// lean are packages that front ends are made of: they build in seconds, so nothing of Kubernetes may be below them.
var lean = []string{"core/view", "core/target", "core/topology", "core/component", "core/plain", "lab/control", "lab/progress", "core/story", "core/byhand", "core/recording"}

// heavy are what makes a build take minutes.
var heavy = []string{"k8s.io/", "sigs.k8s.io/", "go.etcd.io/", "github.com/containerd/"}

const module = "kubelab/"

func TestImportsGoOneWay(t *testing.T) {
	for _, line := range goList(t, "-f", "{{.ImportPath}}{{range .Imports}} {{.}}{{end}}", module+"...") {
		f := strings.Fields(line)
		from := strings.TrimPrefix(f[0], module)
		level, of := layerOf(from)
		if level < 0 {
			t.Errorf("%s is in no layer", from)
			continue
		}
		for _, path := range f[1:] {
			to, ours := strings.CutPrefix(path, module)
			if !ours {
				continue
			}
			if below, other := layerOf(to); below >= level && other != of {
				t.Errorf("%s imports %s, which does not lie below it", from, to)
			}
		}
	}
}

func TestFrontEndsAreFreeOfKubernetes(t *testing.T) {
	for _, p := range lean {
		for _, dep := range goList(t, "-deps", module+p) {
			if slices.ContainsFunc(heavy, func(h string) bool { return strings.HasPrefix(dep, h) }) {
				t.Errorf("%s depends on %s", p, dep)
				break
			}
		}
	}
}

// layerOf is the layer of a package, and the entry it belongs to: the longest that it lies under.
func layerOf(path string) (level int, of string) {
	level = -1
	for n, layer := range layers {
		for _, entry := range layer {
			if (path == entry || strings.HasPrefix(path, entry+"/")) && len(entry) > len(of) {
				level, of = n, entry
			}
		}
	}
	return level, of
}

func goList(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-tags", "no_btrfs,no_devmapper,no_zfs"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
