package topo

import (
	"cmp"
	"slices"
)

// kind is what sort of thing an item belongs to.
type kind int

const (
	ofBalancer kind = iota
	ofMaster
	ofNode
	ofNone // pods that have no node yet
)

// balancer is the id of the load balancer, which is no target.
const balancer = "balancer"

// item is something that can be selected.
type item struct {
	id    string // its target
	owner string // machine, or what else it is drawn in
	kind  kind
	rect  Rect // on the panel as if all of it were seen
	band  int  // what stands side by side is in the same band; bands are ordered downwards

	scrolls bool
	lines   Rect // of its owner, in what scrolls
}

func (it item) centre() int { return it.rect.X + it.rect.W/2 }

// hit reports whether the cell shows the item, when what scrolls is off lines down.
func (it item) hit(l Layout, off, x, y int) bool {
	if !it.scrolls {
		return it.rect.Holds(x, y)
	}
	return l.Area.Holds(x, y) && it.rect.Holds(x, y+off)
}

// gap is how far a column is from a rectangle.
func gap(r Rect, x int) int { return max(r.X-x, x-(r.X+r.W-1), 0) }

// far is how far apart two items are. Lines count more than columns, as cells are higher than wide, and other boxes more than the same.
func far(a, b item) int {
	line := 3
	if a.owner != b.owner {
		line = 6
	}
	return gap(a.rect, b.centre()) + line*distance(a.rect.Y, b.rect.Y)
}

// vertically is the item above (-1) or below (1): in the same box, or else in the next band the box nearest to the column. If there is none
// it is the item itself.
func vertically(items []item, at item, column, dir int) item {
	var best item
	better := func(it item) bool {
		if best.id == "" {
			return true
		}
		return cmp.Or(cmp.Compare(dir*it.rect.Y, dir*best.rect.Y), cmp.Compare(gap(it.rect, column), gap(best.rect, column))) < 0
	}
	for _, it := range items {
		if it.owner == at.owner && dir*(it.rect.Y-at.rect.Y) > 0 && better(it) {
			best = it
		}
	}
	if best.id != "" {
		return best
	}
	return bandwise(items, at, column, dir)
}

// bandwise is the item to which one comes in the next band.
func bandwise(items []item, at item, column, dir int) item {
	band, found := 0, false
	for _, it := range items {
		if dir*(it.band-at.band) > 0 && (!found || dir*it.band < dir*band) {
			band, found = it.band, true
		}
	}
	if !found {
		return at
	}
	// The box first: what is nearest in another box may be no part of the one below.
	of := boxes(items, band)
	box := slices.MinFunc(of, func(a, b box) int { return cmp.Compare(gap(a.rect, column), gap(b.rect, column)) })
	return slices.MinFunc(box.items, func(a, b item) int {
		return cmp.Or(cmp.Compare(dir*a.rect.Y, dir*b.rect.Y), cmp.Compare(gap(a.rect, column), gap(b.rect, column)))
	})
}

// sideways is the item to the left (-1) or right (1): in the same line of the same box, or else in the next box the one whose line is nearest.
func sideways(items []item, at item, dir int) item {
	best := item{}
	for _, it := range items {
		if it.owner == at.owner && it.rect.Y == at.rect.Y && dir*(it.rect.X-at.rect.X) > 0 && (best.id == "" || dir*it.rect.X < dir*best.rect.X) {
			best = it
		}
	}
	if best.id != "" {
		return best
	}
	of := boxes(items, at.band)
	i := slices.IndexFunc(of, func(b box) bool { return b.owner == at.owner }) + dir
	if i < 0 || i >= len(of) {
		return at
	}
	return slices.MinFunc(of[i].items, func(a, b item) int {
		return cmp.Or(cmp.Compare(distance(a.rect.Y, at.rect.Y), distance(b.rect.Y, at.rect.Y)),
			cmp.Compare(gap(a.rect, at.centre()), gap(b.rect, at.centre())))
	})
}

// box is what belongs to one owner.
type box struct {
	owner string
	rect  Rect // around all of it
	items []item
}

// boxes are those of a band, from the left to the right.
func boxes(items []item, band int) []box {
	var list []box
	for _, it := range items {
		if it.band != band {
			continue
		}
		i := slices.IndexFunc(list, func(b box) bool { return b.owner == it.owner })
		if i < 0 {
			i = len(list)
			list = append(list, box{owner: it.owner, rect: it.rect})
		}
		list[i].rect = union(list[i].rect, it.rect)
		list[i].items = append(list[i].items, it)
	}
	slices.SortStableFunc(list, func(a, b box) int { return cmp.Compare(a.rect.X, b.rect.X) })
	return list
}

func distance(a, b int) int { return max(a-b, b-a) }

func union(a, b Rect) Rect {
	x, y := min(a.X, b.X), min(a.Y, b.Y)
	return Rect{x, y, max(a.X+a.W, b.X+b.W) - x, max(a.Y+a.H, b.Y+b.H) - y}
}
