package widget

import (
	"fmt"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

func TestFit(t *testing.T) {
	red := lipgloss.NewStyle().Foreground(lipgloss.Color("#ff0000"))
	for _, text := range []string{"", "abc", "日本語", "日", "a\nb\tc", red.Render("red text"), "żółw", strings.Repeat("x", 500), "e\u0301e\u0301"} {
		for w := range 12 {
			for _, fit := range []func(string, int) string{Fit, FitLeft} {
				if got := ansi.StringWidth(fit(text, w)); got != w {
					t.Errorf("%q in %d cells is %d wide", text, w, got)
				}
			}
		}
	}
	if got := Fit("abcdef", 4); got != "abc…" {
		t.Errorf("cut to %q", got)
	}
	if got := FitLeft("7", 3); got != "  7" {
		t.Errorf("filled to %q", got)
	}
}

func TestBoxHasItsSize(t *testing.T) {
	plain := lipgloss.NewStyle()
	for w := range 30 {
		for h := range 10 {
			lines := strings.Split(Box("A title that is long", "note", "body\nof two lines", w, h, plain), "\n")
			if w == 0 || h == 0 {
				continue
			}
			if len(lines) != h {
				t.Fatalf("%d×%d has %d lines", w, h, len(lines))
			}
			for _, l := range lines {
				if ansi.StringWidth(l) != w {
					t.Fatalf("%d×%d has a line of %d: %q", w, h, ansi.StringWidth(l), l)
				}
			}
		}
	}
}

func TestTableKeepsItsSelection(t *testing.T) {
	rows := func(names ...string) (list []Row) {
		for _, n := range names {
			list = append(list, Row{ID: n, Cells: []string{n, "x"}})
		}
		return list
	}
	table := Table{Columns: []Column{{Title: "NAME", Wide: true}, {Title: "X"}}}
	if table.Selected() != "" {
		t.Error("something is selected in an empty table")
	}
	table.Set(rows("a", "b", "c", "d"))
	table.Move(2)
	table.Set(rows("0", "a", "c", "e"))
	if got := table.Selected(); got != "c" {
		t.Errorf("%s is selected, want c", got)
	}
	table.Set(rows("0", "a"))
	if got := table.Selected(); got != "a" {
		t.Errorf("%s is selected after c is gone, want the last", got)
	}
	table.Set(rows("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"))
	table.Key("end", 3)
	view := table.View(20, 4, Styles{})
	if !strings.Contains(view, "9") || strings.Contains(view, "5") || table.Selected() != "9" {
		t.Errorf("the end is not shown:\n%s", view)
	}
	if !table.Click(1) || table.Selected() != "7" || table.Click(0) || table.Click(9) {
		t.Errorf("clicks select %s", table.Selected())
	}
	for w := range 25 {
		for h := range 6 {
			if got := table.View(w, h, Styles{}); w > 0 && h > 0 && (strings.Count(got, "\n") != h-1 || ansi.StringWidth(strings.Split(got, "\n")[0]) != w) {
				t.Fatalf("%d×%d is\n%s", w, h, got)
			}
		}
	}
}

func TestSparkAndBar(t *testing.T) {
	plain := lipgloss.NewStyle()
	for in, want := range map[string]string{
		Spark([]float64{0, 1, 2, 4}, 6):   "  ▁▃▅█",
		Spark([]float64{9, 0, 0}, 2):      "▁▁",
		Spark(nil, 3):                     "   ",
		Bar(0.5, 4, plain, plain):         "██░░",
		Bar(2, 3, plain, plain):           "███",
		Bar(-1, 3, plain, plain):          "░░░",
		fmt.Sprint(len(Wrap("a b c", 3))): "2",
	} {
		if in != want {
			t.Errorf("got %q, want %q", in, want)
		}
	}
}
