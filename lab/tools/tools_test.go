package tools

import (
	"bytes"
	"errors"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"kubelab/core/store"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// The tools take a process over, so the tests run this binary again as the lab command that it is told to be.
const (
	asLab  = "TEST_AS_LAB"  // the labs' root
	nodeAt = "TEST_NODE_AT" // the process that stands for a node
)

func TestMain(m *testing.M) {
	if root := os.Getenv(asLab); root != "" {
		os.Exit(lab(root))
	}
	os.Exit(m.Run())
}

func lab(home string) int {
	env := func(*cobra.Command) (Env, error) {
		d, err := store.Open(home, "demo")
		return Env{
			Dir: d, Spec: topology.New("demo", netip.MustParsePrefix("10.100.0.0/16"), 3, 2),
			Bin:   func() (string, error) { return home, nil },
			PIDOf: func(string) (int, error) { return strconv.Atoi(os.Getenv(nodeAt)) },
		}, err
	}
	root := &cobra.Command{Use: "lab", TraverseChildren: true, SilenceErrors: true}
	root.PersistentFlags().String("name", "lab", "")
	root.AddCommand(Commands(env)...)
	if err := root.Execute(); err != nil {
		os.Stderr.WriteString("lab: " + err.Error() + "\n")
		return int(view.CodeOf(err))
	}
	return 0
}

// home is a folder with a lab called demo, whose API server answers nothing.
func home(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	d, err := store.Open(home, "demo")
	if err != nil {
		t.Fatal(err)
	}
	const config = `{"apiVersion":"v1","kind":"Config","current-context":"a",
"clusters":[{"name":"demo","cluster":{"server":"http://127.0.0.1:1"}}],"contexts":[{"name":"a","context":{"cluster":"demo"}}]}`
	err = errors.Join(os.MkdirAll(d.PKI("etcd"), 0o700),
		os.WriteFile(d.PKI("admin.conf"), []byte(config), 0o600), os.WriteFile(d.PKI("etcd", "client.key"), nil, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return home
}

// run is "lab --name demo ARGS…".
func run(t *testing.T, home string, env []string, args ...string) (out, errOut string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], append([]string{"--name", "demo"}, args...)...)
	cmd.Env = append(append(os.Environ(), asLab+"="+home, "KUBECONFIG=/elsewhere", "ETCDCTL_ENDPOINTS=elsewhere:1"), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

func TestKubectlIsPointedAtTheLab(t *testing.T) {
	home := home(t)
	out, errOut, code := run(t, home, nil, "kubectl", "config", "view", "-o", "jsonpath={.clusters[0].name}")
	if out != "demo" || code != 0 {
		t.Errorf("got %q, %q and code %d, want the lab's cluster", out, errOut, code)
	}
	own := filepath.Join(t.TempDir(), "own")
	if err := os.WriteFile(own, []byte(`{"apiVersion":"v1","kind":"Config","clusters":[{"name":"mine","cluster":{}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _, _ = run(t, home, nil, "kubectl", "--kubeconfig", own, "config", "view", "-o", "jsonpath={.clusters[0].name}")
	if out != "mine" {
		t.Errorf("with --kubeconfig: got %q, want the user's own", out)
	}
}

func TestKubectlFailsAsKubectlDoes(t *testing.T) {
	home := home(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"get", "pods", "--request-timeout=1s"}, "127.0.0.1:1"},
		{[]string{"ge", "pods"}, `unknown command "ge" for "kubectl"`}, // etcdctl abbreviates, kubectl does not
		{[]string{"get", "--no-such-flag"}, "unknown flag: --no-such-flag"},
	} {
		_, errOut, code := run(t, home, nil, append([]string{"kubectl"}, c.args...)...)
		if code != 1 || !strings.Contains(errOut, c.want) {
			t.Errorf("%v: code %d and %q, want 1 and %q", c.args, code, errOut, c.want)
		}
	}
}

func TestKubectlFindsPlugins(t *testing.T) {
	bin := t.TempDir()
	script := "#!/bin/sh\necho \"$KUBECONFIG $*\"\nexit 7\n"
	if err := os.WriteFile(filepath.Join(bin, "kubectl-hello"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	home := home(t)
	out, _, code := run(t, home, []string{"PATH=" + bin + ":" + os.Getenv("PATH")}, "kubectl", "hello", "--name", "x", "--", "-y")
	if want := filepath.Join(home, "demo", "pki", "admin.conf") + " --name x -- -y\n"; out != want || code != 7 {
		t.Errorf("got %q and code %d, want %q and 7", out, code, want)
	}
}

func TestKubectlCompletes(t *testing.T) {
	out, _, code := run(t, home(t), nil, cobra.ShellCompNoDescRequestCmd, "kubectl", "rollout", "st")
	if !strings.Contains(out, "status\n") || code != 0 {
		t.Errorf("got %q and code %d, want status among them", out, code)
	}
}

func TestNoLabYet(t *testing.T) {
	for _, tool := range []string{"kubectl", "etcdctl"} {
		_, errOut, code := run(t, t.TempDir(), nil, tool, "version")
		if code != 1 || !strings.Contains(errOut, "lab start") || strings.Count(errOut, "\n") != 1 {
			t.Errorf("%s: code %d and %q, want one line that says what to do", tool, code, errOut)
		}
	}
}

func TestEtcdctlRuns(t *testing.T) {
	out, errOut, code := run(t, home(t), nil, "etcdctl", "version")
	if !strings.HasPrefix(out, "etcdctl version: ") || code != 0 || errOut != "" {
		t.Errorf("got %q, %q and code %d", out, errOut, code)
	}
}

func TestEtcdctlEnv(t *testing.T) {
	d, err := store.Open("/labs", "demo")
	if err != nil {
		t.Fatal(err)
	}
	env := Env{Dir: d, Spec: topology.New("demo", netip.MustParsePrefix("10.100.0.0/16"), 3, 0)}
	all := map[string]string{
		"ETCDCTL_ENDPOINTS": "https://10.100.0.11:2379,https://10.100.0.12:2379,https://10.100.0.13:2379",
		"ETCDCTL_CACERT":    "/labs/demo/pki/etcd/ca.crt",
		"ETCDCTL_CERT":      "/labs/demo/pki/etcd/client.crt",
		"ETCDCTL_KEY":       "/labs/demo/pki/etcd/client.key",
	}
	for _, c := range []struct {
		args    []string
		removed []string
	}{
		{[]string{"endpoint", "health"}, nil},
		{[]string{"--endpoints", "https://x:1", "get", "/"}, []string{"ETCDCTL_ENDPOINTS"}},
		{[]string{"get", "/", "--endpoints=https://x:1"}, []string{"ETCDCTL_ENDPOINTS"}},
		{[]string{"--cacert=x", "get", "/"}, []string{"ETCDCTL_CACERT"}},
		{[]string{"--cert=x", "--key=y", "get", "/"}, []string{"ETCDCTL_CERT", "ETCDCTL_KEY"}},
		{[]string{"put", "key", "--", "--endpoints"}, nil},
	} {
		want := maps.Clone(all)
		for _, name := range c.removed {
			want[name] = ""
		}
		if got := etcdctlEnv(env, c.args); !maps.Equal(got, want) {
			t.Errorf("%v: got %v, want %v", c.args, got, want)
		}
	}
}

func TestCrictlNode(t *testing.T) {
	spec := topology.New("demo", netip.MustParsePrefix("10.100.0.0/16"), 1, 2)
	for _, c := range []struct {
		args []string
		node string
		rest []string
	}{
		{nil, "node-1", nil},
		{[]string{"ps"}, "node-1", []string{"ps"}},
		{[]string{"node-2", "ps", "-a"}, "node-2", []string{"ps", "-a"}},
		{[]string{"node-2"}, "node-2", []string{}},
		{[]string{"--debug", "ps"}, "node-1", []string{"--debug", "ps"}},
	} {
		node, rest, err := crictlNode(spec, c.args)
		if err != nil || node.Name() != c.node || !slices.Equal(rest, c.rest) {
			t.Errorf("%v: got %s %v, %v; want %s %v", c.args, node, rest, err, c.node, c.rest)
		}
	}
	for _, first := range []string{"node-3", "master-1"} {
		_, _, err := crictlNode(spec, []string{first, "ps"})
		if view.CodeOf(err) != view.NotFound || !strings.Contains(err.Error(), "node-1, node-2") {
			t.Errorf("%s: got %v, want no such target and the nodes there are", first, err)
		}
	}
	spec.Nodes = nil
	if _, _, err := crictlNode(spec, []string{"ps"}); view.CodeOf(err) != view.NotFound {
		t.Errorf("without nodes: got %v", err)
	}
}

func TestCrictlRunsInTheNodesNetwork(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("joining a network namespace needs root")
	}
	node := exec.CommandContext(t.Context(), "sleep", "60")
	node.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = node.Process.Kill(), node.Wait() }()
	pid := strconv.Itoa(node.Process.Pid)
	network, err := os.Readlink("/proc/" + pid + "/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	home := home(t)
	script := "#!/bin/sh\nreadlink /proc/self/ns/net\necho \"$@\"\nexit 5\n"
	if err := os.WriteFile(filepath.Join(home, "crictl"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	out, errOut, code := run(t, home, []string{nodeAt + "=" + pid}, "crictl", "node-2", "exec", "-it", "abc", "--", "sh")
	socket := "unix:///proc/" + pid + "/root/run/containerd/containerd.sock"
	want := network + "\n--runtime-endpoint " + socket + " --image-endpoint " + socket + " exec -it abc -- sh\n"
	if out != want || code != 5 || errOut != "" {
		t.Errorf("got %q, %q and code %d, want %q and 5", out, errOut, code, want)
	}
	_, errOut, _ = run(t, home, []string{nodeAt + "=" + pid}, "crictl", "ps")
	if !strings.Contains(errOut, "on node-1") {
		t.Errorf("without a node: %q does not say which one was taken", errOut)
	}
	_, errOut, code = run(t, home, []string{nodeAt + "=0"}, "crictl", "node-1", "ps")
	if code != 1 || !strings.Contains(errOut, "not running") {
		t.Errorf("a node that is down: %q and code %d", errOut, code)
	}
}
