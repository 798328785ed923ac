package nodetest

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	kubeletscheme "k8s.io/kubernetes/pkg/kubelet/apis/config/scheme"
	kubeletvalidation "k8s.io/kubernetes/pkg/kubelet/apis/config/validation"
	proxyconfig "k8s.io/kubernetes/pkg/proxy/apis/config"
	proxyscheme "k8s.io/kubernetes/pkg/proxy/apis/config/scheme"
	proxyvalidation "k8s.io/kubernetes/pkg/proxy/apis/config/validation"
)

// TestUpstreamTakesConfigurations has them read by those who read them on a node, who at run time would pass over a
// misspelt field.
func TestUpstreamTakesConfigurations(t *testing.T) {
	w := newWorld(t, 1)
	n := w.nodes[0]
	if err := n.PowerOn(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, codecs, err := kubeletscheme.NewSchemeAndCodecs(serializer.EnableStrict)
	if err != nil {
		t.Fatal(err)
	}
	kubelet := decode(t, *codecs, n.Path("/etc/kubernetes/kubelet.yaml")).(*kubeletconfig.KubeletConfiguration)
	if err := kubeletvalidation.ValidateKubeletConfiguration(kubelet, utilfeature.DefaultFeatureGate); err != nil {
		t.Errorf("kubelet: %v", err)
	}
	if got := kubelet.Address; got != w.spec.Addr(n.Machine).String() {
		t.Errorf("kubelet listens at %s", got)
	}
	// kube-proxy's own factory is a strict one.
	proxy := decode(t, proxyscheme.Codecs, n.Path("/etc/kubernetes/kube-proxy.yaml")).(*proxyconfig.KubeProxyConfiguration)
	if errs := proxyvalidation.Validate(proxy); len(errs) > 0 {
		t.Errorf("kube-proxy: %v", errs)
	}
	a, err := unpacked(shared)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(a.Bin+"/containerd", "--config", n.Path("/etc/containerd/config.toml"), "config", "dump").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "restrict_oom_score_adj = true") || !strings.Contains(string(out), "lab.local/pause:1") {
		t.Errorf("containerd: %v\n%s", err, out)
	}
}

func decode(t *testing.T, codecs serializer.CodecFactory, path string) runtime.Object {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	o, err := runtime.Decode(codecs.UniversalDecoder(), b)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return o
}
