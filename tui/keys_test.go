package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"kubelab/core/view"
	"kubelab/tui/config"
)

// replay is a Player that stands still.
type replay struct{ Player }

func (replay) Now() time.Time          { return time.Time{} }
func (replay) Speed() float64          { return 0 }
func (replay) Position() time.Duration { return 0 }
func (replay) Length() time.Duration   { return time.Minute }

// People's files have the names of bindings, and config tells them which keys are taken: both must know the same.
func TestEveryBindingIsInConfig(t *testing.T) {
	p := start(t, 120, 40, func(c *Config) { c.Player = replay{} })
	var names []string
	for _, b := range p.bindings() {
		names = append(names, b.name)
		if want := config.Defaults[b.name]; !slices.Equal(b.on, want) {
			t.Errorf("%q (%s) has the keys %q, in config.Defaults %q", b.name, b.does, b.on, want)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, config.Names()) {
		t.Errorf("bindings have the names\n%q, config.Defaults\n%q", names, config.Names())
	}
}

// with starts a program whose person has a file.
func with(t *testing.T, file string) *program {
	t.Helper()
	screen, mistakes := config.Parse("config", []byte(file))
	for _, m := range mistakes {
		t.Fatal(m)
	}
	return start(t, 120, 40, func(c *Config) { c.Keys = screen.Keys })
}

func TestOtherKeys(t *testing.T) {
	p := with(t, "key kill = x ctrl+k\nkey next-pane = w\nkey help = f1\nkey leave = Q\nkey undo = U\nkey heal-all = shift+ctrl+F12 F9")
	for _, press := range []func(){
		func() { p.keys("x") },
		func() { p.send(tea.KeyPressMsg{Code: 'k', Mod: tea.ModCtrl}) },
	} {
		press()
		p.shows("Are you sure?", "lab kill master-2/etcd")
		p.keys("esc")
	}
	for _, key := range []string{"K", "?", "u", "q"} {
		p.keys(key)
		if p.dialog != nil || p.note.text != "" {
			t.Errorf("%s, whose deed has another key, does something:\n%s", key, p.screenText())
		}
	}
	p.shows("x/ctrl+k kill", "f1 help", "Q leave")
	p.send(tea.KeyPressMsg{Code: tea.KeyF1})
	p.shows("x/ctrl+k          kill", "ctrl+shift+f12/f9 heal all", "U                 undo")
	p.keys("esc", "w")
	if p.focus != 1 {
		t.Errorf("the focus is on pane %d", p.focus)
	}
	p.keys("Q")
	p.shows("Leave the lab?")
}

func TestSentencesNameOtherKeys(t *testing.T) {
	injected := done{action: view.Action{Verb: view.Kill}, out: view.Outcome{Record: &view.Record{Fault: view.Fault{ID: "f1"}}}}
	for file, want := range map[string]string{"": "u undoes it", "key undo = ctrl+z": "ctrl+z undoes it"} {
		p := with(t, file)
		p.Update(injected)
		p.shows(want)
	}
}

// Keys can be swapped, and what a panel or a dialog does with a key goes before.
func TestSwappedKeys(t *testing.T) {
	p := with(t, "key kill = R\nkey restart = K")
	p.lab.predict.Harms = false
	p.keys("R")
	if a := <-p.lab.did; a.Verb != view.Kill {
		t.Errorf("did %s", a)
	}
	p.keys("K")
	if a := <-p.lab.did; a.Verb != view.Restart {
		t.Errorf("did %s", a)
	}
	p.keys(":", "KR")
	p.shows("▸ KR")
}

func TestNoteAtTheStart(t *testing.T) {
	_, mistakes := config.Parse("~/.config/lab/config", []byte("theme = blue"))
	text := mistakes[0].Error()
	p := start(t, 120, 40, func(c *Config) { c.Note = "\x1b[2J" + text })
	p.shows(text)
	p.keys("tab") // nobody is kept out
	if p.focus != 1 {
		t.Error("the note keeps keys away")
	}
	p.clock = p.clock.Add(time.Minute)
	if screen := p.screenText(); strings.Contains(screen, text) || !strings.Contains(screen, "? help") {
		t.Errorf("the note stays:\n%s", screen)
	}
}
