// Package solution reads solution.txtar of an exercise: what a person would type to pass every check on a fresh lab. It
// is written as scripts of testscript are, a command a line and files behind it, with these differences:
//
//	# step kill                        what follows belongs to the step of that id
//	lab kill pod/demo/web-abc          lab, and lab kubectl, lab etcdctl and so on
//	! lab kubectl --token=x get pods   it has to fail
//	answer pid {{ container("demo/web-abc", "web").pid }}
//	until 'pods("demo/*").size() == 4' waits for a condition
//	not replaced 'is gone'             only in a wrong path: the check has not passed, and says so with these words
//
// {{ expressions }} stand for their values, within a word. A word in 'single quotes' may have blanks in it. Files are
// written to the folder in which the commands run.
//
// The main type is Solution.
package solution

import (
	"fmt"
	"slices"
	"strings"

	"kubelab/exercises/expr"
)

// Solution is a script in steps.
type Solution struct {
	Steps []Step
	Files []File
}

// Step is what is done in a step of the exercise.
type Step struct {
	ID       string
	Line     int
	Commands []Command
}

// Command is one line.
type Command struct {
	Line   int
	Source string // as it is written
	Verb   Verb
	Fails  bool             // it has to fail
	Args   []*expr.Template // of Lab and Answer, without the verb
	Until  *expr.Expr       // of Until
	Check  string           // of Not
	Words  string           // of Not
}

// Verb is what a Command does.
type Verb string

// The verbs.
const (
	Lab    Verb = "lab"
	Answer Verb = "answer"
	Until  Verb = "until"
	Not    Verb = "not" // only in what does not solve an exercise
)

// File is a file that the commands find.
type File struct {
	Name string // without a folder
	Text string
}

// Step is the step of an id, nil when there is none, or no script.
func (s *Solution) Step(id string) *Step {
	if s == nil {
		return nil
	}
	for i := range s.Steps {
		if s.Steps[i].ID == id {
			return &s.Steps[i]
		}
	}
	return nil
}

// Parse reads a solution. Whatever is wrong is reported with its line.
func Parse(env *expr.Env, text string) (*Solution, []expr.Issue) {
	p := &parser{env: env, out: &Solution{}}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if name, ok := fileMark(line); ok {
			p.files(i+1, name, lines[i+1:])
			break
		}
		p.line(i+1, strings.TrimSpace(line))
	}
	return p.out, p.issues
}

type parser struct {
	env    *expr.Env
	out    *Solution
	issues []expr.Issue
}

func (p *parser) fault(line int, format string, args ...any) {
	p.issues = append(p.issues, expr.Issue{Line: line, Text: fmt.Sprintf(format, args...)})
}

func (p *parser) line(n int, text string) {
	if comment, ok := strings.CutPrefix(text, "#"); ok {
		if words := strings.Fields(comment); len(words) == 2 && words[0] == "step" {
			p.out.Steps = append(p.out.Steps, Step{ID: words[1], Line: n})
		}
		return
	}
	words, err := split(text)
	switch {
	case err != nil:
		p.fault(n, "%v", err)
		return
	case len(words) == 0:
		return
	case len(p.out.Steps) == 0:
		p.fault(n, "this belongs to no step: write a line \"# step ID\" before it")
		return
	}
	c := Command{Line: n, Source: text}
	if words[0] == "!" && len(words) > 1 {
		c.Fails, words = true, words[1:]
	}
	if p.command(&c, words) {
		s := &p.out.Steps[len(p.out.Steps)-1]
		s.Commands = append(s.Commands, c)
	}
}

// command reads the words of a command and reports whether they are one.
func (p *parser) command(c *Command, words []string) bool {
	c.Verb = Verb(words[0])
	args := words[1:]
	switch {
	case c.Verb == Until && len(args) == 1 && !c.Fails:
		x, issues := p.env.Compile(args[0], expr.Bool)
		for _, i := range issues {
			p.fault(c.Line, "%s", i.Text)
		}
		c.Until = x
		return x != nil
	case c.Verb == Until:
		p.fault(c.Line, "until takes one condition in single quotes")
		return false
	case c.Verb == Answer && (len(args) != 2 || c.Fails):
		p.fault(c.Line, "answer takes the id of a question and an answer")
		return false
	case c.Verb == Lab && (len(args) == 0 || slices.Contains([]string{"delete", "serve", "attach", "exercise"}, args[0]) || strings.HasPrefix(args[0], "-")):
		p.fault(c.Line, "a solution uses the commands that look at the lab, break it and heal it, and no flags before them")
		return false
	case c.Verb == Lab && len(args) == 1 && (args[0] == "stop" || args[0] == "start"):
		p.fault(c.Line, "lab %s without a target is about the whole lab, which has to stay: name what is meant", args[0])
		return false
	case c.Verb == Not && len(args) == 2 && !c.Fails && args[1] != "":
		c.Check, c.Words = args[0], args[1]
		return true
	case c.Verb == Not:
		p.fault(c.Line, "not takes the id of a check and, in single quotes, words of what it says instead")
		return false
	case c.Verb != Lab && c.Verb != Answer:
		p.fault(c.Line, "a solution has no command %q: use lab (lab kubectl, lab etcdctl, …), answer or until", words[0])
		return false
	}
	for _, a := range args {
		t, issues := p.env.Template(a)
		for _, i := range issues {
			p.fault(c.Line, "%s", i.Text)
		}
		if t == nil {
			return false
		}
		c.Args = append(c.Args, t)
	}
	return true
}

// files reads the part of the archive that has files. The first one's mark is on line n.
func (p *parser) files(n int, name string, lines []string) {
	var text strings.Builder
	end := func() {
		if name != strings.Trim(name, "./") || strings.ContainsAny(name, "/\\") {
			p.fault(n, "%q names no file here: use a name without folders", name)
		}
		p.out.Files = append(p.out.Files, File{name, text.String()})
		text.Reset()
	}
	for i, line := range lines {
		if next, ok := fileMark(line); ok {
			end()
			n, name = n+i+1, next
			continue
		}
		text.WriteString(line)
		if i < len(lines)-1 {
			text.WriteByte('\n')
		}
	}
	end()
}

// fileMark is the name in a line "-- NAME --".
func fileMark(line string) (string, bool) {
	inner, ok := strings.CutPrefix(line, "-- ")
	if !ok {
		return "", false
	}
	name, ok := strings.CutSuffix(strings.TrimSpace(inner), " --")
	return strings.TrimSpace(name), ok
}
