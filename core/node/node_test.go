package node

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kubelab/core/component"
	"kubelab/core/network"
	"kubelab/core/node/control"
	"kubelab/core/store"
	"kubelab/core/topology"
)

func testNode(t *testing.T) *Node {
	t.Helper()
	spec := topology.New("test", netip.MustParsePrefix("10.100.0.0/16"), 3, 2)
	dir, err := store.Open(t.TempDir(), spec.Name)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	return New(Config{Spec: spec, Machine: spec.Nodes[1], Dir: dir, Network: network.New(spec, log), Log: log})
}

func TestConfigurations(t *testing.T) {
	n := testNode(t)
	for _, c := range []struct {
		file string
		want []string
	}{
		{"/etc/kubernetes/kubelet.yaml", []string{
			"address: 10.100.0.102\n", "clusterDNS: [10.100.64.10]\n", "nodeStatusUpdateFrequency: 2s\n",
			"nodeLeaseDurationSeconds: 8\n", "resolvConf: \"/etc/resolv.conf\"\n", "kubeReserved: {memory: 150Mi}\n",
		}},
		{"/etc/kubernetes/kube-proxy.yaml", []string{
			"clusterCIDR: 10.100.128.0/17\n", "hostnameOverride: node-2\n", "metricsBindAddress: 10.100.0.102:10249\n",
		}},
		{"/etc/containerd/config.toml", []string{`sandbox = "lab.local/pause:1"`, `bin_dirs = ["/opt/lab/bin"]`}},
		{"/etc/cni/template.conflist", []string{`"mtu": 1400,`, `[{{range $i, $r := .PodCIDRRanges}}`}},
	} {
		settings, err := n.settings(1400, true)
		if err != nil {
			t.Fatal(err)
		}
		files, err := settings.render()
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(string(files[c.file]), want) {
				t.Errorf("%s lacks %q:\n%s", c.file, want, files[c.file])
			}
		}
	}
}

func TestKubeletWithoutNameServersAndWithUpstreamTimings(t *testing.T) {
	n := testNode(t)
	n.Spec.Timing = topology.Upstream
	settings, err := n.settings(1500, false)
	if err != nil {
		t.Fatal(err)
	}
	files, err := settings.render()
	if err != nil {
		t.Fatal(err)
	}
	got := string(files["/etc/kubernetes/kubelet.yaml"])
	if !strings.Contains(got, "resolvConf: \"\"\n") || strings.Contains(got, "syncFrequency") {
		t.Errorf("rendered\n%s", got)
	}
}

func TestReservedMemoryLeavesMostToPods(t *testing.T) {
	for memory, want := range map[int64]string{512 << 20: "128Mi", 2 << 30: "150Mi"} {
		if got := reserved(memory); got != want {
			t.Errorf("of %d: %s, want %s", memory, got, want)
		}
	}
}

func TestNodeThatIsOff(t *testing.T) {
	n := testNode(t)
	select {
	case <-n.Done():
	default:
		t.Error("Done is open")
	}
	if n.PID() != 0 || n.Running() || n.Socket() != "" {
		t.Error("it seems to run")
	}
	for name, s := range n.Status() {
		if s.State != component.Stopped {
			t.Errorf("%s is %s", name, s.State)
		}
	}
	kubelet, err := n.Component(component.Kubelet)
	if err != nil {
		t.Fatal(err)
	}
	if err := kubelet.Kill(t.Context()); !errors.Is(err, errOff) {
		t.Errorf("kill: %v", err)
	}
	if _, err := n.ImageNames(t.Context()); !errors.Is(err, errOff) {
		t.Errorf("images: %v", err)
	}
}

func TestConnectionToInit(t *testing.T) {
	c, theirs, err := newConn()
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan control.Message, 1)
	go c.read(func(m control.Message) { heard <- m })
	out, in := json.NewEncoder(theirs), json.NewDecoder(theirs)
	go func() { // an init that fails at what it is asked first, and then ends
		var r control.Request
		_ = in.Decode(&r)
		_ = out.Encode(control.Message{Daemon: r.Daemon, Status: &component.Status{State: component.Crashed}})
		_ = out.Encode(control.Message{ID: r.ID, Error: "no"})
		_ = in.Decode(&r)
		theirs.Close()
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := c.ask(ctx, control.Request{Verb: control.Start, Daemon: "kubelet"}); err == nil || err.Error() != "no" {
		t.Errorf("got %v", err)
	}
	if m := <-heard; m.Daemon != "kubelet" || m.Status.State != component.Crashed {
		t.Errorf("heard %+v", m)
	}
	for range 2 { // while it ends, and after it
		if err := c.ask(ctx, control.Request{Verb: control.PowerOff}); !errors.Is(err, errOff) {
			t.Errorf("got %v", err)
		}
	}
	if err := c.close(); err != nil {
		t.Error(err)
	}
}

func TestDiskDoesNotFollowLinksOut(t *testing.T) {
	outside := t.TempDir()
	d, err := openDisk(filepath.Join(t.TempDir(), "root"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.root.Close()
	if err := d.root.Symlink(outside, "etc"); err != nil {
		t.Fatal(err)
	}
	if err := d.write("/etc/hosts", nil, 0o644); err == nil {
		t.Error("wrote through a link to the outside")
	}
	if left, _ := os.ReadDir(outside); len(left) > 0 {
		t.Errorf("the outside has %v", left)
	}
	if err := errors.Join(d.write("/a/b", []byte("1"), 0o600), d.write("/a/b", []byte("2"), 0o600)); err != nil {
		t.Error(err)
	}
}

func TestNameServers(t *testing.T) {
	got := parseResolv("# comment\nnameserver 127.0.0.53\nnameserver 10.0.0.2\nnameserver fe80::1\nsearch example.org\noptions edns0\nnameserver 1.1.1.1\n")
	want := []netip.Addr{netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("1.1.1.1")}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := string(resolv(want)); got != "nameserver 10.0.0.2\nnameserver 1.1.1.1\n" {
		t.Errorf("wrote %q", got)
	}
}

func TestBootIDIsAUUID(t *testing.T) {
	a, b := bootID(), bootID()
	if a == b || len(a) != 36 || strings.Count(a, "-") != 4 || a[14] != '4' {
		t.Errorf("%s, %s", a, b)
	}
}

func TestArchiveIndexOfWhatIsNone(t *testing.T) {
	if _, err := archiveIndex(strings.NewReader("")); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("got %v, want an error that says what is wrong", err)
	}
}
