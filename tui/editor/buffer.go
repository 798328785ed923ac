package editor

import (
	"slices"
	"strings"
	"unicode"
)

// step is a step of indentation.
const step = "  "

// buffer is lines of text with a cursor. There is at least one line.
type buffer struct {
	lines    [][]rune
	row, col int
	want     int // column that going up and down comes back to, where lines are long enough
	size     int // bytes of text
}

func newBuffer(text string) buffer {
	b := buffer{size: len(text)}
	for line := range strings.SplitSeq(text, "\n") {
		b.lines = append(b.lines, []rune(line))
	}
	return b
}

func (b *buffer) String() string {
	var s strings.Builder
	s.Grow(b.size)
	for i, line := range b.lines {
		if i > 0 {
			s.WriteByte('\n')
		}
		for _, r := range line {
			s.WriteRune(r)
		}
	}
	return s.String()
}

func (b *buffer) line() []rune { return b.lines[b.row] }

func (b *buffer) to(row, col int) {
	b.row = min(max(row, 0), len(b.lines)-1)
	b.col = min(max(col, 0), len(b.line()))
	b.want = b.col
}

func (b *buffer) vertical(by int) {
	want := b.want
	b.to(b.row+by, want)
	b.want = want
}

func (b *buffer) horizontal(by int) {
	switch {
	case by < 0 && b.col == 0 && b.row > 0:
		b.to(b.row-1, len(b.lines[b.row-1]))
	case by > 0 && b.col == len(b.line()) && b.row < len(b.lines)-1:
		b.to(b.row+1, 0)
	default:
		b.to(b.row, b.col+by)
	}
}

// word goes to the end of a word, or to the beginning of one.
func (b *buffer) word(by int) {
	at := func() (rune, bool) {
		i := b.col
		if by < 0 {
			i--
		}
		if i < 0 || i >= len(b.line()) {
			return 0, false
		}
		return b.line()[i], true
	}
	if _, ok := at(); !ok {
		b.horizontal(by)
		return
	}
	for _, inside := range []bool{false, true} {
		for r, ok := at(); ok && isWord(r) == inside; r, ok = at() {
			b.col += by
		}
	}
	b.want = b.col
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }

// insert puts text where the cursor is, which then stands behind it.
func (b *buffer) insert(text string) {
	b.size += len(text)
	parts := strings.Split(text, "\n")
	rest := slices.Clone(b.line()[b.col:])
	b.lines[b.row] = append(b.line()[:b.col], []rune(parts[0])...)
	var more [][]rune
	for _, p := range parts[1:] {
		more = append(more, []rune(p))
	}
	b.lines = slices.Insert(b.lines, b.row+1, more...)
	b.to(b.row+len(more), len(b.lines[b.row+len(more)]))
	b.lines[b.row] = append(b.line(), rest...)
}

// cut takes a part of the line out.
func (b *buffer) cut(from, to int) {
	b.size -= len(string(b.line()[from:to]))
	b.lines[b.row] = slices.Delete(b.line(), from, to)
	b.to(b.row, from)
}

// join puts the next line at the end of this one.
func (b *buffer) join() {
	if b.row == len(b.lines)-1 {
		return
	}
	b.size--
	b.lines[b.row] = append(b.line(), b.lines[b.row+1]...)
	b.lines = slices.Delete(b.lines, b.row+1, b.row+2)
}

func (b *buffer) backspace() {
	switch {
	case b.col > 0 && b.col == len(b.indentation()): // a step at a time
		b.cut((b.col-1)/len(step)*len(step), b.col)
	case b.col > 0:
		b.cut(b.col-1, b.col)
	case b.row > 0:
		b.horizontal(-1)
		b.join()
	}
}

func (b *buffer) delete() {
	if b.col < len(b.line()) {
		b.cut(b.col, b.col+1)
		return
	}
	b.join()
}

func (b *buffer) deleteWord() {
	row, end := b.row, b.col
	if b.word(-1); b.row != row {
		b.join()
		return
	}
	b.cut(b.col, end)
}

func (b *buffer) deleteRest() {
	if b.col == len(b.line()) {
		b.join()
		return
	}
	b.cut(b.col, len(b.line()))
}

func (b *buffer) deleteBefore() { b.cut(0, b.col) }

// indentation are the blanks in front of the cursor that the line begins with.
func (b *buffer) indentation() string {
	n := 0
	for n < b.col && b.line()[n] == ' ' {
		n++
	}
	return strings.Repeat(" ", n)
}

// outdent takes a step of indentation away, wherever in the line the cursor is.
func (b *buffer) outdent() {
	n := 0
	for n < len(step) && n < len(b.line()) && b.line()[n] == ' ' {
		n++
	}
	col := b.col
	b.cut(0, n)
	b.to(b.row, max(col-n, 0))
}
