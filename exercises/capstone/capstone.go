// Package capstone makes exercises of two faults that are drawn by chance: name them, say what they mean, repair them. The same seed makes
// the same exercise, on every machine.
//
// They are written and read as those of an instructor are, so nothing knows them from others. What can break is in faults.go, the texts
// are in text.
package capstone

import (
	"embed"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing/fstest"
	"text/template"

	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/expr"
)

//go:embed text
var text embed.FS

// prefix is how ids begin; the seed follows.
const prefix = "capstone-"

// Is reports whether an id is that of a capstone, and its seed. An id without a seed gets one by chance.
func Is(id string) (seed uint64, ok bool) {
	if id+"-" == prefix {
		return uint64(rand.Uint32N(10000)), true
	}
	n, found := strings.CutPrefix(id, prefix)
	if !found {
		return 0, false
	}
	seed, err := strconv.ParseUint(n, 10, 32)
	return seed, err == nil
}

// ID is the id of a seed's exercise.
func ID(seed uint64) string { return prefix + strconv.FormatUint(seed, 10) }

// fill is what the texts are filled with.
type fill struct {
	Seed           uint64
	Masters, Nodes int
	First, Second  fault
	Choices        [2][]choice // what each could mean, the order drawn by chance
}

type choice struct {
	ID, Text string
	Right    bool
}

// healAll undoes whatever is injected, so it is all that there is to do.
const healAll = "lab heal --all"

// Solutions are what repairs both.
func (f fill) Solutions() []string {
	if f.First.Solve == healAll || f.Second.Solve == healAll {
		return []string{healAll}
	}
	return []string{f.First.Solve, f.Second.Solve}
}

// New makes the exercise of a seed.
func New(env *expr.Env, seed uint64) (*exercises.Exercise, error) {
	draw := rand.New(rand.NewPCG(seed, 0))
	first, second := pair(draw)
	f := fill{Seed: seed, Masters: masters, Nodes: nodes, First: first, Second: second}
	for i, of := range []fault{first, second} {
		f.Choices[i] = choices(draw, of, []fault{first, second}[1-i])
	}
	files := fstest.MapFS{}
	all, err := template.New("").Delims("<<", ">>").Funcs(template.FuncMap{"right": right, "other": wrong, "quote": strconv.Quote}).ParseFS(text, "text/*")
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", ID(seed), err)
	}
	for _, t := range all.Templates() {
		if t.Name() == "" {
			continue
		}
		var out strings.Builder
		if err := t.Execute(&out, f); err != nil {
			return nil, fmt.Errorf("make %s: %w", ID(seed), err)
		}
		files[t.Name()] = &fstest.MapFile{Data: []byte(out.String())}
	}
	e, problems := exercises.Read(env, files, ".")
	if len(problems) > 0 {
		return nil, view.Fail(view.Failed, "%s: %w", ID(seed), problems)
	}
	return e, nil
}

// choices are four meanings in an order of chance, of which one is of's. What another fault of the exercise means would be right as well.
func choices(draw *rand.Rand, of, also fault) []choice {
	list := []choice{{Text: of.Means, Right: true}}
	for _, i := range draw.Perm(len(kinds)) {
		if k := kinds[i]; k.Name != of.Name && k.Name != also.Name && len(list) < 4 {
			list = append(list, choice{Text: k.Means})
		}
	}
	draw.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	for i := range list {
		list[i].ID = string(rune('a' + i))
	}
	return list
}

func right(list []choice) string { return pick(list, true) }
func wrong(list []choice) string { return pick(list, false) }

func pick(list []choice, right bool) string {
	for _, c := range list {
		if c.Right == right {
			return c.ID
		}
	}
	return ""
}
