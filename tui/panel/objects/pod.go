package objects

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// pod is one pod, seen in four ways.
type pod struct {
	namespace, name string
	tab             int // in tabs
	overview, yaml  pager
	logs, story     pager
	value           view.KeyValue
	since           time.Time // when the engine began to remember stories
	got             [4]answer
}

// answer is what became of the question behind a tab.
type answer struct {
	at  time.Time // zero while there is none
	err string
}

const (
	overviewTab = iota
	yamlTab
	logsTab
	storyTab
)

var tabs = []string{"overview", "YAML", "logs", "story"}

func newPod() *pod { return &pod{overview: tail(), logs: tail(), story: tail()} }

func (*pod) Name() string { return "pod" }

func (p *pod) Title(*panel.State) string {
	if p.name == "" {
		return "Pod"
	}
	return "Pod " + plain.Line(p.namespace) + "/" + plain.Line(p.name)
}

// Show takes pods/NAMESPACE/NAME or pod/NAMESPACE/NAME, and after a blank which tab is meant: yaml, logs, story.
func (p *pod) Show(s *panel.State, what string) panel.Result {
	what, tab, _ := strings.Cut(what, " ")
	if i := slices.IndexFunc(tabs, func(one string) bool { return strings.EqualFold(one, tab) }); i >= 0 {
		p.tab = i
	}
	parts := strings.Split(what, "/")
	if len(parts) < 3 || parts[0] != "pods" && parts[0] != "pod" {
		return panel.Result{Note: "a pod is named pod/NAMESPACE/NAME"}
	}
	if parts[1] != p.namespace || parts[2] != p.name {
		tab := p.tab
		*p = *newPod()
		p.namespace, p.name, p.tab = parts[1], parts[2], tab
	}
	return p.ask()
}

func (p *pod) Opened(*panel.State) panel.Result { return p.ask() }

func (p *pod) object() view.Object {
	return view.Object{Resource: "pods", Namespace: p.namespace, Name: p.name}
}

// ask asks for what the tab shows. The overview needs the pod's YAML for its containers.
func (p *pod) ask() panel.Result {
	if p.name == "" {
		return panel.Result{}
	}
	object := p.object()
	switch p.tab {
	case logsTab:
		return panel.Result{Ask: &view.Question{Logs: &view.LogQuestion{Target: podTarget(p.namespace, p.name), Lines: 500}}, Every: time.Second}
	case storyTab:
		return panel.Result{Ask: &view.Question{Story: &object}, Every: 2 * time.Second}
	}
	return panel.Result{Ask: &view.Question{Keys: &view.KeyQuestion{Prefix: object.String(), Values: true, Limit: 1}}, Every: 3 * time.Second}
}

func (p *pod) Answered(s *panel.State, q view.Question, a view.Answer, err error) {
	tab := -1
	switch {
	case q.Keys != nil && q.Keys.Prefix == p.object().String():
		tab = yamlTab
	case q.Logs != nil && q.Logs.Target == podTarget(p.namespace, p.name):
		tab = logsTab
	case q.Story != nil && q.Story.Same(p.object()):
		tab = storyTab
	default:
		return // an answer about another pod
	}
	p.got[tab] = answer{at: s.Now}
	if err != nil {
		p.got[tab].err = plain.Line(err.Error())
		return
	}
	switch tab {
	case yamlTab:
		value, ok := panel.ValueOf(a.Keys, q.Keys.Prefix)
		if !ok {
			p.got[tab].err = "etcd has no key " + q.Keys.Prefix + " any more"
			return
		}
		p.value, p.yaml.lines = value, yamlLines(s, value.Value+value.Hidden)
	case logsTab:
		p.logs.lines = logLines(s, a.Logs)
	case storyTab:
		if a.Story != nil {
			p.since, p.story.lines = a.Story.Since, p.storyLines(s, a.Story)
		}
	}
}

func (p *pod) pager() *pager { return []*pager{&p.overview, &p.yaml, &p.logs, &p.story}[p.tab] }

// Filter narrows down what the tab shows, and goes with it from tab to tab.
func (p *pod) Filter(text string) {
	for _, one := range []*pager{&p.overview, &p.yaml, &p.logs, &p.story} {
		one.filter = text
	}
}

func (p *pod) Filtered() string { return p.overview.filter }

func (p *pod) Keys(*panel.State) []panel.Binding {
	return []panel.Binding{
		{Keys: "v", Does: "next of overview, YAML, logs and story", Short: true},
		{Keys: "y", Does: "its YAML"}, {Keys: "l", Does: "its logs"},
		{Keys: "w", Does: "wrap long lines, or cut them"}, {Keys: "G", Does: "follow the end"},
	}
}

func (p *pod) Key(s *panel.State, key string) (panel.Result, bool) {
	to := -1
	switch key {
	case "v", "right":
		to = (p.tab + 1) % len(tabs)
	case "left":
		to = (p.tab + len(tabs) - 1) % len(tabs)
	case "y":
		to = yamlTab
	case "l":
		to = logsTab
	}
	if to < 0 {
		return panel.Result{}, p.pager().key(key)
	}
	p.tab = to
	return p.ask(), true
}

func (p *pod) Click(_ *panel.State, x, y int) panel.Result {
	if y != 0 {
		return panel.Result{}
	}
	for i, at := 0, 0; i < len(tabs); i++ {
		n := len(tabs[i]) + 2
		if x >= at && x < at+n {
			p.tab = i
			return p.ask()
		}
		at += n + 1
	}
	return panel.Result{}
}

func (p *pod) Wheel(_ *panel.State, lines int) { p.pager().scroll(lines) }

func (p *pod) Selected(*panel.State) string {
	if p.name == "" {
		return ""
	}
	return podTarget(p.namespace, p.name)
}

// find is the pod in the Snapshot; nil when it is gone.
func (p *pod) find(s *panel.State) *view.Pod {
	i := slices.IndexFunc(s.Lab.Pods, func(one view.Pod) bool { return one.Name == p.name && one.Namespace == p.namespace })
	if i < 0 {
		return nil
	}
	return &s.Lab.Pods[i]
}

func (p *pod) Explain(s *panel.State) string {
	now := p.find(s)
	if now == nil {
		return "This panel shows one pod: what it is, the YAML that etcd keeps of it, what its containers write, and its story. " +
			"Pods do not come back: when one is gone, its owner has made another with another name. Press enter on a row of the panel “pods” to see one here."
	}
	text := fmt.Sprintf("The pod %s was made %s ago", plain.Line(p.name), panel.Ago(s.Now, now.Created))
	if now.Owner != "" {
		text += " by " + plain.Line(now.Owner)
	}
	text += ", and is only a record in etcd until kubelet makes containers of it. "
	if now.Node != "" {
		text += fmt.Sprintf("The scheduler chose %s for it; kubelet there had containerd start %s, of which %d is ready, and got it the address %s. ",
			plain.Line(now.Node), panel.Plural(now.Of, "container"), now.Running, plain.Line(now.IP))
	} else {
		text += "The scheduler has not found a node for it yet; the story says why. "
	}
	return text + "A container that exits is started again in the same pod, and counted as a restart; a pod that is deleted, or whose node is lost, is replaced by a new one."
}
