package sshd

import (
	"errors"
	"strings"
)

// Words splits a command as a POSIX shell does: at blanks, with single quotes, double quotes and backslashes. Nothing is expanded, and
// no character means anything else.
func Words(command string) ([]string, error) {
	var all []string
	var word strings.Builder
	begun := false // a word can be empty: ''
	quote := byte(0)
	for i := 0; i < len(command); i++ {
		c := command[i]
		switch {
		case quote == '\'' && c != quote, quote == '"' && c != quote && c != '\\':
			word.WriteByte(c)
		case c == quote:
			quote = 0
		case c == '\\':
			i++
			switch {
			case i == len(command):
				return nil, errors.New("a backslash with nothing behind it")
			case command[i] == '\n': // goes on in the next line
				continue
			case quote == '"' && !strings.ContainsRune("$`\"\\", rune(command[i])):
				word.WriteByte('\\')
			}
			word.WriteByte(command[i])
			begun = true
		case c == '\'' || c == '"':
			quote, begun = c, true
		case c == ' ' || c == '\t' || c == '\n':
			if begun {
				all = append(all, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	if quote != 0 {
		return nil, errors.New("a quotation without an end")
	}
	if begun {
		all = append(all, word.String())
	}
	return all, nil
}
