package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// modifiers in the order in which Bubble Tea names them (ultraviolet, key.go, Keystroke).
var modifiers = []string{"ctrl", "alt", "shift"}

// named are the keys that have a name, because they make no sign.
var named = []string{
	"enter", "tab", "backspace", "esc", "space", "up", "down", "left", "right", "insert", "delete", "pgup", "pgdown", "home", "end",
	"f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12",
}

// taken are keys that would never do what a file says.
var taken = map[string]string{
	"ctrl+c": "always leaves",
	"enter":  "goes into what is selected",
	"up":     "moves", "down": "moves", "left": "moves", "right": "moves", "j": "moves", "k": "moves",
	// These three are older than keyboards that could tell them apart.
	"ctrl+i": "is tab to a terminal", "ctrl+m": "is enter to a terminal", "ctrl+[": "is esc to a terminal",
}

// canonical is a key as Bubble Tea names it, of one as a person writes it: "ctrl+h" of "Ctrl+h", "alt+shift+f1" of "shift+alt+F1".
func canonical(word string) (string, error) {
	var with [3]bool // modifiers
	rest := word
	for {
		i := strings.IndexByte(rest, '+')
		if i <= 0 || i == len(rest)-1 { // the key itself
			break
		}
		m := slices.Index(modifiers, strings.ToLower(rest[:i]))
		if m < 0 {
			return "", fmt.Errorf("%s is no key; only ctrl+, alt+ and shift+ can stand in front of one", quote(word))
		}
		with[m], rest = true, rest[i+1:]
	}
	ctrl, alt, shift := with[0], with[1], with[2]
	r, size := utf8.DecodeRuneInString(rest)
	switch sign := size == len(rest); {
	case !sign:
		rest = strings.ToLower(rest)
		if !slices.Contains(named, rest) {
			return "", fmt.Errorf("%s is no key; write the sign that it makes, or its name: the nearest is %s", quote(word), nearest(rest, named))
		}
	case !isSign(r):
		return "", fmt.Errorf("%s is no key; write the sign that it makes", quote(word))
	case shift && !ctrl && !alt:
		return "", fmt.Errorf("%s is no key of its own; write the sign that it makes, for example K", quote(word))
	case (ctrl || alt) && unicode.IsUpper(r):
		return "", fmt.Errorf("%s is no key; write the letter small, with shift+ in front of it if that is meant", quote(word))
	}
	key := rest
	for i := len(modifiers) - 1; i >= 0; i-- {
		if with[i] {
			key = modifiers[i] + "+" + key
		}
	}
	if why := taken[key]; why != "" {
		return "", fmt.Errorf("%s cannot be given away, it %s; use another key", key, why)
	}
	if len(key) == 1 && key[0] >= '0' && key[0] <= '9' {
		return "", fmt.Errorf("%s cannot be given away, digits lead to screens; use another key", key)
	}
	return key, nil
}

// isSign reports whether a key can make r, and r can be shown.
func isSign(r rune) bool {
	return unicode.IsPrint(r) && !unicode.IsSpace(r) && !unicode.IsMark(r) && r != utf8.RuneError
}

// quote shows what was written, which may be long or no text at all.
func quote(s string) string {
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// nearest is the one of names that word most probably was meant to be; the first of those that are equally near.
func nearest(word string, names []string) string {
	return slices.MinFunc(names, func(a, b string) int { return distance(word, a) - distance(word, b) })
}

// distance is how many letters must be added, removed or changed to make b of a (Levenshtein).
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i := range from {
		corner := row[0]
		row[0] = i + 1
		for j := range to {
			cost := 1
			if from[i] == to[j] {
				cost = 0
			}
			corner, row[j+1] = row[j+1], min(corner+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}
