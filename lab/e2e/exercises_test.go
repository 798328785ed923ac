package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"kubelab/lab/exercise"
)

// TestExercises proves every built-in exercise, and two capstones, on one real lab: no check has passed before something is done, none by a
// wrong path, all by the solution; and going back to the start of a step works between them. All share the lab, so each also finds
// what the one before has left.
func TestExercises(t *testing.T) {
	bin := os.Getenv("LAB_BIN")
	if bin == "" || os.Geteuid() != 0 {
		t.Skip("needs root and LAB_BIN, the binary to try; run: sudo make test")
	}
	bin, err := filepath.Abs(bin)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("LAB_HOME", t.TempDir())
	t.Setenv("LAB_NAME", "e2e-exercises")
	lab := func(t *testing.T, args ...string) []byte {
		t.Helper()
		out, err := exec.Command(bin, args...).Output()
		if err != nil {
			t.Errorf("lab %q: %v, %s", args, err, out)
		}
		return out
	}
	lab(t, "start", "--detach", "--masters", "3", "--nodes", "3")
	defer lab(t, "delete")
	var list []exercise.Listed
	if err := json.Unmarshal(lab(t, "exercise", "list", "--json"), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 16 {
		t.Errorf("there are %d exercises, want 16", len(list))
	}
	var solved time.Duration
	for _, id := range append(ids(list), "capstone-1", "capstone-2") {
		t.Run(id, func(t *testing.T) {
			var proved []exercise.Proved
			if err := json.Unmarshal(lab(t, "exercise", "test", "--here", "--json", id), &proved); err != nil || len(proved) != 1 {
				t.Fatalf("%d exercises tried: %v", len(proved), err)
			}
			wrong := 0
			for _, step := range proved[0].Steps {
				t.Logf("%s: solved in %s, back in %s", step.Step, step.Solved, step.Reset)
				if step.Wrong {
					wrong++
				}
			}
			if wrong == 0 {
				t.Error("no wrong path was tried")
			}
			solved += proved[0].Solution
		})
	}
	t.Logf("all solutions: %s", solved)
}

func ids(list []exercise.Listed) (ids []string) {
	for _, e := range list {
		ids = append(ids, e.ID)
	}
	return ids
}
