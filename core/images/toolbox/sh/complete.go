package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// completer completes the word before the cursor: the first of a line to a command, others to a file.
// Tab adds what all candidates share; more tabs go through them one by one.
type completer struct {
	dir func() string // where the shell is

	candidates []string // of the last tab
	next       int      // the one that another tab shows
	line       string   // the line as the last tab left it
	start      int      // where the completed word starts in it
}

// complete is term.Terminal's callback: it gets every key, and says ok when it changed the line.
func (c *completer) complete(line string, pos int, key rune) (string, int, bool) {
	if key != '\t' {
		return "", 0, false
	}
	before, after := line[:pos], line[pos:]
	if before == c.line && len(c.candidates) > 1 {
		before = before[:c.start] + c.candidates[c.next]
		c.next = (c.next + 1) % len(c.candidates)
		c.line = before
		return before + after, len(before), true
	}
	c.start = strings.LastIndexAny(before, " \t;|&(<>=") + 1
	word := before[c.start:]
	if strings.TrimSpace(before[:c.start]) == "" && !strings.Contains(word, "/") {
		c.candidates = commands(word)
	} else {
		c.candidates = c.files(word)
	}
	c.next = 0
	if len(c.candidates) == 0 {
		return line, pos, true // or the tab itself would end up in the line
	}
	before = before[:c.start] + common(c.candidates)
	if len(c.candidates) == 1 && !strings.HasSuffix(before, "/") {
		before += " "
	}
	c.line = before
	return before + after, len(before), true
}

// commands returns the programs in PATH that start with prefix.
func commands(prefix string) []string {
	var found []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		entries, _ := os.ReadDir(dir) // a directory of PATH need not exist
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), prefix) {
				found = append(found, e.Name())
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// files returns the files that start with prefix, directories with a slash at the end.
func (c *completer) files(prefix string) []string {
	parent, base := filepath.Split(prefix)
	dir := parent
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(c.dir(), dir)
	}
	entries, _ := os.ReadDir(dir) // nothing to offer from what cannot be read
	var found []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), base) || base == "" && strings.HasPrefix(e.Name(), ".") {
			continue
		}
		name := parent + e.Name()
		if info, err := os.Stat(filepath.Join(dir, e.Name())); err == nil && info.IsDir() {
			name += "/"
		}
		found = append(found, name)
	}
	return found
}

// common returns the longest prefix that all words share.
func common(words []string) string {
	prefix := words[0]
	for _, w := range words[1:] {
		for !strings.HasPrefix(w, prefix) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	return prefix
}
