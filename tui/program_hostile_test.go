package tui_test

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"kubelab/core/recording"
	"kubelab/core/view"
	"kubelab/tui"
	"kubelab/tui/panel/all"
)

// hostile is what names, logs and events of somebody who means harm may hold.
var hostile = []string{
	"\x1b[2J\x1b[H\x1b[31mred", "\x1b]0;owned\x07", "\x1b]2;owned\x1b\\", "\x1b]52;c;b3duZWQ=\x1b\\", "\x1b]8;;http://owned\x1b\\link\x1b]8;;\x1b\\", "\x1b]0;never ended",
	"\x1bP+q544e\x1b\\", "\x1b_owned\x1b\\", "\x1b^owned\x1b\\", "\x1bXowned\x1b\\", "\x1bc\x1b7\x1b[?1049l\x1b[?25h", "\x9b2J\x9d0;owned\x9c", "\u009b2J\u009d0;owned\u009c",
	"\u202eright\u2066to\u200fleft\u061c", "line\nline\r\ttab\b\b\a\x00\x7f\v\f\x0e", "\xff\xfe\xc3", "👩‍👩‍👧‍👦e\u0301漢字\u200b\u2028\ufeff", strings.Repeat("long-", 2000),
}

// evil makes any text hostile; the same one always the same way, so that names still refer to each other.
func evil(text string) string {
	if text == "" {
		return ""
	}
	h := fnv.New32()
	_, _ = h.Write([]byte(text))
	return text + hostile[h.Sum32()%uint32(len(hostile))] + text
}

// spoil makes all text in v hostile, but for words of lab itself: those have types of their own, or are keys of maps.
func spoil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			spoil(v.Elem())
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			spoil(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			spoil(v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			one := reflect.New(v.Type().Elem()).Elem()
			one.Set(v.MapIndex(key))
			spoil(one)
			v.SetMapIndex(key, one)
		}
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString(evil(v.String()))
		}
	}
}

// filler sets everything in a value to something hostile. It counts texts, so that each is another one.
type filler int

func (f *filler) fill(v reflect.Value, deep int) {
	switch v.Kind() {
	case reflect.Pointer:
		if deep > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem(), deep-1)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Now()))
			return
		}
		for i := range v.NumField() {
			f.fill(v.Field(i), deep)
		}
	case reflect.Slice:
		if deep > 0 {
			v.Set(reflect.MakeSlice(v.Type(), len(hostile), len(hostile)))
			for i := range v.Len() {
				f.fill(v.Index(i), deep-1)
			}
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for _, text := range hostile {
			one := reflect.New(v.Type().Elem()).Elem()
			f.fill(one, deep-1)
			v.SetMapIndex(reflect.ValueOf(text).Convert(v.Type().Key()), one)
		}
	case reflect.String:
		*f++
		v.SetString(hostile[int(*f)%len(hostile)])
	case reflect.Int, reflect.Int64:
		v.SetInt(3)
	case reflect.Uint64:
		v.SetUint(3)
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Bool:
		v.SetBool(true)
	}
}

// villain is a lab in which all text is hostile: a recorded one spoilt, and answers to whatever is asked.
type villain struct {
	snapshot *view.Snapshot
	events   []view.Event
	answer   view.Answer
	outcome  view.Outcome
}

func newVillain(t *testing.T, rec *recording.Recording) *villain {
	l := recording.Replay(rec)
	l.Seek(moment)
	var f filler
	v := &villain{snapshot: copied(t, l.Snapshot())}
	spoil(reflect.ValueOf(v.snapshot))
	f.fill(reflect.ValueOf(&v.snapshot.Stale).Elem(), 2)
	f.fill(reflect.ValueOf(&v.snapshot.Faults).Elem(), 3)
	f.fill(reflect.ValueOf(&v.snapshot.Nodes[0].Conditions).Elem(), 1)
	f.fill(reflect.ValueOf(&v.answer).Elem(), 6)
	f.fill(reflect.ValueOf(&v.outcome).Elem(), 4)
	for _, e := range l.Events(view.Query{Last: 400}) {
		spoiled := copied(t, &e)
		spoil(reflect.ValueOf(spoiled))
		v.events = append(v.events, *spoiled)
	}
	for _, kind := range kinds {
		e := view.Event{}
		f.fill(reflect.ValueOf(&e).Elem(), 4)
		e.Seq, e.Kind, e.Time = uint64(1e6+len(v.events)), kind, v.snapshot.Time
		v.events = append(v.events, e)
	}
	return v
}

var kinds = []view.EventKind{
	view.FaultInjected, view.FaultMeasured, view.FaultHealed, view.Acted, view.Changed, view.Elected, view.LeaseMoved, view.NodeChanged, view.PodChanged, view.Decided,
	view.SourceChanged, view.Requested, view.KeyChanged, view.KubeEvent, view.ContainerDone, view.RuleChanged, view.Dropped,
}

// copied is a copy that shares nothing.
func copied[T any](t *testing.T, v *T) *T {
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	to := new(T)
	if err := json.Unmarshal(raw, to); err != nil {
		t.Fatal(err)
	}
	return to
}

func (v *villain) Snapshot() *view.Snapshot                                { return v.snapshot }
func (v *villain) Events(view.Query) []view.Event                          { return v.events }
func (v *villain) Ask(context.Context, view.Question) (view.Answer, error) { return v.answer, nil }
func (v *villain) Watch(ctx context.Context) <-chan view.Event {
	c := make(chan view.Event)
	context.AfterFunc(ctx, func() { close(c) })
	return c
}
func (v *villain) Do(_ context.Context, a view.Action, report view.Report) (view.Outcome, error) {
	for _, text := range hostile {
		report(view.Step{Name: text, Note: text})
	}
	if a.Verb == view.Kill {
		return v.outcome, view.Fail(view.Failed, "%s", strings.Join(hostile, ""))
	}
	return v.outcome, nil
}

// judge looks through what goes to a terminal.
type judge struct {
	parser *ansi.Parser
	bad    map[string]int // what must not be there
}

// newJudge lets sequences pass that may says are fine. The first byte of what it gets tells their kind: CSI, OSC, ESC, DCS and so on.
func newJudge(may func(kind byte, command int, params ansi.Params, data []byte) bool, controls string) *judge {
	j := &judge{parser: ansi.NewParser(), bad: map[string]int{}}
	j.parser.SetParamsSize(32)
	j.parser.SetDataSize(1 << 20)
	sequence := func(kind byte, command int, params ansi.Params, data []byte) {
		if !may(kind, command, params, data) {
			j.bad[fmt.Sprintf("sequence %c %q %v %.80q", kind, rune(command), params, data)]++
		}
	}
	j.parser.SetHandler(ansi.Handler{
		Print: func(r rune) {
			if invisible(r) {
				j.bad[fmt.Sprintf("character %U", r)]++
			}
		},
		Execute: func(b byte) {
			if !strings.ContainsRune(controls, rune(b)) {
				j.bad[fmt.Sprintf("control %#x", b)]++
			}
		},
		HandleCsi: func(cmd ansi.Cmd, params ansi.Params) { sequence('[', int(cmd), params, nil) },
		HandleEsc: func(cmd ansi.Cmd) { sequence('\x1b', int(cmd), nil, nil) },
		HandleDcs: func(cmd ansi.Cmd, params ansi.Params, data []byte) { sequence('P', int(cmd), params, data) },
		HandleOsc: func(cmd int, data []byte) { sequence(']', cmd, nil, data) },
		HandlePm:  func(data []byte) { sequence('^', 0, nil, data) },
		HandleApc: func(data []byte) { sequence('_', 0, nil, data) },
		HandleSos: func(data []byte) { sequence('X', 0, nil, data) },
	})
	return j
}

// invisible are characters that do something to a terminal or to the text around them. The joiner makes one sign of several.
func invisible(r rune) bool {
	return unicode.IsControl(r) || r != '\u200d' && unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

func (j *judge) look(text string) {
	for i := range len(text) {
		j.parser.Advance(text[i])
	}
}

// watched looks at every picture before the renderer does: it would leave out much of what must not be there.
type watched struct {
	*tui.Model
	judge *judge
}

func (w *watched) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	_, cmd := w.Model.Update(msg)
	return w, cmd
}

func (w *watched) View() tea.View {
	v := w.Model.View()
	w.judge.look(v.Content)
	return v
}

// onlyStyles are all that pictures are made of beside text.
func onlyStyles(kind byte, command int, _ ansi.Params, _ []byte) bool {
	return kind == '[' && command == 'm'
}

// ofTheRenderer are what Bubble Tea draws with and how it asks and sets up a terminal. Only the title's text comes from elsewhere.
func ofTheRenderer(kind byte, command int, _ ansi.Params, data []byte) bool {
	cmd := ansi.Cmd(command)
	switch kind {
	case '[':
		return strings.ContainsRune("ABCDEFGHIJKLMPSTXZ`@abdefghlmprsu", rune(cmd.Final()))
	case ']':
		title, ok := strings.CutPrefix(string(data), "2;lab ")
		return command == 2 && ok && !strings.ContainsFunc(title, invisible)
	case '\x1b':
		return strings.ContainsRune("78MDE", rune(cmd.Final()))
	}
	return false
}

func TestHostileText(t *testing.T) {
	rec, err := recording.Open(filepath.Join("testdata", "killed.rec"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range [][2]int{{80, 24}, {200, 60}} {
		seen, sent := newJudge(onlyStyles, "\n"), newJudge(ofTheRenderer, "\n\r\b\t")
		wrap := func(m *tui.Model) tea.Model { return &watched{m, seen} }
		openWrapped(t, s[0], s[1], func() tui.Config { return tui.Config{Lab: newVillain(t, rec)} }, wrap, func(p *terminal) {
			for _, screen := range all.Panels() {
				p.types(":"+screen.Name()+enter, "j", enter, "!", esc, "/o"+enter, esc, esc)
			}
			p.types("m", "?", esc, "K", "y", ":heal --all"+enter, "l", esc, "d", enter, esc, "7", "y", esc)
			sent.look(p.raw.String())
		})
		for what, n := range seen.bad {
			t.Errorf("%d×%d: a picture has %d × %s", s[0], s[1], n, what)
		}
		for what, n := range sent.bad {
			t.Errorf("%d×%d: the terminal gets %d × %s", s[0], s[1], n, what)
		}
	}
}
