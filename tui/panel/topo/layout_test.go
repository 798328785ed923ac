package topo

import (
	"fmt"
	"strings"
	"testing"

	"kubelab/tui/screentest"
)

// picture draws rectangles: each is filled with a letter of its own.
func picture(l Layout) string {
	c := newCanvas(l.W, l.H)
	fill := func(r Rect, s string) {
		for y := r.Y; y < r.Y+r.H; y++ {
			c.put(r.X, y, r.W, strings.Repeat(s, max(r.W, 0)), plain)
		}
	}
	fill(l.Area, ".")
	fill(l.Write, "w")
	fill(l.Trunk, "t")
	fill(l.Mesh, "=")
	fill(l.Bottom, "_")
	at := Rect{}
	if l.MasterForm == Row {
		at = l.Area
	}
	shift := func(r Rect, by Rect) Rect { r.X, r.Y = r.X+by.X, r.Y+by.Y; return r }
	c.clip = Rect{0, 0, l.W, l.H - l.Bottom.H}
	fill(l.Clients, "c")
	fill(shift(l.Balancer, at), "B")
	for i, r := range l.Masters {
		fill(shift(r, at), string(rune('1'+i%9)))
	}
	for i, r := range l.Nodes {
		fill(shift(r, l.Area), string(rune('a'+i%26)))
	}
	var b strings.Builder
	for y := range l.H {
		for _, at := range c.cells[y*l.W : (y+1)*l.W] {
			b.WriteString(at.text)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestLayout(t *testing.T) {
	var b strings.Builder
	for _, c := range []struct{ masters, nodes, w, h int }{
		{3, 3, 78, 20}, {3, 3, 118, 36}, {1, 1, 78, 20}, {5, 12, 100, 56}, {7, 50, 78, 20}, {2, 5, 78, 20}, {3, 3, 78, 10}, {3, 8, 20, 9},
	} {
		l := Arrange(c.masters, c.nodes, c.w, c.h)
		fmt.Fprintf(&b, "%d masters and %d nodes on %d x %d: nodes in form %d, %d of %d lines seen, tall %t\n%s\n", c.masters, c.nodes, c.w, c.h,
			l.NodeForm, min(l.Area.H, l.Content), l.Content, l.Tall, picture(l))
	}
	screentest.Golden(t, "layout.txt", screentest.Trim(b.String()))
}

// Whatever the size and however many machines: nothing overlaps, nothing is outside, and all that there is has a place.
func TestNothingOverlaps(t *testing.T) {
	for masters := 0; masters <= 7; masters++ {
		for _, nodes := range []int{0, 1, 2, 3, 5, 8, 13, 21, 34, 50} {
			for w := 0; w <= 200; w += 1 + w/5 {
				for h := 0; h <= 70; h += 1 + h/7 {
					l := Arrange(masters, nodes, w, h)
					if len(l.Masters) != masters || len(l.Nodes) != nodes {
						t.Fatalf("%d+%d on %d×%d: %d masters and %d nodes have a place", masters, nodes, w, h, len(l.Masters), len(l.Nodes))
					}
					if err := overlap(l); err != nil {
						t.Fatalf("%d+%d on %d×%d: %v\n%+v", masters, nodes, w, h, err, l)
					}
				}
			}
		}
	}
}

func overlap(l Layout) error {
	used := make([]bool, l.W*l.H)
	take := func(what string, r Rect) error {
		for y := r.Y; y < r.Y+r.H; y++ {
			for x := r.X; x < r.X+r.W; x++ {
				if x < 0 || y < 0 || x >= l.W || y >= l.H {
					return fmt.Errorf("%s is outside at %d,%d", what, x, y)
				}
				if used[y*l.W+x] {
					return fmt.Errorf("%s overlaps at %d,%d", what, x, y)
				}
				used[y*l.W+x] = true
			}
		}
		return nil
	}
	parts := []Rect{l.Write, l.Trunk, l.Mesh, l.Bottom, l.Area}
	if l.MasterForm != Row {
		parts = append(append(parts, l.Clients, l.Balancer), l.Masters...)
	}
	for i, r := range parts {
		if err := take(fmt.Sprintf("part %d", i), r); err != nil {
			return err
		}
	}
	inner := make([]bool, l.W*l.Content)
	for i, r := range l.Nodes {
		if r.Y < 0 || r.Y+r.H > l.Content || r.X < 0 || r.W < 0 || r.X+r.W > l.W {
			return fmt.Errorf("node %d is outside of what scrolls", i)
		}
		for y := r.Y; y < r.Y+r.H; y++ {
			for x := r.X; x < r.X+r.W; x++ {
				if inner[y*l.W+x] {
					return fmt.Errorf("node %d overlaps", i)
				}
				inner[y*l.W+x] = true
			}
		}
	}
	return nil
}
