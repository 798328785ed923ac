package trouble

import (
	"fmt"
	"kubelab/tui/widget"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// mostLines is how much of a log is asked for, and logsEvery how often.
const (
	mostLines = 500
	logsEvery = time.Second
)

// logs shows the end of one log and follows it. Without a target it lets choose one.
type logs struct {
	panel.Quiet
	target string
	choice chooser
	filter string

	lines []string // as they were answered, clean
	came  time.Time
	err   error

	stays  bool // it does not follow the end
	top    int  // the first line that is shown, of those that match
	left   int  // cells that are scrolled out at the left
	shown  int  // lines that were shown last
	height int
}

func newLogs() *logs { return &logs{choice: chooser{items: logItems}} }

func (p *logs) Name() string { return "logs" }

func (p *logs) Title(*panel.State) string {
	if p.target == "" {
		return "Logs"
	}
	return "Logs of " + plain.Line(p.target)
}

func (p *logs) Filter(text string) { p.filter = text }
func (p *logs) Filtered() string   { return p.filter }

// Show shows the log of a component, a machine or a pod; of nothing it lets choose.
func (p *logs) Show(s *panel.State, what string) panel.Result {
	if name, ok := strings.CutPrefix(what, "pods/"); ok { // as objects, pods and nodes are called otherwise
		what = "pod/" + name
	}
	what = strings.TrimPrefix(what, "nodes/")
	if what != p.target {
		*p = logs{target: what, choice: p.choice, filter: p.filter}
	}
	return p.Opened(s)
}

func (p *logs) Opened(*panel.State) panel.Result {
	if p.target == "" {
		return panel.Result{}
	}
	return panel.Result{Ask: &view.Question{Logs: &view.LogQuestion{Target: p.target, Lines: mostLines}}, Every: logsEvery}
}

func (p *logs) Answered(s *panel.State, q view.Question, a view.Answer, err error) {
	if q.Logs == nil || q.Logs.Target != p.target {
		return // of what was shown before
	}
	p.err = err
	if err != nil {
		return
	}
	lines := make([]string, len(a.Logs))
	for i, l := range a.Logs {
		lines[i] = plain.Line(l)
	}
	if p.stays { // what is looked at stays where it is while older lines go
		gone := len(p.matching(p.lines[:moved(p.lines, lines)]))
		p.top = max(p.top-gone, 0)
	}
	p.lines, p.came = lines, s.Now
}

// moved is how many of the old lines are not at the beginning of the new ones any more.
func moved(old, now []string) int {
	for k := range old {
		if n := len(old) - k; n <= len(now) && slices.Equal(old[k:], now[:n]) {
			return k
		}
	}
	return 0
}

func (p *logs) matching(lines []string) []string {
	if p.filter == "" {
		return lines
	}
	var list []string
	for _, l := range lines {
		if panel.Matches(p.filter, l) {
			list = append(list, l)
		}
	}
	return list
}

func (p *logs) Keys(s *panel.State) []panel.Binding {
	if p.target == "" {
		return []panel.Binding{{Keys: "enter", Does: "show its log", Short: true}}
	}
	follow := "follow"
	if !p.stays {
		follow = "stop following"
	}
	return []panel.Binding{{Keys: "f", Does: follow, Short: true}, {Keys: "h/l", Does: "scroll sideways"}, {Keys: "backspace", Does: "choose another", Short: true}}
}

func (p *logs) Key(s *panel.State, key string) (panel.Result, bool) {
	if p.target == "" {
		if key == "enter" {
			if what := p.choice.selected(s, p.filter); what != "" {
				p.filter = ""
				return panel.Result{Open: "logs", With: what}, true
			}
			return panel.Result{Note: "there is nothing to choose"}, true
		}
		return panel.Result{}, p.choice.key(s, p.filter, key)
	}
	page := max(p.shown-1, 1)
	switch key {
	case "f":
		p.stays = !p.stays
	case "up", "k":
		p.scroll(-1)
	case "down", "j":
		p.scroll(1)
	case "pgup", "ctrl+b":
		p.scroll(-page)
	case "pgdown", "ctrl+f":
		p.scroll(page)
	case "home", "g":
		p.scroll(-len(p.lines))
	case "end", "G":
		p.stays = false
	case "left", "h":
		p.left = max(p.left-16, 0)
	case "right", "l":
		p.left += 16 // View knows where lines end
	case "backspace":
		*p = logs{choice: p.choice}
	default:
		return panel.Result{}, false
	}
	return panel.Result{}, true
}

// scroll moves what is shown by n lines. At the end it follows again.
func (p *logs) scroll(n int) {
	last := max(len(p.matching(p.lines))-p.shown, 0)
	if !p.stays {
		p.top = last
	}
	p.top = max(0, min(p.top+n, last))
	p.stays = p.top < last
}

func (p *logs) Wheel(s *panel.State, lines int) {
	if p.target == "" {
		p.choice.sync(s, p.filter)
		p.choice.pos.wheel(lines, len(p.choice.list))
		p.choice.at = p.choice.selected(s, p.filter)
		return
	}
	p.scroll(lines)
}

func (p *logs) Click(s *panel.State, _, y int) panel.Result {
	if p.target == "" && p.choice.click(s, p.filter, y, p.height) {
		return panel.Result{}
	}
	return panel.Result{}
}

func (p *logs) Selected(s *panel.State) string {
	what := p.target
	if what == "" {
		what = p.choice.selected(s, p.filter)
	}
	if what == "engine" {
		return "" // nothing that acts on the lab acts on it
	}
	return what
}

func (p *logs) View(s *panel.State, w, h int) string {
	p.height = h
	if p.target == "" {
		return p.choice.view(s, p.filter, "Whose log?", w, h)
	}
	lines := p.matching(p.lines)
	var head []string
	if h >= 4 {
		head = append(head, widget.Fit(p.head(s, len(lines)), w))
	}
	p.shown = max(h-len(head), 0)
	last := max(len(lines)-p.shown, 0)
	if !p.stays {
		p.top = last
	}
	p.top = max(0, min(p.top, last))
	visible := lines[p.top:min(p.top+p.shown, len(lines))]
	if len(visible) == 0 {
		return widget.Lines(append(head, s.Theme.Muted.Render(" "+p.nothing())), w, h)
	}
	longest := 0
	for _, l := range visible {
		longest = max(longest, ansi.StringWidth(l))
	}
	p.left = max(0, min(p.left, longest-(w-2)))
	for _, l := range visible {
		mark, style := levelOf(l).mark(s.Theme)
		if p.left > 0 {
			l = "…" + ansi.TruncateLeft(l, p.left+1, "")
		}
		head = append(head, style.Render(mark+" "+ansi.Truncate(l, max(w-2, 0), "…")))
	}
	return widget.Lines(head, w, h)
}

// head says whose log it is, how that is doing, and where in it this is.
func (p *logs) head(s *panel.State, n int) string {
	t := s.Theme
	text := t.Accent.Render(plain.Line(p.target))
	if m, name, ok := strings.Cut(p.target, "/"); ok {
		for _, one := range machinesOf(s) {
			if c, has := one.components[name]; has && one.name == m {
				sign := t.Component(c)
				text += " " + sign.Style.Render(sign.Mark+" "+sign.Word)
			}
		}
	}
	switch {
	case p.filter != "":
		text += t.Muted.Render(fmt.Sprintf("  %d of the last %d lines", n, len(p.lines)))
	case len(p.lines) > 0:
		text += t.Muted.Render(fmt.Sprintf("  last %d lines", len(p.lines)))
	}
	switch {
	case p.err != nil && !p.came.IsZero():
		return text + t.Warn.Render(fmt.Sprintf("  stale for %s: %s", panel.Ago(s.Now, p.came), plain.Line(p.err.Error())))
	case p.stays:
		return text + t.Warn.Render(fmt.Sprintf("  ❚ lines %d to %d; f follows", p.top+1, min(p.top+p.shown, n)))
	}
	return text + t.Good.Render("  ● follows")
}

// nothing says why there is no line.
func (p *logs) nothing() string {
	switch {
	case p.err != nil:
		return "The log cannot be read: " + plain.Line(p.err.Error())
	case p.came.IsZero():
		return "asking for the log of " + plain.Line(p.target) + " …"
	case len(p.lines) > 0:
		return "None of the last lines matches " + plain.Line(p.filter)
	}
	return plain.Line(p.target) + " has not written anything yet; what it writes is shown here as it comes."
}

func (p *logs) Explain(s *panel.State) string {
	if p.target == "" {
		return "Every component of a lab writes a log, as it would on any cluster: etcd about its members and elections, an API server about what is slow or refused, kubelet about pods. " +
			"Pods have logs too, which kubectl logs shows; the lab's own is called engine. Choose one, or press l on anything that is selected elsewhere."
	}
	bad := 0
	for _, l := range p.lines {
		if levelOf(l) >= warning {
			bad++
		}
	}
	return fmt.Sprintf("This is what %s wrote last, the newest line at the bottom; %d of %d lines are warnings or errors. "+
		"klog begins a line with I, W or E and the date, etcd writes JSON with a level, containerd writes level=…; W and E stand in front of those that matter. "+
		"Break something and look which component complains first, and about what.", plain.Line(p.target), bad, len(p.lines))
}
