package tui

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"kubelab/core/view"
)

// shelf is a stage with objects in etcd.
type shelf struct {
	*stage
	objects map[string]view.KeyValue
	custom  []string // names of CustomResourceDefinitions
}

func (s *shelf) Ask(ctx context.Context, q view.Question) (view.Answer, error) {
	switch {
	case q.Keys != nil:
		keys := &view.Keys{}
		if kv, ok := s.objects[q.Keys.Prefix]; ok {
			kv.Key = "/registry/" + q.Keys.Prefix
			keys.List = []view.KeyValue{kv}
		}
		return view.Answer{Keys: keys}, s.fails
	case q.List != nil && q.List.Resource == "customresourcedefinitions":
		list := &view.List{}
		for _, name := range s.custom {
			list.Rows = append(list.Rows, view.ListRow{Object: view.Object{Resource: q.List.Resource, Name: name}})
		}
		return view.Answer{List: list}, nil
	}
	return s.stage.Ask(ctx, q)
}

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  creationTimestamp: "2026-01-02T03:04:05Z"
  generation: 3
  labels:
    uid: mine
  managedFields:
  - manager: kubectl
  name: web
  namespace: demo
  resourceVersion: "812"
  uid: 5a6b
spec:
  replicas: 2
  template:
    spec:
      securityContext:
        runAsUser: 1000660000
status:
  replicas: 2
`

const edited = `apiVersion: apps/v1
kind: Deployment
metadata:
  labels:
    uid: mine
  name: web
  namespace: demo
spec:
  replicas: 2
  template:
    spec:
      securityContext:
        runAsUser: 1000660000
`

func onShelf(t *testing.T, selected string, change func(*Config, *shelf)) *program {
	var s *shelf
	p := start(t, 120, 40, func(c *Config) {
		s = &shelf{stage: c.Lab.(*stage), objects: map[string]view.KeyValue{
			"deployments/demo/web":         {Value: deployment},
			"minions/node-1":               {Value: "apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\n"},
			"secrets/demo/pw":              {Value: "apiVersion: v1\nkind: Secret\nmetadata: {name: pw}\n", Hidden: "the values of Secrets are not shown"},
			"example.com/widgets/demo/w":   {Value: "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n"},
			"masterleases/192.168.0.1":     {Value: "just text"},
			"configmaps/demo/other-suffix": {Value: "kind: ConfigMap\nmetadata: {}\n"},
		}, custom: []string{"gadgets.example.com", "widgets.example.com"}}
		c.Lab = s
		if change != nil {
			change(c, s)
		}
	})
	p.cards["map"].selected = selected
	return p
}

func (p *program) ctrl(r rune) { p.send(tea.KeyPressMsg{Code: r, Mod: tea.ModCtrl}) }

func (p *program) doesNothing() {
	p.t.Helper()
	select {
	case a := <-p.lab.did:
		p.t.Fatalf("did %s", a)
	default:
	}
}

func TestEditAndApply(t *testing.T) {
	p := onShelf(t, "deployments/demo/web", nil)
	p.keys("E")
	p.shows("deployments/demo/web", "name: web", "replicas: 2", "runAsUser: 1000660000", "ctrl+s applies")
	p.doesNothing()
	p.keys("x: q?K") // which are keys elsewhere
	p.ctrl('s')
	if a := <-p.lab.did; a.Verb != view.Apply || a.Manifest != "x: q?K"+edited {
		t.Errorf("did %+v", a)
	}
	p.shows("It is done.", "Screen map")
	if p.dialog != nil || len(p.sent) != 0 {
		t.Errorf("%v and %d texts are left", p.dialog, len(p.sent))
	}
}

func TestWhatIsRefusedIsKept(t *testing.T) {
	p := onShelf(t, "deployments/demo/web", nil)
	p.keys("E", "bad ")
	p.lab.fails = view.Fail(view.Failed, "apply Deployment web: spec.replicas is invalid\x1b[2J")
	p.ctrl('s')
	<-p.lab.did
	p.shows("deployments/demo/web ✗ apply Deployment web: spec.replicas is invalid", "bad apiVersion: apps/v1")
	p.lab.fails = nil
	p.keys("better ")
	p.ctrl('s')
	if a := <-p.lab.did; !strings.HasPrefix(a.Manifest, "bad better apiVersion") {
		t.Errorf("did %+v", a)
	}
	if p.dialog != nil {
		t.Error("it is open still")
	}
}

// A text that is refused does not take what was opened meanwhile away; ctrl+n has it.
func TestWhatIsRefusedWaits(t *testing.T) {
	p := onShelf(t, "deployments/demo/web", nil)
	p.keys("E", "bad ")
	p.lab.fails = errors.New("no quorum")
	_, cmd := p.Update(tea.KeyPressMsg{Code: 's', Mod: tea.ModCtrl}) // is under way
	p.keys("?")
	p.run(cmd)
	p.shows("Keys of map", "Not applied; ctrl+n has the text: no quorum")
	p.keys("esc")
	p.ctrl('n')
	p.shows("✗ no quorum", "bad apiVersion")
	p.keys("esc", "y")
	p.ctrl('n')
	p.shows("New manifest")
}

func TestPasteAManifest(t *testing.T) {
	p := onShelf(t, "", nil)
	p.ctrl('n')
	p.shows("New manifest", "Paste a manifest, or type one.")
	text := strings.Repeat("kind: ConfigMap\n---\n", 1<<20/20)
	p.send(tea.PasteMsg{Content: text})
	p.shows("kind: ConfigMap")
	p.ctrl('s')
	if a := <-p.lab.did; a.Verb != view.Apply || a.Manifest != text {
		t.Errorf("%d bytes were applied", len(a.Manifest))
	}
}

func TestChangesAreNotLost(t *testing.T) {
	p := onShelf(t, "deployments/demo/web", nil)
	p.keys("E", "x")
	p.ctrl('c')
	p.shows("Throw your changes away?")
	p.keys("n")
	p.shows("xapiVersion")
	// What was foreseen meanwhile asks nothing.
	p.send(foreseen{action: view.Action{Verb: view.Kill, Targets: []string{"node-1"}}, p: view.Prediction{Harms: true}})
	p.shows("xapiVersion")
	p.ctrl('c')
	p.ctrl('c')
	p.shows("Leave the lab?")
	p.keys("c")
	p.ctrl('n')
	p.shows("xapiVersion")
	p.keys("esc", "y")
	if p.dialog != nil {
		t.Error("it is open still")
	}
}

func TestWhatCanBeEdited(t *testing.T) {
	for selected, want := range map[string]string{
		"node-1":                   "nodes/node-1 ",
		"widgets/demo/w":           "kind: Widget",
		"gadgets/demo/g":           "etcd has no gadgets/demo/g",
		"secrets/demo/pw":          "lab kubectl edit",
		"masterleases/192.168.0.1": "is no object",
		"configmaps/demo/other":    "etcd has no configmaps/demo/other",
		"master-2/etcd":            "master-2/etcd is no object of Kubernetes",
		"":                         "Nothing is selected",
	} {
		p := onShelf(t, selected, nil)
		p.keys("E")
		p.shows(want)
		p.doesNothing()
	}
	p := onShelf(t, "deployments/demo/web", func(_ *Config, s *shelf) { s.fails = errors.New("no member of etcd runs") })
	p.keys("E")
	p.shows("no member of etcd runs")
}

func TestScale(t *testing.T) {
	p := onShelf(t, "deployments/demo/web", nil)
	p.lab.snapshot.Workloads = []view.Workload{{Kind: "Deployment", Namespace: "demo", Name: "web", Desired: 2}}
	p.keys("#")
	p.shows("replicas of deployments/demo/web", "▸ 2")
	p.keys("5", "enter")
	if a := <-p.lab.did; a.String() != "scale deployments/demo/web --replicas 5" {
		t.Errorf("did %s", a)
	}
	p.keys("#", "x", "enter")
	p.shows(`"x" is no number of replicas`)
	p.cards["map"].selected = "daemonsets/demo/agent"
	p.keys("#")
	p.shows("Only Deployments, StatefulSets and ReplicaSets have replicas.")
	p.doesNothing()
}

func TestReadersEditNothing(t *testing.T) {
	p := onShelf(t, "deployments/demo/web", func(c *Config, _ *shelf) { c.ReadOnly = "This is a recording." })
	for _, press := range []func(){func() { p.keys("E") }, func() { p.keys("#") }, func() { p.keys("s") }, func() { p.ctrl('n') }} {
		p.note = note{}
		press()
		p.shows("This is a recording.")
		if p.dialog != nil {
			t.Fatal("something is open")
		}
	}
}

func TestEditorsFitAnyScreen(t *testing.T) {
	for w := range 40 {
		for _, h := range []int{0, 1, 2, 3, 5, 9, 30} {
			p := start(t, w*4, h, nil)
			p.ctrl('n')
			p.screenText()
			p.keys("abc")
			p.screenText()
			p.send(tea.MouseClickMsg{X: w, Y: h / 2, Button: tea.MouseLeft})
			p.send(tea.MouseWheelMsg{X: w, Y: h / 2, Button: tea.MouseWheelDown})
			p.screenText()
		}
	}
}

// visit is a shell that says hello and fails.
type visit struct {
	pod  string
	w, h int
	out  io.Writer
}

func (v *visit) SetStdin(io.Reader)    {}
func (v *visit) SetStderr(io.Writer)   {}
func (v *visit) SetStdout(w io.Writer) { v.out = w }
func (v *visit) Run() error {
	_, err := io.WriteString(v.out, "hello from the pod")
	return errors.Join(errors.New("the pod is gone"), err)
}

// sink keeps what a program draws.
type sink struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *sink) has(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(s.text.String(), text)
}

func (s *sink) await(ctx context.Context, text string) {
	for !s.has(text) && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
}

func TestShell(t *testing.T) {
	var v *visit
	shell := func(pod string, w, h int) tea.ExecCommand {
		v = &visit{pod: pod, w: w, h: h}
		return v
	}
	p := onShelf(t, "deployments/demo/web", func(c *Config, _ *shelf) { c.Shell = shell })
	p.keys("s")
	p.shows("Only pods have a shell")
	p.cards["map"].selected = "pods/demo/web-1"
	out, keys := &sink{}, newKeys()
	ctx, end := context.WithTimeout(t.Context(), 20*time.Second)
	defer end()
	program := tea.NewProgram(p.Model, tea.WithContext(ctx), tea.WithInput(keys), tea.WithOutput(out), tea.WithWindowSize(100, 30), tea.WithoutSignalHandler())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = program.Run() // its end is all that matters
	}()
	out.await(ctx, "Screen map")
	program.Send(tea.KeyPressMsg{Code: 's', Text: "s"})
	out.await(ctx, "Shell: the pod is gone")
	if ctx.Err() != nil || !out.has("hello from the pod") {
		t.Errorf("the shell had no terminal, or the screen did not come back: %q", out.text.String())
	}
	keys.Close()
	program.Kill()
	<-ended
	if v == nil || v.pod != "demo/web-1" || v.w != 100 || v.h != 30 {
		t.Errorf("the shell was in %+v", v)
	}
}

// newKeys is a keyboard on which nobody types.
func newKeys() *io.PipeReader {
	r, _ := io.Pipe()
	return r
}

func TestWhatIsTypedReplacesWhatIsProposed(t *testing.T) {
	for name, tt := range map[string]struct {
		keys []string
		want string
	}{
		"nothing": {nil, "12"}, "a letter": {[]string{"5"}, "5"}, "letters": {[]string{"5", "0"}, "50"}, "a blank": {[]string{"space", "5"}, " 5"},
		"backspace": {[]string{"backspace", "5"}, "15"}, "all away": {[]string{"ctrl+u", "7"}, "7"}, "no letter": {[]string{"f5", "5"}, "5"},
		"where the cursor is": {[]string{"left", "5"}, "152"}, "at the beginning": {[]string{"home", "5", "right", "delete"}, "51"},
		"up to the cursor": {[]string{"left", "ctrl+u"}, "2"}, "beyond the ends": {[]string{"right", "3", "home", "left", "backspace", "0", "end", "delete"}, "0123"},
	} {
		t.Run(name, func(t *testing.T) {
			var got string
			p := newPrompt("replicas", "12", func(text string) tea.Cmd { got = text; return nil })
			for _, key := range tt.keys {
				if next, _ := p.key(key); next != dialog(p) {
					t.Fatalf("%s ends it", key)
				}
			}
			if next, _ := p.key("enter"); next != nil || got != tt.want {
				t.Errorf("it is %q, want %q", got, tt.want)
			}
		})
	}
	var got string
	p := newPrompt("replicas", "12", func(text string) tea.Cmd { got = text; return nil })
	p.paste("3")
	p.paste("4")
	if p.key("enter"); got != "34" {
		t.Errorf("it is %q after a paste", got)
	}
}

// A line is seen as a whole while it is typed, whatever its length.
func TestLongLinesAreSeen(t *testing.T) {
	p := start(t, 80, 24, nil)
	words := strings.Repeat("kubectl-", 20)
	p.keys(":", words+"END")
	p.shows("END")
	p.keys("home", "START")
	p.shows("▸ STARTkubectl-", "END")
	p.keys("esc", ":", "kill master-1 master-2 master-3 node-1 node-2 master-1/etcd master-2/etcd node-2/kubelet", "enter")
	p.shows("Are you sure", "lab kill master-1", "node-2/kubelet")
	p.keys("esc", ":", strings.Repeat("x", 3000))
	p.shows("enter does it")
}

// A dialog may open another one.
func TestLeavingByALine(t *testing.T) {
	p := start(t, 80, 24, nil)
	p.keys(":", "q", "enter")
	p.shows("Leave the lab?")
}

func TestLinesThatWereTyped(t *testing.T) {
	p := start(t, 120, 40, nil)
	p.keys(":", "api", "enter", ":", "etcd", "enter", ":", "half", "up")
	p.shows("▸ etcd ")
	p.keys("up", "up")
	p.shows("▸ api ")
	p.keys("x", "down", "up")
	p.shows("▸ apix")
	p.keys("down", "down", "down")
	p.shows("▸ half")
	p.keys("up", "enter")
	p.shows("Screen etcd")
}

// What waits for ever is ended as in a shell, and shown.
func TestACommandIsEnded(t *testing.T) {
	p := onShelf(t, "deployments/demo/web", func(c *Config, _ *shelf) {
		c.Run = func(ctx context.Context, line string) (string, error) {
			<-ctx.Done()
			return "PUT a\nPUT b\n" + ctx.Err().Error(), nil
		}
	})
	p.keys(":", "etcdctl watch a")
	_, run := p.Update(tea.KeyPressMsg{Code: tea.KeyEnter})
	p.shows("ctrl+c ends it: etcdctl watch a")
	p.ctrl('c')
	p.run(run)
	p.shows("PUT a", "PUT b", "context canceled")
	p.keys("esc")
	p.ctrl('c')
	p.shows("Leave the lab?")
	p.keys("esc", ":", "lab kubectl edit configmap a", "enter")
	p.shows("no terminal", "press E")
	p.keys(":", "lab kubectl create -f -", "enter")
	p.shows("New manifest")
}

// What a command prints is not lost when somebody is at something else by then.
func TestWhatACommandPrintsComesAfterADialog(t *testing.T) {
	p := onShelf(t, "deployments/demo/web", func(c *Config, _ *shelf) {
		c.Run = func(_ context.Context, line string) (string, error) { return "printed by " + line, nil }
	})
	p.keys(":", "etcdctl get a")
	_, first := p.Update(tea.KeyPressMsg{Code: tea.KeyEnter})
	p.keys(":", "etcdctl get b")
	_, second := p.Update(tea.KeyPressMsg{Code: tea.KeyEnter})
	p.keys("?")
	help := p.screenText()
	p.run(first)
	p.run(second)
	if now := p.screenText(); strings.Contains(now, "printed by") || strings.Split(now, "\n")[3] != strings.Split(help, "\n")[3] {
		t.Errorf("what was read is gone:\n%s", now)
	}
	p.keys("esc")
	p.shows("printed by etcdctl get a")
	p.keys("esc")
	p.shows("printed by etcdctl get b")
	p.keys("esc", ":", "etcdctl get c", "enter")
	p.shows("printed by etcdctl get c")
}

// A verb is the same with lab in front: it asks first.
func TestVerbsBehindLab(t *testing.T) {
	ran := ""
	p := start(t, 120, 40, func(c *Config) {
		c.Run = func(_ context.Context, line string) (string, error) { ran = line; return "done", nil }
	})
	p.keys(":", "lab kill master-1", "enter")
	p.shows("Are you sure", "lab kill master-1")
	p.keys("esc", ":", "lab kill master-1 --detach", "enter")
	if p.shows("done"); ran != "lab kill master-1 --detach" {
		t.Errorf("ran %q", ran)
	}
}

func TestCommands(t *testing.T) {
	var asked []string
	run := func(_ context.Context, line string) (string, error) {
		asked = append(asked, line)
		if strings.HasPrefix(line, "etcdctl") {
			return "", errors.New("a quote is never closed")
		}
		return "NAME    STATUS\nweb-1   Running\x1b]0;hostile\x07\n", nil
	}
	p := onShelf(t, "deployments/demo/web", func(c *Config, _ *shelf) { c.Run = run })
	p.keys(":", "kubectl get pods -n 'demo'", "enter")
	p.shows("kubectl get pods -n 'demo'", "NAME    STATUS", "web-1   Running")
	p.keys("esc", ":", "etcdctl get '", "enter")
	p.shows("a quote is never closed")
	p.keys(":", "kubectl", "enter") // is no command yet
	if len(asked) != 2 || asked[0] != "kubectl get pods -n 'demo'" {
		t.Errorf("ran %q", asked)
	}
	p = onShelf(t, "deployments/demo/web", func(c *Config, _ *shelf) { c.ReadOnly = "You only look." })
	p.keys(":", "kubectl get pods", "enter")
	p.shows("You only look.")
}
