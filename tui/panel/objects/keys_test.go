package objects

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/view"
	"kubelab/tui/panel"
)

func TestEnterOpensWhatIsSelected(t *testing.T) {
	for name, tt := range map[string]struct {
		panel    panel.Panel
		keys     []string
		selected string
		open     string
	}{
		"pod":              {newPods(), []string{"j", "enter"}, "pod/demo/web-79997975b5-g8lkz", "pod pods/demo/web-79997975b5-g8lkz"},
		"last pod":         {newPods(), []string{"G", "enter"}, "pod/kube-system/coredns-84d7696f4d-l6p4n", "pod pods/kube-system/coredns-84d7696f4d-l6p4n"},
		"workload":         {newWorkloads(), []string{"enter"}, "deployments/demo/web", "story deployments/demo/web"},
		"service":          {newServices(), []string{"end", "enter"}, "services/kube-system/kube-dns", "story services/kube-system/kube-dns"},
		"event of a pod":   {newEvents(), []string{"enter"}, "pod/demo/web-79997975b5-h6g5m", "pod pods/demo/web-79997975b5-h6g5m"},
		"event of etcd":    {newEvents(), []string{"g", "j", "j", "j", "j", "j", "j", "enter"}, "master-1/etcd", " "},
		"event of a node":  {newEvents(), []string{"G", "k", "k", "k", "enter"}, "node-3", "nodes node-3"},
		"lease":            {newLeases(), []string{"enter"}, "master-2/kube-controller-manager", "story leases/kube-system/kube-controller-manager"},
		"lease of a node":  {newLeases(), []string{"G", "enter"}, "node-3/kubelet", "nodes node-3"},
		"node":             {newNodes(), []string{"j"}, "node-2", " "},
		"into a node":      {newNodes(), []string{"j", "enter", "j"}, "node-2/kubelet", " "},
		"back from a node": {newNodes(), []string{"j", "enter", "j", "left"}, "node-2", " "},
		"pod of a node":    {newNodes(), []string{"enter", "j", "j", "j", "j", "j", "j", "j", "j", "j", "enter"}, "pod/demo/web-79997975b5-g8lkz", "pod pods/demo/web-79997975b5-g8lkz"},
	} {
		t.Run(name, func(t *testing.T) {
			s := workshop(t)
			r := press(t, s, tt.panel, tt.keys...)
			if got := tt.panel.Selected(s); got != tt.selected {
				t.Errorf("selected is %q, want %q", got, tt.selected)
			}
			if got := r.Open + " " + r.With; got != tt.open {
				t.Errorf("opens %q, want %q", got, tt.open)
			}
		})
	}
}

func TestSortingAndFiltering(t *testing.T) {
	s, p := workshop(t), newPods()
	names := func() (list []string) {
		p.sync(s)
		for _, one := range p.rows {
			list = append(list, one.Name[len(one.Name)-5:])
		}
		return list
	}
	press(t, s, p, "j", "j") // h6g5m
	for range 5 {
		press(t, s, p, "o") // up to restarts
	}
	press(t, s, p, "O")
	if got := names(); got[0] != "h6g5m" {
		t.Errorf("by restarts, the greatest first: %v", got)
	}
	if got := p.Selected(s); got != "pod/demo/web-79997975b5-h6g5m" {
		t.Errorf("sorting moved the selection to %s", got)
	}
	p.Filter("WEB node-1")
	if got := names(); !slices.Equal(got, []string{"h6g5m", "g8lkz"}) {
		t.Errorf("filtered: %v", got)
	}
	p.Filter("")
	if p.click(0, 0); p.by != 1 || names()[0] == "l6p4n" {
		t.Errorf("a click on the header sorts by column %d: %v", p.by, names())
	}
}

func TestSelectionStaysWhenRowsComeAndGo(t *testing.T) {
	s, p := workshop(t), newPods()
	press(t, s, p, "j", "j")
	was := p.Selected(s)
	next := *s.Lab
	next.Revision++
	next.Pods = slices.Concat([]view.Pod{{Namespace: "a", Name: "new"}}, s.Lab.Pods)
	s.Lab = &next
	if got := p.Selected(s); got != was {
		t.Errorf("selected is %s, want %s", got, was)
	}
	gone := next
	gone.Revision++
	gone.Pods = slices.Delete(slices.Clone(next.Pods), 3, 4)
	s.Lab = &gone
	if got := p.Selected(s); got != "pod/demo/web-79997975b5-p6q8x" {
		t.Errorf("after its pod has gone, selected is %s, want what moved up", got)
	}
}

func TestEventsFollowTheEndUntilSomebodyReads(t *testing.T) {
	s, p := workshop(t), newEvents()
	more := func(seq uint64) {
		s.Events[view.Acted] = append(slices.Clone(s.Events[view.Acted]), view.Event{Seq: seq, Time: noon, Kind: view.Acted, Source: "lab", Text: "lab heal"})
	}
	p.View(s, 100, 10)
	more(9000)
	if p.View(s, 100, 10); p.index != len(p.rows)-1 {
		t.Errorf("row %d of %d is selected, want the last", p.index, len(p.rows))
	}
	press(t, s, p, "k")
	was := p.selected
	more(9001)
	if p.View(s, 100, 10); p.selected != was {
		t.Error("reading is disturbed by what happens")
	}
}

func TestPodAsksForWhatItsTabShows(t *testing.T) {
	s, p := workshop(t), newPod()
	r := p.Show(s, "pod/demo/web-79997975b5-h6g5m")
	if r.Ask == nil || r.Ask.Keys == nil || r.Ask.Keys.Prefix != "pods/demo/web-79997975b5-h6g5m" || !r.Ask.Keys.Values {
		t.Errorf("overview asks %+v", r.Ask)
	}
	late := *r.Ask
	if r, _ = p.Key(s, "l"); r.Ask.Logs == nil || r.Ask.Logs.Target != "pod/demo/web-79997975b5-h6g5m" || r.Ask.Logs.Lines != 500 || r.Every != time.Second {
		t.Errorf("logs ask %+v every %s", r.Ask, r.Every)
	}
	if r, _ = p.Key(s, "v"); r.Ask.Story == nil || r.Ask.Story.Name != "web-79997975b5-h6g5m" {
		t.Errorf("story asks %+v", r.Ask)
	}
	if r := p.Show(s, "pods/demo/other yaml"); r.Ask == nil || r.Ask.Keys == nil || p.tab != yamlTab {
		t.Errorf("another pod's YAML asks %+v on tab %d", r.Ask, p.tab)
	}
	p.Answered(s, late, answerTo(late), nil)
	if len(p.yaml.lines) > 0 {
		t.Error("a late answer about another pod is shown")
	}
}

func TestLogsFollowTheEnd(t *testing.T) {
	s, p := workshop(t), newPod()
	p.Show(s, "pod/demo/web-79997975b5-h6g5m")
	press(t, s, p, "l")
	q := view.Question{Logs: &view.LogQuestion{Target: "pod/demo/web-79997975b5-h6g5m", Lines: 500}}
	lines := strings.Split(strings.Repeat("line,", 98)+"last but one,last", ",")
	p.Answered(s, q, view.Answer{Logs: lines}, nil)
	if text := ansi.Strip(p.View(s, 60, 20)); !strings.Contains(text, "last but one") {
		t.Errorf("the end is not shown:\n%s", text)
	}
	press(t, s, p, "g")
	p.Answered(s, q, view.Answer{Logs: append(lines, "even later")}, nil)
	if text := ansi.Strip(p.View(s, 60, 20)); strings.Contains(text, "even later") {
		t.Error("it jumps to the end although somebody reads at the beginning")
	}
	p.Filter("last")
	if text := ansi.Strip(p.View(s, 60, 20)); !strings.Contains(text, "2 lines with “last”") {
		t.Errorf("filtered:\n%s", text)
	}
}

func TestNodesAskOfTheSelectedOne(t *testing.T) {
	s, p := workshop(t), newNodes()
	if r := p.Opened(s); r.Ask == nil || r.Ask.Node != "node-1" || r.Every != 3*time.Second {
		t.Errorf("opened asks %+v every %s", r.Ask, r.Every)
	}
	if r, _ := p.Key(s, "down"); r.Ask == nil || r.Ask.Node != "node-2" {
		t.Errorf("down asks %+v", r.Ask)
	}
	if r, _ := p.Key(s, "i"); r.Ask != nil || r.Note == "" {
		t.Error("there is nothing to try without a Service")
	}
	p.Key(s, "v")
	p.Key(s, "v")
	if r, _ := p.Key(s, "v"); r.Ask == nil || r.Ask.Proxy == nil || r.Ask.Proxy.Service.String() != "services/demo/web" || r.Ask.Proxy.Node != "node-2" || r.Ask.Proxy.Try != 0 {
		t.Errorf("the third Service asks %+v", r.Ask)
	}
	r, _ := p.Key(s, "i")
	if r.Ask == nil || r.Ask.Proxy.Try != 100 || r.Every != 0 {
		t.Fatalf("try it asks %+v", r.Ask)
	}
	if text := ansi.Strip(p.View(s, 118, 30)); !strings.Contains(text, "are being made") {
		t.Errorf("a try that is under way is not shown:\n%s", text)
	}
	p.Answered(s, *r.Ask, answerTo(*r.Ask), nil)
	if text := ansi.Strip(p.View(s, 118, 30)); !strings.Contains(text, "failed") || !strings.Contains(text, " 34") {
		t.Errorf("who answered is not shown:\n%s", text)
	}
	p.Key(s, "v")
	if r, _ := p.Key(s, "v"); r.Ask == nil || r.Ask.Node != "node-2" {
		t.Errorf("after the last Service comes the node again, got %+v", r.Ask)
	}
}

func TestListAsksForYAMLUnderItsKey(t *testing.T) {
	for asked, tt := range map[string]struct {
		object view.Object
		want   string
	}{
		"cm":                         {view.Object{Resource: "configmaps", Namespace: "demo", Name: "page"}, "configmaps/demo/page"},
		"deployments.apps":           {view.Object{Resource: "deployments", Namespace: "demo", Name: "web"}, "deployments/demo/web"},
		"svc":                        {view.Object{Resource: "services", Namespace: "demo", Name: "web"}, "services/specs/demo/web"},
		"nodes":                      {view.Object{Resource: "nodes", Name: "node-1"}, "minions/node-1"},
		"widgets.example.com":        {view.Object{Resource: "widgets", Namespace: "demo", Name: "w"}, "example.com/widgets/demo/w"},
		"leases.coordination.k8s.io": {view.Object{Resource: "leases", Namespace: "kube-system", Name: "kube-scheduler"}, "leases/kube-system/kube-scheduler"},
	} {
		if got := panel.KeyOf(asked, tt.object); got != tt.want {
			t.Errorf("key of %s is %s, want %s", asked, got, tt.want)
		}
	}
	s, p := workshop(t), newList()
	open(s, p, "configmaps")
	r, _ := p.Key(s, "enter")
	if r.Ask == nil || r.Ask.Keys == nil || r.Ask.Keys.Prefix != "configmaps/demo/kube-root-ca.crt" {
		t.Fatalf("enter asks %+v", r.Ask)
	}
	p.Answered(s, *r.Ask, view.Answer{Keys: &view.Keys{List: []view.KeyValue{{Key: "/registry/configmaps/demo/kube-root-ca.crt-2"}}}}, nil)
	if text := ansi.Strip(p.View(s, 80, 10)); !strings.Contains(text, "etcd has nothing under configmaps/demo/kube-root-ca.crt") {
		t.Errorf("another key is taken for it:\n%s", text)
	}
	if r, _ := p.Key(s, "left"); p.open || r.Ask == nil || r.Ask.List == nil {
		t.Error("left does not go back to the list")
	}
}

func TestFigures(t *testing.T) {
	if got := []string{cores("150m"), cores("2"), cores("1500m"), cores(""), memory("64Mi"), memory("1892352Ki"), memory("20Gi"), memory("512Ki"), memory("")}; !slices.Equal(got, []string{"0.15", "2", "1.50", "0", "64Mi", "1848Mi", "20Gi", "512Ki", "0"}) {
		t.Errorf("figures are %q", got)
	}
	if compareCells("9s", "2m") >= 0 || compareCells("2d4h", "3h12m") <= 0 || compareCells("12", "6") <= 0 || compareCells("abc", "abd") >= 0 {
		t.Error("cells of a list are not compared by what they mean")
	}
}

func TestContainersAreReadFromYAML(t *testing.T) {
	list := containersOf(podYAML)
	if len(list) != 2 || list[0].name != "web" || list[0].image != "lab.local/demo:1" || list[0].reason != "CrashLoopBackOff" || list[0].restarts != "3" ||
		list[0].ready != "false" || list[1].name != "sidecar" || list[1].state != "running" || list[1].image != "lab.local/sidecar:1" {
		t.Errorf("read %+v and %+v", *list[0], *list[1])
	}
	if got := containersOf("not: [yaml\n  - at all\n"); len(got) != 0 {
		t.Errorf("read %v out of nothing", got)
	}
}

func TestKeysOfTheRootAreLeftToIt(t *testing.T) {
	root := strings.Fields("q ? : / + tab shift+tab 1 9 esc K R P X H u e t ctrl+c ! d s")
	for _, p := range Panels() {
		s := workshop(t)
		for _, key := range root {
			if _, handled := p.Key(s, key); handled {
				t.Errorf("%s takes %q", p.Name(), key)
			}
		}
		for _, b := range p.Keys(s) {
			if b.Keys == "" || b.Does == "" {
				t.Errorf("%s has a binding without words: %+v", p.Name(), b)
			}
		}
	}
}

func TestMouseInNodes(t *testing.T) {
	s, p := workshop(t), newNodes()
	open(s, p, "")
	p.View(s, 118, 36)
	if r := p.Click(s, 3, 2); r.Ask == nil || r.Ask.Node != "node-2" || p.Selected(s) != "node-2" {
		t.Errorf("a click on the second row asks %+v and selects %s", r.Ask, p.Selected(s))
	}
	p.View(s, 118, 36)
	if p.Click(s, 3, 7); p.Selected(s) != "node-2/kubelet" {
		t.Errorf("a click on kubelet selects %s", p.Selected(s))
	}
	if p.Wheel(s, 1); p.Selected(s) != "node-2/kube-proxy" {
		t.Errorf("the wheel goes to %s", p.Selected(s))
	}
	p.Click(s, 3, 15)
	if r := p.Click(s, 3, 15); r.With != "pods/demo/web-79997975b5-p6q8x" {
		t.Errorf("a second click on a pod opens %q %q", r.Open, r.With)
	}
}

// A filter changes what is selected without a key that could ask.
func TestFilteredNodeIsAskedOnEnter(t *testing.T) {
	s, p := workshop(t), newNodes()
	open(s, p, "")
	p.Filter("node-3")
	if text := ansi.Strip(p.View(s, 118, 36)); !strings.Contains(text, "Press enter to ask") {
		t.Errorf("nobody was asked, which is not said:\n%s", text)
	}
	if r, _ := p.Key(s, "enter"); r.Ask == nil || r.Ask.Node != "node-3" {
		t.Errorf("enter asks %+v", r.Ask)
	}
}
