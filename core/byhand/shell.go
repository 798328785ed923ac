package byhand

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"kubelab/core/plain"
)

// bare are words that mean themselves to every shell.
var bare = regexp.MustCompile(`^[A-Za-z0-9_./:=,@%+-]+$`)

// quote writes a word so that a POSIX shell takes it as it is. What a terminal would obey is written in octal, by printf.
func quote(word string) string {
	switch {
	case bare.MatchString(word):
		return word
	case !strings.ContainsFunc(word, func(r rune) bool { return plain.Unfit(r) || r == unicode.ReplacementChar }):
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	var b strings.Builder
	for _, c := range []byte(word) {
		fmt.Fprintf(&b, `\%03o`, c)
	}
	return `"$(printf '` + b.String() + `')"`
}

// dir is where files of the lab lie, as a word for a shell: the engine looks at the same variable.
func (l lab) dir(elem ...string) string {
	return `"${LAB_HOME:-/var/lib/lab}"/` + quote(strings.Join(append([]string{l.Name}, elem...), "/"))
}
