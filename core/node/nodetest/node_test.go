package nodetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"kubelab/core/component"
	"kubelab/core/images"
	"kubelab/core/network"
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

func TestNodesDieWithTheirEngine(t *testing.T) {
	for _, c := range []struct {
		name  string
		hangs bool
	}{{"init runs", false}, {"init hangs", true}} {
		t.Run(c.name, func(t *testing.T) {
			labs := filepath.Join(shared, "engine")
			leavesNothing(t, labs)
			pid, engine := startEngine(t)
			if c.hangs {
				if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
					t.Fatal(err)
				}
			}
			began := time.Now()
			if err := engine.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = engine.Wait() // that it was killed is no error here
			eventually(t, "nothing runs any more", func() bool { return len(processes(t)) == 0 })
			if took := time.Since(began); took > time.Second {
				t.Errorf("the node lived for %s without its engine", took)
			}
			if !exists("/run/netns/" + network.Namespace(labName, machine(t))) {
				t.Error("the engine was killed and the namespace is gone: what then does Sweep do?")
			}
		})
	}
}

// startEngine runs an engine of its own with one node, and returns the id of the node's first process.
func startEngine(t *testing.T) (int, *exec.Cmd) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), engineEnv+"="+shared)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // again
	line := make([]byte, 1024)
	count, _ := out.Read(line)
	pid, err := strconv.Atoi(strings.TrimSpace(string(line[:count])))
	if err != nil {
		t.Fatalf("the engine said %q", line[:count])
	}
	return pid, cmd
}

func TestSweepEndsWhatAnEngineHasLeft(t *testing.T) {
	leavesNothing(t, filepath.Join(shared, "none"))
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for _, top := range hierarchies() {
		if filepath.Base(top) == "cpuset" {
			continue // its groups cannot be entered before they are configured
		}
		dir := filepath.Join(top, "lab", labName, "node-1", "kubepods")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(cmd.Process.Pid)), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := node.Sweep(labName); err != nil {
		t.Error(err)
	}
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Error("the process lives")
		_ = cmd.Process.Kill()
	}
}
