// Package editor is a text that is being edited: a manifest, in front of the screen. It takes keys and pastes, draws itself, and says when the
// person wants it applied or is done with it; what that means is the root's business.
//
// It is not the textarea of Bubbles: that one goes through all of the text for every key, drops what is beyond 10,000 lines without a word, and
// pastes from the clipboard of the machine that the program runs on, which is not the one that the person sits at.
//
// The main type is Editor.
package editor

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Most is how much text there may be, in bytes: more than etcd takes for one object.
const Most = 2 << 20

// Wants is what a key came to.
type Wants int

// What a key can come to.
const (
	Stay  Wants = iota
	Apply       // the text is finished
	Leave       // it is not wanted any more
)

// Editor is a text and where in it one is.
type Editor struct {
	title  string
	text   buffer
	before string // what it began with
	edited bool   // whether anything was changed since then; it may have been changed back
	said   string // why it was not applied, or a paste not taken
	asks   bool   // whether changes are to be thrown away

	top, left int // what of the text is shown, as of the last View
	page      int // lines that were shown
	above     int // lines above them
}

// New edits text. title says of what it is.
func New(title, text string) *Editor {
	e := &Editor{title: strings.Map(printable, title), text: newBuffer(clean(text))}
	e.before = e.Text()
	return e
}

// Text is the text as it is now.
func (e *Editor) Text() string { return e.text.String() }

// Changed reports whether the text is another than at first.
func (e *Editor) Changed() bool { return e.edited && e.Text() != e.before }

// Asks reports whether the Editor asks if changes are to be thrown away.
func (e *Editor) Asks() bool { return e.asks }

// Complain shows above the text why it was refused, until the text is changed.
func (e *Editor) Complain(why string) { e.said = strings.Map(printable, why) }

// Key takes a key as Bubble Tea names it.
func (e *Editor) Key(key string) Wants {
	if e.asks {
		e.asks = false
		if key == "y" || key == "Y" {
			return Leave
		}
		return Stay
	}
	switch key {
	case "ctrl+s":
		if strings.TrimSpace(e.Text()) == "" {
			e.Complain("There is nothing to apply.")
			return Stay
		}
		return Apply
	case "esc":
		if e.Changed() {
			e.asks = true
			return Stay
		}
		return Leave
	}
	if !e.move(key) && e.change(key) {
		e.said, e.edited = "", true
	}
	return Stay
}

// move takes a key that changes nothing.
func (e *Editor) move(key string) bool {
	b := &e.text
	switch key {
	case "up", "ctrl+p":
		b.vertical(-1)
	case "down", "ctrl+n":
		b.vertical(1)
	case "pgup":
		b.vertical(-max(e.page-1, 1))
	case "pgdown":
		b.vertical(max(e.page-1, 1))
	case "left", "ctrl+b":
		b.horizontal(-1)
	case "right", "ctrl+f":
		b.horizontal(1)
	case "ctrl+left", "alt+left", "alt+b":
		b.word(-1)
	case "ctrl+right", "alt+right", "alt+f":
		b.word(1)
	case "home", "ctrl+a":
		b.to(b.row, 0)
	case "end", "ctrl+e":
		b.to(b.row, len(b.line()))
	case "ctrl+home":
		b.to(0, 0)
	case "ctrl+end":
		last := len(b.lines) - 1
		b.to(last, len(b.lines[last]))
	default:
		return false
	}
	return true
}

// change takes a key that edits, and reports whether it is one.
func (e *Editor) change(key string) bool {
	b := &e.text
	switch key {
	case "enter":
		b.insert("\n" + b.indentation()) // as in every editor of YAML
	case "tab":
		b.insert(step)
	case "shift+tab":
		b.outdent()
	case "space":
		b.insert(" ")
	case "backspace", "ctrl+h":
		b.backspace()
	case "delete", "ctrl+d":
		b.delete()
	case "ctrl+w", "alt+backspace":
		b.deleteWord()
	case "ctrl+k":
		b.deleteRest()
	case "ctrl+u":
		b.deleteBefore()
	default:
		// What is typed is named by itself; longer ASCII names are those of keys. Some keyboards give several characters at once.
		if first, n := utf8.DecodeRuneInString(key); n == 0 || n < len(key) && first < utf8.RuneSelf {
			return false
		}
		return e.add(key)
	}
	return true
}

// Paste puts text in. More than Most in all is refused.
func (e *Editor) Paste(text string) {
	e.asks = false
	if e.add(text) {
		e.said, e.edited = "", true
	}
}

func (e *Editor) add(text string) bool {
	text = clean(text)
	if e.text.size+len(text) > Most {
		e.Complain(fmt.Sprintf("This is too much: a text may have %d MiB.", Most>>20))
		return false
	}
	e.text.insert(text)
	return text != ""
}

// To puts the cursor where somebody has clicked, in cells from the upper left corner of what View has drawn.
func (e *Editor) To(x, y int) {
	x, y = x-1-e.gutter()-1, y-1-e.above // within the border
	if x >= 0 && y >= 0 && y < e.page {
		row := min(e.top+y, len(e.text.lines)-1)
		e.text.to(row, columnAt(e.text.lines[row], e.left+x))
	}
}

// Wheel goes down by lines, or up if negative.
func (e *Editor) Wheel(lines int) { e.text.vertical(lines) }

// clean is text as it can be kept in lines: without control characters, and with ends of lines as they are here.
func clean(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(text, "�"))
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return printable(r)
	}, text)
}

func printable(r rune) rune {
	if unicode.IsControl(r) {
		return -1
	}
	return r
}
