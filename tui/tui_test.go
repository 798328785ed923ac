package tui

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
)

// stage is a lab that says what it is told to, and remembers what was asked of it.
type stage struct {
	snapshot *view.Snapshot
	events   chan view.Event
	predict  view.Prediction
	did      chan view.Action
	fails    error
}

func newStage() *stage {
	return &stage{
		snapshot: &view.Snapshot{Revision: 1, Name: "lab", State: view.Healthy, Timing: "workshop", Masters: make([]view.Master, 3), Nodes: make([]view.Node, 3)},
		events:   make(chan view.Event, 100), did: make(chan view.Action, 10),
		predict: view.Prediction{Sentences: []string{"2 of 3 etcd members left; one more loss stops writes"}, Harms: true},
	}
}

func (s *stage) Snapshot() *view.Snapshot                { return s.snapshot }
func (s *stage) Watch(context.Context) <-chan view.Event { return s.events }
func (s *stage) Events(view.Query) []view.Event          { return nil }
func (s *stage) Ask(_ context.Context, q view.Question) (view.Answer, error) {
	if q.Predict != nil {
		return view.Answer{Predict: &s.predict}, s.fails
	}
	return view.Answer{}, errors.New("nobody knows")
}
func (s *stage) Do(_ context.Context, a view.Action, report view.Report) (view.Outcome, error) {
	report(view.Step{Name: "breaking"})
	s.did <- a
	return view.Outcome{Text: "It is done."}, s.fails
}

// card is a panel that shows its name and what it was given.
type card struct {
	panel.Quiet
	name, selected, shows, filter string
	answers                       int
}

func (c *card) Name() string                                             { return c.name }
func (c *card) Title(*panel.State) string                                { return "Screen " + c.name }
func (c *card) Selected(*panel.State) string                             { return c.selected }
func (c *card) Explain(*panel.State) string                              { return "This is " + c.name + "." }
func (c *card) Show(_ *panel.State, what string) panel.Result            { c.shows = what; return panel.Result{} }
func (c *card) Filter(text string)                                       { c.filter = text }
func (c *card) Filtered() string                                         { return c.filter }
func (c *card) Answered(*panel.State, view.Question, view.Answer, error) { c.answers++ }
func (c *card) Keys(*panel.State) []panel.Binding {
	return []panel.Binding{{Keys: "z", Does: "zip", Short: true}, {Keys: "Z", Does: "zap", Why: "no zap here"}}
}
func (c *card) View(_ *panel.State, w, h int) string {
	line := c.name + " " + c.shows
	if len(line) > w {
		line = line[:max(w, 0)]
	}
	lines := make([]string, h)
	for i := range lines {
		lines[i] = line + strings.Repeat(" ", max(0, w-len(line)))
	}
	return strings.Join(lines, "\n")
}

// program is a Model that is driven by hand.
type program struct {
	*Model
	t     *testing.T
	lab   *stage
	cards map[string]*card
	clock time.Time

	stopped bool
}

func start(t *testing.T, w, h int, change func(*Config)) *program {
	th, err := theme.New(theme.Dark)
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, lab: newStage(), cards: map[string]*card{}, clock: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	cfg := Config{Lab: p.lab, Theme: th, Stop: func() { p.stopped = true }, Now: func() time.Time { return p.clock }}
	for _, name := range []string{"map", "etcd", "pod", "story", "logs", "stopwatch", "faults", "list", "events", "timeline"} {
		p.cards[name] = &card{name: name}
		cfg.Panels = append(cfg.Panels, p.cards[name])
	}
	p.cards["map"].selected = "master-2/etcd"
	if change != nil {
		change(&cfg)
	}
	p.Model = New(t.Context(), cfg)
	p.send(tea.WindowSizeMsg{Width: w, Height: h})
	return p
}

// send sends a message, and runs what comes of it until nothing does; what waits for the lab or the clock is not run.
func (p *program) send(msg tea.Msg) {
	_, cmd := p.Update(msg)
	p.run(cmd)
}

func (p *program) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			p.run(c)
		}
	case tea.QuitMsg:
	default:
		p.send(msg)
	}
}

// named are the keys that have names.
var named = map[string]rune{
	"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "left": tea.KeyLeft, "up": tea.KeyUp, "down": tea.KeyDown, "home": tea.KeyHome,
}

func (p *program) keys(keys ...string) {
	for _, k := range keys {
		if code, ok := named[k]; ok {
			p.send(tea.KeyPressMsg{Code: code})
			continue
		}
		for _, r := range k {
			p.send(tea.KeyPressMsg{Code: r, Text: string(r)})
		}
	}
}

// screen is what is on the screen, without colours. It must have the size that the terminal has.
func (p *program) screenText() string {
	content := p.View().Content
	lines := strings.Split(content, "\n")
	if p.w > 0 && p.h > 0 {
		if len(lines) != p.h {
			p.t.Errorf("%d lines on %d", len(lines), p.h)
		}
		for i, l := range lines {
			if n := ansi.StringWidth(l); n != p.w {
				p.t.Errorf("line %d is %d cells wide, the terminal %d: %q", i, n, p.w, ansi.Strip(l))
			}
		}
	}
	return ansi.Strip(content)
}

func (p *program) shows(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		if screen := p.screenText(); !strings.Contains(screen, text) {
			p.t.Errorf("%q is not on the screen:\n%s", text, screen)
		}
	}
}

func TestPanesBySize(t *testing.T) {
	for _, tt := range []struct {
		w, h int
		has  []string
		not  string
	}{
		{80, 24, []string{"Screen map", "HEALTHY"}, "Screen timeline"},
		{120, 40, []string{"Screen map", "Screen timeline"}, "Screen events"},
		{200, 60, []string{"Screen map", "Screen events", "Screen timeline"}, "Screen etcd"},
	} {
		p := start(t, tt.w, tt.h, nil)
		p.shows(tt.has...)
		if strings.Contains(p.screenText(), tt.not) {
			t.Errorf("%d×%d shows %q", tt.w, tt.h, tt.not)
		}
	}
}

func TestAnySize(t *testing.T) {
	for w := range 60 {
		for _, h := range []int{0, 1, 2, 3, 5, 9, 30} {
			p := start(t, w*4, h, nil)
			p.screenText()
			p.keys("?")
			p.screenText()
			p.keys("esc", "K")
			p.screenText()
		}
	}
}

func TestAHarmfulActAsksFirst(t *testing.T) {
	p := start(t, 120, 40, nil)
	p.keys("K")
	p.shows("Are you sure?", "lab kill master-2/etcd", "one more loss stops writes", "Cancel")
	p.keys("enter") // Cancel is what enter means
	select {
	case a := <-p.lab.did:
		t.Fatalf("did %s", a)
	default:
	}
	p.keys("K", "y")
	if a := <-p.lab.did; a.String() != "kill master-2/etcd" || !a.Detach {
		t.Errorf("did %+v", a)
	}
	p.shows("It is done.")
	p.keys("K", "left", "enter")
	if a := <-p.lab.did; a.Verb != view.Kill {
		t.Errorf("did %s", a)
	}
	p.lab.fails = view.Fail(view.Failed, "master-2/etcd is crashed already; start it: lab start master-2/etcd")
	p.keys("K")
	p.shows("is crashed already")
}

func TestWhatDoesNotHarmIsDoneAtOnce(t *testing.T) {
	p := start(t, 120, 40, nil)
	p.lab.predict.Harms = false
	p.keys("T")
	if a := <-p.lab.did; a.String() != "start master-2/etcd" {
		t.Errorf("did %s", a)
	}
	p.keys(":", "add node", "enter")
	if a := <-p.lab.did; a.String() != "add node" {
		t.Errorf("did %s", a)
	}
	p.keys("u")
	p.shows("Nothing is injected.")
	p.lab.snapshot.Faults = []view.Fault{{ID: "f1", Since: p.clock}, {ID: "f2", Since: p.clock.Add(time.Second)}}
	p.keys("u")
	if a := <-p.lab.did; a.String() != "heal f2" {
		t.Errorf("did %s", a)
	}
}

func TestSpectatorsDoNothing(t *testing.T) {
	p := start(t, 120, 40, func(c *Config) { c.ReadOnly = "You are a spectator." })
	for _, keys := range [][]string{{"K"}, {"R"}, {"X"}, {"u"}, {":", "kill master-1", "enter"}} {
		p.keys("esc")
		p.keys(keys...)
		p.shows("You are a spectator.")
		if len(p.lab.did) > 0 {
			t.Fatalf("%v did %s", keys, <-p.lab.did)
		}
	}
}

func TestGoingThroughScreens(t *testing.T) {
	p := start(t, 80, 24, nil)
	p.keys("2")
	p.shows("Screen etcd")
	p.keys("esc")
	p.shows("Screen map")
	p.keys("l")
	p.shows("Screen logs", "logs master-2/etcd")
	p.keys(":", "configmaps demo", "enter")
	p.shows("Screen list", "list configmaps demo")
	p.keys(":", "nonsense of many words", "enter")
	p.shows("is no screen and nothing to do")
	p.keys("esc", "esc", "esc", "esc")
	p.shows("Screen map")
	p.keys("/", "abc")
	p.shows("/ abc", "/abc")
	p.keys("enter")
	if p.cards["map"].filter != "abc" {
		t.Errorf("filter is %q", p.cards["map"].filter)
	}
	p.keys("/", "esc")
	if p.cards["map"].filter != "" {
		t.Errorf("filter is %q", p.cards["map"].filter)
	}
	p.keys("!")
	p.shows("What is this? map", "This is map.")
	p.keys("x", "?")
	p.shows("Keys of map", "zap – no zap here", "undo – Nothing is injected.")
}

func TestFocusAndZoom(t *testing.T) {
	p := start(t, 200, 60, nil)
	p.keys("tab", "+")
	p.shows("Screen events")
	if strings.Contains(p.screenText(), "Screen map") {
		t.Error("zoomed, the map is still there")
	}
	p.keys("+", "tab", "tab", "+")
	p.shows("Screen map")
}

func TestKeepingAScreenBeside(t *testing.T) {
	p := start(t, 200, 60, nil)
	p.keys("|")
	p.shows("Go to the screen that is to be kept first")
	p.keys("2", "|")
	p.shows("Screen map", "Screen etcd", "Screen timeline")
	small := start(t, 80, 24, nil)
	small.keys("2", "|")
	small.shows("There is no room beside this screen")
}

func TestLeaving(t *testing.T) {
	p := start(t, 80, 24, nil)
	p.keys("q")
	p.shows("Leave the lab?")
	p.keys("c")
	if p.ctx.Err() != nil {
		t.Error("who stays has left")
	}
	p.keys("q", "s")
	p.shows("is being stopped")
	if !p.stopped || p.ctx.Err() != nil {
		t.Error("the lab is to be stopped, and to end the screen itself")
	}
	p.keys("q", "d")
	if p.ctx.Err() == nil {
		t.Error("who detaches has not left")
	}
	only := start(t, 80, 24, func(c *Config) { c.Stop = nil })
	only.keys("q")
	if only.ctx.Err() == nil {
		t.Error("who may only detach is asked")
	}
}

func TestColours(t *testing.T) {
	p := start(t, 80, 24, nil)
	seen := map[theme.Name]bool{}
	for range theme.Names {
		p.send(tea.KeyPressMsg{Code: 't', Mod: tea.ModCtrl})
		seen[p.state.Theme.Name] = true
		p.screenText()
	}
	if len(seen) != len(theme.Names) {
		t.Errorf("only %v were shown", seen)
	}
}

func TestEventsAreRemembered(t *testing.T) {
	p := start(t, 80, 24, nil)
	var many []view.Event
	for i := range 3 * panel.Remembered {
		many = append(many, view.Event{Seq: uint64(i), Kind: view.Requested})
	}
	p.remember(many)
	if n := len(p.state.Events[view.Requested]); n < panel.Remembered || n > 2*panel.Remembered {
		t.Errorf("%d are remembered", n)
	}
	for _, state := range []string{"", "healed"} {
		r := view.Record{Fault: view.Fault{ID: "f1"}, HealedBy: state}
		p.remember([]view.Event{{Kind: view.FaultInjected, Record: &r}})
	}
	if len(p.state.Records) != 1 || p.state.Records[0].HealedBy != "healed" {
		t.Errorf("records are %+v", p.state.Records)
	}
	p.lab.snapshot = &view.Snapshot{Revision: 2, Name: "lab", State: view.Degraded, Reason: "master-2 is gone"}
	p.Update(fed{snapshot: p.lab.snapshot})
	p.shows("DEGRADED", "master-2 is gone")
}

// A feed gathers noise, but does not let what matters wait.
func TestFeed(t *testing.T) {
	lab := newStage()
	f := newFeed(lab, calm)
	for i := range 50 {
		lab.events <- view.Event{Seq: uint64(i), Kind: view.Requested}
	}
	begin := time.Now()
	first := f.run(t.Context())().(fed)
	if len(first.events) != 50 || first.snapshot == nil || time.Since(begin) < calm {
		t.Errorf("%d events and snapshot %v after %s", len(first.events), first.snapshot, time.Since(begin))
	}
	lab.events <- view.Event{Kind: view.Elected}
	begin = time.Now()
	second := f.run(t.Context())().(fed)
	if len(second.events) != 1 || second.snapshot != nil || time.Since(begin) > calm {
		t.Errorf("%d events and snapshot %v after %s", len(second.events), second.snapshot, time.Since(begin))
	}
	close(lab.events)
	if last := f.run(t.Context())().(fed); !last.ended {
		t.Error("the end of the lab is not told")
	}
}

func TestPasteIsBounded(t *testing.T) {
	p := start(t, 80, 24, nil)
	p.keys(":")
	p.send(tea.PasteMsg{Content: "kill \x1b[31mmaster-1\n"})
	p.shows("kill [31mmaster-1")
	p.send(tea.PasteMsg{Content: strings.Repeat("x", 1<<20)})
	p.keys("esc")
	p.shows("Too much to paste")
}

func TestSelectionsAsTargetsAndObjects(t *testing.T) {
	for selected, want := range map[string][3]string{
		"master-1/etcd":        {"master-1/etcd", "master-1/etcd", "master-1/etcd"},
		"node-1":               {"node-1", "nodes/node-1", "node-1"},
		"node-1/kubelet":       {"node-1/kubelet", "nodes/node-1", "node-1/kubelet"},
		"pod/demo/web":         {"pod/demo/web", "pods/demo/web", "pod/demo/web"},
		"pods/demo/web":        {"pod/demo/web", "pods/demo/web", "pod/demo/web"},
		"nodes/node-1":         {"node-1", "nodes/node-1", "node-1"},
		"deployments/demo/web": {"deployments/demo/web", "deployments/demo/web", ""},
		"":                     {"", "", ""},
	} {
		if got := [3]string{asTarget(selected), asObject(selected), logsOf(selected)}; got != want {
			t.Errorf("%q is %q, want %q", selected, got, want)
		}
	}
}

func TestOnlyWhatRunsCanBeBroken(t *testing.T) {
	for selected, want := range map[string]bool{
		"": true, "master-1": true, "node-1/kubelet": true, "nodes/node-1": true, "pods/demo/web": true, "container/demo/web/web": true, "f1": true,
		"deployments/demo/web": false, "services/demo/web": false, "namespaces/demo": false,
	} {
		if why := unbreakable(selected); (why == "") != want {
			t.Errorf("of %q it says %q", selected, why)
		}
	}
	p := start(t, 80, 24, nil)
	p.cards["map"].selected = "deployments/demo/web"
	p.keys("K")
	p.shows("Only machines, components, pods and containers can be broken")
	p.doesNothing()
}

// TestHelpAndTheWayOutAreAlwaysSaid however much else there is to say, and no key is said by half.
func TestHelpAndTheWayOutAreAlwaysSaid(t *testing.T) {
	p := start(t, 80, 24, nil)
	for _, w := range []int{30, 60, 80, 100, 120, 200} {
		line := ansi.Strip(p.hints(w))
		if ansi.StringWidth(line) != w || !strings.HasSuffix(line, "! explain  ? help  q leave ") || w >= 80 && !strings.Contains(line, "K kill") {
			t.Errorf("%d cells say %q", w, line)
		}
	}
}
