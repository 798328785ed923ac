package solution

import (
	"slices"
	"testing"
)

func TestSplit(t *testing.T) {
	for line, want := range map[string][]string{
		"":                                  nil,
		"  lab \t status ":                  {"lab", "status"},
		"lab kubectl '--token=a b' get":     {"lab", "kubectl", "--token=a b", "get"},
		"until 'a == ''b'''":                {"until", "a == 'b'"},
		`answer pid {{ pod("a b").pid }}x`:  {"answer", "pid", `{{ pod("a b").pid }}x`},
		`lab kill container/{{ a['b'] }}/c`: {"lab", "kill", `container/{{ a['b'] }}/c`},
		"lab status # why":                  {"lab", "status"},
		"lab a#b ''":                        {"lab", "a#b", ""},
	} {
		if got, err := split(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; want %q", line, got, err, want)
		}
	}
	for _, line := range []string{"lab 'status", "lab {{ leader()"} {
		if got, err := split(line); err == nil {
			t.Errorf("%q: %q", line, got)
		}
	}
}
