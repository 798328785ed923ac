package layout

import "testing"

// Every cell of the screen belongs to exactly one part, whatever its size.
func TestNothingOverlapsAndNothingIsLeft(t *testing.T) {
	for n, moved := range []int{-200, -10, 0, 10, 200, -10, 0, 10, 200} {
		wanted := n % 2 * (30 + 10*n)
		for w := 0; w <= 260; w += 13 {
			for h := 0; h <= 70; h += 7 {
				for _, zoomed := range []bool{false, true} {
					s := Divide(w, h, zoomed, moved, wanted)
					parts := append([]Rect{s.Header, s.Footer}, s.Panes...)
					cells := 0
					for _, p := range parts {
						if p.W < 0 || p.H < 0 || p.X < 0 || p.Y < 0 || p.X+p.W > w || p.Y+p.H > h {
							t.Fatalf("%d×%d, moved %d: %+v is outside", w, h, moved, p)
						}
						cells += p.W * p.H
					}
					if cells != w*h {
						t.Fatalf("%d×%d, zoomed %t, moved %d: the parts have %d cells: %+v", w, h, zoomed, moved, cells, s)
					}
				}
			}
		}
	}
}

func TestPanes(t *testing.T) {
	for _, tt := range []struct {
		w, panes int
		zoomed   bool
	}{{80, 1, false}, {109, 1, false}, {120, 2, false}, {200, 3, false}, {200, 1, true}} {
		if got := len(Divide(tt.w, 40, tt.zoomed, 0, 0).Panes); got != tt.panes {
			t.Errorf("%d cells, zoomed %t: %d panes, want %d", tt.w, tt.zoomed, got, tt.panes)
		}
	}
}

func TestWhatStandsBesideIsAsWideAsItWants(t *testing.T) {
	for wanted, want := range map[int]int{0: 38, 20: 38, 50: 50, 90: 60} {
		if got := Divide(120, 40, false, 0, wanted).Panes[1].W; got != want {
			t.Errorf("who wants %d gets %d, want %d", wanted, got, want)
		}
	}
}
