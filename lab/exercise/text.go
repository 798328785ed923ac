package exercise

import (
	"io"
	"os"
	"strings"

	"charm.land/glamour/v2"
	glamouransi "charm.land/glamour/v2/ansi"
	"charm.land/glamour/v2/styles"
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
	r, err := glamour.NewTermRenderer(glamour.WithStyles(look()), glamour.WithWordWrap(columns))
	if err != nil {
		return text
	}
	shown, err := r.Render(text)
	if err != nil {
		return text // it can be read as it is
	}
	lines := strings.Split(strings.TrimRight(shown, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ") // it fills them up
	}
	return strings.Join(lines, "\n")
}

// look is how Markdown looks: in the terminal's own colours, whatever its background is.
func look() glamouransi.StyleConfig {
	yes, cyan, margin := true, "6", uint(1)
	s := styles.NoTTYStyleConfig
	bold := glamouransi.StylePrimitive{Bold: &yes}
	s.Document = glamouransi.StyleBlock{Margin: &margin, StylePrimitive: glamouransi.StylePrimitive{BlockPrefix: "\n", BlockSuffix: "\n"}}
	s.H1 = glamouransi.StyleBlock{StylePrimitive: bold}
	s.H2, s.H3 = s.H1, s.H1
	s.Strong = bold
	s.Code = glamouransi.StyleBlock{StylePrimitive: glamouransi.StylePrimitive{Color: &cyan}}
	return s
}

// indented wraps text with a beginning; what follows is as far from the left.
func indented(out io.Writer, text, begin string) string {
	columns, _ := width(out)
	n := ansi.StringWidth(begin)
	return begin + strings.ReplaceAll(ansi.Wordwrap(text, max(columns-n, 20), ""), "\n", "\n"+strings.Repeat(" ", n))
}
