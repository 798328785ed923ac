package trouble

import (
	"fmt"
	"slices"
	"time"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/widget"
)

// timeline is the narrow panel beside the map: what followed the latest deed, how that compares with what was predicted, and the commands
// that would have done the same.
type timeline struct {
	panel.Quiet
	back int // lines that are scrolled back from the end
	rows int // that there were
	high int // that were shown
}

func (p *timeline) Name() string { return "timeline" }

func (p *timeline) Title(s *panel.State) string {
	if r, ok := latest(s); ok {
		return "Timeline: " + plain.Line(r.Action.String())
	}
	return "Timeline"
}

func (p *timeline) Keys(s *panel.State) []panel.Binding {
	why := ""
	if len(s.Records) == 0 {
		why = "nothing was broken yet"
	}
	return []panel.Binding{{Keys: "enter", Does: "all figures", Why: why, Short: true}}
}

func (p *timeline) Key(s *panel.State, key string) (panel.Result, bool) {
	page := max(p.high-2, 1)
	switch key {
	case "up", "k":
		p.back++
	case "down", "j":
		p.back--
	case "pgup", "ctrl+b":
		p.back += page
	case "pgdown", "ctrl+f":
		p.back -= page
	case "home", "g":
		p.back = p.rows
	case "end", "G":
		p.back = 0
	case "enter":
		if len(s.Records) == 0 {
			return panel.Result{Note: p.Keys(s)[0].Why}, true
		}
		return panel.Result{Open: "stopwatch"}, true
	default:
		return panel.Result{}, false
	}
	p.back = max(0, min(p.back, p.rows-p.high))
	return panel.Result{}, true
}

func (p *timeline) Wheel(_ *panel.State, lines int) {
	p.back = max(0, min(p.back-lines, p.rows-p.high))
}

func (p *timeline) Selected(s *panel.State) string {
	r, _ := latest(s)
	return onlyTarget(r.Action)
}

func (p *timeline) View(s *panel.State, w, h int) string {
	r, ok := latest(s)
	var upper []string
	var below []string
	if ok {
		below = p.prediction(s, r, w, h)
	}
	below = append(below, lastCommands(s, w, max(2, min(h/6, 8)))...)
	if h < 8 {
		below = nil
	}
	room := max(h-len(below), 0)
	if ok {
		upper = p.course(s, r, w, room)
	} else {
		upper = p.before(s, w, room)
	}
	for len(upper) < room {
		upper = append(upper, "")
	}
	return widget.Lines(append(upper[:room], below...), w, h)
}

// course are the deed and what followed it, in h lines: the deed stays on top, and what came last is in sight.
func (p *timeline) course(s *panel.State, r view.Record, w, h int) []string {
	if h < 1 {
		return nil
	}
	list := recordMoments(s, r)
	lines := []string{momentLine(s, list[0], r.Since, w, w >= 60)}
	rest := list[1:]
	var tail []string
	if stale := staleObjects(s); stale != "" { // pods may come and go, and nobody is told
		tail = append(tail, s.Theme.Warn.Render("         ▲ "+stale))
	}
	switch {
	case measuring(s, r.Measured, r.Since):
		tail = append(tail, s.Theme.Warn.Render(fmt.Sprintf("%8.1f ◐ the stopwatch runs", max(s.Now.Sub(r.Since), 0).Seconds())))
	case recovering(r) && r.Recovery == nil && measuring(s, r.Recovery, r.Healed):
		tail = append(tail, s.Theme.Warn.Render(fmt.Sprintf("%8.1f ◐ measuring the recovery", max(s.Now.Sub(r.Since), 0).Seconds())))
	}
	room := h - 1 - len(tail)
	p.rows, p.high = len(rest), max(room, 0)
	p.back = max(0, min(p.back, p.rows-p.high))
	to := len(rest) - p.back
	from := max(to-max(room, 0), 0)
	for i, m := range rest[from:to] {
		if i == 0 && from > 0 {
			lines = append(lines, s.Theme.Muted.Render(widget.Fit(fmt.Sprintf("         … %d before", from+1), w)))
			continue
		}
		lines = append(lines, momentLine(s, m, r.Since, w, w >= 60))
	}
	lines = append(lines, tail...)
	return lines[:min(len(lines), h)]
}

// before is what there is to see before anything was broken.
func (p *timeline) before(s *panel.State, w, h int) []string {
	var lines []string
	for _, line := range widget.Wrap("Nothing was broken yet: select something and press K.", w) {
		lines = append(lines, s.Theme.Muted.Render(line))
	}
	if h > len(lines)+2 {
		lines = append(lines, "", heading(s, "Lately", "", w))
	}
	list := followed(s, time.Time{}, time.Time{})
	room := max(h-len(lines), 0)
	p.rows, p.high = len(list), room
	p.back = max(0, min(p.back, p.rows-p.high))
	to := len(list) - p.back
	for _, m := range list[max(to-room, 0):to] {
		said := m.say(s)
		text := said.text
		if w >= 60 {
			text = said.long
		}
		lines = append(lines, s.Theme.Muted.Render(m.at.Local().Format("15:04:05"))+" "+said.sign.String()+" "+fresh(s, m.at, s.Theme.Text).Render(text))
	}
	if len(list) == 0 && room > 0 {
		lines = append(lines, s.Theme.Muted.Render("nothing has happened yet"))
	}
	return lines[:min(len(lines), h)]
}

// prediction compares what was predicted with what came; while that is not known it is what was predicted.
func (p *timeline) prediction(s *panel.State, r view.Record, w, h int) []string {
	m, title := r.Measured, "Prediction"
	if r.Recovery != nil && len(r.Recovery.Marks) > 0 {
		m, title = r.Recovery, "Recovery"
	}
	room := max(h*2/5, 4)
	if m == nil || len(m.Marks) == 0 { // sentences
		if len(r.Expected) == 0 {
			return nil
		}
		lines := []string{heading(s, title, "", w)}
		for _, text := range r.Expected {
			for i, line := range widget.Wrap(plain.Line(text), max(w-2, 1)) {
				bullet := "· "
				if i > 0 {
					bullet = "  "
				}
				lines = append(lines, s.Theme.Muted.Render(bullet)+s.Theme.Text.Render(line))
			}
		}
		return cutAt(s, lines, room)
	}
	const figure = 7
	lines := []string{heading(s, title, "", w)}
	name := max(w-2*figure-2, 4)
	lines = append(lines, s.Theme.Muted.Render(widget.Fit("", name)+widget.FitLeft("within", figure)+widget.FitLeft("took", figure)))
	for _, mark := range m.Marks {
		sign := markSign(s.Theme, mark, m.For)
		took := "never"
		if sign.Word == "not yet" {
			took = "open"
		}
		if mark.Seen {
			took = seconds(mark.Took)
		}
		lines = append(lines, s.Theme.Text.Render(widget.Fit(briefPhase(mark.Phase), name)+widget.FitLeft(seconds(mark.Within), figure))+
			sign.Style.Render(widget.FitLeft(took, figure)+" "+sign.Mark))
	}
	return cutAt(s, lines, room)
}

// cutAt cuts lines and says that there were more.
func cutAt(s *panel.State, lines []string, n int) []string {
	if len(lines) <= n || n < 1 {
		return lines
	}
	lines = slices.Clone(lines[:n])
	lines[n-1] = s.Theme.Muted.Render("… enter shows all")
	return lines
}

// lastCommands are those of the latest action, in at most h lines. Lines for people are left out if there are others: there is little room.
func lastCommands(s *panel.State, w, h int) []string {
	for _, e := range slices.Backward(s.Events[view.Acted]) {
		if len(e.Commands) == 0 {
			continue
		}
		commands := slices.DeleteFunc(slices.Clone(e.Commands), isComment)
		if len(commands) == 0 {
			commands = e.Commands
		}
		lines := []string{heading(s, "Commands", "", w)}
		for _, c := range commands {
			mark, style := s.Theme.Accent.Render("$ "), s.Theme.Text
			if isComment(c) {
				mark, style = "", s.Theme.Muted
			}
			for _, line := range widget.Wrap(plain.Line(c), max(w-2, 1)) {
				lines = append(lines, mark+style.Render(line))
				mark = "  "
			}
		}
		if len(lines) > h { // what goes on is cut like any line
			lines = lines[:h]
			if h > 2 {
				lines[h-1] = s.Theme.Muted.Render("… all in the panel commands")
			}
		}
		return lines
	}
	return nil
}

// momentLine is a moment behind its distance from since.
func momentLine(s *panel.State, m moment, since time.Time, w int, long bool) string {
	said := m.say(s)
	text := said.text
	if long {
		text = said.long
	}
	style := fresh(s, m.at, s.Theme.Text)
	return s.Theme.Muted.Render(widget.FitLeft(distance(m.at.Sub(since)), 8)) + " " + said.sign.String() + " " + style.Render(ansi.Truncate(text, max(w-11, 0), "…"))
}

// distance is a time since a deed, to the millisecond as long as that makes sense.
func distance(d time.Duration) string {
	if d < 1000*time.Second {
		return fmt.Sprintf("%.3f", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// seconds is a time in a few cells: 0.41 s, 5.5 s, 350 s.
func seconds(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d < 100*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

func lineWidth(s string) int { return ansi.StringWidth(s) }

func (p *timeline) Explain(s *panel.State) string {
	r, ok := latest(s)
	if !ok {
		return "This is what follows a deed, in seconds since it: who is elected, which Lease moves, which pods end and where they come back. " +
			"Nothing was broken yet; select something on the map and press K. What stands here until then are the latest changes of the lab."
	}
	n := len(recordMoments(s, r)) - 1
	return fmt.Sprintf("Zero is the moment of \"lab %s\", and %s followed it so far. "+
		"Below is what the lab predicted before, with the time that each phase was given and the time that it took. "+
		"The last lines are the commands that would have done the same without lab.", plain.Line(r.Action.String()), panel.Plural(n, "thing"))
}
