package brain

import (
	"fmt"
	"strconv"
	"strings"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
	"kubelab/tui/widget"
)

// browser walks through the keys of etcd as through folders: keys have none, but between slashes they read so.
type browser struct {
	path    string // a prefix that ends with a slash, or a key
	asked   view.KeyQuestion
	keys    *view.Keys
	err     error
	entries []entry
	value   *view.KeyValue // of the key that path is
	top     int            // first line of the value that is shown
	list    list
	filter  string
}

// entry is a key, or what keys have in common up to the next slash.
type entry struct {
	name     string // as it is shown; with a slash at its end if it is no key
	path     string
	keys     int
	size     int
	modified int64 // latest revision
	version  int64
}

// mostKeys is how many keys are asked for at once.
const mostKeys = 20_000

func (b *browser) loaded() bool { return b.path != "" }

// open goes to a prefix or a key, and asks for it.
func (b *browser) open(path string) panel.Result {
	if b.list.cols == nil {
		b.list.cols = []column{
			{title: "segment", width: 16, share: 1}, {title: "keys", width: 6, right: true}, {title: "size", width: 9, right: true},
			{title: "last revision", width: 13, right: true, from: 60}, {title: "version", width: 8, right: true, from: 70},
		}
	}
	b.path, b.value, b.err, b.top = path, nil, nil, 0
	b.asked = view.KeyQuestion{Prefix: path, Limit: mostKeys}
	if !strings.HasSuffix(path, "/") {
		b.asked = view.KeyQuestion{Prefix: path, Values: true, Limit: 1}
	}
	return panel.Result{Ask: b.question()}
}

// up goes to what path is in. It is false at the beginning of all keys.
func (b *browser) up() bool {
	if b.path == registry || b.path == "" {
		return false
	}
	from := b.path
	parent := from[:strings.LastIndex(strings.TrimSuffix(from, "/"), "/")+1]
	if !strings.HasPrefix(parent, registry) {
		parent = registry
	}
	b.open(parent)
	b.arrange()
	b.list.table.Select(from)
	return true
}

func (b *browser) answered(q *view.KeyQuestion, keys *view.Keys, err error) {
	if *q != b.asked {
		return
	}
	b.err = err
	if err != nil || keys == nil {
		return
	}
	if !strings.HasSuffix(b.path, "/") {
		if len(keys.List) > 0 && keys.List[0].Key == b.path {
			b.value = &keys.List[0]
		} else {
			b.err = fmt.Errorf("there is no such key at revision %d: it was deleted", keys.Revision)
		}
		return
	}
	b.keys = keys
	b.arrange()
}

// arrange groups the keys below path by what comes next in them.
func (b *browser) arrange() {
	b.entries = nil
	if b.keys == nil {
		return
	}
	var ids []string
	for _, kv := range b.keys.List {
		rest, ok := strings.CutPrefix(kv.Key, b.path)
		if !ok || rest == "" || b.filter != "" && !panel.Matches(b.filter, kv.Key) {
			continue
		}
		name, _, deep := strings.Cut(rest, "/")
		if deep {
			name += "/"
		}
		if n := len(b.entries); n == 0 || b.entries[n-1].name != name { // etcd sorts keys
			b.entries = append(b.entries, entry{name: name, path: b.path + name, version: kv.Version})
			ids = append(ids, b.path+name)
		}
		e := &b.entries[len(b.entries)-1]
		e.keys++
		e.size += kv.Size
		e.modified = max(e.modified, kv.Modified)
	}
	b.list.set(ids)
}

// selectedKey is the key that is shown or selected; empty for a prefix.
func (b *browser) selectedKey() string {
	key := b.path
	if strings.HasSuffix(b.path, "/") {
		key = b.list.table.Selected()
	}
	if strings.HasSuffix(key, "/") {
		return ""
	}
	return key
}

// bindings are the browser's own keys.
func (b *browser) bindings() []panel.Binding {
	return []panel.Binding{
		{Keys: "enter", Does: "go into it, or show the value", Short: true}, {Keys: "backspace", Does: "go up", Short: true}, {Keys: "n", Does: "ask again"},
	}
}

func (b *browser) key(key string) (panel.Result, bool) {
	switch key {
	case "backspace", "left", "h":
		if !b.up() {
			return panel.Result{Note: "these are all keys; b goes back to the members"}, true
		}
		return panel.Result{Ask: b.question()}, true
	case "enter", "right":
		if to := b.list.table.Selected(); strings.HasSuffix(b.path, "/") && to != "" {
			r := b.open(to)
			b.arrange()
			return r, true
		}
		return panel.Result{}, true
	case "n":
		return b.open(b.path), true
	}
	if !strings.HasSuffix(b.path, "/") {
		switch key {
		case "up", "k":
			b.scroll(-1)
		case "down", "j":
			b.scroll(1)
		case "pgup", "ctrl+b":
			b.scroll(-10)
		case "pgdown", "ctrl+f":
			b.scroll(10)
		case "home", "g":
			b.top = 0
		default:
			return panel.Result{}, false
		}
		return panel.Result{}, true
	}
	return panel.Result{}, b.list.table.Key(key, b.list.h-2)
}

// scroll moves the value, or the selection.
func (b *browser) scroll(lines int) {
	if !strings.HasSuffix(b.path, "/") {
		b.top = max(b.top+lines, 0)
		return
	}
	b.list.table.Move(lines)
}

func (b *browser) draw(p *page, s *panel.State) {
	t := s.Theme
	note := "asking"
	switch {
	case b.err != nil || b.value != nil:
		note = ""
	case b.keys != nil && strings.HasSuffix(b.path, "/"):
		note = fmt.Sprintf("as %s has them at revision %d, n asks again", b.keys.Member, b.keys.Revision)
		if int64(len(b.keys.List)) < b.keys.Count {
			note = fmt.Sprintf("only the first %d of %d keys", len(b.keys.List), b.keys.Count)
		}
		if b.filter != "" {
			note = "only " + strconv.Quote(b.filter)
		}
	}
	p.add(heading(t, p.w, plain.Line(b.path), note))
	switch {
	case b.err != nil:
		p.prose(t.Bad, "✗ "+b.err.Error())
	case b.value != nil:
		b.drawValue(p, t)
	case strings.HasSuffix(b.path, "/") && len(b.entries) > 0:
		p.list(s, &b.list, p.left(), true, func(i int) []string { return b.entries[i].cells(t) })
	case b.keys == nil || !strings.HasSuffix(b.path, "/"):
		p.add(t.Muted.Render("asking the member that knows best"))
	default:
		p.prose(t.Muted, "No such key at the moment. Backspace goes up.")
	}
}

func (e entry) cells(t *theme.Theme) []string {
	revision := strconv.FormatInt(e.modified, 10)
	if strings.HasSuffix(e.name, "/") {
		return []string{t.Accent.Render("▸ " + plain.Line(e.name)), strconv.Itoa(e.keys), panel.Size(int64(e.size)), revision, ""}
	}
	return []string{"  " + plain.Line(e.name), "", panel.Size(int64(e.size)), revision, strconv.FormatInt(e.version, 10)}
}

// drawValue shows what a key holds.
func (b *browser) drawValue(p *page, t *theme.Theme) {
	v := b.value
	p.add(t.Muted.Render("created at revision ") + strconv.FormatInt(v.Created, 10) + t.Muted.Render("  changed at ") + strconv.FormatInt(v.Modified, 10) +
		t.Muted.Render("  version ") + strconv.FormatInt(v.Version, 10) + t.Muted.Render("  size ") + panel.Size(int64(v.Size)))
	if v.Hidden != "" {
		p.prose(t.Warn, v.Hidden)
	}
	lines := strings.Split(strings.TrimRight(v.Value, "\n"), "\n")
	shown := p.left()
	b.top = min(b.top, max(len(lines)-shown, 0))
	for i := b.top; i < min(b.top+shown, len(lines)); i++ {
		p.add(yamlLine(t, lines[i]))
	}
	if more := len(lines) - b.top - shown; more > 0 && shown > 1 {
		p.lines[len(p.lines)-1] = t.Muted.Render(widget.Fit("… "+panel.Plural(more+1, "more line")+", ↓ goes on", p.w))
	}
}

// yamlLine is a line of YAML with the name of its field set off.
func yamlLine(t *theme.Theme, line string) string {
	line = plain.Line(line)
	name, value, ok := strings.Cut(line, ":")
	if !ok || strings.ContainsAny(name, `"'`) {
		return line
	}
	return t.Accent.Render(name) + t.Muted.Render(":") + value
}

// question is what was asked last.
func (b *browser) question() *view.Question {
	q := b.asked
	return &view.Question{Keys: &q}
}
