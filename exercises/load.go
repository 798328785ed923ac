package exercises

import (
	"fmt"
	"io/fs"
	"path"
	"slices"

	"kubelab/exercises/expr"
	"kubelab/exercises/solution"
)

// Read reads the exercise in a folder, "." for the root of fsys. The Exercise is nil when there are serious problems.
// Nothing outside of the folder is read; to keep links from leading out of it, make fsys of an os.Root.
func Read(env *expr.Env, fsys fs.FS, dir string) (*Exercise, Problems) {
	r := &reader{env: env, out: &Exercise{Folder: dir}}
	r.files, r.problems = readFolder(fsys, dir)
	if len(r.problems.Serious()) == 0 {
		r.read()
	}
	r.problems = r.problems.sorted()
	for i := range r.problems {
		r.problems[i].File = path.Join(dir, r.problems[i].File)
	}
	if len(r.problems.Serious()) > 0 {
		return nil, r.problems
	}
	return r.out, r.problems
}

// reader makes an Exercise of files.
type reader struct {
	env      *expr.Env
	files    map[string]string
	out      *Exercise
	doc      document
	problems Problems
}

func (r *reader) read() {
	text, ok := r.files[fileExercise]
	if !ok {
		r.fault(fileExercise, 1, "there is no such file: it says what the exercise is (lab exercise new makes one)")
		return
	}
	var wrong Problems
	if r.doc, wrong = decode(text, r.out); len(wrong) > 0 {
		r.problems = append(r.problems, wrong...)
		return
	}
	r.head()
	r.setup(&r.out.Setup, "setup")
	r.steps()
	r.out.Task = r.markdown(fileTask, false)
	r.out.Debrief = r.markdown(fileDebrief, true)
	r.solution()
	r.wrongPath()
}

func (r *reader) fault(file string, line int, format string, args ...any) {
	r.problems = append(r.problems, Problem{File: file, Line: line, Text: fmt.Sprintf(format, args...)})
}

// wrong reports a fault of what is at a place in exercise.yaml.
func (r *reader) wrong(format string, args []any, way ...any) {
	r.fault(fileExercise, r.doc.line(way...), format, args...)
}

// minor reports what is missing but keeps nobody from trying.
func (r *reader) minor(file string, line int, format string, args ...any) {
	r.problems = append(r.problems, Problem{File: file, Line: line, Text: fmt.Sprintf(format, args...), Minor: true})
}

// condition compiles an expression in exercise.yaml that is true or false. One that is empty is none.
func (r *reader) condition(source string, way ...any) *expr.Expr {
	return r.expr(source, expr.Bool, way...)
}

func (r *reader) expr(source string, want *expr.Type, way ...any) *expr.Expr {
	if source == "" {
		return nil
	}
	x, issues := r.env.Compile(source, want)
	r.issues(fileExercise, r.doc.textLine(way...), issues)
	if x != nil {
		r.answersExist(x, way...)
	}
	return x
}

func (r *reader) template(source string, way ...any) *expr.Template {
	t, issues := r.env.Template(source)
	r.issues(fileExercise, r.doc.textLine(way...), issues)
	if t != nil {
		r.answersExist(t, way...)
	}
	return t
}

// issues reports faults of an expression or template whose text begins on a line.
func (r *reader) issues(file string, line int, list []expr.Issue) {
	for _, i := range list {
		r.fault(file, line+i.Line-1, "%s", i.Text)
	}
}

// answersExist reports answers that are read and no question asks for, and values that nothing keeps.
func (r *reader) answersExist(x interface{ Fields(string) []string }, way ...any) {
	for _, id := range x.Fields("answers") {
		if r.out.ask(id) == nil {
			r.wrong("answers.%s: there is no question of that id", []any{id}, way...)
		}
	}
	for _, name := range x.Fields("kept") {
		if !r.out.keeps(name) {
			r.wrong("kept.%s: nothing of that name is kept", []any{name}, way...)
		}
	}
}

func (e *Exercise) ask(id string) *Ask {
	for i := range e.Steps {
		for j := range e.Steps[i].Ask {
			if e.Steps[i].Ask[j].ID == id {
				return &e.Steps[i].Ask[j]
			}
		}
	}
	return nil
}

func (e *Exercise) keeps(name string) bool {
	for _, s := range e.Steps {
		for _, k := range s.Keep {
			if k.Name == name {
				return true
			}
		}
	}
	return false
}

// markdown reads a text of its own. Lab exercise lint complains when a debrief, which teaches, is missing.
func (r *reader) markdown(file string, minor bool) *expr.Template {
	text, ok := r.files[file]
	if !ok {
		report := r.fault
		if minor {
			report = r.minor
		}
		report(file, 1, "there is no such file")
		return nil
	}
	t, issues := r.env.Template(text)
	r.issues(file, 1, issues)
	return t
}

func (r *reader) solution() {
	text, ok := r.files[fileSolution]
	if !ok {
		r.minor(fileSolution, 1, "there is no such file: nobody can tell whether the exercise can be solved")
		return
	}
	s, issues := solution.Parse(r.env, text)
	r.issues(fileSolution, 1, issues)
	r.out.Solution = s
	r.sameSteps(s)
	for _, step := range s.Steps {
		for _, c := range step.Commands {
			if c.Verb == solution.Not {
				r.fault(fileSolution, c.Line, "not belongs into %s: a solution passes", fileWrong)
			}
		}
	}
}

// wrongPath reads what somebody does who has not understood the exercise. Each step of it says which check is not passed by that.
func (r *reader) wrongPath() {
	text, ok := r.files[fileWrong]
	if !ok {
		r.minor(fileWrong, 1, "there is no such file: nobody can tell whether the exercise is passed without being understood")
		return
	}
	s, issues := solution.Parse(r.env, text)
	r.issues(fileWrong, 1, issues)
	r.out.Wrong = s
	for _, step := range s.Steps {
		i := slices.IndexFunc(r.out.Steps, func(of Step) bool { return of.ID == step.ID })
		if i < 0 {
			r.fault(fileWrong, step.Line, "the exercise has no step %s", step.ID)
			continue
		}
		nots := 0
		for _, c := range step.Commands {
			if c.Verb != solution.Not {
				continue
			}
			nots++
			if !slices.ContainsFunc(r.out.Steps[i].Checks, func(of Check) bool { return of.ID == c.Check }) {
				r.fault(fileWrong, c.Line, "step %s has no check %s", step.ID, c.Check)
			}
		}
		if nots == 0 {
			r.minor(fileWrong, step.Line, "step %s does not say what is not passed: write a line: not CHECK 'words'", step.ID)
		}
	}
}

// sameSteps reports where a solution does not follow the exercise's steps.
func (r *reader) sameSteps(s *solution.Solution) {
	next := 0
	for _, step := range s.Steps {
		at := next
		for at < len(r.out.Steps) && r.out.Steps[at].ID != step.ID {
			at++
		}
		switch {
		case at == len(r.out.Steps):
			r.minor(fileSolution, step.Line, "the exercise has no step %s after the one before", step.ID)
			continue
		case len(step.Commands) == 0:
			r.minor(fileSolution, step.Line, "nothing is done in step %s", step.ID)
		}
		for ; next < at; next++ {
			r.minor(fileSolution, step.Line, "step %s is skipped", r.out.Steps[next].ID)
		}
		next = at + 1
	}
	for ; next < len(r.out.Steps); next++ {
		r.minor(fileSolution, 1, "step %s is skipped", r.out.Steps[next].ID)
	}
}
