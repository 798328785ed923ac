package trouble

// scroll is a position in a list of which only what is shown is drawn. The zero scroll stands at the beginning.
type scroll struct {
	index  int // of the selected row
	offset int // the first row that is shown
	shown  int // rows that were shown last, for paging
}

// window are the rows to draw of n in h lines: from and to, with the selected one among them.
func (c *scroll) window(n, h int) (from, to int) {
	h = max(h, 0)
	c.shown = h
	c.index = max(0, min(c.index, n-1))
	c.offset = min(max(c.offset, c.index-h+1), c.index)
	c.offset = max(0, min(c.offset, n-h))
	return c.offset, min(c.offset+h, n)
}

// key moves the selection among n rows if the key is one that does.
func (c *scroll) key(key string, n int) bool {
	page := max(c.shown-1, 1)
	switch key {
	case "up", "k":
		c.index--
	case "down", "j":
		c.index++
	case "pgup", "ctrl+b":
		c.index -= page
	case "pgdown", "ctrl+f":
		c.index += page
	case "home", "g":
		c.index = 0
	case "end", "G":
		c.index = n - 1
	default:
		return false
	}
	c.index = max(0, min(c.index, n-1))
	return true
}

// click selects the row that is shown in line y of the list. It reports whether there is one.
func (c *scroll) click(y, n int) bool {
	if i := c.offset + y; y >= 0 && y < c.shown && i < n {
		c.index = i
		return true
	}
	return false
}

// wheel moves the selection.
func (c *scroll) wheel(lines, n int) { c.index = max(0, min(c.index+lines, n-1)) }
