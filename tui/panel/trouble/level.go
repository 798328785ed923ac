package trouble

import (
	"strings"

	"charm.land/lipgloss/v2"

	"kubelab/tui/theme"
)

// level is how bad a line of a log is.
type level int

const (
	unmarked level = iota
	debug
	info
	warning
	failure
)

// levelOf reads it from what klog (I1124 12:12:04.591), zap ("level":"error") and logrus (level=error) write. Lines of several logs have
// the name of their component in front, so it is looked for in the beginning of the line, not only at its start.
func levelOf(line string) level {
	head := line[:min(len(line), 120)]
	for _, mark := range []string{`"level":"`, `level=`} {
		if _, after, ok := strings.Cut(head, mark); ok {
			return named(strings.Trim(after, `"`))
		}
	}
	for word := range strings.FieldsSeq(head) {
		if l := klogLevel(word); l != unmarked {
			return l
		}
	}
	return unmarked
}

func named(word string) level {
	for name, l := range map[string]level{"debug": debug, "trace": debug, "info": info, "warn": warning, "error": failure, "fatal": failure, "panic": failure, "dpanic": failure} {
		if len(word) >= len(name) && strings.EqualFold(word[:len(name)], name) {
			return l
		}
	}
	return unmarked
}

// klogLevel reads klog's header: a letter, and month and day in four digits.
func klogLevel(word string) level {
	if len(word) != 5 {
		return unmarked
	}
	for _, c := range []byte(word[1:]) {
		if c < '0' || c > '9' {
			return unmarked
		}
	}
	switch word[0] {
	case 'I':
		return info
	case 'W':
		return warning
	case 'E', 'F':
		return failure
	}
	return unmarked
}

// mark is a level as a letter and a colour.
func (l level) mark(t *theme.Theme) (string, lipgloss.Style) {
	switch l {
	case debug:
		return " ", t.Muted
	case warning:
		return "W", t.Warn
	case failure:
		return "E", t.Bad
	}
	return " ", t.Text
}
