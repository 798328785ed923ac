package main

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"image/color"
	"strconv"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
)

// A cell in pixels. It is a little lower than the lines of most fonts are, so that boxes have no gaps.
const (
	fontSize   = 14
	cellWidth  = 8.4
	cellHeight = 16
	baseline   = 12.5
	margin     = 12
)

// What a terminal shows that was told no colours.
const (
	paper = "#14181f"
	ink   = "#d8dee9"
)

// fonts are those of the systems that people have; nothing is loaded.
const fonts = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"

// cells is a screen, for example an emulator's.
type cells interface{ CellAt(x, y int) *uv.Cell }

// svg is a picture of a screen of w × h cells: text stays text, in its place whatever font there is. It has no scripts, styles or fonts of its own, so
// that it is shown wherever pictures are.
func svg(screen cells, w, h int, title string) []byte {
	width, height := number(float64(w)*cellWidth+2*margin), number(float64(h)*cellHeight+2*margin)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %s %s" font-family="%s" font-size="%d" fill="%s" xml:space="preserve" role="img">`+"\n",
		width, height, width, height, fonts, fontSize, ink)
	fmt.Fprintf(&b, "<title>%s</title>\n", escaped(title))
	fmt.Fprintf(&b, `<rect width="%s" height="%s" rx="8" fill="%s"/>`+"\n", width, height, paper)
	for y := range h {
		line := runs(screen, w, y)
		behind(&b, line, y)
		written(&b, line, y)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// run is text beside each other that looks the same.
type run struct {
	x, w int // cells
	text strings.Builder
	look
	sign string // that it consists of, if that is not ASCII
}

// look is how a cell is drawn. Colours are as SVG has them, empty where there is none.
type look struct {
	ink, paper                            string
	bold, faint, italic, underlined, gone bool
}

// runs are a line's. Each sign that is not ASCII has runs of its own, as it may be from another font and of another width.
func runs(screen cells, w, y int) []*run {
	var line []*run
	for x := 0; x < w; {
		text, wide, how := " ", 1, look{}
		if c := screen.CellAt(x, y); c != nil {
			how = lookOf(c.Style)
			if c.Content != "" && c.Width > 0 {
				text, wide = c.Content, c.Width
			}
		}
		sign := ""
		if len(text) > 1 {
			sign = text
		}
		var last *run
		if len(line) > 0 {
			last = line[len(line)-1]
		}
		if last == nil || last.look != how || last.sign != sign {
			last = &run{x: x, look: how, sign: sign}
			line = append(line, last)
		}
		last.text.WriteString(text)
		last.w += wide
		x += wide
	}
	return line
}

// lookOf leaves out what lab does not use: blinking, and what cannot be seen.
func lookOf(s uv.Style) look {
	has := func(attr uint8) bool { return s.Attrs&attr != 0 }
	l := look{ink: hex(s.Fg), paper: hex(s.Bg), bold: has(uv.AttrBold), faint: has(uv.AttrFaint), italic: has(uv.AttrItalic),
		underlined: s.Underline != 0, gone: has(uv.AttrStrikethrough)}
	if has(uv.AttrReverse) {
		l.ink, l.paper = cmp.Or(l.paper, paper), cmp.Or(l.ink, ink)
	}
	return l
}

func hex(c color.Color) string {
	if c == nil {
		return ""
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

// behind draws what is behind the text.
func behind(b *bytes.Buffer, line []*run, y int) {
	for _, r := range line {
		if r.paper != "" {
			fmt.Fprintf(b, `<rect x="%s" y="%s" width="%s" height="%d" fill="%s"/>`+"\n", left(r.x), top(y), number(float64(r.w)*cellWidth), cellHeight, r.paper)
		}
	}
}

// written draws the text of a line.
func written(b *bytes.Buffer, line []*run, y int) {
	var spans strings.Builder
	for _, r := range line {
		x, text := r.x, r.text.String()
		if !r.underlined && !r.gone { // blanks are seen only where there is a line on them
			trimmed := strings.TrimLeft(text, " ")
			x += len(text) - len(trimmed)
			text = strings.TrimRight(trimmed, " ")
		}
		if text == "" {
			continue
		}
		w := r.w
		if r.sign == "" {
			w = len(text)
		}
		fmt.Fprintf(&spans, `<tspan x="%s"%s%s>%s</tspan>`, left(x), r.length(w), r.attributes(), escaped(text))
	}
	if spans.Len() > 0 {
		fmt.Fprintf(b, `<text y="%s">%s</text>`+"\n", number(margin+float64(y)*cellHeight+baseline), spans.String())
	}
}

// length holds a run to its cells where the font has others.
func (r *run) length(w int) string {
	if w < 2 {
		return ""
	}
	return fmt.Sprintf(` textLength="%s"`, number(float64(w)*cellWidth))
}

func (l look) attributes() string {
	var s strings.Builder
	for _, a := range []struct {
		set  bool
		text string
	}{
		{l.ink != "" && l.ink != ink, `fill="` + l.ink + `"`}, {l.bold, `font-weight="bold"`}, {l.faint, `fill-opacity=".6"`}, {l.italic, `font-style="italic"`},
		{l.underlined && l.gone, `text-decoration="underline line-through"`}, {l.underlined && !l.gone, `text-decoration="underline"`}, {l.gone && !l.underlined, `text-decoration="line-through"`},
	} {
		if a.set {
			s.WriteString(" " + a.text)
		}
	}
	return s.String()
}

func left(x int) string { return number(margin + float64(x)*cellWidth) }
func top(y int) string  { return number(margin + float64(y)*cellHeight) }

// number is a length with as few digits as will do.
func number(n float64) string {
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(n, 'f', 1, 64), "0"), ".")
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}
