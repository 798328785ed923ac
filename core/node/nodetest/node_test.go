package nodetest

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"kubelab/core/component"
	"kubelab/core/images"
	"kubelab/core/node"
)

func TestNodeRunsContainersAndStops(t *testing.T) {
	w := newWorld(t, 1)
	n := w.nodes[0]
	boot(t, n)
	names, err := n.ImageNames(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range images.All() {
		if !slices.Contains(names, want) {
			t.Errorf("image %s is not among %q", want, names)
		}
	}
	pid := runContainer(t, n, images.Demo1)
	group, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	if err != nil || !strings.Contains(string(group), "/lab/"+labName+"/node-1/") {
		t.Errorf("the container's cgroups are not the node's: %s, %v", group, err)
	}
	began := time.Now()
	if err := n.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The demo ends when it is asked to, so nobody waits for its grace period of 3 s to pass.
	if took := time.Since(began); took > 2500*time.Millisecond {
		t.Errorf("power off took %s", took)
	}
	if alive(pid) || n.Running() || n.PID() != 0 {
		t.Error("something runs on a node that is off")
	}
	if s := n.Status()[component.Containerd]; s.State != component.Stopped {
		t.Errorf("containerd is %+v", s)
	}
}

func TestHardwareAndDisk(t *testing.T) {
	w := newWorld(t, 1)
	n := w.nodes[0]
	if err := n.PowerOn(t.Context()); err != nil {
		t.Fatal(err)
	}
	read := func(path string) string {
		b, err := os.ReadFile(n.Path(path))
		if err != nil {
			t.Error(err)
		}
		return string(b)
	}
	if got := read("/proc/meminfo"); !strings.HasPrefix(got, "MemTotal:        2097152 kB") {
		t.Errorf("memory: %s", got)
	}
	if got := strings.Count(read("/proc/cpuinfo"), "processor"); got != w.spec.NodeCPU {
		t.Errorf("%d processors in /proc/cpuinfo, want %d", got, w.spec.NodeCPU)
	}
	if cpus, _ := filepath.Glob(n.Path("/sys/devices/system/cpu/cpu[0-9]*")); len(cpus) != w.spec.NodeCPU {
		t.Errorf("processors in /sys: %q", cpus)
	}
	if got := read("/etc/hosts"); !strings.Contains(got, w.spec.Addr(w.spec.Nodes[0]).String()+" node-1") {
		t.Errorf("hosts: %s", got)
	}
	if exists(n.Path("/etc/shadow")) {
		t.Error("the node sees the host's /etc/shadow")
	}
	if err := os.WriteFile(n.Path("/usr/lab-node-test"), nil, 0o600); err == nil {
		t.Error("the node can write to the host's /usr")
	}

	first, id := read("/proc/sys/kernel/random/boot_id"), read("/etc/machine-id")
	if err := os.WriteFile(n.Path("/mnt/kept"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if exists("/mnt/kept") {
		t.Error("what the node writes is on the host")
	}
	if err := n.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := n.PowerOn(t.Context()); err != nil {
		t.Fatal(err)
	}
	read("/mnt/kept")
	if read("/proc/sys/kernel/random/boot_id") == first || read("/etc/machine-id") != id {
		t.Error("a new start has the old boot id, or another machine id")
	}
}

func TestComponentsCrashAndAreHeldDown(t *testing.T) {
	w := newWorld(t, 1)
	n := w.nodes[0]
	boot(t, n)
	containerd, proxy := of(t, n, component.Containerd), of(t, n, component.KubeProxy)
	if err := n.Join(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range component.OfNode {
		s := n.Status()[name]
		// The kernel keeps 15 characters of a name.
		if got, _ := comm(s.PID); s.State != component.Running || got != name {
			t.Errorf("%s is %+v, and its process is called %q", name, s, got)
		}
	}
	if err := proxy.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := containerd.Status()
	if err := containerd.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := containerd.Status(); s.State != component.Crashed || s.Error != "signal: killed" {
		t.Errorf("after a crash: %+v", s)
	}
	eventually(t, "containerd runs again", func() bool { return containerd.Status().State == component.Running })
	after := containerd.Status()
	if after.PID == before.PID || after.Restarts != 1 {
		t.Errorf("before the crash %+v, after it %+v", before, after)
	}
	if away := after.Since.Sub(before.Since); away < time.Second {
		t.Errorf("containerd was away for only %s", away)
	}
	if s := proxy.Status(); s.State != component.Stopped || s.PID != 0 {
		t.Errorf("kube-proxy was stopped, and a second later is %+v", s)
	}
	if err := proxy.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := proxy.Status(); s.State != component.Running || s.PID == 0 {
		t.Errorf("kube-proxy was started and is %+v", s)
	}
	if err := proxy.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := proxy.Status(); s.State != component.Running || s.Restarts != 1 {
		t.Errorf("kube-proxy was restarted and is %+v", s)
	}
}

func TestComponentsHangAndGoOn(t *testing.T) {
	w := newWorld(t, 1)
	n := w.nodes[0]
	boot(t, n)
	containerd := of(t, n, component.Containerd)
	pid := containerd.Status().PID
	if err := containerd.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, state := comm(pid); containerd.Status().State != component.Paused || state != "T" {
		t.Errorf("paused containerd is %+v, its process %s", containerd.Status(), state)
	}
	if err := containerd.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, state := comm(pid); containerd.Status().State != component.Running || state == "T" {
		t.Errorf("resumed containerd is %+v, its process %s", containerd.Status(), state)
	}
	// Somebody else can do that too, on the node or on the host.
	if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a stop from outside is noticed", func() bool { return containerd.Status().State == component.Paused })
	// One that hangs can be stopped all the same.
	if err := containerd.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := containerd.Status(); s.State != component.Stopped {
		t.Errorf("containerd was stopped and is %+v", s)
	}
	if err := containerd.Pause(t.Context()); err == nil {
		t.Error("a component that does not run was paused")
	}
	if _, err := n.Component("etcd"); err == nil {
		t.Error("a node has etcd")
	}
}

func TestPowerLoss(t *testing.T) {
	w := newWorld(t, 1)
	n := w.nodes[0]
	boot(t, n)
	pid, done := runContainer(t, n, images.Pause), n.Done()
	if err := n.Pause(); err != nil {
		t.Fatal(err)
	}
	if s := n.Status()[component.Containerd]; s.State != component.Paused {
		t.Errorf("on a node that hangs, containerd is %+v", s)
	}
	began := time.Now()
	if err := n.Kill(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("a loss of power took %s", took)
	}
	<-done
	if alive(pid) || w.network.Linked(n.Machine) {
		t.Error("a process or the link is left")
	}
	if s := n.Status()[component.Containerd]; s.State != component.Crashed || s.PID != 0 {
		t.Errorf("containerd is %+v", s)
	}
	// The disk is as it was, containers included: a new start must cope with them.
	boot(t, n)
	runContainer(t, n, images.Pause)
}

func TestFirstProcessIsKilledByOthers(t *testing.T) {
	w := newWorld(t, 1)
	n := w.nodes[0]
	if err := n.PowerOn(t.Context()); err != nil {
		t.Fatal(err)
	}
	done := n.Done()
	if err := unix.Kill(n.PID(), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-done
	if n.Running() || w.network.Linked(n.Machine) {
		t.Error("the node is still there")
	}
}

func TestNodeThatCannotStartLeavesNothing(t *testing.T) {
	w := newWorld(t, 1)
	broken := node.New(node.Config{
		Spec: w.spec, Machine: w.spec.Nodes[0], Dir: w.dir, Network: w.network,
		Bin: t.TempDir(), Log: w.nodes[0].Log,
	})
	if err := broken.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "node-init") {
		t.Errorf("got %v, want an error about node-init", err)
	}
	if broken.Running() || w.network.Linked(broken.Machine) {
		t.Error("half a node is left")
	}
}
