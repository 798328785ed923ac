package main

import (
	"strings"
	"testing"
	"time"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func after(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

func TestLinesEvery20Seconds(t *testing.T) {
	var out strings.Builder
	m := newMeter("lab", &out, false, start)
	m.line("go: downloading k8s.io/api v0.37.2")
	for second := 1; second <= 40; second++ {
		m.line("k8s.io/api/core/v1")
		if second == 30 {
			m.of = 2000
		}
		m.tick(after(second))
	}
	m.clear()
	want := "  lab: 20s, 1 modules downloaded, 20 packages compiled\n" +
		"  lab: 40s, 1 modules downloaded, 40 packages compiled of at most 2000\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
}

func TestOneLineOnATerminal(t *testing.T) {
	var out strings.Builder
	m := newMeter("lab", &out, true, start)
	m.tick(after(2))
	if out.Len() > 0 {
		t.Errorf("said %q about a build of two seconds", &out)
	}
	m.tick(after(3))
	m.line("# kubelab/lab")
	m.line("lab/main.go:3:1: syntax error")
	m.clear()
	want := "\r\x1b[K  lab: 3s, 0 packages compiled\r\x1b[K# kubelab/lab\nlab/main.go:3:1: syntax error\n"
	if out.String() != want {
		t.Errorf("got %q\nwant %q", &out, want)
	}
}
