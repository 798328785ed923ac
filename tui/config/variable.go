package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"kubelab/tui/theme"
)

const (
	mostVariable = 2000 // bytes; with its name it stays under the 2 KiB that lab/sshd takes
	mostNote     = 300  // bytes: more than a wide terminal's bottom line
)

// Encode is s as the value of a variable: one line of printable characters, at most 2000 bytes. It is empty if s wants nothing.
func (s Screen) Encode() string {
	s.Note = oneLine(s.Note)
	if s.Theme == "" && len(s.Keys) == 0 && s.Note == "" {
		return ""
	}
	value := s.pack()
	if len(value) > mostVariable { // none that Parse made
		return Screen{Note: "The keys that you want are too many to be told to the lab."}.pack()
	}
	return value
}

func (s Screen) pack() string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // "<" is a key
	if err := e.Encode(s); err != nil {
		panic(fmt.Sprintf("strings cannot be written as JSON: %v", err))
	}
	return strings.TrimSpace(b.String())
}

// Decode is what a variable says. It comes from somebody else's machine, perhaps from a newer lab, perhaps from somebody who means harm: what
// is not understood is left out, and what is left is as bounded and as free of contradictions as what Parse makes.
func Decode(value string) Screen {
	var s Screen
	if len(value) > mostVariable || json.Unmarshal([]byte(value), &s) != nil {
		return Screen{}
	}
	if !theme.Known(s.Theme) {
		s.Theme = ""
	}
	for name, keys := range s.Keys {
		if Defaults[name] == nil || !areKeys(keys) {
			delete(s.Keys, name)
		}
	}
	clashes(s.Keys, func(string, string, string) { s.Keys = nil })
	if len(s.Keys) == 0 {
		s.Keys = nil
	}
	s.Note = oneLine(s.Note)
	return s
}

func areKeys(keys []string) bool {
	for _, key := range keys {
		if c, err := canonical(key); err != nil || c != key {
			return false
		}
	}
	return len(keys) > 0 && len(keys) <= mostKeys
}

// oneLine removes what cannot be printed, and what is too long for a note.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != utf8.RuneError {
			return r
		}
		return -1
	}, s)
	if len(s) <= mostNote {
		return s
	}
	end := mostNote - len("…")
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
