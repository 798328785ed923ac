package capstone_test

import (
	"reflect"
	"testing"

	"kubelab/exercises/capstone"
	"kubelab/exercises/check"
)

func TestSeeds(t *testing.T) {
	env, err := check.Language()
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[string]bool{}
	for seed := range uint64(200) {
		e, err := capstone.New(env, seed)
		if err != nil {
			t.Fatal(err)
		}
		if e.ID != capstone.ID(seed) || len(e.Steps) != 3 {
			t.Fatalf("seed %d: %s, %d steps", seed, e.ID, len(e.Steps))
		}
		if n := len(e.Setup.Stop) + len(e.Setup.Deeds); n != 2 {
			t.Errorf("seed %d breaks %d things: %q %q", seed, n, e.Setup.Stop, e.Setup.Do)
		}
		again, err := capstone.New(env, seed)
		if err != nil || !reflect.DeepEqual(again.Setup.Stop, e.Setup.Stop) || !reflect.DeepEqual(again.Setup.Do, e.Setup.Do) ||
			!reflect.DeepEqual(again.Steps[1].Ask, e.Steps[1].Ask) {
			t.Errorf("seed %d is another exercise the second time: %v", seed, err)
		}
		for _, what := range append(e.Setup.Stop, e.Setup.Do...) {
			drawn[what] = true
		}
	}
	if len(drawn) < 15 { // 2 that are everywhere, and 5 kinds on 3 machines each
		t.Errorf("of 200 seeds only %d things break: %v", len(drawn), drawn)
	}
}

func TestIs(t *testing.T) {
	for id, want := range map[string]bool{"capstone-7": true, "capstone": true, "capstone-x": false, "capstone-": false, "kubelet-off": false, "capstone--1": false} {
		seed, ok := capstone.Is(id)
		if ok != want || id == "capstone-7" && seed != 7 {
			t.Errorf("%s: %d, %v", id, seed, ok)
		}
	}
}
