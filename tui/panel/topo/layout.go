package topo

// Rect is a part of the panel, in cells.
type Rect struct{ X, Y, W, H int }

// Holds reports whether the cell is in the rectangle.
func (r Rect) Holds(x, y int) bool { return x >= r.X && x < r.X+r.W && y >= r.Y && y < r.Y+r.H }

// Form is how much of a machine is drawn.
type Form int

// The forms, from the most to the least.
const (
	Full  Form = iota // a box with a line for each component
	Small             // a box with a mark for each component
	Row               // a line
)

// Layout says where everything is. It follows from how many machines there are, and from the size, so that nothing jumps when pods come and go.
// A part that has no room has no height.
type Layout struct {
	W, H int

	Write    Rect // a line about the latest write
	Clients  Rect
	Balancer Rect
	Trunk    Rect // lines from the balancer to the masters
	Masters  []Rect
	Mesh     Rect // links among the masters
	Riser    int  // column of the line from the nodes to the balancer; -1 where there is none
	Bottom   Rect // pods that wait, what is stale, signs

	// Area shows the nodes, or in the form Row of the masters everything. Nodes, and then Masters and Balancer too, are placed from the upper left
	// corner of what scrolls in it, which is Content lines high.
	Area    Rect
	Content int
	Nodes   []Rect
	// Bus is how many lines there are above each row of nodes' boxes, for their links.
	Bus int

	MasterForm, NodeForm Form
	// Tall boxes say two lines about each component; Pods is how many lines a node's box has for its pods.
	Tall bool
	Pods int
}

// Sizes of boxes, in cells.
const (
	masterMin, boxMax  = 10, 42
	fullMin, smallMin  = 20, 14
	rowMin             = 38
	fullLines          = 5 // of a Full node without its pods
	masterLines        = 6
	tallMaster         = 4 // lines more
	tallNode           = 3
	manyPods, fewPods  = 12, 4
	leastRows          = 3 // of nodes, that must be seen at least
	bottomFrom         = 6 // lines
	clientsW, balanceW = 17, 18
)

// Arrange lays a lab out on w × h cells.
func Arrange(masters, nodes, w, h int) Layout {
	l := Layout{W: max(w, 0), H: max(h, 0), Riser: -1}
	if l.H >= bottomFrom {
		l.Bottom = Rect{0, l.H - 1, l.W, 1}
	}
	if !l.draw(masters, nodes) {
		l.list(masters, nodes)
	}
	return l
}

// draw lays boxes out, if there is room for them.
func (l *Layout) draw(masters, nodes int) bool {
	width := l.W - 2 // the riser is beside them
	mesh := min(max(masters-1, 0), 2)
	head := 2 + masterLines + mesh
	room := l.H - head - l.Bottom.H
	if masters < 1 || (width-(masters-1))/masters < masterMin || room < 0 {
		return false
	}
	columns, rows, fits := 0, 0, false
	for _, f := range []Form{Full, Small, Row} {
		l.NodeForm = f
		columns, rows, fits = grid(f, nodes, l.W, width, room-f.bus())
		if fits {
			break
		}
	}
	if nodes > 0 && !fits && room-1 < leastRows {
		return false
	}
	l.spend(rows, room, nodes)
	y := 0
	if l.Write.H > 0 {
		l.Write = Rect{0, 0, l.W, 1}
		y++
	}
	side := min(clientsW, max(0, (width-balanceW)/2-4))
	l.Clients = Rect{0, y, side, 1}
	l.Trunk.Y, l.Trunk.W = y+1, l.W
	y += 1 + l.Trunk.H
	tall := masterLines
	if l.Tall {
		tall += tallMaster
	}
	l.Masters = spread(masters, masters, width, y, tall, 4)
	// The balancer stands above the middle of the masters, to the cell: where there is one there, its line goes straight down.
	first, last := l.Masters[0], l.Masters[masters-1]
	l.Balancer = Rect{max(0, (first.X+last.X)/2+first.W/2-balanceW/2), l.Clients.Y, min(balanceW, width), 1}
	y += tall
	l.Mesh = Rect{0, y, width, mesh}
	y += mesh
	l.Area = Rect{0, y, l.W, max(0, l.H-l.Bottom.H-y)}
	if nodes == 0 {
		return true
	}
	l.Riser = l.W - 1
	if l.NodeForm == Row {
		l.Area.Y, l.Area.H, l.Bus = l.Area.Y+1, l.Area.H-1, 1
		l.rows(nodes, columns, 0)
		return true
	}
	l.Bus = 1
	l.Nodes = spread(nodes, columns, width, 1, l.boxLines(), 4)
	l.Content = rows * (l.boxLines() + l.Bus)
	return true
}

// bus is how many lines a form needs above the nodes as a whole; boxes have them above each row.
func (f Form) bus() int {
	if f == Row {
		return 1
	}
	return 0
}

// lines is how high the smallest box or line of a form is, with its link above it.
func (f Form) lines() int { return [...]int{1 + fullLines + 1, 1 + 4, 1}[f] }

// grid is how many columns and rows nodes take in a form, and whether they fit.
func grid(f Form, nodes, whole, width, room int) (columns, rows int, fits bool) {
	if nodes == 0 {
		return 0, 0, true
	}
	if f == Row {
		columns = rowColumns(nodes, whole, room)
		rows = (nodes + columns - 1) / columns
		return columns, rows, rows <= room
	}
	most := (width + 1) / ([...]int{fullMin, smallMin}[f] + 1)
	if most < 1 {
		return 1, nodes, false
	}
	rows = (nodes + most - 1) / most
	columns = (nodes + rows - 1) / rows // as many in each row
	return columns, rows, rows*f.lines() <= room
}

// rowColumns is into how many columns nodes go as lines: as few as are needed.
func rowColumns(nodes, w, room int) int {
	most := max(1, (w+2)/(rowMin+2))
	return min(most, max(1, (nodes+max(room, 1)-1)/max(room, 1)))
}

// spend gives away the lines that are left, what helps most first.
func (l *Layout) spend(rows, room, nodes int) {
	left := room - rows*l.NodeForm.lines() - l.NodeForm.bus()
	if l.NodeForm == Row && left < 0 {
		left = 0
	}
	take := func(n int, ok bool) bool {
		if !ok || left < n {
			return false
		}
		left -= n
		return true
	}
	l.Trunk.H, l.Pods = 1, 1
	if take(1, true) {
		l.Write.H = 1
	}
	if take(1, true) {
		l.Trunk.H = 2
	}
	if l.NodeForm == Full && nodes > 0 {
		for l.Pods < fewPods && take(rows, true) {
			l.Pods++
		}
		l.Tall = take(tallMaster+rows*tallNode, true)
		for l.Pods < manyPods && take(rows, true) {
			l.Pods++
		}
		return
	}
	if nodes == 0 {
		l.Tall = take(tallMaster, true)
	}
	for l.NodeForm == Small && l.Pods < fewPods && take(rows, true) {
		l.Pods++
	}
}

// boxLines is how high a node's box is.
func (l *Layout) boxLines() int {
	lines := l.NodeForm.lines() - 1 + l.Pods - 1
	if l.Tall && l.NodeForm == Full {
		lines += tallNode
	}
	return lines
}

// list lays everything out as lines, the masters too; all of it scrolls.
func (l *Layout) list(masters, nodes int) {
	l.NodeForm, l.MasterForm, l.Pods = Row, Row, 1
	l.Write, l.Clients, l.Trunk, l.Mesh, l.Tall, l.Bus = Rect{}, Rect{}, Rect{}, Rect{}, false, 0
	l.Balancer = Rect{0, 0, l.W, 1}
	l.Masters = nil
	for i := range masters {
		l.Masters = append(l.Masters, Rect{0, 1 + i, l.W, 1})
	}
	l.Area = Rect{0, 0, l.W, l.H - l.Bottom.H}
	top := 1 + masters
	l.rows(nodes, rowColumns(nodes, l.W, l.Area.H-top), top)
}

// rows places nodes as lines, from the line top on.
func (l *Layout) rows(nodes, columns, top int) {
	l.Nodes, l.Content = nil, top
	if nodes == 0 {
		return
	}
	const gap = 2
	w := (l.W - (columns-1)*gap) / columns
	for i := range nodes {
		l.Nodes = append(l.Nodes, Rect{i % columns * (w + gap), top + i/columns, w, 1})
	}
	l.Content = top + (nodes+columns-1)/columns
}

// spread places n boxes in columns, in the middle of a width; gaps grow up to most.
func spread(n, columns, width, y, h, most int) []Rect {
	w := min((width-(columns-1))/columns, boxMax)
	gap := 0
	if columns > 1 {
		gap = max(1, min(most, (width-columns*w)/(columns-1)))
		for gap < 2 && w > fullMin && columns*(w-1)+(columns-1)*(gap+1) <= width { // air is worth a cell
			w, gap = w-1, gap+1
		}
	}
	x := (width - columns*w - (columns-1)*gap) / 2
	var list []Rect
	for i := range n {
		list = append(list, Rect{x + i%columns*(w+gap), y + i/columns*(h+1), w, h})
	}
	return list
}

// clamp is an offset that shows no more than there is.
func (l Layout) clamp(offset int) int { return max(0, min(offset, l.Content-l.Area.H)) }

// follow is the offset next to the given one at which lines, of what scrolls, are seen.
func (l Layout) follow(offset int, lines Rect) int {
	if lines.H > 0 {
		offset = min(max(offset, lines.Y+lines.H-l.Area.H), lines.Y)
	}
	return l.clamp(offset)
}
