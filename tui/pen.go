package tui

import "strings"

// carry has blanks take the style of what stands before them, where nobody sees it. Of a picture those cells are sent that changed, with a new style
// wherever neighbours differ: words of one colour with plain blanks between them take twice the bytes. Blanks at the end of a line stay
// plain, as a terminal clears them at once.
func carry(picture string) string {
	var out strings.Builder
	out.Grow(len(picture))
	var set, want pen
	blanks := 0
	use := func(p pen) {
		if set.sgr != p.sgr {
			if set.sgr != "" {
				out.WriteString("\x1b[m")
			}
			out.WriteString(p.sgr)
			set = p
		}
	}
	write := func() { // the blanks that wait
		for ; blanks > 0; blanks-- {
			out.WriteByte(' ')
		}
	}
	for i := 0; i < len(picture); {
		if n := style(picture[i:]); n > 0 {
			want = want.and(picture[i : i+n])
			i += n
			continue
		}
		switch picture[i] {
		case ' ':
			if want.shows || set.shows {
				write()
				use(want)
				out.WriteByte(' ')
			} else {
				blanks++
			}
			i++
		case '\n':
			use(pen{})
			write()
			out.WriteByte('\n')
			i++
		default:
			write()
			use(want)
			n := 1
			for i+n < len(picture) && picture[i+n] > ' ' {
				n++
			}
			out.WriteString(picture[i : i+n])
			i += n
		}
	}
	use(pen{})
	write()
	return out.String()
}

// pen is a style: the sequences that set it, beginning from none.
type pen struct {
	sgr   string
	shows bool // on blanks, too: as a background, a line or a blink does
}

// and is the pen after one more sequence.
func (p pen) and(sgr string) pen {
	switch inner := sgr[2 : len(sgr)-1]; inner {
	case "", "0":
		return pen{}
	default:
		return pen{p.sgr + sgr, p.shows || showsOnBlanks(inner)}
	}
}

// showsOnBlanks reports whether one of the parameters of a sequence does more than to colour letters, or to make them bold, faint or italic.
func showsOnBlanks(parameters string) bool {
	for parameters != "" {
		var one string
		one, parameters, _ = strings.Cut(parameters, ";")
		switch {
		case one == "38": // 38;5;N or 38;2;R;G;B
			kind, rest, _ := strings.Cut(parameters, ";")
			n := 1
			if kind == "2" {
				n = 3
			}
			for range n {
				_, rest, _ = strings.Cut(rest, ";")
			}
			parameters = rest
		case strings.HasPrefix(one, "38:"):
		case one == "1", one == "2", one == "3", one == "22", one == "23", one == "39",
			len(one) == 2 && (one[0] == '3' || one[0] == '9') && one[1] <= '7':
		default:
			return true
		}
	}
	return false
}
