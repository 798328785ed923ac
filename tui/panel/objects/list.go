package objects

import (
	"cmp"
	"fmt"
	"kubelab/tui/widget"
	"slices"
	"strconv"
	"strings"
	"time"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// list is a table of any resource, and the YAML of one of its rows.
type list struct {
	grid[view.ListRow]
	asked   view.ListQuestion
	got     answer
	names   []string // columns of the answer
	answers int      // counted, so that a new one is noticed
	latest  *view.List

	open bool   // a row's YAML is shown instead
	key  string // of the row, in etcd
	text pager
	said string // instead of YAML
	kv   view.KeyValue
}

func newList() *list {
	p := &list{asked: view.ListQuestion{Resource: "configmaps"}}
	p.id = func(r view.ListRow) string { return r.Object.String() }
	p.words = func(r view.ListRow) []string { return append([]string{r.Object.Namespace}, r.Cells...) }
	return p
}

func (*list) Name() string { return "list" }

func (p *list) Title(*panel.State) string {
	title := plain.Line(p.asked.Resource)
	if p.asked.Namespace != "" {
		title += " in " + plain.Line(p.asked.Namespace)
	}
	if r, ok := p.current(); p.open && ok {
		title = plain.Line(r.Object.String())
	}
	return title
}

// Show takes a resource as kubectl does, and a namespace if only that is meant.
func (p *list) Show(_ *panel.State, what string) panel.Result {
	words := append(strings.Fields(what), "", "")
	if asked := (view.ListQuestion{Resource: words[0], Namespace: words[1]}); words[0] != "" && asked != p.asked {
		*p = *newList()
		p.asked = asked
		p.grid.stamp = nil
	}
	p.open = false
	return p.ask()
}

func (p *list) Opened(*panel.State) panel.Result { return p.ask() }

func (p *list) ask() panel.Result {
	if p.open {
		return panel.Result{Ask: &view.Question{Keys: &view.KeyQuestion{Prefix: p.key, Values: true, Limit: 1}}, Every: 5 * time.Second}
	}
	asked := p.asked
	return panel.Result{Ask: &view.Question{List: &asked}, Every: 5 * time.Second}
}

func (p *list) Answered(s *panel.State, q view.Question, a view.Answer, err error) {
	switch {
	case q.List != nil && *q.List == p.asked:
		p.got = answer{at: s.Now}
		if err != nil {
			p.got.err = plain.Line(err.Error())
		} else if a.List != nil {
			p.latest = a.List
			p.answers++
			p.sync()
		}
	case q.Keys != nil && p.open && q.Keys.Prefix == p.key:
		value, ok := panel.ValueOf(a.Keys, p.key)
		switch {
		case err != nil:
			p.said = "There is no answer: " + plain.Line(err.Error())
		case !ok:
			p.said = fmt.Sprintf("etcd has nothing under %s. The resource may be kept under another name, or be none that is kept at all, as metrics are.", plain.Line(p.key))
		default:
			p.said, p.kv, p.text.lines = "", value, yamlLines(s, value.Value+value.Hidden)
		}
	}
}

// sync takes the latest answer over.
func (p *list) sync() {
	if p.latest == nil {
		return
	}
	if !slices.Equal(p.names, p.latest.Columns) || len(p.columns) == 0 {
		p.names, p.columns, p.widths = p.latest.Columns, p.columnsOf(p.latest), nil
	}
	p.set(p.answers, func() []view.ListRow { return p.latest.Rows })
}

// columnsOf are those of the answer. What the API server puts last is what matters least.
func (p *list) columnsOf(l *view.List) []column[view.ListRow] {
	var columns []column[view.ListRow]
	for i, name := range l.Columns {
		if strings.EqualFold(name, "namespace") {
			if p.asked.Namespace == "" { // else all are in the same one
				columns = append(columns, column[view.ListRow]{title: "namespace", min: 6, measure: func(r view.ListRow) int { return widget.Width(r.Object.Namespace) },
					cell:    func(s *panel.State, r view.ListRow) cell { return namespaced(s, r.Object.Namespace) },
					compare: by(func(r view.ListRow) string { return r.Object.Namespace })})
			}
			continue
		}
		text := func(r view.ListRow) string {
			if i < len(r.Cells) {
				return r.Cells[i]
			}
			return ""
		}
		first := strings.EqualFold(name, "name")
		columns = append(columns, column[view.ListRow]{title: plain.Line(strings.ToLower(name)), min: map[bool]int{true: 14, false: 5}[first], drop: map[bool]int{false: i + 1}[first],
			measure: func(r view.ListRow) int { return min(widget.Width(text(r)), 60) },
			cell:    func(s *panel.State, r view.ListRow) cell { return orDash(s, text(r)) },
			compare: func(a, b view.ListRow) int { return compareCells(text(a), text(b)) }})
	}
	return columns
}

// compareCells compares figures by their value, ages such as 3d2h by how long they are, and all else as text.
func compareCells(a, b string) int {
	x, isX := figure(a)
	y, isY := figure(b)
	if isX && isY {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(a, b)
}

var ageUnits = map[byte]float64{'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'y': 365 * 86400}

func figure(text string) (float64, bool) {
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return n, true
	}
	sum, digits := 0.0, ""
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			digits += string(c)
		case digits != "" && ageUnits[c] > 0:
			n, _ := strconv.ParseFloat(digits, 64) // these are digits
			sum, digits = sum+n*ageUnits[c], ""
		default:
			return 0, false
		}
	}
	return sum, text != "" && digits == ""
}

func (p *list) Keys(*panel.State) []panel.Binding {
	if p.open {
		return []panel.Binding{{Keys: "enter/←", Does: "back to the list", Short: true}, {Keys: "w", Does: "wrap long lines, or cut them"}}
	}
	return p.bindings(panel.Binding{Keys: "enter", Does: "show its YAML", Short: true})
}

func (p *list) Key(_ *panel.State, key string) (panel.Result, bool) {
	p.sync()
	switch {
	case p.open && slices.Contains([]string{"enter", "left", "h", "backspace"}, key):
		p.open = false
		return p.ask(), true
	case p.open:
		return panel.Result{}, p.text.key(key)
	case key == "enter":
		return p.show(), true
	}
	return panel.Result{}, p.grid.key(key)
}

// show opens the selected row.
func (p *list) show() panel.Result {
	r, ok := p.current()
	if !ok {
		return panel.Result{}
	}
	p.open, p.key, p.text, p.kv = true, panel.KeyOf(p.asked.Resource, r.Object), pager{}, view.KeyValue{}
	p.said = "Asked etcd for " + p.key + "; the answer is on its way."
	return p.ask()
}

func (p *list) Click(_ *panel.State, x, y int) panel.Result {
	p.sync()
	if !p.open && p.click(x, y) {
		return p.show()
	}
	return panel.Result{}
}

func (p *list) Wheel(s *panel.State, lines int) {
	if p.open {
		p.text.scroll(lines)
		return
	}
	p.grid.Wheel(s, lines)
}

// Filter narrows down what is shown: rows, or lines of YAML.
func (p *list) Filter(text string) {
	if p.open {
		p.text.filter = text
		return
	}
	p.grid.Filter(text)
}

func (p *list) Filtered() string {
	if p.open {
		return p.text.filter
	}
	return p.grid.Filtered()
}

func (p *list) Selected(*panel.State) string {
	p.sync()
	r, ok := p.current()
	switch {
	case !ok:
		return ""
	case r.Object.Resource == "pods":
		return podTarget(r.Object.Namespace, r.Object.Name)
	case r.Object.Resource == "nodes":
		return r.Object.Name
	}
	return r.Object.String()
}
