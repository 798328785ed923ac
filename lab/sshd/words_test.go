package sshd

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The shell of this machine says what is right.
func TestWordsAreThoseOfAShell(t *testing.T) {
	for _, command := range []string{
		"", "  ", "status", "kill  pod/demo/web\tnow", `status 'x'`, `a "b"`, `a ''`, `"" b`, `a"b c"'d e'\ f`, `a 'b\c' "d\e" "f\"g\\h\$i\` + "`" + `"`,
		"a\\\nb", "\"a\\\nb\"", "'a\\\nb'", `a\'b`, `"it's" 'say "no"'`, `get -o jsonpath='{range .items[*]}{.name}{"\n"}{end}'`, "naïve 'café au lait'", `\\ \"`,
	} {
		got, err := Words(command)
		if err != nil {
			t.Errorf("%s: %v", command, err)
		}
		shell, err := exec.Command("sh", "-c", `for w in `+command+`; do printf '%s\0' "$w"; done`).Output()
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		want := strings.Split(string(shell), "\x00")
		if want = want[:len(want)-1]; !slices.Equal(got, want) {
			t.Errorf("%s: %q, not %q", command, got, want)
		}
	}
	for _, command := range []string{`a 'b`, `a "b`, `a "b\"`, `a\`} {
		if got, err := Words(command); err == nil {
			t.Errorf("%s: %q", command, got)
		}
	}
}
