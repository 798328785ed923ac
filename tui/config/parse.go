package config

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"kubelab/tui/theme"
)

const (
	mostFile = 64 << 10 // bytes of a file
	mostLine = 500      // bytes of a line
)

// Mistake is something in a file that cannot be followed.
type Mistake struct {
	File string
	Line int    // from 1; 0 is the whole file
	Text string // what is wrong, and what to do
}

func (m Mistake) Error() string {
	if m.Line == 0 {
		return m.File + ": " + m.Text
	}
	return fmt.Sprintf("%s:%d: %s", m.File, m.Line, m.Text)
}

// Mistakes are all those of one file, by line.
type Mistakes []Mistake

// note is the first of them, with how many more there are.
func (ms Mistakes) note() string {
	switch more := len(ms) - 1; more {
	case -1:
		return ""
	case 0:
		return oneLine(ms[0].Error())
	case 1:
		return oneLine(ms[0].Error() + " (and 1 more mistake)")
	default:
		return oneLine(fmt.Sprintf("%s (and %d more mistakes)", ms[0].Error(), more))
	}
}

// Parse reads the text of a file, which is called name in Mistakes. A file with mistakes says nothing else.
func Parse(name string, text []byte) (Screen, Mistakes) {
	p := parser{file: name, keyLine: map[string]int{}}
	if len(text) > mostFile {
		p.wrong(0, "the file is larger than %d KiB; is it the right one?", mostFile>>10)
		return Screen{}, p.mistakes
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // of editors that mark UTF-8
	n := 0
	for line := range bytes.Lines(text) {
		n++
		p.line(n, bytes.TrimSpace(line))
	}
	p.together()
	if p.mistakes != nil {
		slices.SortStableFunc(p.mistakes, func(a, b Mistake) int { return cmp.Compare(a.Line, b.Line) })
		return Screen{}, p.mistakes
	}
	return p.screen, nil
}

// parser is a file that is being read.
type parser struct {
	file      string
	screen    Screen
	themeLine int
	keyLine   map[string]int // by name
	mistakes  Mistakes
}

func (p *parser) wrong(line int, format string, args ...any) {
	p.mistakes = append(p.mistakes, Mistake{p.file, line, fmt.Sprintf(format, args...)})
}

// line takes one line: a comment, theme = NAME, or key NAME = KEY….
func (p *parser) line(n int, line []byte) {
	switch {
	case len(line) > mostLine:
		p.wrong(n, "the line is %d bytes long; no setting needs more than %d", len(line), mostLine)
		return
	case !utf8.Valid(line):
		p.wrong(n, "the line is not UTF-8; save the file in that encoding")
		return
	case len(line) == 0 || line[0] == '#':
		return
	}
	setting, value, ok := strings.Cut(string(line), "=")
	words := strings.Fields(setting)
	switch {
	case len(words) == 1 && words[0] != "theme" && theme.Known(theme.Name(strings.TrimSpace(value))):
		p.wrong(n, "colours are set so: theme = %s", strings.TrimSpace(value))
	case len(words) > 0 && Defaults[words[0]] != nil:
		p.wrong(n, "a key is set so: key %s = %s", words[0], strings.Join(Defaults[words[0]], " "))
	case len(words) > 0 && words[0] != "theme" && words[0] != "key":
		p.wrong(n, "there is no setting %s; the nearest is %s", quote(words[0]), nearest(words[0], []string{"theme", "key"}))
	case len(words) == 1 && words[0] == "theme" && ok:
		p.theme(n, strings.TrimSpace(value))
	case len(words) == 2 && words[0] == "key" && ok:
		p.key(n, words[1], strings.Fields(value))
	case len(words) > 0 && words[0] == "theme":
		p.wrong(n, "this is no setting; write it so: theme = light")
	default:
		p.wrong(n, "this is no setting; write it so: key kill = K")
	}
}

// aside explains a mistake that comes of a comment after a setting.
func aside(words []string) string {
	if i := slices.IndexFunc(words, func(w string) bool { return w[0] == '#' }); i > 0 {
		return "; comments stand on lines of their own"
	}
	return ""
}

func (p *parser) theme(n int, value string) {
	switch {
	case p.themeLine != 0:
		p.wrong(n, "theme is set in line %d already; remove one of the two", p.themeLine)
		return
	case !theme.Known(theme.Name(value)):
		p.wrong(n, "there is no theme %s; use one of %v%s", quote(value), theme.Names, aside(strings.Fields(value)))
	}
	p.themeLine, p.screen.Theme = n, theme.Name(value)
}

func (p *parser) key(n int, name string, words []string) {
	switch before := p.keyLine[name]; {
	case Defaults[name] == nil:
		p.wrong(n, "there is no key called %s; the nearest is %s", quote(name), nearest(name, Names()))
		return
	case before != 0:
		p.wrong(n, "the keys of %s are set in line %d already; remove one of the two", name, before)
		return
	}
	p.keyLine[name] = n
	if p.screen.Keys == nil {
		p.screen.Keys = map[string][]string{}
	}
	p.screen.Keys[name] = nil // so that a mistake does not bring the Defaults back, which others may have been given
	var keys []string
	for _, word := range words {
		key, err := canonical(word)
		if err != nil {
			p.wrong(n, "%s%s", err, aside(words))
			return
		}
		keys = append(keys, key)
	}
	switch {
	case len(keys) == 0:
		p.wrong(n, "%s is given no key; name one, or remove the line for %s", name, strings.Join(Defaults[name], " "))
		return
	case len(keys) > mostKeys:
		p.wrong(n, "%s is given %d keys; give it %d at most%s", name, len(keys), mostKeys, aside(words))
		return
	}
	p.screen.Keys[name] = keys
}

// together checks what only all lines show.
func (p *parser) together() {
	clashes(p.screen.Keys, func(key, one, other string) {
		a, b := p.keyLine[one], p.keyLine[other]
		switch {
		case one == other:
			p.wrong(a, "%s is given to %s twice; once is enough", key, one)
		case a == 0:
			p.wrong(b, "%s is bound twice: it is the key of %s; give that another one: key %s = …", key, one, one)
		case b == 0:
			p.wrong(a, "%s is bound twice: it is the key of %s; give that another one: key %s = …", key, other, other)
		case a < b:
			p.wrong(b, "%s is bound twice: to %s here, to %s in line %d; leave it to one of them", key, other, one, a)
		default:
			p.wrong(a, "%s is bound twice: to %s here, to %s in line %d; leave it to one of them", key, one, other, b)
		}
	})
	if p.mistakes == nil && len(p.screen.pack()) > mostVariable {
		p.wrong(0, "the file sets more keys than the screen can be told; leave out some")
	}
}
