package byhand

import (
	"bytes"
	"errors"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"kubelab/core/network"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// apart runs the test again in a network and a /run of its own, where it can do to the kernel what it likes. It reports
// whether the test is to go on: in there.
func apart(t *testing.T, tools ...string) bool {
	t.Helper()
	const inside = "TEST_IS_APART"
	if os.Getenv(inside) != "" {
		// The threads of this process are all in the new namespaces: they were made with it.
		if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mount("run", "/run", "tmpfs", 0, ""); err != nil {
			t.Fatal(err)
		}
		return true
	}
	if os.Geteuid() != 0 {
		t.Skip("a network of one's own needs root")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"=yes")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("apart: %v\n%s", err, out)
	}
	return false
}

// sh runs lines as a person would.
func sh(t *testing.T, lines ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-e")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n"))
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(lines, "\n"), err, errOut.String())
	}
	return out.String()
}

// rules are those that nftables has, each with its chain, in some order. An empty table has none.
func rules(t *testing.T) []string {
	t.Helper()
	var list []string
	var table, chain string
	for line := range strings.Lines(sh(t, "nft list ruleset")) {
		switch line = strings.TrimSpace(line); {
		case strings.HasPrefix(line, "table "):
			table = line
		case strings.HasPrefix(line, "chain "):
			chain = line
		case line != "}" && line != "":
			list = append(list, table+chain+line)
		}
	}
	slices.Sort(list)
	return list
}

// What the lines make of nftables is what the engine makes of it, step by step, and undone it is as it was.
func TestLossesAreThoseOfTheEngine(t *testing.T) {
	if !apart(t, "nft", "sh") {
		return
	}
	spec, err := labOf(seen())
	if err != nil {
		t.Fatal(err)
	}
	engine := network.New(spec.spec, slog.New(slog.DiscardHandler))
	m1, m2, m3 := spec.spec.Masters[0], spec.spec.Masters[1], spec.spec.Masters[2]
	n1, n2 := spec.spec.Nodes[0], spec.spec.Nodes[1]
	var none topology.Machine
	const all = 100
	steps := []struct {
		a      view.Action
		losses []network.Loss
	}{
		{act(view.Cut, "master-1", "master-2"), []network.Loss{{From: m1, To: m2, Percent: all}, {From: m2, To: m1, Percent: all}}},
		{view.Action{Verb: view.Loss, Targets: []string{"node-1", "node-2"}, Percent: 30, OneWay: true}, []network.Loss{{From: n1, To: n2, Percent: 30}}},
		{view.Action{Verb: view.Loss, Targets: []string{"master-1", "node-1"}, Percent: 7}, []network.Loss{{From: m1, To: n1, Percent: 7}, {From: n1, To: m1, Percent: 7}}},
		{act(view.Isolate, "master-3"), []network.Loss{{From: m3, To: none, Percent: all}, {From: none, To: m3, Percent: all}}},
		{act(view.Split, "master-1", "master-2,node-2"), []network.Loss{
			{From: m1, To: m2, Percent: all}, {From: m2, To: m1, Percent: all}, {From: m1, To: n2, Percent: all}, {From: n2, To: m1, Percent: all}}},
		{view.Action{Verb: view.Loss, Targets: []string{"master-2", "master-3"}, Percent: 100}, []network.Loss{{From: m2, To: m3, Percent: all}, {From: m3, To: m2, Percent: all}}},
	}
	s := seen()
	var before [][]string
	var losses []network.Loss
	for i, step := range steps {
		before = append(before, rules(t))
		losses = append(losses, step.losses...)
		sh(t, Commands(step.a, s)...)
		byHand := rules(t)
		saved := sh(t, "nft list ruleset")
		if err := engine.SetLosses(t.Context(), losses); err != nil {
			t.Fatal(err)
		}
		if want := rules(t); !slices.Equal(byHand, want) || len(want) == 0 {
			t.Fatalf("%s:\n%s\nwant:\n%s", step.a, strings.Join(byHand, "\n"), strings.Join(want, "\n"))
		}
		sh(t, "nft flush ruleset", "nft -f - <<'END'\n"+saved+"\nEND")
		_, what, _ := strings.Cut(step.a.String(), " ")
		s.Faults = append(s.Faults, view.Fault{ID: string(rune('a' + i)), Kind: step.a.Verb, What: what})
	}
	for i, state := range slices.Backward(before) {
		sh(t, Commands(act(view.Heal, s.Faults[i].ID), s)...)
		s.Faults = s.Faults[:i]
		if got := rules(t); !slices.Equal(got, state) {
			t.Errorf("after the heal of %s:\n%s\nwant:\n%s", steps[i].a, strings.Join(got, "\n"), strings.Join(state, "\n"))
		}
	}
}

func TestFlappingIsCutAndWholeByTurns(t *testing.T) {
	if !apart(t, "nft", "sh") {
		return
	}
	lines := Commands(view.Action{Verb: view.Flap, Targets: []string{"master-1", "node-1"}, Every: 1500 * time.Millisecond}, seen())
	sleep := slices.Index(lines, "sleep 1.5")
	if sleep < 0 || lines[len(lines)-2] != "sleep 1.5" {
		t.Fatalf("nothing sleeps: %q", lines)
	}
	sh(t, lines[:sleep]...)
	if got := rules(t); len(got) != 4 { // two chains, with a rule each
		t.Errorf("cut: %q", got)
	}
	sh(t, lines[sleep+1:len(lines)-2]...)
	if got := rules(t); len(got) != 0 {
		t.Errorf("whole: %q", got)
	}
}

// A node's network that is made by hand is one; its cable can be pulled, and it can be taken away.
func TestLinksOfNodes(t *testing.T) {
	if !apart(t, "ip", "sh", "sysctl") {
		return
	}
	s := seen()
	three := view.Node{Name: "node-3", PID: 900}
	sh(t, "ip link set lo up", "ip link add "+bridge(s.Name)+" type bridge", "ip link set "+bridge(s.Name)+" up", "ip addr add 10.100.0.1/24 dev "+bridge(s.Name))
	sh(t, Commands(act(view.Add, "node"), s)...)
	s.Nodes = append(s.Nodes, three)
	reach := func() error {
		return exec.CommandContext(t.Context(), "ip", "netns", "exec", namespace(s.Name, topology.Machine{Kind: topology.Node, Number: 3}),
			"sh", "-c", "ip route get 10.100.0.1 && ip -o link show eth0 | grep -q LOWER_UP").Run()
	}
	if err := reach(); err != nil {
		t.Errorf("a new node has no link: %v", err)
	}
	sh(t, Commands(act(view.Isolate, "node-3"), s)...)
	if reach() == nil {
		t.Error("a node that is isolated has a link")
	}
	s.Faults = []view.Fault{{ID: "f1", Kind: view.Isolate, What: "node-3"}}
	sh(t, Commands(act(view.Heal, "f1"), s)...)
	if err := reach(); err != nil {
		t.Errorf("a node that is healed has no link: %v", err)
	}
	sh(t, Commands(act(view.PowerLoss, "node-3"), s)[0])
	if out := sh(t, "ip -o link"); strings.Contains(out, link(s.Name, topology.Machine{Kind: topology.Node, Number: 3})) {
		t.Errorf("the link of a node without power is there: %s", out)
	}
	sh(t, Commands(act(view.Add, "master"), s)[0])
	if out := sh(t, "ip -o addr"); !strings.Contains(out, "10.100.0.14/32") {
		t.Errorf("a new master has no address: %s", out)
	}
	// The lines of an addition and of a loss of power fit together.
	s.Masters = append(s.Masters, view.Master{Name: "master-4"})
	sh(t, Commands(act(view.PowerLoss, "master-4"), s)[0])
	if out := sh(t, "ip -o addr"); strings.Contains(out, "10.100.0.14/32") {
		t.Errorf("a master without power has an address: %s", out)
	}
}

// Not every kernel has netem; but tc reads a line before it asks the kernel, and what it cannot read it says otherwise.
func TestDelays(t *testing.T) {
	if !apart(t, "tc", "ip", "sh") {
		return
	}
	s := seen()
	sh(t, "ip link set lo up", "ip link add "+bridge(s.Name)+" type bridge")
	s.Nodes = nil
	sh(t, slices.DeleteFunc(Commands(act(view.Add, "node"), s), func(l string) bool { return strings.Contains(l, "sysctl") })...)
	s.Nodes = seen().Nodes[:1]
	fromKernel := regexp.MustCompile(`(?m)^(Error: |RTNETLINK answers: )`)
	for _, on := range [][]string{{"master-1", "master-2"}, {"master-1", "node-1"}} {
		a := view.Action{Verb: view.Delay, Targets: on, Delay: 2500 * time.Millisecond}
		for _, line := range Commands(a, s) {
			out, err := exec.CommandContext(t.Context(), "sh", "-c", line).CombinedOutput()
			var exit *exec.ExitError
			if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 2 || !fromKernel.Match(out)) {
				t.Errorf("%s: %v: %s", line, err, out)
			}
		}
	}
	if out, err := exec.CommandContext(t.Context(), "tc", "qdisc", "add", "dev", "lo", "root", "netem", "late").CombinedOutput(); err == nil || fromKernel.Match(out) {
		t.Errorf("what tc cannot read cannot be told from what the kernel cannot do: %v: %s", err, out)
	}
}

// kubectl reads its flags before it looks for a server.
func TestKubectlCanReadTheLines(t *testing.T) {
	kubectl, err := exec.LookPath("kubectl")
	if err != nil {
		t.Skip(err)
	}
	config := t.TempDir() + "/config"
	const nowhere = `{"apiVersion":"v1","kind":"Config","current-context":"a","clusters":[{"name":"a","cluster":{"server":"http://127.0.0.1:1"}}],` +
		`"contexts":[{"name":"a","context":{"cluster":"a"}}]}`
	if err := os.WriteFile(config, []byte(nowhere), 0o600); err != nil {
		t.Fatal(err)
	}
	seenLines := map[string]bool{}
	for _, a := range []view.Action{
		act(view.Kill, "pod/demo/web-abc"), act(view.Kill, "pod/demo/-A"), act(view.Stop, "pod/demo/a'b"), act(view.Cordon, "node-1"), act(view.Uncordon, "node-1"),
		act(view.Drain, "node-1"), act(view.Remove, "node-1"),
	} {
		for _, l := range Commands(a, seen()) {
			if strings.HasPrefix(l, "lab kubectl ") {
				seenLines[l] = true
			}
		}
	}
	for _, l := range slices.Sorted(maps.Keys(seenLines)) {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", `lab() { shift; "$KUBECTL" "$@"; }; `+l)
		cmd.Env = append(os.Environ(), "KUBECTL="+kubectl, "KUBECONFIG="+config)
		if out, err := cmd.CombinedOutput(); err == nil || !bytes.Contains(out, []byte("refused")) {
			t.Errorf("%s: %v: %s; want it to look for a server", l, err, out)
		}
	}
}
