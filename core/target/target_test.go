package target

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"kubelab/core/topology"
	"kubelab/core/view"
)

func spec() topology.Spec { return topology.New("lab", netip.MustParsePrefix("10.100.0.0/16"), 3, 2) }

func TestParse(t *testing.T) {
	for text, kind := range map[string]string{
		"master-1":                "master",
		"node-2":                  "node",
		"master-3/etcd":           "etcd",
		"node-1/kubelet":          "kubelet",
		"pod/demo/web-abc":        "pod",
		"container/demo/web-a/we": "container",
	} {
		got, err := Parse(spec(), text)
		if err != nil {
			t.Errorf("Parse(%q): %v", text, err)
			continue
		}
		if got.String() != text || got.Kind() != kind {
			t.Errorf("Parse(%q) = %s of kind %s, want kind %s", text, got, got.Kind(), kind)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]struct {
		code view.Code
		want string // part of the error
	}{
		"":                   {view.NotFound, "use a machine"},
		"master-4":           {view.NotFound, "did you mean master-1 or master-2 or master-3?"},
		"nod-1":              {view.NotFound, "did you mean node-1?"},
		"etcd":               {view.NotFound, "did you mean master-1/etcd or master-2/etcd or master-3/etcd?"},
		"master-1/kubelet":   {view.NotFound, "use a machine"},
		"master-1/etcd/x":    {view.NotFound, "did you mean"},
		"something else":     {view.NotFound, "master-1/etcd"},
		"pod/web":            {view.Usage, "pod/NAMESPACE/NAME"},
		"pod/demo/":          {view.Usage, "pod/NAMESPACE/NAME"},
		"container/demo/web": {view.Usage, "container/NAMESPACE/POD/CONTAINER"},
		"container//web/web": {view.Usage, "container/NAMESPACE/POD/CONTAINER"},
		"master-01":          {view.NotFound, "did you mean master-1"},
		"master-1\x1b[31m":   {view.NotFound, `\x1b`}, // shown, not obeyed
	}
	for text, tt := range tests {
		t.Run(text, func(t *testing.T) {
			got, err := Parse(spec(), text)
			if err == nil || view.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Parse = %v, %v with code %d; want code %d and %q", got, err, view.CodeOf(err), tt.code, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("the error has several lines: %v", err)
			}
		})
	}
}

func TestMachine(t *testing.T) {
	if m, err := Machine(spec(), "node-2"); err != nil || m.Name() != "node-2" {
		t.Errorf("Machine = %v, %v", m, err)
	}
	for _, name := range []string{"node-3", "node-2/kubelet", "x", ""} {
		if m, err := Machine(spec(), name); view.CodeOf(err) != view.NotFound {
			t.Errorf("Machine(%q) = %v, %v; want NotFound", name, m, err)
		}
	}
}

func TestAllCanBeParsed(t *testing.T) {
	all := All(spec())
	if len(all) != 3*5+2*4 || !slices.Contains(all, "node-2/kube-proxy") {
		t.Errorf("All = %v", all)
	}
	for _, name := range all {
		if _, err := Parse(spec(), name); err != nil {
			t.Errorf("Parse(%q): %v", name, err)
		}
	}
}
