package trouble

import (
	"slices"
	"strings"
	"testing"

	"kubelab/core/view"
)

func TestFaultsActOnWhatIsUnderTheCursor(t *testing.T) {
	for _, tt := range []struct{ keys, selected, want string }{
		{"enter", "master-1", "kill master-1"},
		{"right enter", "master-1/etcd", "kill master-1/etcd"},
		{"l l s", "master-1/kube-apiserver", "stop master-1/kube-apiserver"},
		{"right r", "master-1/etcd", "restart master-1/etcd"},
		{"down right enter", "master-2/etcd", "start master-2/etcd"},
		{"down enter", "master-2", "start master-2"},
		{"G right right enter", "node-3/kubelet", "resume node-3/kubelet"},
		{"down down down right right right right enter", "node-1/kube-proxy", "kill node-1/kube-proxy"},
		{"A", "master-1", "heal --all"},
		{"G down enter", "master-2", "heal f4"},
		{"G down down enter", "", "heal f3"},
		{"G down down down down enter", "node-3/kubelet", "heal f1"},
		{"G down up enter", "node-3", "kill node-3"},
	} {
		s, p := broken(t), &faults{}
		p.View(s, 80, 30)
		if _, got := press(t, p, s, strings.Fields(tt.keys)...); got != tt.want {
			t.Errorf("%s: does %q, want %q", tt.keys, got, tt.want)
		}
		if got := p.Selected(s); got != tt.selected {
			t.Errorf("%s: %q is selected, want %q", tt.keys, got, tt.selected)
		}
	}
}

func TestFaultsOfLinks(t *testing.T) {
	for _, tt := range []struct{ keys, want string }{
		{"v enter", "cut master-1 master-2"},
		{"v right c", "cut master-1 master-3"},
		{"v o", "cut master-1 master-2 --one-way"},
		{"v O", "cut master-2 master-1 --one-way"},
		{"v right right right enter", "heal f2"},
		{"v right right right o", "heal f2"},
		{"v right right right O", "cut node-2 master-1 --one-way"},
		{"v down c", "cut master-2 master-3"},
		{"v down down down right c", "heal f3"},
		{"v G c", "cut node-2 node-3"},
		{"v G left c", "cut node-1 node-2"}, // along the diagonal
		{"v v enter", "kill master-1"},
	} {
		s, p := broken(t), &faults{}
		p.View(s, 80, 30)
		if _, got := press(t, p, s, strings.Fields(tt.keys)...); got != tt.want {
			t.Errorf("%s: does %q, want %q", tt.keys, got, tt.want)
		}
	}
	s, p := broken(t), &faults{}
	r, _ := press(t, p, s, "v", "%")
	if r.Prompt == nil || !strings.Contains(r.Prompt.Title, "master-1 and master-2") {
		t.Fatalf("%% prompts for %+v", r.Prompt)
	}
	if a := r.Prompt.Done(" 25% ").Act; a == nil || a.String() != "loss master-1 master-2 25%" {
		t.Errorf("25%% does %v", a)
	}
	for _, text := range []string{"", "0", "101", "many"} {
		if r := r.Prompt.Done(text); r.Act != nil || r.Note == "" {
			t.Errorf("%q does %v and says %q", text, r.Act, r.Note)
		}
	}
	if got := p.Selected(s); got != "" {
		t.Errorf("a link is selected as %q: it would be killed", got)
	}
}

func TestWhatCannotBeDoneSaysWhy(t *testing.T) {
	s := broken(t)
	for keys, want := range map[string]string{"down right s": "it is down already", "down right r": "enter starts it"} {
		if r, does := press(t, &faults{}, s, strings.Fields(keys)...); does != "" || !strings.Contains(r.Note, want) {
			t.Errorf("%s does %q and says %q, want %q", keys, does, r.Note, want)
		}
	}
	s = whole(t)
	if r, _ := press(t, &faults{}, s, "A"); !strings.Contains(r.Note, "nothing is injected") {
		t.Errorf("A says %q", r.Note)
	}
	s = broken(t)
	s.ReadOnly = "this is a replay"
	for _, p := range []*faults{{}, {links: true}} {
		for _, b := range p.Keys(s) {
			if b.Keys != "v" && b.Why != s.ReadOnly {
				t.Errorf("%s %s can be done in a replay", b.Keys, b.Does)
			}
		}
		for _, k := range []string{"enter", "A"} {
			if r, does := press(t, p, s, k); does != "" || r.Note == "" {
				t.Errorf("%s does %q in a replay", k, does)
			}
		}
	}
}

func TestTheCursorStaysOnItsMachine(t *testing.T) {
	s, p := whole(t), &faults{}
	press(t, p, s, "down", "down", "right")
	s.Lab.Masters = slices.Delete(slices.Clone(s.Lab.Masters), 0, 1)
	if got := p.Selected(s); got != "master-3/etcd" {
		t.Errorf("%q is selected after another machine went", got)
	}
	p.View(s, 80, 20)
	p.Click(s, 13, 1)
	if got := p.Selected(s); got != "master-2/etcd" {
		t.Errorf("a click selects %q", got)
	}
	p.Click(s, 3, 2)
	if got := p.Selected(s); got != "master-3" {
		t.Errorf("a click on a name selects %q", got)
	}
}

func TestLinkEffects(t *testing.T) {
	s := whole(t)
	names := namesOf(machinesOf(s))
	for what, tt := range map[string]struct {
		fault view.Fault
		want  map[pair]string
	}{
		"one way":  {view.Fault{Kind: view.Cut, What: "node-1 master-1 --one-way"}, map[pair]string{{"master-1", "node-1"}: "╳←"}},
		"delay":    {view.Fault{Kind: view.Delay, What: "node-1 node-2 1.5s"}, map[pair]string{{"node-1", "node-2"}: "1.5s"}},
		"flap":     {view.Fault{Kind: view.Flap, What: "node-1 node-2 --every 2s"}, map[pair]string{{"node-1", "node-2"}: "flap"}},
		"loss":     {view.Fault{Kind: view.Loss, What: "master-2 master-1 7% --one-way"}, map[pair]string{{"master-1", "master-2"}: "7%←"}},
		"split":    {view.Fault{Kind: view.Split, What: "master-1 master-2,master-3"}, map[pair]string{{"master-1", "master-2"}: "╳", {"master-1", "master-3"}: "╳"}},
		"no link":  {view.Fault{Kind: view.Kill, What: "node-1"}, nil},
		"unknown":  {view.Fault{Kind: view.Cut, What: "node-1 node-77"}, nil},
		"isolated": {view.Fault{Kind: view.Isolate, What: "node-3"}, map[pair]string{{"master-1", "node-3"}: "╳", {"master-2", "node-3"}: "╳", {"master-3", "node-3"}: "╳", {"node-1", "node-3"}: "╳", {"node-2", "node-3"}: "╳"}},
	} {
		s.Lab.Faults = []view.Fault{tt.fault}
		got := linkEffects(s, names)
		if len(got) != len(tt.want) {
			t.Errorf("%s: %d links, want %d", what, len(got), len(tt.want))
		}
		for l, mark := range tt.want {
			if sign := linkSign(s.Theme, got[l]); sign.Mark != mark {
				t.Errorf("%s: %v is %q, want %q", what, l, sign.Mark, mark)
			}
		}
	}
	// Both directions, cut one after the other, are a cut.
	s.Lab.Faults = []view.Fault{{ID: "f1", Kind: view.Cut, What: "node-1 node-2 --one-way"}, {ID: "f2", Kind: view.Cut, What: "node-2 node-1 --one-way"}, {ID: "f3", Kind: view.Loss, What: "node-1 node-2 30%"}}
	if sign := linkSign(s.Theme, linkEffects(s, names)[pair{"node-1", "node-2"}]); sign.Mark != "╳" {
		t.Errorf("cut in both directions is %q", sign.Mark)
	}
}
