package editor

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"kubelab/tui/screentest"
	"kubelab/tui/theme"
)

func look(t testing.TB) *theme.Theme {
	th, err := theme.New(theme.Dark)
	if err != nil {
		t.Fatal(err)
	}
	return th
}

// press presses keys: names between blanks; what is in quotes is typed.
func press(e *Editor, keys string) Wants {
	last := Stay
	for i, part := range strings.Split(keys, "'") {
		if i%2 == 1 {
			for _, r := range part {
				if r == ' ' {
					last = e.Key("space")
				} else {
					last = e.Key(string(r))
				}
			}
			continue
		}
		for key := range strings.FieldsSeq(part) {
			last = e.Key(key)
		}
	}
	return last
}

func TestKeys(t *testing.T) {
	for _, tt := range []struct{ name, text, keys, want string }{
		{"type", "", "'kind: Pod' enter 'a: ü'", "kind: Pod\na: ü"},
		{"many at once", "", "世界", "世界"},
		{"names of keys are no text", "a", "f1 insert shift+home ctrl+y", "a"},
		{"enter keeps the indentation", "spec:\n  a: 1", "down end enter 'b: 2'", "spec:\n  a: 1\n  b: 2"},
		{"enter in the middle", "ab", "right enter", "a\nb"},
		{"tab and back", "a", "tab tab shift+tab", "  a"},
		{"outdent from the end", "    ab", "end shift+tab 'c'", "  abc"},
		{"outdent what is not indented", "a", "end shift+tab 'b'", "ab"},
		{"backspace", "ab", "end backspace", "a"},
		{"backspace by steps", "     a", "end left backspace backspace", "  a"},
		{"backspace joins", "a\nb", "down backspace", "ab"},
		{"backspace at the beginning", "a", "backspace", "a"},
		{"delete", "ab", "delete", "b"},
		{"delete joins", "a\nb", "end delete", "ab"},
		{"delete at the end", "a", "end delete", "a"},
		{"delete a word", "image: web-1", "end ctrl+w", "image: web-"},
		{"delete a word at the beginning", "a\nb", "down ctrl+w", "ab"},
		{"delete the rest", "ab\nc", "right ctrl+k", "a\nc"},
		{"delete the end of a line", "ab\nc", "end ctrl+k", "abc"},
		{"delete what is before", "abc", "end left ctrl+u", "c"},
		{"over ends of lines", "a\nb", "right right 'x' left left 'y'", "ay\nxb"},
		{"by words", "a-b c", "ctrl+right ctrl+right 'x' ctrl+left 'y'", "a-ybx c"},
		{"the column is kept", "long\na\nlong", "end down down 'x'", "long\na\nlongx"},
		{"to the end", "a\nb\nc", "ctrl+end 'x' ctrl+home 'y'", "ya\nb\ncx"},
		{"by pages", "a\nb\nc", "pgdown pgdown pgdown 'x' pgup pgup 'y'", "ay\nb\nxc"},
		{"control characters go", "a\x1b[31mb\r\nc\td\x00", "", "a[31mb\nc\td"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := New("t", tt.text)
			press(e, tt.keys)
			if got := e.Text(); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if n := len(e.Text()); n != e.text.size {
				t.Errorf("%d bytes are counted as %d", n, e.text.size)
			}
			if want := clean(tt.text) != tt.want; e.Changed() != want {
				t.Errorf("changed is %v", e.Changed())
			}
		})
	}
}

func TestApplyAndLeave(t *testing.T) {
	e := New("t", "a")
	if w := press(e, "esc"); w != Leave {
		t.Error("leaving what is as it was asks")
	}
	if w := press(e, "'b' ctrl+s"); w != Apply || e.Text() != "ba" {
		t.Errorf("%d with %q", w, e.Text())
	}
	th := look(t)
	if w := press(e, "esc"); w != Stay || !strings.Contains(ansi.Strip(e.View(th, 80, 10)), "Throw your changes away?") {
		t.Errorf("changes are thrown away: %d", w)
	}
	if w := press(e, "'n'"); w != Stay || e.Text() != "ba" || e.Asks() {
		t.Errorf("%d with %q", w, e.Text())
	}
	if w := press(e, "esc 'y'"); w != Leave {
		t.Error("y does not leave")
	}
	press(e, "backspace")
	if w := press(e, "esc"); w != Leave {
		t.Error("what was changed back asks")
	}
	if w := press(New("t", " \n"), "ctrl+s"); w != Stay {
		t.Error("nothing is applied")
	}
}

func TestComplaintsAreShownUntilTheTextChanges(t *testing.T) {
	th, e := look(t), New("deployments/demo/web", "kind: Deployment")
	e.Complain("spec.replicas: Invalid value: -1\x1b[2J")
	first := func(w int) string { return strings.Split(ansi.Strip(e.View(th, w, 12)), "\n")[0] }
	if !strings.Contains(first(100), "deployments/demo/web ✗ spec.replicas: Invalid value: -1[2J") {
		t.Errorf("title is %s", first(100))
	}
	// What does not fit stands below, whole.
	if whole := ansi.Strip(e.View(th, 40, 12)); !strings.Contains(whole, "│ spec.replicas: Invalid value: -1") {
		t.Error(whole)
	}
	if press(e, "down right"); !strings.Contains(first(100), "Invalid") {
		t.Error("moving has hidden it")
	}
	if press(e, "'x'"); strings.Contains(first(100), "Invalid") {
		t.Error("it is shown after a change")
	}
}

func TestPaste(t *testing.T) {
	e := New("t", "ab")
	e.Key("right")
	e.Paste("1\r\n  2\x1b[0m\n3")
	if e.Text() != "a1\n  2[0m\n3b" {
		t.Errorf("%q", e.Text())
	}
	large := strings.Repeat("    - name: something with some text here of 50 B\n", 1<<20/50)
	e = New("t", "")
	begin := time.Now()
	e.Paste(large)
	if e.Text() != large || time.Since(begin) > time.Second {
		t.Errorf("%d of %d bytes after %s", len(e.Text()), len(large), time.Since(begin))
	}
	e.Paste(large + large)
	if e.Text() != large || !strings.Contains(ansi.Strip(e.View(look(t), 90, 20)), "This is too much: a text may have 2 MiB.") {
		t.Errorf("%d bytes", len(e.Text()))
	}
}

func TestExactSize(t *testing.T) {
	th := look(t)
	texts := map[string]string{
		"empty": "", "short": "kind: Pod\n", "tabs": "a:\n\tb: 1\n\t\tc", "wide": strings.Repeat("世界 ", 60) + "\n世", "hostile": "e\u0301\u202e👩‍👩‍👧🇩🇪\ufeff: x\n\u200b",
		"long": strings.Repeat(strings.Repeat("name: value ", 40)+"\n", 300),
	}
	for name, text := range texts {
		for _, keys := range []string{"", "end", "ctrl+end", "'x' esc", "end left left left", "down end left"} {
			for _, said := range []string{"", strings.Repeat("this is refused ", 20)} {
				e := New(name+"\n\x1b[2J", text)
				press(e, keys)
				e.Complain(said)
				for _, w := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 20, 31, 40, 79, 118} {
					for _, h := range []int{0, 1, 2, 3, 4, 5, 9, 40} {
						screentest.Exact(t, "it", e.View(th, w, h), w, h)
					}
				}
				if t.Failed() {
					t.Fatalf("%s after %q", name, keys)
				}
			}
		}
	}
}

// The cursor is always on the screen, and is where a click puts it.
func TestTheCursorIsSeen(t *testing.T) {
	th := look(t)
	e := New("t", strings.Repeat(strings.Repeat("0123456789", 30)+"\n", 50))
	for _, keys := range []string{"", "end", "left left left", "ctrl+end", "up", "end", "home", "pgup end", "ctrl+left"} {
		press(e, keys)
		if view := e.View(th, 60, 20); !strings.Contains(view, th.Selected.Render("0")[:10]) {
			t.Errorf("no cursor after %q", keys)
		}
	}
	press(e, "ctrl+home")
	e.View(th, 60, 20)
	e.To(1+e.gutter()+1+7, 1+4)
	if e.text.row != 4 || e.text.col != 7 {
		t.Errorf("a click has led to %d, %d", e.text.row, e.text.col)
	}
	e.To(0, 0)
	e.Wheel(3)
	if e.text.row != 7 || e.text.col != 7 {
		t.Errorf("the wheel has led to %d, %d", e.text.row, e.text.col)
	}
}

func BenchmarkKeyInAMegabyte(b *testing.B) {
	th := look(b)
	e := New("t", strings.Repeat("    - name: something with some text here of 50 B\n", 1<<20/50))
	for b.Loop() {
		e.Key("x")
		e.View(th, 200, 60)
	}
}

// What a terminal would hide, or obey, is seen.
func TestHiddenCharactersAreSeen(t *testing.T) {
	if got := ansi.Strip(New("t", "image: \u202eweb\u200b").View(look(t), 40, 5)); !strings.Contains(got, "image: ·web·") {
		t.Errorf("it is\n%s", got)
	}
}
