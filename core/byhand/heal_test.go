package byhand

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"kubelab/core/component"
	"kubelab/core/view"
)

func TestFaultsAreReadAsTheyAreShown(t *testing.T) {
	for _, a := range []view.Action{
		act(view.Kill, "master-1/etcd", "node-2"),
		{Verb: view.Cut, Targets: []string{"master-1", "master-2"}, OneWay: true},
		{Verb: view.Loss, Targets: []string{"master-1", "node-1"}, Percent: 30, OneWay: true},
		{Verb: view.Delay, Targets: []string{"node-1", "node-2"}, Delay: 50 * time.Millisecond},
		{Verb: view.Flap, Targets: []string{"node-1", "node-2"}, Every: 2 * time.Second, OneWay: true},
		act(view.Split, "master-1", "master-2,master-3"),
		{Verb: view.LoseQuorum},
	} {
		_, what, _ := strings.Cut(a.String(), " ") // as package fault makes it
		if got := actionOf(view.Fault{Kind: a.Verb, What: what}); !reflect.DeepEqual(got, a) {
			t.Errorf("%q is read as %+v", a, got)
		}
	}
}

func TestHeal(t *testing.T) {
	fault := func(id string, k view.Verb, what string) view.Fault { return view.Fault{ID: id, Kind: k, What: what} }
	cut := fault("f1", view.Cut, "master-1 master-2 --one-way")
	all := []view.Fault{cut, fault("f2", view.Cordon, "node-1"), fault("f3", view.Isolate, "node-1"), fault("f4", view.Loss, "master-1 node-1 30% --one-way")}
	only := func(k view.Verb, what string) []view.Fault { return []view.Fault{fault("f1", k, what)} }
	rules := []string{
		"nft add table ip lab-lab.loss", "nft add chain ip lab-lab.loss input '{ type filter hook input priority -10; policy accept; }'",
		"nft add rule ip lab-lab.loss input ip saddr 10.100.0.11 ip daddr 10.100.0.12 drop",
	}
	const noIP, noBridge, again = "nft delete table ip lab-lab.loss", "nft delete table bridge lab-lab.loss", "node-init, the first process of node-1, "
	for name, tt := range map[string]struct {
		faults []view.Fault
		a      view.Action
		want   []string
	}{
		"the only one":      {all[:1], act(view.Heal), []string{noIP}},
		"none of many":      {all, act(view.Heal), []string{"# which one of 4 faults?"}},
		"of none":           {nil, act(view.Heal), []string{"# there is nothing to do"}},
		"one that is not":   {all, act(view.Heal, "f9\x1b"), []string{`# there is no fault "f9\x1b"`}},
		"one of two losses": {all, act(view.Heal, "f4"), append([]string{noIP, noBridge}, rules...)},
		"a cable":           {all, act(view.Heal, "f3"), []string{"ip link set lna51146-1 up"}},
		"all, links first": {all, view.Action{Verb: view.Heal, All: true}, []string{
			"ip link set lna51146-1 up", noIP, noBridge, "lab kubectl uncordon node-1"}},
		"a drain":         {only(view.Drain, "node-1"), act(view.Heal), []string{"lab kubectl uncordon node-1"}},
		"a pause":         {only(view.Pause, "node-1/kubelet"), act(view.Heal), []string{"kill -CONT 812"}},
		"what runs again": {only(view.Kill, "node-1/kubelet"), act(view.Heal), []string{"# node-1/kubelet runs again: " + again + "has seen to it"}},
		"a pod":           {only(view.Kill, "pod/demo/a"), act(view.Heal), []string{"# pod/demo/a is for its controller to replace, or for kubelet to start again"}},
		"a node": {only(view.PowerLoss, "node-2"), act(view.Heal), []string{
			"# only the engine can start the first process of node-2: it holds the other end of its socket", "# on a node of kubeadm's: switch the machine on"}},
		"a full disk": {only(view.DiskPressure, "node-1"), act(view.Heal), []string{
			"sed -i 's/nodefs.available: [^,]*/nodefs.available: 100Mi/' /proc/800/root/etc/kubernetes/kubelet.yaml",
			"kill 812", "# " + again + "starts it again after a second"}},
		"a full disk, gone": {only(view.DiskPressure, "node-2"), act(view.Heal), []string{"# node-2 is off; its next start ends it"}},
		"a full etcd": {only(view.FillQuota, ""), act(view.Heal), []string{
			"lab etcdctl del --prefix /lab/fill/", `lab etcdctl compact --physical $(lab etcdctl get / -w fields | sed -n 's/^"Revision" : //p')`,
			"lab etcdctl --endpoints=https://10.100.0.11:2379 defrag", "lab etcdctl --endpoints=https://10.100.0.13:2379 defrag",
			"lab etcdctl --endpoints=https://10.100.0.12:2379 defrag", "lab etcdctl alarm disarm"}},
		"a fault of no kind": {only("dance", "x"), act(view.Heal), []string{"# dance leaves nothing to undo"}},
	} {
		s := seen()
		s.Faults = tt.faults
		if got := Commands(tt.a, s); !slices.Equal(got, tt.want) {
			t.Errorf("%s:\n%s\nwant:\n%s", name, strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
		}
	}
}

func TestAMemberThatIsReplaced(t *testing.T) {
	s := seen()
	s.Faults = []view.Fault{{ID: "f1", Kind: view.WipeData, What: "master-1"}}
	got := Commands(act(view.Heal), s)
	if got[0] != "lab etcdctl member remove 8e9e05c52164694d" || got[1] != "lab etcdctl member add master-1 --learner --peer-urls=https://10.100.0.11:2380" ||
		!strings.HasPrefix(got[len(got)-1], "lab etcdctl member promote ") {
		t.Errorf("got %q", got)
	}
}

func TestMembersThatAreStartedAgain(t *testing.T) {
	s := seen()
	s.Faults = []view.Fault{{ID: "f1", Kind: view.LoseQuorum}}
	for _, m := range s.Masters[:2] {
		m.Components[component.Etcd] = component.Status{State: component.Crashed}
	}
	got := Commands(act(view.Heal), s)
	if len(got) != 4 || !strings.HasPrefix(got[0], "# master-1/etcd ") || !strings.HasPrefix(got[2], "# master-2/etcd ") {
		t.Errorf("got %q", got)
	}
}

// What is late on a link is set anew when something is added to it, and other links are let alone.
func TestDelaysOnOneLink(t *testing.T) {
	s := seen()
	s.Faults = []view.Fault{
		{ID: "f1", Kind: view.Delay, What: "master-1 node-1 10ms --one-way"}, {ID: "f2", Kind: view.Delay, What: "master-1 node-2 10ms --one-way"},
	}
	const dev = "dev lna51146-1 "
	got := Commands(view.Action{Verb: view.Delay, Targets: []string{"master-2", "node-1"}, Delay: time.Second, OneWay: true}, s)
	if got[0] != "tc qdisc del "+dev+"root" || !strings.Contains(got[1], "prio bands 3") ||
		slices.ContainsFunc(got, func(l string) bool { return !strings.Contains(l, dev) }) {
		t.Errorf("got:\n%s", strings.Join(got, "\n"))
	}
	if got := Commands(act(view.Heal, "f1"), s); !slices.Equal(got, []string{"tc qdisc del " + dev + "root"}) {
		t.Errorf("healed:\n%s", strings.Join(got, "\n"))
	}
}
