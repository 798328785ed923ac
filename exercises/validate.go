package exercises

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"kubelab/core/component"
	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
	"kubelab/exercises/expr"
	"kubelab/exercises/solution"
)

// Bounds of an exercise.
const (
	maxSteps    = 30
	maxChecks   = 20 // in a step
	hintsWanted = 3
	maxMinutes  = 120
	maxWithin   = time.Hour

	defaultWait = 2 * time.Minute
)

var idForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)

const idRule = "use small letters, digits and dashes, at most 40"

// nameForm is that of what expressions call answers.NAME or kept.NAME.
var nameForm = regexp.MustCompile(`^[a-z][A-Za-z0-9]{0,39}$`)

const nameRule = "use letters and digits, a small letter first, at most 40"

func (r *reader) head() {
	e := r.out
	if !idForm.MatchString(e.ID) {
		r.wrong("id %q: %s", []any{e.ID, idRule}, "id")
	}
	for _, f := range []struct{ name, value string }{{"title", e.Title}, {"objective", e.Objective}} {
		if strings.TrimSpace(f.value) == "" {
			r.wrong("%s is missing", []any{f.name}, f.name)
		}
	}
	if e.Minutes < 1 || e.Minutes > maxMinutes {
		r.wrong("minutes %d: use 1 to %d", []any{e.Minutes, maxMinutes}, "minutes")
	}
	if m := e.Lab.Masters; m < 1 || m > topology.MaxMasters {
		r.wrong("a lab of %d masters: use 1 to %d", []any{m, topology.MaxMasters}, "lab", "masters")
	}
	if n := e.Lab.Nodes; n < 0 || n > topology.MaxNodes {
		r.wrong("a lab of %d nodes: use 0 to %d", []any{n, topology.MaxNodes}, "lab", "nodes")
	}
	if _, err := topology.TimingName(e.Lab.Timing).Values(); e.Lab.Timing != "" && err != nil {
		r.wrong("%v", []any{err}, "lab", "timing")
	}
}

func (r *reader) setup(s *Setup, way ...any) {
	at := func(more ...any) []any { return slices.Concat(way, more) }
	for i, name := range s.Apply {
		if err := inFolder(r.files, name); err != nil {
			r.wrong("%v", []any{err}, at("apply", i)...)
			continue
		}
		s.Manifests = append(s.Manifests, r.files[name])
	}
	for i, name := range s.Empty {
		if err := target.Emptiable(name); err != nil {
			r.wrong("%v", []any{err}, at("empty", i)...)
		}
	}
	for i, name := range s.Delete {
		if _, err := target.Object(name); err != nil {
			r.wrong("%v", []any{err}, at("delete", i)...)
		}
	}
	for i, c := range s.Scale {
		if _, err := target.Object(c.Object); err != nil || c.Replicas < 0 || c.Replicas > 1000 {
			r.wrong("scale %q to %d: name an object and 0 to 1000", []any{c.Object, c.Replicas}, at("scale", i)...)
		}
	}
	for _, f := range []struct {
		name  string
		parts []string
	}{{"start", s.Start}, {"stop", s.Stop}} {
		for i, part := range f.parts {
			if !r.fitsPart(part) {
				r.wrong("%q fits no part of a lab of %d masters and %d nodes: write for example node-2/kubelet or master-*/kube-scheduler",
					[]any{part, r.out.Lab.Masters, r.out.Lab.Nodes}, at(f.name, i)...)
			}
		}
	}
	r.bound(&s.Within, defaultWait, at("within")...)
	s.Wait = r.condition(s.Until, at("until")...)
	for i, line := range s.Do {
		s.Deeds = append(s.Deeds, r.deed(line, at("do", i)...))
	}
}

// settable are the verbs that a setup may use.
var settable = []view.Verb{
	view.Kill, view.Stop, view.Start, view.Restart, view.Pause, view.Resume, view.PowerLoss, view.Cordon, view.Uncordon, view.Drain, view.DiskPressure,
	view.Cut, view.Isolate, view.Split, view.LoseQuorum, view.MoveLeader, view.WipeData, view.Delete, view.Empty, view.SaveSnapshot,
}

// deed reads a line of what a setup does.
func (r *reader) deed(line string, way ...any) Deed {
	if condition, ok := strings.CutPrefix(line, "until "); ok {
		return Deed{Until: r.condition(condition, way...), Source: line}
	}
	words, err := solution.Words(line)
	switch {
	case err != nil:
		r.wrong("%v", []any{err}, way...)
		return Deed{}
	case len(words) == 0 || !slices.Contains(settable, view.Verb(words[0])):
		names := make([]string, len(settable))
		for i, v := range settable {
			names[i] = string(v)
		}
		r.wrong("%q cannot be done here: use until and a condition, or %s", []any{line, strings.Join(names, ", ")}, way...)
		return Deed{}
	}
	d := Deed{Verb: view.Verb(words[0]), Source: line}
	for _, w := range words[1:] {
		d.Targets = append(d.Targets, r.template(w, way...))
	}
	return d
}

// fitsPart reports whether a pattern fits a machine or component of the smallest lab that the exercise accepts.
func (r *reader) fitsPart(pattern string) bool {
	e := r.out
	if e.Lab.Masters < 1 || e.Lab.Masters > topology.MaxMasters || e.Lab.Nodes < 0 || e.Lab.Nodes > topology.MaxNodes {
		return true // that is reported, and would be reported again for each pattern
	}
	return slices.ContainsFunc(target.All(topology.Spec{Masters: machines(topology.Master, e.Lab.Masters), Nodes: machines(topology.Node, e.Lab.Nodes)}),
		func(name string) bool {
			ok, err := path.Match(pattern, name)
			return ok && err == nil
		})
}

func machines(k topology.Kind, n int) []topology.Machine {
	var list []topology.Machine
	for i := range n {
		list = append(list, topology.Machine{Kind: k, Number: i + 1})
	}
	return list
}

// bound checks a duration, and fills in what is used when none is said.
func (r *reader) bound(d *time.Duration, otherwise time.Duration, way ...any) {
	switch {
	case *d == 0:
		*d = otherwise
	case *d < 0 || *d > maxWithin:
		r.wrong("%s: use a duration of at most %s, for example 90s or 3m", []any{*d, maxWithin}, way...)
	}
}

func (r *reader) steps() {
	if n := len(r.out.Steps); n == 0 || n > maxSteps {
		r.wrong("there are %d steps: an exercise has 1 to %d", []any{n, maxSteps}, "steps")
		return
	}
	ids := unique{}
	names := unique{}
	for i := range r.out.Steps {
		s := &r.out.Steps[i]
		if !idForm.MatchString(s.ID) || !ids.add(s.ID) {
			r.wrong("id %q of a step: %s, and each only once", []any{s.ID, idRule}, "steps", i, "id")
		}
		if strings.TrimSpace(s.Title) == "" {
			r.wrong("the title of step %s is missing", []any{s.ID}, "steps", i)
		}
		if strings.TrimSpace(s.Text) == "" {
			r.wrong("the task of step %s is missing", []any{s.ID}, "steps", i)
		}
		s.Task = r.template(s.Text, "steps", i, "task")
		r.bound(&s.Within, time.Duration(r.out.Minutes)*time.Minute, "steps", i, "within")
		for j := range s.Ask {
			r.question(&s.Ask[j], names, "steps", i, "ask", j)
		}
		for j, k := range s.Keep {
			if !nameForm.MatchString(k.Name) || !names.add(k.Name) {
				r.wrong("name %q: %s, and each only once in the exercise", []any{k.Name, nameRule}, "steps", i, "keep", j)
			}
			if k.Value == "" {
				r.wrong("the value of %s is missing", []any{k.Name}, "steps", i, "keep", j)
			}
			s.Keep[j].Expr = r.expr(k.Value, expr.Any, "steps", i, "keep", j, "value")
		}
		r.checks(s, i)
		r.hints(s, i)
		r.setup(&s.Setup, "steps", i, "setup")
	}
}

// unique are names that are given once.
type unique map[string]bool

func (u unique) add(name string) bool {
	if u[name] {
		return false
	}
	u[name] = true
	return true
}

func (r *reader) question(q *Ask, names unique, way ...any) {
	at := func(more ...any) []any { return slices.Concat(way, more) }
	if !nameForm.MatchString(q.ID) || !names.add(q.ID) {
		r.wrong("id %q of a question: %s, and each only once in the exercise", []any{q.ID, nameRule}, at("id")...)
	}
	if strings.TrimSpace(q.Text) == "" {
		r.wrong("the text of question %s is missing", []any{q.ID}, way...)
	}
	if (len(q.Choices) > 0) != (q.Kind == ByChoice) || q.Kind == ByChoice && len(q.Choices) < 2 {
		r.wrong("a question of kind choice has two or more choices, and no other has any", nil, at("choices")...)
	}
	ids := unique{}
	for i, c := range q.Choices {
		if !nameForm.MatchString(c.ID) || !ids.add(c.ID) || strings.TrimSpace(c.Text) == "" {
			r.wrong("choice %q: it has a text and an id; %s, and each only once", []any{c.ID, nameRule}, at("choices", i)...)
		}
	}
	if (len(q.Pick) > 0) != (q.Kind == ByPick) {
		r.wrong("a question of kind pick says in pick what can be picked, and no other does", nil, at("pick")...)
	}
	for i, kind := range q.Pick {
		if !slices.Contains(pickable(), kind) {
			r.wrong("%q cannot be picked: use %s", []any{kind, strings.Join(pickable(), ", ")}, at("pick", i)...)
		}
	}
	if !slices.Contains([]Kind{ByChoice, ByNumber, ByPick}, q.Kind) {
		r.wrong("kind %q of a question: use %s, %s or %s", []any{string(q.Kind), ByChoice, ByNumber, ByPick}, at("kind")...)
	}
	q.IsRight = r.condition(q.Right, at("right")...)
	q.Truth = r.template(q.Was, at("was")...)
}

// pickable are the kinds of targets.
func pickable() []string {
	return slices.Concat([]string{string(topology.Master), string(topology.Node), "pod", "container"}, component.OfMaster, component.OfNode)
}

func (r *reader) checks(s *Step, i int) {
	if n := len(s.Checks); n == 0 || n > maxChecks {
		r.wrong("there are %d checks in step %s: use 1 to %d", []any{n, s.ID, maxChecks}, "steps", i)
	}
	ids := unique{}
	for j := range s.Checks {
		c := &s.Checks[j]
		if !idForm.MatchString(c.ID) || !ids.add(c.ID) {
			r.wrong("id %q of a check: %s, and each only once in a step", []any{c.ID, idRule}, "steps", i, "checks", j)
		}
		for _, f := range []struct{ name, value string }{{"says", c.Says}, {"if", c.If}, {"notYet", c.NotYet}} {
			if strings.TrimSpace(f.value) == "" {
				r.wrong("%s of check %s is missing", []any{f.name, c.ID}, "steps", i, "checks", j)
			}
		}
		if c.For < 0 || c.For > s.Within {
			r.wrong("for %s of check %s: use a duration within that of the step (%s)", []any{c.For, c.ID, s.Within}, "steps", i, "checks", j, "for")
		}
		c.Condition = r.condition(c.If, "steps", i, "checks", j, "if")
		c.Observed = r.template(c.NotYet, "steps", i, "checks", j, "notYet")
	}
}

func (r *reader) hints(s *Step, i int) {
	if len(s.Hints) != hintsWanted {
		r.minor(fileExercise, r.doc.line("steps", i, "hints"),
			"step %s has %d hints: write %d (what you see, where to look, almost the answer)", s.ID, len(s.Hints), hintsWanted)
	}
	for j, h := range s.Hints {
		s.HintsOf = append(s.HintsOf, r.template(h, "steps", i, "hints", j))
	}
	for j := range s.Remarks {
		m := &s.Remarks[j]
		if m.If == "" || m.Say == "" {
			r.wrong("a remark has a condition (if) and a text (say)", nil, "steps", i, "remarks", j)
		}
		m.Condition = r.condition(m.If, "steps", i, "remarks", j, "if")
		m.Text = r.template(m.Say, "steps", i, "remarks", j, "say")
	}
}
