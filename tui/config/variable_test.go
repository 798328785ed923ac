package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestRoundTrip(t *testing.T) {
	for _, s := range []Screen{
		{},
		{Theme: "color-blind"},
		{Keys: map[string][]string{"rewind": {"<", `"`}, "forward": {">", `\`}, "kill": {"&", "ж"}}},
		{Note: `~/.config/lab/config:3: there is no key called "kil"; the nearest is kill`},
		{Theme: "light", Keys: map[string][]string{"kill": {"x"}}, Note: strings.Repeat("ж", mostNote/2)},
	} {
		value := s.Encode()
		if back := Decode(value); !reflect.DeepEqual(back, s) {
			t.Errorf("%+v went out as %s and came in as %+v", s, value, back)
		}
	}
	if value := (Screen{}).Encode(); value != "" {
		t.Errorf("nothing is %q", value)
	}
}

func TestEncodeIsBounded(t *testing.T) {
	many := map[string][]string{}
	for i := range 1000 {
		many[fmt.Sprint("name", i)] = []string{"x"}
	}
	for _, s := range []Screen{{Note: strings.Repeat("\x1b[31mü\"\n", 1000)}, {Keys: many}} {
		value := s.Encode()
		if len(value) > mostVariable || !json.Valid([]byte(value)) {
			t.Errorf("%d bytes: %.80s", len(value), value)
		}
		// lab/sshd takes nothing else.
		if i := strings.IndexFunc(value, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }); i >= 0 {
			t.Errorf("not printable from %d: %q", i, value)
		}
	}
}

func TestHostileVariables(t *testing.T) {
	kill := Screen{Keys: map[string][]string{"kill": {"x"}}}
	for value, want := range map[string]Screen{
		"":         {},
		"null":     {},
		"[]":       {},
		"{":        {},
		`"theme"`:  {},
		"\xff\xfe": {},
		`{"keys":{"kill":["x"]}} {"theme":"none"}`:                {},
		`{"theme":"` + strings.Repeat("x", 3000) + `"}`:           {},
		strings.Repeat(`{"keys":`, 200):                           {},
		`{"theme":5,"keys":{"kill":["x"]}}`:                       {},
		`{"theme":"blue","keys":{"kill":["x"]}}`:                  kill,
		`{"theme":"","later":[1],"keys":{"kill":["x"]}}`:          kill,
		`{"keys":{"kill":["x"],"no-such":["y"],"":["z"]}}`:        kill,
		`{"keys":{"kill":["x"],"undo":[],"cut":null}}`:            kill,
		`{"keys":{"kill":["x"],"undo":["a","b","v","w","z"]}}`:    kill,
		`{"keys":{"kill":["x"],"undo":["\u001b[31m"]}}`:           kill,
		`{"keys":{"kill":["x"],"undo":["ctrl+c"],"cut":["1"]}}`:   kill,
		`{"keys":{"kill":["x"],"undo":["Ctrl+h"]}}`:               kill,
		`{"keys":{"kill":["x"],"undo":["x"]}}`:                    {},
		`{"keys":{"kill":["q"]}}`:                                 {},
		`{"keys":{"kill":["x","x"]}}`:                             {},
		`{"keys":{"kill":["` + strings.Repeat("x", 1000) + `"]}}`: {},
		`{"note":"a\u001b[2J\nb\u200bc"}`:                         {Note: "a[2Jbc"},
		`{"note":"` + strings.Repeat("n", 1900) + `"}`:            {Note: strings.Repeat("n", mostNote-3) + "…"},
	} {
		if got := Decode(value); !reflect.DeepEqual(got, want) {
			t.Errorf("%.80q: %+v, not %+v", value, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"theme":"light","keys":{"kill":["x"]},"note":"n"}`)
	f.Fuzz(func(t *testing.T, value string) {
		s := Decode(value)
		if again := Decode(s.Encode()); !reflect.DeepEqual(again, s) {
			t.Errorf("%+v, then %+v", s, again)
		}
		if len(s.Note) > mostNote || len(s.Keys) > len(Defaults) {
			t.Errorf("too much: %+v", s)
		}
	})
}
