package brain

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/view"
	"kubelab/tui/panel"
)

func press(t *testing.T, p panel.Panel, s *panel.State, keys ...string) (last panel.Result) {
	t.Helper()
	for _, k := range keys {
		r, handled := p.Key(s, k)
		if !handled {
			t.Fatalf("%s does not take the key %q", p.Name(), k)
		}
		last = r
	}
	return last
}

func see(p panel.Panel, s *panel.State) string { return ansi.Strip(p.View(s, 118, 36)) }

func TestSelected(t *testing.T) {
	s := scene(t)
	queue, controllers := answers()
	for name, tt := range map[string]struct {
		p    panel.Panel
		keys []string
		want string
	}{
		"a member":              {NewEtcd(), nil, "master-1/etcd"},
		"another member":        {NewEtcd(), []string{"j"}, "master-2/etcd"},
		"the object of a key":   {NewEtcd(), []string{"j", "j", "j"}, "deployments/demo/web"},
		"a pod of a key":        {NewEtcd(), []string{"right", "j"}, "pod/demo/web-79997975b5-p6q8x"},
		"back among members":    {NewEtcd(), []string{"j", "right", "j", "left"}, "master-2/etcd"},
		"a server":              {NewAPI(), nil, "master-1/kube-apiserver"},
		"another server":        {NewAPI(), []string{"j"}, "master-2/kube-apiserver"},
		"a pod of a decision":   {NewScheduler(), []string{"j"}, "pod/demo/only"},
		"a decision in the eye": {NewScheduler(), []string{"j", "enter"}, "pod/demo/only"},
		"a queue":               {NewControllers(), nil, "master-2/kube-controller-manager"},
		"a workload":            {NewControllers(), []string{"right"}, "deployments/demo/web"},
		"a replica set":         {NewControllers(), []string{"right", "j"}, "replicasets/demo/web-79997975b5"},
		"a write":               {NewControllers(), []string{"right", "right", "j", "j"}, "pod/demo/web-79997975b5-p6q8x"},
	} {
		tt.p.Answered(s, view.Question{Queue: true}, queue, nil)
		tt.p.Answered(s, view.Question{Controllers: true}, controllers, nil)
		press(t, tt.p, s, tt.keys...)
		if got := tt.p.Selected(s); got != tt.want {
			t.Errorf("%s: Selected = %q, want %q", name, got, tt.want)
		}
	}
}

func TestAStreamStandsStillWhileItIsRead(t *testing.T) {
	s, p := scene(t), NewScheduler()
	press(t, p, s, "j")
	read := p.Selected(s)
	before := strings.Split(see(p, s), "\n")
	more := s.Events[view.Decided][0]
	more.Seq = 1000
	s.Events[view.Decided] = append(s.Events[view.Decided], more)
	after := strings.Split(see(p, s), "\n")
	if p.Selected(s) != read {
		t.Errorf("another pod is selected: %s, it was %s", p.Selected(s), read)
	}
	for i := range before {
		if before[i] != after[i] && !strings.Contains(after[i], "1 newer one") {
			t.Errorf("line %d moved:\n%s\n%s", i, before[i], after[i])
		}
	}
	press(t, p, s, "g")
	if got := p.Selected(s); got != "pod/demo/web-79997975b5-p6q8x" {
		t.Errorf("after g %s is selected, not the newest", got)
	}
	s.Events[view.Decided] = s.Events[view.Decided][:0]
	if p.Selected(s) != "master-2/kube-scheduler" {
		t.Errorf("without decisions %q is selected", p.Selected(s))
	}
}

func TestRequestsAreChosen(t *testing.T) {
	for name, tt := range map[string]struct {
		keys   []string
		filter string
		rows   int
	}{
		"no reads, no heartbeats": {nil, "", 6},
		"all":                     {[]string{"a"}, "", 57},
		"writes":                  {[]string{"w"}, "", 6},
		"all writes":              {[]string{"a", "w"}, "", 56},
		"refused":                 {[]string{"f"}, "", 2},
		"refused, then not":       {[]string{"f", "f"}, "", 6},
		"filtered":                {nil, "jane 403", 1},
	} {
		s, p := scene(t), NewAPI()
		p.Filter(tt.filter)
		press(t, p, s, tt.keys...)
		see(p, s)
		if got := p.requests.len(); got != tt.rows || p.Filtered() != tt.filter {
			t.Errorf("%s: %d requests are shown, want %d", name, got, tt.rows)
		}
	}
}

func TestBrowsingKeys(t *testing.T) {
	s, p := scene(t), NewEtcd()
	asked := press(t, p, s, "b").Ask
	if asked == nil || asked.Keys == nil || asked.Keys.Prefix != "/registry/" || asked.Keys.Values {
		t.Fatalf("b asks %+v", asked)
	}
	p.Answered(s, *asked, view.Answer{Keys: allKeys()}, nil)
	deeper := press(t, p, s, "j", "j", "j", "j", "enter").Ask
	if deeper.Keys.Prefix != "/registry/pods/" || !strings.Contains(see(p, s), "demo/") {
		t.Fatalf("enter asks for %s, and shows\n%s", deeper.Keys.Prefix, see(p, s))
	}
	value := press(t, p, s, "enter", "j", "enter").Ask
	if k := value.Keys; k.Prefix != "/registry/pods/demo/web-79997975b5-p6q8x" || !k.Values {
		t.Fatalf("enter on a key asks %+v", *k)
	}
	p.Answered(s, *asked, view.Answer{Keys: &view.Keys{}}, nil) // late
	p.Answered(s, *value, view.Answer{Keys: &view.Keys{Revision: 9, List: []view.KeyValue{{Key: value.Keys.Prefix, Modified: 77, Value: "kind: Pod\n"}}}}, nil)
	if got := see(p, s); !strings.Contains(got, "kind: Pod") || !strings.Contains(got, "changed at 77") {
		t.Errorf("the value is not shown:\n%s", got)
	}
	if r := press(t, p, s, "r"); r.Ask.Reads != value.Keys.Prefix {
		t.Errorf("r asks for %q", r.Ask.Reads)
	}
	press(t, p, s, "b", "backspace")
	if p.browser.path != "/registry/pods/demo/" || p.browser.list.table.Selected() != value.Keys.Prefix {
		t.Errorf("backspace goes to %s, %s", p.browser.path, p.browser.list.table.Selected())
	}
	p.Filter("g8lkz")
	if got := see(p, s); strings.Contains(got, "p6q8x") || !strings.Contains(got, "g8lkz") {
		t.Errorf("the filter does not narrow down:\n%s", got)
	}
	p.Filter("")
	press(t, p, s, "enter")
	p.Answered(s, *p.browser.question(), view.Answer{}, errors.New("no member of etcd runs"))
	if !strings.Contains(see(p, s), "✗ no member of etcd runs") {
		t.Errorf("the error is not shown:\n%s", see(p, s))
	}
	for range 5 {
		p.Back()
	}
	if p.browsing || p.Back() {
		t.Error("Back does not come out of the browser")
	}
}

func TestReadsAskForALeaseIfNothingElseIsSelected(t *testing.T) {
	s, p := scene(t), NewEtcd()
	if r := press(t, p, s, "r"); r.Ask.Reads != "/registry/leases/kube-system/kube-scheduler" {
		t.Errorf("r on a member asks for %q", r.Ask.Reads)
	}
	if r := press(t, p, s, "right", "r"); r.Ask.Reads != "/registry/deployments/demo/web" {
		t.Errorf("r on a key asks for %q", r.Ask.Reads)
	}
	press(t, p, s, "c")
	if _, handled := p.Key(s, "c"); handled {
		t.Error("c is taken although there is nothing to close")
	}
}

func TestRenewalsOfLeasesAreHidden(t *testing.T) {
	s, p := scene(t), NewEtcd()
	if strings.Contains(see(p, s), "leases/") {
		t.Error("renewals of Leases are shown")
	}
	if press(t, p, s, "a"); !strings.Contains(see(p, s), "leases/kube-system/kube-scheduler") {
		t.Error("renewals of Leases are not shown after a")
	}
}

func TestWhatIf(t *testing.T) {
	s, p := scene(t), NewScheduler()
	r := press(t, p, s, "w")
	if again := r.Prompt.Done("cpu=1 shoes=2"); again.Prompt == nil || !strings.Contains(again.Prompt.Title, `"shoes" is not known`) || again.Prompt.Text != "cpu=1 shoes=2" {
		t.Errorf("what cannot be read is not asked again: %+v", again)
	}
	asked := r.Prompt.Done("cpu=500m memory=128Mi selector=a=b tolerate=gpu=yes:NoSchedule label=app=web").Ask
	if asked == nil || !json.Valid([]byte(asked.WhatIf)) {
		t.Fatalf("it asks %+v", asked)
	}
	for _, want := range []string{`"cpu":"500m"`, `"memory":"128Mi"`, `"nodeSelector":{"a":"b"}`, `"labels":{"app":"web"}`, `"operator":"Equal"`, `"effect":"NoSchedule"`, `"kind":"Pod"`} {
		if !strings.Contains(asked.WhatIf, want) {
			t.Errorf("the manifest lacks %s: %s", want, asked.WhatIf)
		}
	}
	p.Answered(s, view.Question{WhatIf: "another"}, view.Answer{WhatIf: decisions()[0]}, nil)
	if p.open != nil {
		t.Error("a late answer is shown")
	}
	p.Answered(s, *asked, view.Answer{}, errors.New("no kube-scheduler leads at the moment"))
	if got := see(p, s); !strings.Contains(got, "WHAT IF") || !strings.Contains(got, "no kube-scheduler leads") {
		t.Errorf("the error is not shown:\n%s", got)
	}
	if p.Selected(s) != "" {
		t.Error("a pod that is not there is selected")
	}
	press(t, p, s, "backspace")
	if p.open != nil {
		t.Error("backspace does not go back")
	}
}

func TestPanelsAskWhenTheyOpen(t *testing.T) {
	s := scene(t)
	if r := NewScheduler().Opened(s); !r.Ask.Queue || r.Every != 2*time.Second {
		t.Errorf("the scheduler asks %+v", r)
	}
	if r := NewControllers().Opened(s); !r.Ask.Controllers || r.Every != 3*time.Second {
		t.Errorf("the controllers ask %+v", r)
	}
}

func TestClicks(t *testing.T) {
	s, p := scene(t), NewEtcd()
	see(p, s)
	p.Click(s, 5, 3)
	if p.Selected(s) != "master-2/etcd" {
		t.Errorf("a click selects %s", p.Selected(s))
	}
	lines := strings.Split(see(p, s), "\n")
	for y, line := range lines {
		if strings.Contains(line, "Pending on node-2") {
			p.Click(s, 20, y)
		}
	}
	if p.Selected(s) != "pod/demo/web-79997975b5-p6q8x" {
		t.Errorf("a click on a change selects %s", p.Selected(s))
	}
	p.Wheel(s, 1)
	p.Click(s, 500, 500)
}

func TestNoKeyOfTheRootIsTaken(t *testing.T) {
	for _, p := range Panels() {
		for _, key := range strings.Fields("q ? : / + tab shift+tab 1 2 9 esc K R P X H u e t ctrl+c ! l y d s") {
			if _, handled := p.Key(scene(t), key); handled {
				t.Errorf("%s takes %q", p.Name(), key)
			}
		}
	}
}

func TestExplanationsNameWhatIsThere(t *testing.T) {
	for i, want := range []string{"master-2 leads in term 3", "deployment-controller asked master-1", "only master-2 decides", "wants 4 pods and 3 are ready"} {
		p := Panels()[i]
		if got := p.Explain(scene(t)); !strings.Contains(got, want) {
			t.Errorf("%s: %q does not say %q", p.Name(), got, want)
		}
	}
}
