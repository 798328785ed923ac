package trouble

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/view"
	"kubelab/tui/panel"
)

// press presses keys; what comes of the last one is returned, as a command line if it acts.
func press(t *testing.T, p panel.Panel, s *panel.State, list ...string) (panel.Result, string) {
	t.Helper()
	var r panel.Result
	for _, k := range list {
		var handled bool
		if r, handled = p.Key(s, k); !handled {
			t.Fatalf("%s does not know %q", p.Name(), k)
		}
	}
	if r.Act != nil {
		return r, r.Act.String()
	}
	return r, ""
}

func TestStopwatchFollowsTheNewestUntilSomebodyMoves(t *testing.T) {
	s, p := broken(t), &stopwatch{}
	if got := p.Title(s); got != "Stopwatch: f4" {
		t.Errorf("shows %q at first", got)
	}
	next := s.Records[4]
	next.ID = "f5"
	s.Records = append(s.Records, next)
	if got := p.Title(s); got != "Stopwatch: f5" {
		t.Errorf("shows %q after a new deed", got)
	}
	press(t, p, s, "down")
	next.ID = "f6"
	s.Records = append(s.Records, next)
	if got := p.Title(s); got != "Stopwatch: f4" {
		t.Errorf("shows %q after a new deed, while somebody looked at f4", got)
	}
	if _, does := press(t, p, s, "enter"); does != "heal f4" {
		t.Errorf("enter does %q", does)
	}
	if r, does := press(t, p, s, "G", "enter"); does != "" || !strings.Contains(r.Note, "it is over") {
		t.Errorf("enter on what is over does %q and says %q", does, r.Note)
	}
}

func TestScale(t *testing.T) {
	marks := []view.Mark{{Expectation: view.Expectation{Within: ms(650), Upstream: 56 * time.Second}}}
	sc := scaleOf(marks, 31)
	if got := sc.axis(); got != "100ms     1s        10s    100s" {
		t.Errorf("the axis is %q", got)
	}
	for d, want := range map[time.Duration]int{ms(100): 0, time.Second: 10, 10 * time.Second: 20, 100 * time.Second: 30, 0: 0, -1: 0, time.Hour: 30} {
		if got := sc.at(d); got != want {
			t.Errorf("%s is in cell %d, want %d", d, got, want)
		}
	}
}

func TestStoryAsksForItsObject(t *testing.T) {
	s := whole(t)
	for what, want := range map[string]string{
		"deployments/demo/web": "deployments/demo/web", "pod/demo/web-abc": "pods/demo/web-abc", "node/node-1": "nodes/node-1", "node-1": "nodes/node-1", "node-2/kubelet": "nodes/node-2",
		"nodes/node-1": "nodes/node-1", "container/demo/web-abc/web": "pods/demo/web-abc",
	} {
		r := newStory().Show(s, what)
		if r.Ask == nil || r.Ask.Story == nil || r.Ask.Story.String() != want || r.Every != 2*time.Second {
			t.Errorf("%s: asks %+v every %s, want the story of %s", what, r.Ask, r.Every, want)
		}
	}
	p := newStory()
	if r := p.Show(s, "a/b/c/d"); r.Ask != nil || !strings.Contains(ansi.Strip(p.View(s, 100, 20)), "names no object") {
		t.Error("what is no object is asked for, or nobody says that it is none")
	}
	p = newStory()
	if r, _ := press(t, p, s, "down", "enter"); r.Open != "story" || r.With != "replicasets/demo/web-79997975b5" {
		t.Errorf("a choice opens %s with %q", r.Open, r.With)
	}
}

func TestStoryKeepsItsPlace(t *testing.T) {
	s, p := broken(t), newStory()
	r := p.Show(s, "deployments/demo/web")
	a := storyAnswer()
	p.Answered(s, *r.Ask, a, nil)
	if got := p.selected().Seq; got != 10 {
		t.Errorf("entry %d is selected at first, want the last", got)
	}
	longer := storyAnswer()
	longer.Story.Entries = append(longer.Story.Entries, view.Entry{Event: view.Event{Seq: 11, Text: "more"}})
	p.Answered(s, *r.Ask, longer, nil)
	if got := p.selected().Seq; got != 11 {
		t.Errorf("entry %d is selected at the end, want the new one", got)
	}
	press(t, p, s, "up")
	if got := p.Selected(s); got != "pod/demo/web-79997975b5-p6q8x" {
		t.Errorf("%q is selected, which is no target", got)
	}
	press(t, p, s, "g", "down")
	p.Answered(s, *r.Ask, storyAnswer(), nil)
	p.Filter("replicasets")
	if got := p.selected().Seq; got != 3 {
		t.Errorf("entry %d is selected of those that match", got)
	}
	other := view.Question{Story: object("pods", "demo", "web-1")}
	p.Answered(s, other, view.Answer{Story: &view.Story{}}, nil) // a late one
	p.Answered(s, *r.Ask, view.Answer{}, errors.New("no engine"))
	if got := ansi.Strip(p.View(s, 118, 20)); !strings.Contains(got, "stale for") || !strings.Contains(got, "replicasets") {
		t.Errorf("what is known is not shown as stale:\n%s", got)
	}
}

func TestCommandsAreCopied(t *testing.T) {
	s, p := broken(t), &commands{}
	if r, _ := press(t, p, s, "up", "enter"); r.Copy != "ip address del 10.101.0.12/16 dev lab0" {
		t.Errorf("copies %q", r.Copy)
	}
	p = &commands{}
	p.View(s, 80, 20)
	s.Events[view.Acted] = append(s.Events[view.Acted], view.Event{Text: "lab heal f1", Commands: []string{"kill -CONT 13431"}})
	if r, _ := press(t, p, s, "enter"); r.Copy != "kill -CONT 13431" {
		t.Errorf("copies %q, want the newest line: the end is followed", r.Copy)
	}
	p.Filter("loss")
	if r, _ := press(t, p, s, "g", "enter"); r.Copy != "lab loss node-3 node-1 30%" {
		t.Errorf("copies %q of what matches", r.Copy)
	}
}

func TestLogsAskAndFollow(t *testing.T) {
	s, p := whole(t), newLogs()
	if r, _ := press(t, p, s, "down", "down", "enter"); r.Open != "logs" || r.With != "master-1/etcd" {
		t.Errorf("a choice opens %s with %q", r.Open, r.With)
	}
	r := p.Show(s, "pods/demo/web-1")
	if r.Ask.Logs.Target != "pod/demo/web-1" || r.Ask.Logs.Lines != 500 || r.Every != time.Second {
		t.Errorf("asks %+v every %s", r.Ask.Logs, r.Every)
	}
	lines := func(from, to int) (list []string) {
		for i := from; i < to; i++ {
			list = append(list, fmt.Sprintf("line %03d", i))
		}
		return list
	}
	first := func() string { return strings.TrimSpace(strings.Split(ansi.Strip(p.View(s, 40, 11)), "\n")[1]) }
	p.Answered(s, *r.Ask, view.Answer{Logs: lines(0, 100)}, nil)
	if got := first(); got != "line 090" {
		t.Errorf("the first line is %q, want the last ten", got)
	}
	p.Answered(s, *r.Ask, view.Answer{Logs: lines(5, 105)}, nil)
	if got := first(); got != "line 095" {
		t.Errorf("the first line is %q, want the last ten of those that came", got)
	}
	press(t, p, s, "up", "up")
	p.Answered(s, *r.Ask, view.Answer{Logs: lines(20, 120)}, nil)
	if got := first(); got != "line 093" {
		t.Errorf("the first line is %q, want what was looked at", got)
	}
	press(t, p, s, "f")
	if got := first(); got != "line 110" {
		t.Errorf("the first line is %q, want it to follow again", got)
	}
	p.Answered(s, view.Question{Logs: &view.LogQuestion{Target: "engine"}}, view.Answer{Logs: []string{"late"}}, nil)
	p.Filter("11")
	if got := first(); got != "line 110" {
		t.Errorf("the first line is %q of those that match", got)
	}
	press(t, p, s, "backspace")
	if p.target != "" || p.Selected(s) == "engine" {
		t.Error("it cannot be chosen again, or the engine can be killed")
	}
}

func TestLevels(t *testing.T) {
	for line, want := range map[string]level{
		logLines[0]: info, logLines[1]: warning, logLines[2]: failure, logLines[3]: info, logLines[4]: warning, logLines[5]: failure, logLines[6]: failure, logLines[7]: unmarked,
		"etcd     | {\"level\":\"warn\"}": warning, "kubelet | E1124 12:00": failure, "E11ab no": unmarked, "": unmarked, "time=x level=debug": debug, `{"level":"fatal"}`: failure,
	} {
		if got := levelOf(line); got != want {
			t.Errorf("%q has level %d, want %d", line, got, want)
		}
	}
}

func TestTimelineGroupsPods(t *testing.T) {
	s := broken(t)
	i := slices.IndexFunc(s.Events[view.Changed], func(e view.Event) bool { return e.Source == "lab" })
	again := s.Events[view.Changed][i] // the lab is degraded for one more reason: nothing new
	again.Time, again.Text = again.Time.Add(time.Millisecond), "the lab is degraded: master-2/etcd is crashed, and 4 more"
	s.Events[view.Changed] = slices.Insert(s.Events[view.Changed], i+1, again)
	list := recordMoments(s, s.Records[4])
	var texts []string
	for _, m := range list {
		texts = append(texts, m.say(s).text)
	}
	want := []string{"kill master-2", "master-2/etcd crashed", "the lab is degraded", "etcd → master-3, term 4", "first write acknowledged", "scheduler → master-1", "node-3: NotReady",
		"Terminating web-…-p6q8x", "2 pods Pending", "9 writes failed, 501 ms", "node-1/containerd starting"}
	if !slices.Equal(texts, want) {
		t.Errorf("the timeline is %q, want %q", texts, want)
	}
	p := &timeline{}
	p.View(s, 36, 12)
	if r, _ := press(t, p, s, "up", "enter"); r.Open != "stopwatch" {
		t.Errorf("enter opens %q", r.Open)
	}
}

func TestNoPanelTakesTheRootsKeys(t *testing.T) {
	for _, key := range []string{"q", "?", ":", "/", "+", "tab", "shift+tab", "1", "esc", "K", "R", "P", "X", "H", "u", "e", "t", "space", "ctrl+c", "!", "y", "d"} {
		for _, s := range []*panel.State{blank(t), broken(t)} {
			for _, p := range append(Panels(), &faults{links: true}) {
				if _, handled := p.Key(s, key); handled {
					t.Errorf("%s takes %q", p.Name(), key)
				}
			}
		}
	}
}

func TestWritesOfARecoveryAreToldApart(t *testing.T) {
	s := broken(t)
	r := s.Records[4]
	r.Healed, r.HealedBy = r.Since.Add(r.Measured.For), byHeal
	r.Recovery = &view.Measured{For: 2 * time.Second, Writes: view.Traffic{Sent: 80}}
	var texts []string
	for _, m := range recordMoments(s, r) {
		texts = append(texts, m.say(s).text)
	}
	if !slices.Contains(texts, "9 writes failed, 501 ms") || !slices.Contains(texts, "no write failed since then") {
		t.Errorf("the timeline is %q", texts)
	}
}
