package exercise

import (
	"io"
	"os"
	"strings"

	"charm.land/glamour/v2"
	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"
)

// widest is how many columns text is wrapped at, where there are so many.
const widest = 100

// width is how wide text may be on out, and whether that is a terminal.
func width(out io.Writer) (columns int, terminal bool) {
	f, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return widest, false
	}
	if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
		return min(w, widest), true
	}
	return 80, true
}

// markdown is Markdown as a terminal shows it, or as it is written where there is none. Exercises have no control characters in them; what is
// filled in was cleaned.
func markdown(out io.Writer, text string) string {
	columns, terminal := width(out)
	if !terminal || os.Getenv("NO_COLOR") != "" {
		return strings.TrimRight(text, "\n")
	}
	r, err := glamour.NewTermRenderer(glamour.WithStandardStyle("dark"), glamour.WithWordWrap(columns-2))
	if err != nil {
		return text
	}
	shown, err := r.Render(text)
	if err != nil {
		return text // it can be read as it is
	}
	return strings.TrimRight(shown, "\n")
}

// indented wraps text with a beginning; what follows is as far from the left.
func indented(out io.Writer, text, begin string) string {
	columns, _ := width(out)
	n := ansi.StringWidth(begin)
	return begin + strings.ReplaceAll(ansi.Wordwrap(text, max(columns-n, 20), ""), "\n", "\n"+strings.Repeat(" ", n))
}
