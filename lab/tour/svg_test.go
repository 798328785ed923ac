package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/charmbracelet/x/vt"
)

// drawn is the picture of what a terminal of w × h shows that was sent text. It must be XML.
func drawn(t *testing.T, w, h int, text string) string {
	t.Helper()
	screen := vt.NewEmulator(w, h)
	if _, err := screen.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	got := svg(screen, w, h, "a <title> & more")
	for d := xml.NewDecoder(strings.NewReader(string(got))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, got)
		}
	}
	return string(got)
}

func TestPicture(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		has  []string
		not  []string
	}{
		"text in its place": {"ab c\r\n  d", []string{
			`<text y="24.5"><tspan x="12" textLength="33.6">ab c</tspan></text>`, `<text y="40.5"><tspan x="28.8">d</tspan></text>`,
		}, nil},
		"escaped":  {`<a href="x">&'`, []string{`&lt;a href=&#34;x&#34;&gt;&amp;&#39;</tspan>`, `<title>a &lt;title&gt; &amp; more</title>`}, []string{`<a `}},
		"a colour": {"\x1b[38;2;1;2;255mx\x1b[m", []string{`<tspan x="12" fill="#0102ff">x</tspan>`}, nil},
		"behind":   {" \x1b[48;2;16;32;48mxy\x1b[m", []string{`<rect x="20.4" y="12" width="16.8" height="16" fill="#102030"/>`}, nil},
		"reversed": {"\x1b[7mx\x1b[m", []string{`fill="#d8dee9"/>`, `<tspan x="12" fill="#14181f">x</tspan>`}, nil},
		"bold and faint": {"\x1b[1mx\x1b[m\x1b[2my\x1b[m", []string{
			`<tspan x="12" font-weight="bold">x</tspan>`, `<tspan x="20.4" fill-opacity=".6">y</tspan>`,
		}, nil},
		"underlined": {"\x1b[4m  x\x1b[m", []string{`text-decoration="underline">  x</tspan>`}, nil},
		"boxes stay text, each sign in its place": {"a──╮", []string{
			`<tspan x="12">a</tspan><tspan x="20.4" textLength="16.8">──</tspan><tspan x="37.2">╮</tspan>`,
		}, nil},
		"wide characters": {"漢字x", []string{
			`<tspan x="12" textLength="16.8">漢</tspan><tspan x="28.8" textLength="16.8">字</tspan><tspan x="45.6">x</tspan>`,
		}, nil},
		"nothing": {"", nil, []string{"<text", "<tspan"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := drawn(t, 20, 3, tt.text)
			for _, want := range tt.has {
				if !strings.Contains(got, want) {
					t.Errorf("%s is not in\n%s", want, got)
				}
			}
			for _, bad := range append(tt.not, "<script", "<style", "href=\"", "url(") {
				if strings.Contains(got, bad) {
					t.Errorf("%s is in\n%s", bad, got)
				}
			}
		})
	}
}

func TestSizeOfAPicture(t *testing.T) {
	if got := drawn(t, 120, 40, "x"); !strings.Contains(got, `width="1032" height="664" viewBox="0 0 1032 664"`) {
		t.Error(got)
	}
}
