package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for stat, want := range map[string]process{
		"7 (sleep) S 1 7 7 0":   {state: "S", parent: "1", command: "[sleep]"},
		"8 (a (b) c) Z 7 8 8 0": {state: "Z", parent: "7", command: "[a (b) c]"},
		"9 (x) R 1":             {state: "R", parent: "1", command: "[x]"},
	} {
		if got, ok := parse(stat); !ok || got != want {
			t.Errorf("%q: %+v, %v", stat, got, ok)
		}
	}
	for _, stat := range []string{"", "7 sleep S 1", ")(", "7 (x) S"} {
		if _, ok := parse(stat); ok {
			t.Errorf("%q was accepted", stat)
		}
	}
}

func TestThisProcessIsThere(t *testing.T) {
	all, err := read("/proc")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(p process) bool { return p.pid == os.Getpid() })
	if i < 0 || !strings.Contains(all[i].command, os.Args[0]) || all[i].user == "" {
		t.Errorf("this process is %d in %+v", i, all)
	}
}
