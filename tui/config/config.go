// Package config is the file in which a person says how the screen is to look and which keys do what. It reads and checks that file, and
// packs what it says into one variable, because the screen is drawn by the engine, which the file does not belong to. It knows names of
// keys, not what they do: that is the root's (package tui).
//
// The main type is Screen. Parse makes one of the text of a file, Load of the person's own file, Decode of a variable.
package config

import (
	"maps"
	"slices"

	"kubelab/tui/theme"
)

// Screen is what a person wants of the screen. The zero value wants nothing in particular.
type Screen struct {
	Theme theme.Name          `json:"theme,omitempty"`
	Keys  map[string][]string `json:"keys,omitempty"` // by name; names that are not there keep their Defaults
	// Note is a line for this person, for example what is wrong with the file.
	Note string `json:"note,omitempty"`
}

// Defaults are the names that keys can be given to, and the keys that they have otherwise. A name is never changed: it is in people's files.
var Defaults = map[string][]string{
	"kill": {"K"}, "restart": {"R"}, "stop": {"S"}, "start": {"T"}, "pause": {"P"}, "cut": {"X"}, "heal-all": {"H"}, "undo": {"u"},
	"cordon": {"C"}, "drain": {"D"},
	"logs": {"L", "l"}, "shell": {"s"}, "edit": {"E"}, "scale": {"#"}, "new": {"ctrl+n"}, "yaml": {"y"}, "story": {"d"}, "map": {"m"}, "stopwatch": {"t"}, "faults": {"f"}, "exercises": {"e"}, "pick": {"p"},
	"command": {":"}, "filter": {"/"}, "next-pane": {"tab"}, "previous-pane": {"shift+tab"}, "pin": {"|"}, "zoom": {"+"}, "colors": {"ctrl+t"},
	"back": {"esc"}, "explain": {"!"}, "help": {"?"}, "leave": {"q"},
	// Of recordings.
	"play": {"space"}, "rewind": {"<", ","}, "forward": {">", "."}, "slower": {"["}, "faster": {"]"},
}

// Names are the names in Defaults, in the order of the alphabet.
func Names() []string { return slices.Sorted(maps.Keys(Defaults)) }

// mostKeys is how many keys one name can have: more of them than anybody remembers.
const mostKeys = 4

// clashes calls found for every key that two names would have, or one name twice, if keys were set over the Defaults.
func clashes(keys map[string][]string, found func(key, one, other string)) {
	owner := map[string]string{}
	for _, name := range Names() {
		on, ok := keys[name]
		if !ok {
			on = Defaults[name]
		}
		for _, key := range on {
			if one, taken := owner[key]; taken {
				found(key, one, name)
				continue
			}
			owner[key] = name
		}
	}
}
