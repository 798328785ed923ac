package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestFiles(t *testing.T) {
	for name, tt := range map[string]struct {
		file string
		want Screen
	}{
		"empty":    {"", Screen{}},
		"comments": {"# theme = light\n\n   # key kill = x\n", Screen{}},
		"both":     {"theme = light\nkey kill = K x\nkey heal-all = ctrl+h\n", Screen{Theme: "light", Keys: map[string][]string{"kill": {"K", "x"}, "heal-all": {"ctrl+h"}}}},
		"blanks":   {"\ufeff\ttheme=none  \r\n  key   kill   =   x\r\n", Screen{Theme: "none", Keys: map[string][]string{"kill": {"x"}}}},
		"swapped":  {"key kill = R\nkey restart = K", Screen{Keys: map[string][]string{"kill": {"R"}, "restart": {"K"}}}},
		"signs":    {"key kill = = ж\nkey zoom = ctrl++ +\nkey scale = #", Screen{Keys: map[string][]string{"kill": {"=", "ж"}, "zoom": {"ctrl++", "+"}, "scale": {"#"}}}},
		"spelling": {"key kill = Shift+CTRL+F5 Alt+x ESC\nkey back = f2", Screen{Keys: map[string][]string{"kill": {"ctrl+shift+f5", "alt+x", "esc"}, "back": {"f2"}}}},
		"default":  {"key leave = q", Screen{Keys: map[string][]string{"leave": {"q"}}}},
	} {
		got, mistakes := Parse("config", []byte(tt.file))
		if mistakes != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, %v, not %+v", name, got, mistakes, tt.want)
		}
		if back := Decode(got.Encode()); !reflect.DeepEqual(back, got) {
			t.Errorf("%s: went out as %+v and came in as %+v", name, got, back)
		}
	}
}

func TestMistakes(t *testing.T) {
	for file, want := range map[string]string{
		"theme = blue":                  `c:1: there is no theme "blue"; use one of [dark light color-blind none]`,
		"theme = light # by day":        `c:1: there is no theme "light # by day"; use one of [dark light color-blind none]; comments stand on lines of their own`,
		"theme light":                   `c:1: this is no setting; write it so: theme = light`,
		"theme = dark\n\ntheme = dark":  `c:3: theme is set in line 1 already; remove one of the two`,
		"colors = dark":                 `c:1: colours are set so: theme = dark`,
		"keys kill = K":                 `c:1: there is no setting "keys"; the nearest is key`,
		"kill = x":                      `c:1: a key is set so: key kill = K`,
		"= x":                           `c:1: this is no setting; write it so: key kill = K`,
		"key kill":                      `c:1: this is no setting; write it so: key kill = K`,
		"key kill x = K":                `c:1: this is no setting; write it so: key kill = K`,
		"\n# x\nkey kil = x":            `c:3: there is no key called "kil"; the nearest is kill`,
		"key next-panel = x":            `c:1: there is no key called "next-panel"; the nearest is next-pane`,
		"key kill =":                    `c:1: kill is given no key; name one, or remove the line for K`,
		"key kill = a b x y z":          `c:1: kill is given 5 keys; give it 4 at most`,
		"key kill = x\nkey kill = x":    `c:2: the keys of kill are set in line 1 already; remove one of the two`,
		"key kill = x x":                `c:1: x is given to kill twice; once is enough`,
		"key kill = q":                  `c:1: q is bound twice: it is the key of leave; give that another one: key leave = …`,
		"key undo = x\nkey kill = x":    `c:2: x is bound twice: to kill here, to undo in line 1; leave it to one of them`,
		"key kill = x\nkey undo = x":    `c:2: x is bound twice: to undo here, to kill in line 1; leave it to one of them`,
		"key kill = F99":                `c:1: "F99" is no key; write the sign that it makes, or its name: the nearest is f9`,
		"key kill = escape":             `c:1: "escape" is no key; write the sign that it makes, or its name: the nearest is esc`,
		"key kill = strg+k":             `c:1: "strg+k" is no key; only ctrl+, alt+ and shift+ can stand in front of one`,
		"key kill = ctrl+":              `c:1: "ctrl+" is no key; write the sign that it makes, or its name: the nearest is tab`,
		"key kill = ctrl+K":             `c:1: "ctrl+K" is no key; write the letter small, with shift+ in front of it if that is meant`,
		"key kill = shift+k":            `c:1: "shift+k" is no key of its own; write the sign that it makes, for example K`,
		"key kill = \u0301":             `c:1: "` + "\u0301" + `" is no key; write the sign that it makes`,
		"key kill = \x1b":               `c:1: "\x1b" is no key; write the sign that it makes`,
		"key kill = \ufffd":             `c:1: "` + "\ufffd" + `" is no key; write the sign that it makes`,
		"key kill = ctrl+c":             `c:1: ctrl+c cannot be given away, it always leaves; use another key`,
		"key kill = j":                  `c:1: j cannot be given away, it moves; use another key`,
		"key kill = ctrl+i":             `c:1: ctrl+i cannot be given away, it is tab to a terminal; use another key`,
		"key kill = 1":                  `c:1: 1 cannot be given away, digits lead to screens; use another key`,
		"key kill = x # mine":           `c:1: "mine" is no key; write the sign that it makes, or its name: the nearest is home; comments stand on lines of their own`,
		"theme = dark\nkey kill = \xff": `c:2: the line is not UTF-8; save the file in that encoding`,
		"\n" + strings.Repeat("x", 501): `c:2: the line is 501 bytes long; no setting needs more than 500`,
		strings.Repeat("\n", 64<<10+1):  `c: the file is larger than 64 KiB; is it the right one?`,
		// A mistake in one line does not make others of lines that are right.
		"key kill = F99\nkey restart = K": `c:1: "F99" is no key; write the sign that it makes, or its name: the nearest is f9`,
		"theme = blue\ntheme = dark":      `c:1: there is no theme "blue"; use one of [dark light color-blind none] (and 1 more mistake)`,
		"x\ny\nz":                         `c:1: there is no setting "x"; the nearest is key (and 2 more mistakes)`,
		"key kill = a\nkey undo = a\nx":   `c:2: a is bound twice: to undo here, to kill in line 1; leave it to one of them (and 1 more mistake)`,
	} {
		got, mistakes := Parse("c", []byte(file))
		if note := mistakes.note(); note != oneLine(want) || !reflect.DeepEqual(got, Screen{}) {
			t.Errorf("%.60q: %+v,\n     %s\nnot  %s", file, got, note, want)
		}
	}
}

// Every key of Defaults could stand in a file, as could a file of all of them.
func TestDefaults(t *testing.T) {
	clashes(nil, func(key, one, other string) { t.Errorf("%s is the key of %s and of %s", key, one, other) })
	var file strings.Builder
	for _, name := range Names() {
		if !areKeys(Defaults[name]) {
			t.Errorf("%s has the keys %q", name, Defaults[name])
		}
		file.WriteString("key " + name + " = " + strings.Join(Defaults[name], " ") + "\n")
	}
	got, mistakes := Parse("c", []byte(file.String()))
	if mistakes != nil || !reflect.DeepEqual(got.Keys, Defaults) {
		t.Errorf("%v, %v", got, mistakes)
	}
	t.Logf("all of them are %d bytes", len(got.Encode()))
}

func TestTooMuch(t *testing.T) {
	var file strings.Builder
	for i, name := range Names() {
		for _, with := range []string{"ctrl+alt+shift+", "alt+shift+", "ctrl+alt+", "alt+"} {
			if with == "ctrl+alt+shift+" {
				file.WriteString("key " + name + " =")
			}
			file.WriteString(" " + with + string('а'+rune(i)))
		}
		file.WriteString("\n")
	}
	_, mistakes := Parse("c", []byte(file.String()))
	if note := mistakes.note(); note != "c: the file sets more keys than the screen can be told; leave out some" {
		t.Errorf("%s\n%s", note, file.String())
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("theme = light\nkey kill = K x\nkey heal-all = ctrl+h"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, mistakes := Parse("c", text)
		for _, m := range mistakes {
			if m.Line < 0 || m.Text == "" {
				t.Errorf("%+v", m)
			}
		}
		got.Note = mistakes.note()
		if back := Decode(got.Encode()); !reflect.DeepEqual(back, got) {
			t.Errorf("went out as %+v and came in as %+v", got, back)
		}
	})
}
