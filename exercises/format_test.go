package exercises

import (
	"os"
	"strings"
	"testing"
)

func TestFormatIsDocumented(t *testing.T) {
	text, err := os.ReadFile("format.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []string{"Exercise", "Shape", "Setup", "Scale", "Step", "Ask", "Choice", "Keep", "Check", "Remark"} {
		names := fieldNames(of)
		if len(names) == 0 {
			t.Errorf("%s has no fields", of)
		}
		for _, name := range names {
			if !strings.Contains(string(text), "`"+name+"`") {
				t.Errorf("format.md says nothing of %s (%s)", name, of)
			}
		}
	}
}
