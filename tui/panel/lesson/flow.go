package lesson

import (
	"regexp"
	"strings"
)

// block is a part of a Markdown text that is rendered by itself.
type block struct {
	text  string
	table bool
}

// blocks are the tables of a text, and what stands between them with a line for each paragraph.
func blocks(text string) (list []block) {
	var lines []string
	end := func(table bool) {
		if len(lines) > 0 {
			list = append(list, block{strings.Join(lines, "\n"), table})
			lines = nil
		}
	}
	all, fenced, inTable := strings.Split(text, "\n"), false, false
	for i, line := range all {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		begins := !fenced && !inTable && isRow(line) && i+1 < len(all) && isRule(all[i+1])
		switch {
		case begins:
			end(false)
			inTable = true
		case inTable && !isRow(line):
			end(true)
			inTable = false
		}
		if n := len(lines) - 1; !fenced && !inTable && n >= 0 && continues(lines[n], line) {
			lines[n] += " " + strings.TrimSpace(line)
			continue
		}
		lines = append(lines, line)
	}
	end(inTable)
	return list
}

// starts is how a line begins that continues no other.
var starts = regexp.MustCompile("^ *([-*+] |[0-9]+[.)] |#|>|\\||```|---|===)")

// continues reports whether a line goes on with the paragraph of the one before.
func continues(before, line string) bool {
	switch {
	case strings.TrimSpace(before) == "", strings.TrimSpace(line) == "", starts.MatchString(line):
		return false
	case strings.HasSuffix(before, "  "), strings.HasSuffix(before, "\\"): // a break that is wanted
		return false
	}
	trimmed := strings.TrimSpace(before)
	return !strings.HasPrefix(trimmed, "#") && !strings.HasPrefix(trimmed, "```") && !isRow(before)
}
