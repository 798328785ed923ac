package byhand

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/netip"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"kubelab/core/component"
	"kubelab/core/network"
	"kubelab/core/plain"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// seen is a lab of three masters and two nodes, of which the second is off.
func seen() *view.Snapshot {
	running := func(names []string, pid int) map[string]component.Status {
		all := map[string]component.Status{}
		for i, name := range names {
			s := component.Status{State: component.Running}
			if pid > 0 {
				s.PID = pid + i
			}
			all[name] = s
		}
		return all
	}
	s := &view.Snapshot{Name: "lab", Subnet: "10.100.0.0/16"}
	for _, name := range []string{"master-1", "master-2", "master-3"} {
		s.Masters = append(s.Masters, view.Master{Name: name, Components: running(component.OfMaster, 0)})
	}
	s.Nodes = []view.Node{
		{Name: "node-1", PID: 800, PodRange: "10.100.129.0/24", Components: running(component.OfNode, 811)}, // kubelet is 812
		{Name: "node-2", PodRange: "10.100.130.0/24", Components: map[string]component.Status{}},
	}
	s.Etcd = view.Etcd{Leader: "master-2", Revision: 4711, Each: []view.EtcdMember{
		{Name: "master-1", ID: "8e9e05c52164694d"}, {Name: "master-2", ID: "91bc3c398fb3c146"}, {Name: "master-3"},
	}}
	s.Pods = []view.Pod{{Namespace: "demo", Name: "web-abc", Node: "node-1", IP: "10.100.129.5"}, {Namespace: "demo", Name: "new"}}
	return s
}

func TestCommands(t *testing.T) {
	const (
		br, ln1, ln2 = "lab-a51146", "lna51146-1", "lna51146-2"
		goroutines   = "goroutines of the engine: no command ends, starts or signals them alone"
		container    = "lab crictl node-1 ps -q --label io.kubernetes.pod.namespace=demo " +
			"--label io.kubernetes.pod.name=web-abc --label io.kubernetes.container.name=web"
		chain = "'{ type filter hook input priority -10; policy accept; }'"
		all   = "kube-controller-manager kube-scheduler kube-apiserver etcd"
	)
	for _, tt := range []struct {
		a    view.Action
		want []string
	}{
		{act(view.Kill, "node-1/kubelet"), []string{"kill -9 812"}},
		{act(view.Kill, "node-1/kubelet", "node-1/containerd"), []string{"kill -9 812", "kill -9 811"}},
		{act(view.Pause, "node-1/kubelet"), []string{"kill -STOP 812"}},
		{act(view.Resume, "node-1/kubelet"), []string{"kill -CONT 812"}},
		{act(view.Restart, "node-1/kubelet"), []string{"kill 812", "# node-init, the first process of node-1, starts it again after a second"}},
		{act(view.Stop, "node-1/kubelet"), []string{
			"kill 812", "# node-init, the first process of node-1, starts it again after a second; only the engine can tell it not to",
			"# on a node of kubeadm's: systemctl stop kubelet",
		}},
		{act(view.Start, "node-1/kubelet"), []string{
			"# only the engine can tell node-init, the first process of node-1, to start kubelet", "# on a node of kubeadm's: systemctl start kubelet",
		}},
		{act(view.Kill, "node-2/kubelet"), []string{"# node-2/kubelet has no process"}},

		{act(view.Kill, "node-1"), []string{"ip link del " + ln1, "kill -9 800"}},
		{act(view.PowerLoss, "node-1"), []string{"ip link del " + ln1, "kill -9 800"}},
		{act(view.Stop, "node-1"), []string{"kill 800"}},
		{act(view.Pause, "node-1"), []string{"if [ -d /sys/fs/cgroup/freezer ]; then echo FROZEN > /sys/fs/cgroup/freezer/lab/lab/node-1/freezer.state; " +
			"else echo 1 > /sys/fs/cgroup/lab/lab/node-1/cgroup.freeze; fi"}},
		{act(view.Resume, "node-1"), []string{"if [ -d /sys/fs/cgroup/freezer ]; then echo THAWED > /sys/fs/cgroup/freezer/lab/lab/node-1/freezer.state; " +
			"else echo 0 > /sys/fs/cgroup/lab/lab/node-1/cgroup.freeze; fi"}},
		{act(view.Kill, "node-2"), []string{"# node-2 is off: it has no process"}},

		{act(view.Stop, "pod/demo/web-abc"), []string{"lab kubectl delete pod -n demo web-abc"}},
		{act(view.Kill, "pod/demo/web-abc"), []string{"lab kubectl delete pod -n demo web-abc --grace-period=0 --force"}},
		{act(view.Kill, "pod/demo/-A"), []string{"lab kubectl delete pod -n demo --grace-period=0 --force -- -A"}},
		{act(view.Kill, "pod/de mo/$(reboot)"), []string{"lab kubectl delete pod -n 'de mo' '$(reboot)' --grace-period=0 --force"}},
		{act(view.Stop, "pod/demo/it's"), []string{`lab kubectl delete pod -n demo 'it'\''s'`}},
		{act(view.Stop, "pod/demo/\x1b[2J"), []string{`lab kubectl delete pod -n demo "$(printf '\033\133\062\112')"`}},
		{act(view.Pause, "pod/demo/web-abc"), []string{"# pause cannot be done to a pod"}},
		{act(view.Kill, "container/demo/web-abc/web"), []string{"lab crictl node-1 stop --timeout 0 $(" + container + ")"}},
		{act(view.Pause, "container/demo/web-abc/web"), []string{"nsenter --target 800 --pid kill -STOP $(lab crictl node-1 inspect --output go-template " +
			"--template '{{.info.pid}}' $(" + container + "))"}},
		{act(view.OutOfMemory, "container/demo/web-abc/web"), []string{"curl -X POST 'http://10.100.129.5:8080/eat?mib=1024'"}},
		{act(view.Kill, "container/demo/new/web"), []string{`# pod "new" in namespace "demo" is on no node of the lab yet`}},
		{act(view.Kill, "container/demo/old\n/web"), []string{`# there is no pod "old\n" in namespace "demo"`}},

		{act(view.Kill, "master-1/etcd"), []string{"# master-1/etcd is " + goroutines, "# on a master of kubeadm's: crictl stop --timeout 0 $(crictl ps -q --name etcd)"}},
		{act(view.Stop, "master-1/kube-scheduler"), []string{
			"# master-1/kube-scheduler is " + goroutines, "# on a master of kubeadm's: mv /etc/kubernetes/manifests/kube-scheduler.yaml /etc/kubernetes/",
		}},
		{act(view.Start, "master-1/kube-scheduler"), []string{
			"# master-1/kube-scheduler is " + goroutines, "# on a master of kubeadm's: mv /etc/kubernetes/kube-scheduler.yaml /etc/kubernetes/manifests/",
		}},
		{act(view.Restart, "master-1"), []string{
			"# the components of master-1 are " + goroutines,
			"# on a master of kubeadm's: for c in " + all + "; do crictl stop --timeout 30 $(crictl ps -q --name $c); done",
		}},
		{act(view.PowerLoss, "master-1"), []string{
			"ip addr del 10.100.0.11/32 dev " + br, "# the components of master-1 are " + goroutines,
			"# on a master of kubeadm's: for c in " + all + "; do crictl stop --timeout 0 $(crictl ps -q --name $c); done",
		}},
		{act(view.Cordon, "master-1"), []string{"# cordon cannot be done to master-1"}},

		{act(view.Cordon, "node-1", "node-2"), []string{"lab kubectl cordon node-1", "lab kubectl cordon node-2"}},
		{act(view.Uncordon, "node-1"), []string{"lab kubectl uncordon node-1"}},
		{act(view.Drain, "node-1"), []string{"lab kubectl drain node-1 --force --ignore-daemonsets --delete-emptydir-data --timeout=60s"}},
		{act(view.DiskPressure, "node-1"), []string{
			`sed -i 's/nodefs.available: [^,]*/nodefs.available: "99.99%"/' /proc/800/root/etc/kubernetes/kubelet.yaml`,
			"kill 812", "# node-init, the first process of node-1, starts it again after a second",
		}},

		{act(view.Cut, "master-1", "master-2"), []string{
			"nft add table ip lab-lab.loss", "nft add chain ip lab-lab.loss input " + chain,
			"nft add rule ip lab-lab.loss input ip saddr 10.100.0.11 ip daddr 10.100.0.12 drop",
			"nft add rule ip lab-lab.loss input ip saddr 10.100.0.12 ip daddr 10.100.0.11 drop",
		}},
		{view.Action{Verb: view.Loss, Targets: []string{"master-1", "node-1"}, Percent: 30, OneWay: true}, []string{
			"nft add table bridge lab-lab.loss", "nft add chain bridge lab-lab.loss output '{ type filter hook output priority -10; policy accept; }'",
			"nft 'add rule bridge lab-lab.loss output oifname " + ln1 + " ip saddr 10.100.0.11 numgen random mod 100 < 30 drop'",
		}},
		{act(view.Isolate, "node-1"), []string{"ip link set " + ln1 + " down"}},
		{act(view.Isolate, "node-2"), []string{"# node-2 is off, and has no link"}},
		{view.Action{Verb: view.Delay, Targets: []string{"node-1", "master-1"}, Delay: 1500 * time.Microsecond, OneWay: true}, []string{
			"tc -n lab-lab.node-1 qdisc add dev eth0 root handle 31e0: prio bands 2 priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
			"tc -n lab-lab.node-1 qdisc add dev eth0 parent 31e0:2 handle 31e1: netem delay 1.5ms limit 10000",
			"tc -n lab-lab.node-1 filter add dev eth0 parent 31e0: protocol ip prio 1 u32 match ip src 10.100.0.101/32 match ip dst 10.100.0.11/32 flowid 31e0:2",
			"tc -n lab-lab.node-1 filter add dev eth0 parent 31e0: protocol ip prio 1 u32 match ip src 10.100.129.0/24 match ip dst 10.100.0.11/32 flowid 31e0:2",
		}},
		{act(view.Cut, "node-1"), []string{"# cut needs two machines"}},
		{act(view.Cut, "node-1", "node-1"), []string{"# node-1 has no link to itself"}},
		{act(view.Loss, "node-1", "node-2"), []string{"# a loss of 0 %: use 1 to 100"}},

		{act(view.LoseQuorum), []string{
			"# master-2/etcd is " + goroutines, "# on a master of kubeadm's: crictl stop --timeout 0 $(crictl ps -q --name etcd)",
			"# master-1/etcd is " + goroutines, "# on a master of kubeadm's: crictl stop --timeout 0 $(crictl ps -q --name etcd)",
		}},
		{act(view.MoveLeader), []string{"lab etcdctl --endpoints=https://10.100.0.12:2379 move-leader 8e9e05c52164694d"}},
		{act(view.MoveLeader, "master-3"), []string{"lab etcdctl --endpoints=https://10.100.0.12:2379 move-leader " +
			`$(lab etcdctl member list | awk -F', ' '$3 == "master-3" {print $1}')`}},
		{act(view.Compact), []string{"lab etcdctl compact --physical 4711"}},
		{act(view.Defragment), []string{
			"lab etcdctl --endpoints=https://10.100.0.11:2379 defrag", "lab etcdctl --endpoints=https://10.100.0.13:2379 defrag",
			"lab etcdctl --endpoints=https://10.100.0.12:2379 defrag",
		}},
		{act(view.FillQuota), []string{`i=0; while head -c 1048576 /dev/zero | lab etcdctl put "/lab/fill/$(printf %06d $i)"; do i=$((i+1)); done`}},
		{act(view.WipeData, "master-3"), []string{
			"# master-3/etcd is " + goroutines, "# on a master of kubeadm's: crictl stop --timeout 0 $(crictl ps -q --name etcd)",
			"lab kill master-3/etcd", `rm -rf "${LAB_HOME:-/var/lib/lab}"/lab/masters/master-3/etcd`,
		}},
		{act(view.RollingRestart), []string{
			"# as lab does it, but that it also takes each master out of its load balancer first", "lab restart master-1", "lab restart master-3",
			"lab etcdctl --endpoints=https://10.100.0.12:2379 move-leader 8e9e05c52164694d", "lab restart master-2",
			"# on each master of kubeadm's: for c in " + all + "; do crictl stop --timeout 30 $(crictl ps -q --name $c); done",
		}},

		{act(view.Add, "master"), []string{
			"ip addr add 10.100.0.14/32 dev " + br, "lab etcdctl member add master-4 --learner --peer-urls=https://10.100.0.14:2380",
			"# the engine starts etcd of master-4, then its other components, as goroutines; no command does that here",
			`lab etcdctl member promote $(lab etcdctl member list | awk -F', ' '$NF == "true" {print $1}')`,
			"# on a master of kubeadm's, all of it: kubeadm join 10.100.0.10:6443 --token TOKEN --discovery-token-ca-cert-hash sha256:HASH --control-plane",
		}},
		{act(view.Remove, "node-1"), []string{
			"lab kubectl drain node-1 --force --ignore-daemonsets --delete-emptydir-data --timeout=60s", "kill 800",
			"# its link " + ln1 + " and its network lab-lab.node-1 go with it: the engine sees to that",
			"lab kubectl delete node node-1", `rm -rf "${LAB_HOME:-/var/lib/lab}"/lab/nodes/node-1`,
		}},

		{act(view.SaveSnapshot, "before"), []string{"lab etcdctl --endpoints=https://10.100.0.12:2379 snapshot save before.db"}},
		{act(view.SaveSnapshot, "my file"), []string{"lab etcdctl --endpoints=https://10.100.0.12:2379 snapshot save 'my file.db'"}},
		{act(view.VerifySnapshot, "a;b"), []string{
			`tar -xOf "${LAB_HOME:-/var/lib/lab}"/'lab/snapshots/a;b.snapshot' manifest.json | grep '"sha256"'`,
			`tar -xOf "${LAB_HOME:-/var/lib/lab}"/'lab/snapshots/a;b.snapshot' etcd.db | sha256sum`,
		}},
		{act(view.ListSnapshots), []string{`ls -l "${LAB_HOME:-/var/lib/lab}"/lab/snapshots`}},

		{act(view.Kill, "node-9"), []string{`# there is no "node-9": did you mean node-1 or node-2?`}},
		{act(view.Kill, "\x1b]0;x\a"), []string{`# there is no "\x1b]0;x\a": use a machine (master-1, master-2, master-3, node-1, node-2), ` +
			"one of its components, for example master-1/etcd, or pod/NAMESPACE/NAME"}},
		{act(view.Kill), []string{"# there is nothing to do"}},
		{act("dance"), []string{`# nothing is known that would "dance" a lab`}},
	} {
		if got := Commands(tt.a, seen()); !slices.Equal(got, tt.want) {
			t.Errorf("%s:\n%s\nwant:\n%s", tt.a, strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
		}
	}
}

func act(v view.Verb, targets ...string) view.Action { return view.Action{Verb: v, Targets: targets} }

func TestOtherLabsAreNamed(t *testing.T) {
	s := seen()
	s.Name = "other"
	for a, want := range map[string]string{
		"cordon":  "lab --name other kubectl cordon node-1",
		"isolate": "ip link set " + network.Link("other", topology.Machine{Kind: topology.Node, Number: 1}) + " down",
	} {
		if got := Commands(act(view.Verb(a), "node-1"), s); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: got %q, want %q", a, got, want)
		}
	}
}

// verbs are all that package view knows, read from its source: none can be forgotten here.
func verbs(t *testing.T) []view.Verb {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../view/action.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var list []view.Verb
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			if of, ok := v.Type.(*ast.Ident); ok && of.Name == "Verb" {
				text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, view.Verb(text))
			}
		}
		return true
	})
	if len(list) < 30 {
		t.Fatalf("only %d verbs were found: %v", len(list), list)
	}
	return list
}

// targets are such as the verbs take, and such as they do not.
var targets = [][]string{
	nil, {"master-1"}, {"node-1"}, {"node-2"}, {"master-1/etcd"}, {"node-1/kube-proxy"}, {"pod/demo/web-abc"}, {"container/demo/web-abc/web"},
	{"master-1", "master-2"}, {"master-1", "node-1"}, {"node-1", "node-2"}, {"node-1", "master-1,master-2"}, {"f1"}, {"f1", "f9"}, {"master"}, {"node"},
	{"before"}, {"/tmp/a b.snapshot"}, {"-x"}, {"x;y"}, {"pod/-n/`a`"}, {"container/a/\x1b[2J/'"}, {"\n"}, {","}, {""},
}

// everything does every verb to everything, in a lab that is whole, in one where much is broken, and in one of which
// little is known.
func everything(t *testing.T) (lines []string) {
	broken := seen()
	for i, k := range verbs(t) {
		for _, what := range []string{
			"master-1 node-1", "master-1 node-1 --one-way", "master-2 master-3 30%", "node-1 node-2 50ms", "node-1 node-2 --every 2s", "node-1", "pod/demo/a", "",
		} {
			broken.Faults = append(broken.Faults, view.Fault{ID: "f" + strconv.Itoa(i), Kind: k, What: what})
		}
	}
	broken.Etcd = view.Etcd{}
	for _, m := range broken.Masters {
		clear(m.Components)
	}
	for _, s := range []*view.Snapshot{seen(), broken, nil, {}, {Name: "lab", Subnet: "10.100.0.0/16"}, {Name: "$(reboot)", Subnet: "x\x1b"}} {
		for _, v := range verbs(t) {
			for _, on := range targets {
				a := view.Action{Verb: v, Targets: on, Percent: 30, Delay: 50 * time.Millisecond, All: v == view.Heal && on == nil}
				got := Commands(a, s)
				if len(got) == 0 {
					t.Fatalf("%s has no answer", a)
				}
				for _, l := range got {
					if strings.ContainsFunc(l, plain.Unfit) || strings.TrimSpace(l) == "" {
						t.Fatalf("%s: the line %q is not fit to be shown", a, l)
					}
				}
				lines = append(lines, got...)
			}
		}
	}
	return lines
}

func TestEveryVerbHasAnAnswer(t *testing.T) {
	everything(t)
	// What a verb is meant for is known, in a lab where it makes sense.
	s := seen()
	s.Faults = []view.Fault{{ID: "f1", Kind: view.Cordon, What: "node-1"}}
	on := map[view.Verb][]string{
		view.Heal: {"f1"}, view.Add: {"node"}, view.OutOfMemory: {"container/demo/web-abc/web"}, view.WipeData: {"master-1"}, view.MoveLeader: {"master-1"},
		view.SaveSnapshot: {"x"}, view.VerifySnapshot: {"x"}, view.RestoreSnapshot: {"x"}, view.Scale: {"deployments/demo/web"},
		view.Delete: {"pods/demo/web-abc"}, view.Empty: {"demo"},
	}
	for _, v := range verbs(t) {
		a := view.Action{Verb: v, Targets: on[v], Percent: 30, Delay: time.Second}
		switch {
		case slices.Contains([]view.Verb{view.Cut, view.Loss, view.Delay, view.Flap, view.Split}, v):
			a.Targets = []string{"master-1", "node-1"}
		case a.Targets == nil:
			a.Targets = []string{"node-1"}
		}
		lines := Commands(a, s)
		if strings.HasPrefix(lines[0], "# ") && v != view.Start && v != view.LoseQuorum && v != view.WipeData && v != view.RollingRestart {
			t.Errorf("%s: got %q, want a command", a, lines)
		}
	}
}

func TestShellsCanReadEveryLine(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	lines := everything(t)
	slices.Sort(lines)
	for _, l := range slices.Compact(lines) {
		if out, err := exec.Command(shell, "-n", "-c", l).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", l, err, out)
		}
	}
}

func TestQuotedWordsStayWhatTheyAre(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	for _, word := range []string{
		"web", "", "-n", "a b", "it's", `"`, "$(reboot)", "`reboot`", "a\\b", "a\nb", "\x1b[2J", "\xff\xfe", "%s", "\u202eabc", "*", "~", "!x", "a;b", "{a,b}", "#",
	} {
		out, err := exec.Command(shell, "-c", "for w in "+quote(word)+"; do printf '%s|' \"$w\"; done").CombinedOutput()
		if string(out) != word+"|" || err != nil {
			t.Errorf("%q was written as %s, which is %q, %v", word, quote(word), out, err)
		}
	}
}

func TestNamesAreThoseOfTheNetwork(t *testing.T) {
	for _, name := range []string{"lab", "a", "demo-2", strings.Repeat("x", 32)} {
		m := topology.Machine{Kind: topology.Node, Number: 17}
		for _, n := range [][2]string{
			{bridge(name), network.Bridge(name)}, {link(name, m), network.Link(name, m)}, {namespace(name, m), network.Namespace(name, m)},
			{lossTable(name), network.Table(name) + ".loss"},
		} {
			if n[0] != n[1] {
				t.Errorf("of lab %s: %s, want %s", name, n[0], n[1])
			}
		}
	}
}

func TestAddressesAreThoseOfTheLab(t *testing.T) {
	s := seen()
	s.Subnet = "10.7.0.0/16"
	want := topology.New("lab", netip.MustParsePrefix(s.Subnet), 3, 2).EtcdClientURL(topology.Machine{Kind: topology.Master, Number: 1})
	if got := Commands(act(view.Defragment), s); !strings.Contains(got[0], want) {
		t.Errorf("got %q, want %s in it", got[0], want)
	}
}
