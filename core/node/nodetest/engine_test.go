package nodetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"kubelab/core/network"
	"kubelab/core/node"
)

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
