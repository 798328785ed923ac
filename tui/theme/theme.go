// Package theme holds how the screen looks: colours by what they mean, and signs. A panel never names a colour, only a meaning, so that
// every variant works everywhere. Colour never carries meaning alone: each state has a sign and a word as well.
//
// The main type is Theme.
package theme

import (
	"fmt"
	"image/color"
	"slices"

	"charm.land/lipgloss/v2"
)

// Name chooses a variant.
type Name string

// The variants.
const (
	Dark       Name = "dark"
	Light      Name = "light"
	ColorBlind Name = "color-blind" // blue and orange instead of green and red
	None       Name = "none"        // no colour at all, as NO_COLOR wants
)

// Names are all variants.
var Names = []Name{Dark, Light, ColorBlind, None}

// Theme is one look. Styles are values: deriving from one does not change it.
type Theme struct {
	Name Name

	Text     lipgloss.Style // what is read
	Muted    lipgloss.Style // what may be overlooked: units, labels, what is old
	Title    lipgloss.Style
	Accent   lipgloss.Style // names of things that can be opened, keys
	Good     lipgloss.Style // running, ready, in time
	Warn     lipgloss.Style // starting, stale, degraded
	Bad      lipgloss.Style // down, late, refused
	Leads    lipgloss.Style // who leads
	Changed  lipgloss.Style // what has just changed, for a moment
	Selected lipgloss.Style // what keys act on
	Border   lipgloss.Style
	Focus    lipgloss.Style // the border of the panel that has the keys

	namespaces []lipgloss.Style
}

// palette are the colours of a variant, by meaning.
type palette struct {
	text, muted, title, accent, good, warn, bad, leads, changedBack, selectedBack, selectedText, border, focus string
	namespaces                                                                                                 []string
}

var palettes = map[Name]palette{
	Dark: {
		text: "#d8dee9", muted: "#7b8494", title: "#eceff4", accent: "#88c0d0", good: "#a3be8c", warn: "#ebcb8b", bad: "#f07178", leads: "#ffd75f",
		changedBack: "#3b4a3b", selectedBack: "#3f5f7f", selectedText: "#ffffff", border: "#4c566a", focus: "#88c0d0",
		namespaces: []string{"#8fbcbb", "#b48ead", "#81a1c1", "#d08770", "#a3be8c", "#ebcb8b"},
	},
	Light: {
		text: "#24292f", muted: "#6e7781", title: "#0b0f14", accent: "#0550ae", good: "#116329", warn: "#7d4e00", bad: "#b31d28", leads: "#8a5a00",
		changedBack: "#d7f0d7", selectedBack: "#0a5fb4", selectedText: "#ffffff", border: "#b0b8c1", focus: "#0550ae",
		namespaces: []string{"#0b6e6e", "#6f42c1", "#0550ae", "#a04100", "#116329", "#7d4e00"},
	},
	ColorBlind: {
		text: "#e6e6e6", muted: "#8a8f98", title: "#ffffff", accent: "#56b4e9", good: "#56b4e9", warn: "#f0e442", bad: "#ff8c42", leads: "#ffffff",
		changedBack: "#2b4055", selectedBack: "#0072b2", selectedText: "#ffffff", border: "#5a6270", focus: "#f0e442",
		namespaces: []string{"#cc79a7", "#e69f00", "#56b4e9", "#f0e442", "#bbbbbb"},
	},
}

// New makes a variant.
func New(n Name) (*Theme, error) {
	if n == None {
		return plain(), nil
	}
	p, ok := palettes[n]
	if !ok {
		return nil, fmt.Errorf("theme %q: use one of %v", string(n), Names)
	}
	of := func(c string) lipgloss.Style { return lipgloss.NewStyle().Foreground(hex(c)) }
	t := &Theme{
		Name: n, Text: of(p.text), Muted: of(p.muted), Title: of(p.title).Bold(true), Accent: of(p.accent), Good: of(p.good), Warn: of(p.warn),
		Bad: of(p.bad), Leads: of(p.leads).Bold(true), Changed: of(p.title).Background(hex(p.changedBack)),
		Selected: of(p.selectedText).Background(hex(p.selectedBack)).Bold(true), Border: of(p.border), Focus: of(p.focus),
	}
	for _, c := range p.namespaces {
		t.namespaces = append(t.namespaces, of(c))
	}
	return t, nil
}

func hex(c string) color.Color { return lipgloss.Color(c) }

// plain says with bold, faint and reverse what others say with colours.
func plain() *Theme {
	s := lipgloss.NewStyle()
	return &Theme{
		Name: None, Text: s, Muted: s.Faint(true), Title: s.Bold(true), Accent: s, Good: s, Warn: s.Bold(true), Bad: s.Bold(true), Leads: s.Bold(true),
		Changed: s.Underline(true), Selected: s.Reverse(true), Border: s.Faint(true), Focus: s.Bold(true), namespaces: []lipgloss.Style{s},
	}
}

// Namespace is the colour of a namespace: the same one wherever it is shown.
func (t *Theme) Namespace(name string) lipgloss.Style {
	sum := 0
	for _, b := range []byte(name) {
		sum = sum*31 + int(b)
	}
	n := len(t.namespaces)
	return t.namespaces[((sum%n)+n)%n]
}

// Known reports whether there is such a variant.
func Known(n Name) bool { return slices.Contains(Names, n) }
