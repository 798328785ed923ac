package main

import (
	"slices"
	"testing"

	"github.com/coredns/caddy"
)

// A plugin that is linked but has no place in the order is silently left out of every chain.
func TestEveryPluginHasItsPlace(t *testing.T) {
	linked := caddy.ListPlugins()["others"]
	for i, name := range linked {
		linked[i] = name[len("dns."):]
	}
	for _, name := range linked {
		if !slices.Contains(order, name) {
			t.Errorf("plugin %s is linked but not in the order", name)
		}
	}
	for _, name := range order {
		if !slices.Contains(linked, name) {
			t.Errorf("plugin %s is in the order but not linked", name)
		}
	}
}
