package tui

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"kubelab/core/view"
	"kubelab/tui/editor"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
)

// editing is a manifest in front of the screen.
type editing struct {
	*editor.Editor
	apply func(*editing) tea.Cmd
}

func (e *editing) key(key string) (dialog, tea.Cmd) {
	switch e.Key(key) {
	case editor.Apply:
		return nil, e.apply(e)
	case editor.Leave:
		return nil, nil
	}
	return e, nil
}

func (e *editing) paste(text string) { e.Paste(text) }

func (e *editing) view(t *theme.Theme, w, h int) string { return e.View(t, w, h) }

// spare reports whether leaving now would lose changes that nobody has been asked about yet. Once somebody has, they are put aside.
func (m *Model) spare() bool {
	e, ok := m.dialog.(*editing)
	if !ok || !e.Changed() {
		return false
	}
	if e.Asks() {
		e.Key("n")
		m.draft = e
		return false
	}
	return true
}

// mouse is a click or a turn of the wheel, with one cell of the screen around the editor.
func (e *editing) mouse(msg tea.MouseMsg) {
	at := msg.Mouse()
	switch msg := msg.(type) {
	case tea.MouseClickMsg:
		e.To(at.X-1, at.Y-1)
	case tea.MouseWheelMsg:
		e.Wheel(map[bool]int{true: -3, false: 3}[msg.Button == tea.MouseWheelUp])
	}
}

// edits reports whether an editor is open.
func (m *Model) edits() bool {
	_, ok := m.dialog.(*editing)
	return ok
}

// compose opens an editor for a manifest that comes from elsewhere, or the text that was refused while something else was on the screen.
func (m *Model) compose() tea.Cmd {
	if m.draft != nil {
		m.dialog, m.draft = m.draft, nil
		return nil
	}
	m.dialog = &editing{editor.New("New manifest", ""), m.apply}
	return nil
}

// apply applies what was edited. The text is kept until that has gone well.
func (m *Model) apply(e *editing) tea.Cmd {
	m.sent = append(m.sent, e)
	return m.act(view.Action{Verb: view.Apply, Manifest: e.Text()})
}

// applied takes the text of an action away, and opens it again when it was refused. It reports whether it has said so.
func (m *Model) applied(d done) bool {
	if d.action.Verb != view.Apply {
		return false
	}
	i := slices.IndexFunc(m.sent, func(e *editing) bool { return e.Text() == d.action.Manifest })
	if i < 0 {
		return false
	}
	e := m.sent[i]
	m.sent = slices.Delete(m.sent, i, i+1)
	if d.err == nil {
		return false
	}
	e.Complain(ansi.Strip(d.err.Error()))
	if m.dialog != nil { // it must not be taken out of somebody's hands
		m.draft = e
		m.complain(fmt.Sprintf("Not applied; %s has the text: %v", m.keyOf("new"), d.err))
		return true
	}
	m.dialog = e
	return true
}

// object is what is selected as an object; why it is none.
func object(selected string) (o view.Object, why string) {
	parts := strings.Split(asObject(selected), "/")
	switch {
	case selected == "":
		return o, "Nothing is selected that this could be done to."
	case strings.HasPrefix(selected, "master-") || len(parts) < 2 || len(parts) > 3:
		return o, fmt.Sprintf("%s is no object of Kubernetes: it has no manifest.", selected)
	case len(parts) == 2:
		return view.Object{Resource: parts[0], Name: parts[1]}, ""
	}
	return view.Object{Resource: parts[0], Namespace: parts[1], Name: parts[2]}, ""
}

// fetched is an object as it is in etcd.
type fetched struct {
	object view.Object
	value  view.KeyValue
	err    error
}

// edit gets the selected object's manifest, to open it.
func (m *Model) edit(o view.Object) tea.Cmd {
	m.say(fmt.Sprintf("%s is being read.", o))
	lab, ctx := m.cfg.Lab, m.ctx
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, askBound)
		defer cancel()
		value, err := fetch(ctx, lab, o)
		return fetched{o, value, err}
	}
}

// fetch reads an object from etcd. What is selected does not say its group; if there is none of a built-in one, it may be custom.
func fetch(ctx context.Context, lab view.Lab, o view.Object) (view.KeyValue, error) {
	get := func(resource string) (view.KeyValue, bool, error) {
		key := panel.KeyOf(resource, o)
		a, err := lab.Ask(ctx, view.Question{Keys: &view.KeyQuestion{Prefix: key, Values: true, Limit: 1}})
		value, ok := panel.ValueOf(a.Keys, key)
		return value, ok && err == nil, err
	}
	value, ok, err := get(o.Resource)
	if ok || err != nil {
		return value, err
	}
	a, err := lab.Ask(ctx, view.Question{List: &view.ListQuestion{Resource: "customresourcedefinitions"}})
	if err == nil && a.List != nil {
		for _, r := range a.List.Rows {
			if !strings.HasPrefix(r.Object.Name, o.Resource+".") {
				continue
			}
			if value, ok, err = get(r.Object.Name); ok || err != nil {
				return value, err
			}
		}
	}
	return view.KeyValue{}, view.Fail(view.NotFound, "etcd has no %s: it is gone, or kept under another name", o)
}

// fetched opens an editor for what was read.
func (m *Model) fetched(f fetched) {
	text, err := f.value.Value, f.err
	if err == nil && f.value.Hidden != "" { // what is not shown would be written over
		err = fmt.Errorf("%s, so %s cannot be edited here; use: lab kubectl edit", f.value.Hidden, f.object)
	}
	if err == nil {
		text, err = manifest(text)
	}
	switch {
	case err != nil:
		m.complain(err.Error())
	case m.dialog != nil:
		m.complain(fmt.Sprintf("Something else was opened meanwhile; press %s again to edit %s.", m.keyOf("edit"), f.object))
	default:
		m.note = note{}
		m.dialog = &editing{editor.New(f.object.String(), text), m.apply}
	}
}

// scalable are the resources with a number of replicas.
var scalable = []string{"deployments", "statefulsets", "replicasets"}

func unscalable(selected string) string {
	if kind, _, _ := strings.Cut(selected, "/"); !slices.Contains(scalable, kind) {
		return "Only Deployments, StatefulSets and ReplicaSets have replicas."
	}
	return ""
}

// scale asks how many replicas there should be.
func (m *Model) scale(selected string) tea.Cmd {
	now := ""
	for _, w := range m.state.Lab.Workloads {
		if (view.Object{Resource: strings.ToLower(w.Kind) + "s", Namespace: w.Namespace, Name: w.Name}).String() == selected {
			now = strconv.Itoa(w.Desired)
		}
	}
	m.dialog = newPrompt("replicas of "+selected, now, func(text string) tea.Cmd {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 0 {
			m.complain(fmt.Sprintf("%q is no number of replicas: write 0, 1, 2 or more.", text))
			return nil
		}
		return m.act(view.Action{Verb: view.Scale, Targets: []string{selected}, Replicas: n})
	})
	return nil
}
