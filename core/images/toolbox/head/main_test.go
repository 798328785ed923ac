package main

import (
	"slices"
	"testing"
)

func TestShortForm(t *testing.T) {
	got := withoutShortForm([]string{"-3", "file", "-n", "5", "-x1", "-"})
	if want := []string{"-n3", "file", "-n", "5", "-x1", "-"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
