package node

import (
	"bytes"
	"embed"
	"fmt"
	"net/netip"
	"text/template"

	"kubelab/core/images"
	"kubelab/core/topology"
)

// Paths on a node.
const (
	binDir        = "/opt/lab/bin" // helper binaries, and containerd, kubelet and kube-proxy
	kubernetesDir = "/etc/kubernetes"
	logDir        = "/var/log/lab"
	resolvConf    = "/etc/resolv.conf"
	socket        = "/run/containerd/containerd.sock"
)

//go:embed config/*.tmpl
var configFiles embed.FS

// The marks are << and >> because YAML, JSON and containerd's own template use braces.
var configTemplates = template.Must(template.New("").Delims("<<", ">>").ParseFS(configFiles, "config/*.tmpl"))

// configs are the components' configuration files by their path on the node.
var configs = map[string]string{
	"/etc/containerd/config.toml":      "containerd.toml.tmpl",
	"/etc/cni/template.conflist":       "cni.conflist.tmpl",
	kubernetesDir + "/kubelet.yaml":    "kubelet.yaml.tmpl",
	kubernetesDir + "/kube-proxy.yaml": "kube-proxy.yaml.tmpl",
}

// unused plugins of containerd cost memory, or a warning each start.
var disabledPlugins = []string{
	"io.containerd.snapshotter.v1.blockfile",
	"io.containerd.snapshotter.v1.erofs",
	"io.containerd.snapshotter.v1.native",
	"io.containerd.differ.v1.erofs",
	"io.containerd.nri.v1.nri",
	"io.containerd.tracing.processor.v1.otlp",
	"io.containerd.internal.v1.tracing",
}

// settings is what the templates see.
type settings struct {
	Machine         topology.Machine
	IP, DNS         netip.Addr
	PodRange        netip.Prefix
	ClusterDomain   string
	Timing          topology.Timing
	Quick           bool // the timings are for people who watch
	LeaseSeconds    int
	ReservedMemory  string
	FreeDisk        string // less makes kubelet evict pods
	MTU             int
	ResolvConf      string // empty: the host knows no name server
	PauseImage      string
	Bin, Kubernetes string
	DisabledPlugins []string
}

func (c Config) settings(mtu int, names bool) (settings, error) {
	timing, err := c.Spec.Timing.Values()
	if err != nil {
		return settings{}, err
	}
	s := settings{
		Machine: c.Machine, IP: c.Spec.Addr(c.Machine), DNS: c.Spec.DNSService(), PodRange: c.Spec.PodRange(),
		ClusterDomain: topology.ClusterDomain, Timing: timing, Quick: c.Spec.Timing == topology.Workshop,
		LeaseSeconds: int(timing.NodeLease.Seconds()), ReservedMemory: reserved(c.Spec.NodeMemory), FreeDisk: littleDisk, MTU: mtu,
		PauseImage: images.Pause, Bin: binDir, Kubernetes: kubernetesDir, DisabledPlugins: disabledPlugins,
	}
	if names {
		s.ResolvConf = resolvConf
	}
	return s, nil
}

// reserved is what pods cannot have of a node's memory: about what the node's own components take, but never so
// much that a small node has nothing left.
func reserved(memory int64) string { return fmt.Sprintf("%dMi", min(150, memory>>20/4)) }

// render fills in every configuration file.
func (s settings) render() (map[string][]byte, error) {
	files := map[string][]byte{}
	for path, name := range configs {
		var b bytes.Buffer
		if err := configTemplates.ExecuteTemplate(&b, name, s); err != nil {
			return nil, fmt.Errorf("render %s: %w", path, err)
		}
		files[path] = b.Bytes()
	}
	return files, nil
}
