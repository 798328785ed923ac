package expr

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// maxTemplate bounds a text with expressions in it, in bytes, and maxShown what one of them adds to the text.
const (
	maxTemplate = 64 << 10
	maxShown    = 1 << 10
)

// Unknown stands in a text for a value that cannot be had.
const Unknown = "(not known yet)"

// Template is a text with expressions in it: "It took {{ between(a, b) }}." It may be used from any goroutine.
type Template struct {
	parts []part
}

type part struct {
	text string
	expr *Expr // instead of text
}

// Template compiles a text.
func (e *Env) Template(source string) (*Template, []Issue) {
	if len(source) > maxTemplate {
		return nil, []Issue{{1, fmt.Sprintf("the text has %d bytes: use at most %d", len(source), maxTemplate)}}
	}
	t := &Template{}
	var issues []Issue
	line := 1
	for rest := source; rest != ""; {
		text, after, found := strings.Cut(rest, "{{")
		t.parts = append(t.parts, part{text: text})
		line += strings.Count(text, "\n")
		if !found {
			break
		}
		end := End(after)
		if end < 0 {
			return nil, append(issues, Issue{line, "{{ is never closed: write }} behind the expression"})
		}
		x, faults := e.Compile(after[:end], Any)
		for _, f := range faults {
			issues = append(issues, Issue{line + f.Line - 1, f.Text})
		}
		t.parts = append(t.parts, part{expr: x})
		line += strings.Count(after[:end], "\n")
		rest = after[end+len("}}"):]
	}
	if len(issues) > 0 {
		return nil, issues
	}
	return t, nil
}

// End is where the expression that s begins with is closed by }}, -1 if it is not. What is quoted closes nothing.
func End(s string) int {
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case c == '"' || c == '\'':
			quote = c
		case strings.HasPrefix(s[i:], "}}"):
			return i
		}
	}
	return -1
}

// Fields are the fields of a variable that the expressions in it read.
func (t *Template) Fields(variable string) []string {
	var fields []string
	for _, p := range t.parts {
		if p.expr != nil {
			fields = append(fields, p.expr.Fields(variable)...)
		}
	}
	slices.Sort(fields)
	return slices.Compact(fields)
}

// Render is the text with values in place of expressions, and Unknown where one cannot be had. Nothing that an
// expression adds can change a terminal's state.
func (t *Template) Render(ctx context.Context, variables map[string]any) string {
	text, _ := t.Fill(ctx, variables)
	return text
}

// Fill is Render for who has to know: the error says why a value cannot be had, of the first one.
func (t *Template) Fill(ctx context.Context, variables map[string]any) (string, error) {
	var b strings.Builder
	var missing error
	for _, p := range t.parts {
		if p.expr == nil {
			b.WriteString(p.text)
			continue
		}
		v, err := p.expr.Eval(ctx, variables)
		if err != nil {
			if missing == nil {
				missing = fmt.Errorf("%s: %w", strings.TrimSpace(p.expr.String()), err)
			}
			b.WriteString(Unknown)
			continue
		}
		b.WriteString(Clean(Show(v)))
	}
	return b.String(), missing
}
