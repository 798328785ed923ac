package target

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"kubelab/core/topology"
	"kubelab/core/view"
)

func TestParseFillsOnlyWhatIsMeant(t *testing.T) {
	master2, node1 := topology.Machine{Kind: topology.Master, Number: 2}, topology.Machine{Kind: topology.Node, Number: 1}
	for text, want := range map[string]Target{
		"master-2":                   {Machine: master2},
		"master-2/kube-scheduler":    {Machine: master2, Component: "kube-scheduler"},
		"node-1/containerd":          {Machine: node1, Component: "containerd"},
		"pod/demo/web-abc":           {Namespace: "demo", Pod: "web-abc"},
		"container/demo/web-abc/web": {Namespace: "demo", Pod: "web-abc", Container: "web"},
		// Whether there is such a pod is not for Parse to say, nor that its name is a machine's.
		"pod/kube-system/master-1": {Namespace: "kube-system", Pod: "master-1"},
	} {
		got, err := Parse(spec(), text)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", text, got, err, want)
		}
	}
}

func TestNear(t *testing.T) {
	names := []string{"master-1", "master-1/etcd", "master-2", "master-2/etcd", "node-1", "node-1/kubelet"}
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"a whole name is nearest":       {"node-1", []string{"node-1"}},
		"a component alone":             {"etcd", []string{"master-1/etcd", "master-2/etcd"}},
		"half a component":              {"tcd", nil},
		"a letter is missing":           {"nod-1", []string{"node-1"}},
		"a letter is too many":          {"nodee-1", []string{"node-1"}},
		"a letter is wrong":             {"node_1", []string{"node-1"}},
		"two letters have changed seat": {"ndoe-1", []string{"node-1"}},
		"three letters are wrong":       {"nxxx-1", nil},
		"one wrong before two wrong":    {"master-1/etc", []string{"master-1/etcd"}},
		"two are as near":               {"master-3", []string{"master-1", "master-2"}},
		"wrong in the component":        {"node-1/kublet", []string{"node-1/kubelet"}},
		"nothing":                       {"", nil},
		"only a slash":                  {"/", nil},
	} {
		if got := Near(tt.text, names); !slices.Equal(got, tt.want) {
			t.Errorf("%s: Near(%q) = %q, want %q", name, tt.text, got, tt.want)
		}
	}
	many := []string{"node-1", "node-2", "node-3", "node-4"}
	if got := Near("node-9", many); !slices.Equal(got, many[:3]) {
		t.Errorf("Near of many = %q, want the first three of them", got)
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"etcd", "etcd", 0}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"ab", "ba", 2},
	} {
		// It is as far there as it is back.
		if there, back := distance(tt.a, tt.b), distance(tt.b, tt.a); there != tt.want || back != tt.want {
			t.Errorf("%q to %q is %d, and back %d; want %d", tt.a, tt.b, there, back, tt.want)
		}
	}
}

func TestMachineNamesTheOthers(t *testing.T) {
	for text, want := range map[string]string{
		"master-4": "did you mean master-1 or master-2 or master-3?",
		"noed-2":   "did you mean node-2?",
		"worker":   "there is master-1, master-2, master-3, node-1, node-2",
	} {
		if _, err := Machine(spec(), text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Machine(%q): %v, want %q", text, err, want)
		}
	}
}

func TestUnknownInALabWithoutNodes(t *testing.T) {
	alone := topology.New("lab", netip.MustParsePrefix("10.100.0.0/16"), 1, 0)
	_, err := Parse(alone, "kubelet")
	if view.CodeOf(err) != view.NotFound || !strings.Contains(err.Error(), "a machine (master-1)") {
		t.Errorf("Parse of what only nodes have: %v with code %d, want NotFound and the only machine", err, view.CodeOf(err))
	}
	if _, err := Parse(alone, "node-1"); view.CodeOf(err) != view.NotFound {
		t.Errorf("Parse of a node that is not there: %v, want NotFound", err)
	}
}
