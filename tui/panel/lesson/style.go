package lesson

import (
	"fmt"

	"charm.land/glamour/v2/ansi"
	"charm.land/lipgloss/v2"

	"kubelab/tui/theme"
)

// tableWidth is the width below which tables are written as lists: their columns would be a word wide.
const tableWidth = 72

// styleOf is how Markdown looks in a theme.
func styleOf(t *theme.Theme) ansi.StyleConfig {
	bold, italic, item := true, true, uint(0)
	text, strong, code := primitive(t.Text), primitive(t.Title), primitive(t.Accent)
	strong.Bold = &bold
	emph := primitive(t.Text)
	emph.Italic = &italic
	heading := ansi.StyleBlock{StylePrimitive: strong}
	heading.BlockSuffix = "\n"
	if t.Name == theme.None { // where colour cannot say it
		code.Prefix, code.Suffix = "`", "`"
	}
	link := primitive(t.Muted)
	return ansi.StyleConfig{
		Document:   ansi.StyleBlock{StylePrimitive: text, Margin: &item},
		Paragraph:  ansi.StyleBlock{},
		BlockQuote: ansi.StyleBlock{Indent: ref(uint(1)), IndentToken: ref("│ ")},
		List:       ansi.StyleList{StyleBlock: ansi.StyleBlock{Indent: &item}, LevelIndent: 2},
		Heading:    heading, H1: heading, H2: heading, H3: heading, H4: heading, H5: heading, H6: heading,
		Emph: emph, Strong: strong, Strikethrough: ansi.StylePrimitive{CrossedOut: &bold},
		HorizontalRule: ansi.StylePrimitive{Format: "\n────────\n"},
		Item:           ansi.StylePrimitive{BlockPrefix: "• "}, Enumeration: ansi.StylePrimitive{BlockPrefix: ". "},
		Task: ansi.StyleTask{Ticked: "✓ ", Unticked: "○ "},
		Link: link, LinkText: code, Image: link, ImageText: code,
		Code:      ansi.StyleBlock{StylePrimitive: code},
		CodeBlock: ansi.StyleCodeBlock{StyleBlock: ansi.StyleBlock{StylePrimitive: primitive(t.Accent), Margin: ref(uint(2))}},
		Table: ansi.StyleTable{
			StyleBlock: ansi.StyleBlock{}, CenterSeparator: ref("┼"), ColumnSeparator: ref("│"), RowSeparator: ref("─"),
		},
	}
}

func ref[T any](v T) *T { return &v }

// primitive is a style of the theme as Glamour has it.
func primitive(s lipgloss.Style) ansi.StylePrimitive {
	var p ansi.StylePrimitive
	if _, none := s.GetForeground().(lipgloss.NoColor); !none && s.GetForeground() != nil {
		r, g, b, _ := s.GetForeground().RGBA()
		p.Color = ref(fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8))
	}
	if s.GetBold() {
		p.Bold = ref(true)
	}
	if s.GetFaint() {
		p.Faint = ref(true)
	}
	return p
}
