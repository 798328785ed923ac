package brain

import (
	"fmt"
	"strings"
	"time"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/widget"
)

// reads is how each member reads a key. The zero value shows nothing.
type reads struct {
	key  string
	at   time.Time // of the answer
	list []view.Read
	err  error
	asks bool
}

func (r *reads) ask(s *panel.State, key string) { *r = reads{key: key, at: s.Now, asks: true} }

func (r *reads) answered(s *panel.State, list []view.Read, err error) {
	r.at, r.list, r.err, r.asks = s.Now, list, err, false
}

// draw takes as many lines before the answer as after it.
func (r *reads) draw(p *page, s *panel.State) {
	t := s.Theme
	end := min(len(p.lines)+2+max(len(s.Lab.Etcd.Each), len(r.list)), p.h)
	p.add(heading(t, p.w, "Reads of "+plain.Line(strings.TrimPrefix(r.key, registry)), "at "+panel.Clock(r.at)+", r again, c closes"))
	half := max((p.w-12)/2, 12)
	row := func(a, b, c string) { p.add(widget.Fit(a, 10) + " " + widget.Fit(b, half) + " " + widget.Fit(c, half)) }
	row(t.Muted.Render("member"), t.Muted.Render("linearizable: majority agrees"), t.Muted.Render("serializable: its own copy"))
	switch {
	case r.asks:
		p.add(t.Muted.Render("asking every member; one without a majority gives up after 2 s"))
	case r.err != nil:
		p.add(t.Bad.Render("✗ " + plain.Line(r.err.Error())))
	}
	newest := int64(0)
	for _, m := range r.list {
		newest = max(newest, m.Linearizable.Modified, m.Serializable.Modified)
	}
	for _, m := range r.list {
		row(plain.Line(m.Member), got(s, m.Linearizable, newest), got(s, m.Serializable, newest))
	}
	for len(p.lines) < end {
		p.add("")
	}
}

// got says what a read came to; newest is the latest revision of the key that any read has seen.
func got(s *panel.State, g view.Got, newest int64) string {
	t := s.Theme
	took := widget.FitLeft(panel.Brief(g.Took), 8)
	if g.Error != "" && g.Took == 0 {
		return t.Bad.Render("✗ " + plain.Line(g.Error))
	} else if g.Error != "" {
		return t.Bad.Render("✗ " + took + "  " + plain.Line(g.Error))
	}
	text := t.Good.Render("●") + " " + took + "  "
	switch {
	case g.Modified == 0:
		return text + t.Warn.Render("no such key") + t.Muted.Render(fmt.Sprintf(" at %d", g.Revision))
	case g.Modified < newest:
		return text + t.Warn.Render(fmt.Sprintf("rev %d, %d behind", g.Modified, newest-g.Modified))
	}
	return text + fmt.Sprintf("rev %d", g.Modified) + t.Muted.Render(fmt.Sprintf(" of %d", g.Revision))
}
