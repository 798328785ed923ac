package expr_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/cel-go/common/types/ref"

	"kubelab/exercises/expr"
)

type inner struct {
	Count uint64        `json:"count"`
	Took  time.Duration `json:"took"`
}

type embedded struct {
	ID string `json:"id"`
}

type word string

type outer struct {
	embedded
	Name     word             `json:"name,omitempty"`
	Inner    *inner           `json:"inner,omitempty"`
	List     []inner          `json:"list"`
	Map      map[string]inner `json:"map"`
	At       time.Time        `json:"at,omitzero"`
	Hidden   string           `json:"-"`
	NoTag    int
	internal int
}

func env(t testing.TB) *expr.Env {
	t.Helper()
	e, err := expr.New([]any{outer{}},
		[]expr.Variable{{Name: "o", Type: expr.Struct("outer")}, {Name: "h", Type: expr.Opaque("Horn")}, {Name: "answers", Type: expr.MapOf(expr.Any)}},
		[]expr.Function{{Name: "blow", Of: "h", Forms: []expr.Form{{
			Params: []expr.Param{{Name: "how", Type: expr.String}}, Result: expr.ListOf(expr.Struct("inner")),
			Call: func(args []ref.Val) any {
				return []*inner{{Count: uint64(args[0].Value().(int)), Took: time.Duration(len(expr.Text(args[1])))}}
			},
		}}}})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func values() map[string]any {
	return map[string]any{
		"o": &outer{embedded: embedded{"x1"}, Name: "web", List: []inner{{Count: 3, Took: 90 * time.Second}}, Map: map[string]inner{"a": {Count: 1}}, NoTag: 7},
		"h": expr.Handle("Horn", 5), "answers": map[string]any{"pid": 12.0, "who": "\x1b[31mred"},
	}
}

func TestGoStructsInExpressions(t *testing.T) {
	e := env(t)
	for source, want := range map[string]string{
		`o.name + "/" + o.id`:            "web/x1",
		`o.list[0].count + 1`:            "4",
		`o.list[0].took`:                 "90 s",
		`o.list.exists(i, i.count == 3)`: "true",
		`o.map["a"].count`:               "1",
		`o.at`:                           "never",
		`has(o.inner)`:                   "false",
		`o.noTag`:                        "7",
		`blow("ab")[0].count`:            "5",
		`h.blow("ab") == blow("ab")`:     "true",
		`answers.pid == o.noTag + 5`:     "true",
		`o.list == [o.list[0]]`:          "true",
		`answers.who`:                    "\x1b[31mred",
		`[1.5, 2.0]`:                     "1.5, 2",
		`duration("35ms")`:               "35 ms",
		`o.list.map(i, i.count > 5 ? "many" : "few")`: "few",
		`""`:       "nothing",
		`[]`:       "nothing",
		`o.list`:   "(inner)",
		`"a" < ""`: "false",
	} {
		x, issues := e.Compile(source, expr.Any)
		if x == nil {
			t.Errorf("%s: %v", source, issues)
			continue
		}
		v, err := x.Eval(t.Context(), values())
		if err != nil {
			t.Errorf("%s: %v", source, err)
		} else if got := expr.Show(v); got != want {
			t.Errorf("%s is %q, want %q", source, got, want)
		}
	}
}

func TestWhatDoesNotCompile(t *testing.T) {
	for source, want := range map[string]string{
		`o.nam`:                               "undefined field 'nam'",
		`o.hidden`:                            "undefined field 'hidden'",
		`o.internal`:                          "undefined field 'internal'",
		`blow(1)`:                             "found no matching overload",
		`blow()`:                              "found no matching overload for 'blow'",
		`nothing`:                             "undeclared reference to 'nothing'",
		"true &&\n  false &&":                 "Syntax error",
		`o.name`:                              "is a string: it has to be a bool",
		`"` + strings.Repeat("x", 5000) + `"`: "use at most 4096",
	} {
		x, issues := env(t).Compile(source, expr.Bool)
		if x != nil || len(issues) == 0 || !strings.Contains(issues[0].Text, want) {
			t.Errorf("%.40s: %v, want %q", source, issues, want)
		}
	}
	if _, issues := env(t).Compile("true &&\n\n  nothing", expr.Bool); len(issues) != 1 || issues[0].Line != 3 {
		t.Errorf("a fault on the third line: %v", issues)
	}
}

func TestWhatCannotBeHad(t *testing.T) {
	for source, want := range map[string]string{
		`o.inner.count == 0`:   "inner is not known yet",
		`answers.other == 1`:   "no such key: other",
		`o.list[3].count == 0`: "index out of bounds",
		// Endless ones: a million rounds in loops within each other, and a text that doubles.
		`[0,1,2,3,4,5,6,7,8,9].all(a, [0,1,2,3,4,5,6,7,8,9].all(b, [0,1,2,3,4,5,6,7,8,9].all(c, [0,1,2,3,4,5,6,7,8,9].all(d, [0,1,2,3,4,5,6,7,8,9].all(e, [0,1,2,3,4,5,6,7,8,9].all(f, a+b+c+d+e+f >= 0))))))`:                                                                                                                  "it takes too long",
		`"` + strings.Repeat("x", 3000) + `".matches("(x+x+)+y") || ` + `[""].map(a, "x"+"x").map(a, a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a)[0] == ""`: "it takes too long",
	} {
		x, issues := env(t).Compile(source, expr.Bool)
		if x == nil {
			t.Fatalf("%.60s: %v", source, issues)
		}
		began := time.Now()
		_, err := x.Holds(t.Context(), values())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %q", source, err, want)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("%.60s took %s", source, took)
		}
	}
}

func TestTemplates(t *testing.T) {
	e := env(t)
	tpl, issues := e.Template(`{{ o.name }} has {{o.list.size()}} and {{ o.inner.count }}, {{ "}}" }} {{ answers.who }}`)
	if tpl == nil {
		t.Fatal(issues)
	}
	text, err := tpl.Fill(context.Background(), values())
	if want := "web has 1 and (not known yet), }} [31mred"; text != want {
		t.Errorf("it is %q, want %q", text, want)
	}
	if err == nil || !strings.HasPrefix(err.Error(), "o.inner.count: ") {
		t.Errorf("what is missing: %v", err)
	}
	if got := tpl.Fields("answers"); len(got) != 1 || got[0] != "who" {
		t.Errorf("it reads answers %v", got)
	}
	for source, line := range map[string]int{"a\nb {{ o.name": 2, "a\nb {{ o.nam }}": 2, "{{\n\no.nam }}": 3, strings.Repeat("x", 100_000): 1} {
		if tpl, issues := e.Template(source); tpl != nil || len(issues) != 1 || issues[0].Line != line {
			t.Errorf("%.20q: %v, want line %d", source, issues, line)
		}
	}
}

func TestPlain(t *testing.T) {
	x, _ := env(t).Compile(`{"a": [1, 2.5, true, null, duration("1s")], "b": "c"}`, expr.Any)
	v, err := x.Eval(t.Context(), values())
	if err != nil {
		t.Fatal(err)
	}
	p, err := expr.Plain(v)
	if err != nil {
		t.Fatal(err)
	}
	m := p.(map[string]any)
	if list := m["a"].([]any); list[0] != 1.0 || list[1] != 2.5 || list[2] != true || list[3] != nil || list[4] != "1s" || m["b"] != "c" {
		t.Errorf("it is %v", p)
	}
	x, _ = env(t).Compile(`o.list[0]`, expr.Any)
	if v, err = x.Eval(t.Context(), values()); err != nil {
		t.Fatal(err)
	}
	if _, err := expr.Plain(v); err == nil {
		t.Error("a struct cannot be kept")
	}
}
