package exercises

import (
	"time"

	"kubelab/core/view"
	"kubelab/exercises/expr"
	"kubelab/exercises/solution"
)

// Exercise is one unit of the workshop. It does not change once it is read.
type Exercise struct {
	ID        string   `yaml:"id"`        // small letters, digits and dashes
	Title     string   `yaml:"title"`     // a few words
	Objective string   `yaml:"objective"` // what one knows afterwards
	Minutes   int      `yaml:"minutes"`   // that it takes, 1 to 120
	Concepts  []string `yaml:"concepts"`  // what it is about, in Kubernetes' words
	Short     bool     `yaml:"short"`     // it belongs to the short version of the workshop
	Lab       Shape    `yaml:"lab"`
	Setup     Setup    `yaml:"setup"`
	Steps     []Step   `yaml:"steps"`

	Task     *expr.Template     `yaml:"-"` // task.md
	Debrief  *expr.Template     `yaml:"-"` // debrief.md
	Solution *solution.Solution `yaml:"-"` // solution.txtar
	Wrong    *solution.Solution `yaml:"-"` // wrong.txtar: what does not pass, and what is said then
	Folder   string             `yaml:"-"` // where it was read from
}

// Shape is what lab an exercise needs.
type Shape struct {
	Masters int    `yaml:"masters"` // at least so many, 1 to 7
	Nodes   int    `yaml:"nodes"`   // at least so many, 0 to 50
	Timing  string `yaml:"timing"`  // workshop or upstream; empty for any
}

// Setup is how the lab is brought into the shape that an exercise or a step begins with. Faults are healed, missing
// machines added, what is down is started, nodes are uncordoned, and taints of exercises are taken off them; then comes
// what is said here, in the order of the fields. That of a step comes after that of the exercise.
type Setup struct {
	Start  []string      `yaml:"start"`  // in a step: what the exercise's setup stops and earlier steps have started
	Empty  []string      `yaml:"empty"`  // namespaces that are to hold nothing; those that there are not hold nothing
	Delete []string      `yaml:"delete"` // objects, as kubectl names them: namespace/play, deployment/demo/extra
	Apply  []string      `yaml:"apply"`  // manifests in the exercise's folder
	Scale  []Scale       `yaml:"scale"`  // Deployments and the like
	Stop   []string      `yaml:"stop"`   // components and machines, with stars: master-*/kube-scheduler
	Until  string        `yaml:"until"`  // a condition that is waited for
	Do     []string      `yaml:"do"`     // what is done to the lab then, a line each: isolate {{ leader() }}, or until and a condition
	Within time.Duration `yaml:"within"` // how long is waited; 2 minutes if it is not said

	Manifests []string   `yaml:"-"` // the text of what is applied
	Wait      *expr.Expr `yaml:"-"`
	Deeds     []Deed     `yaml:"-"`
}

// Deed is a line of Do.
type Deed struct {
	Verb    view.Verb
	Targets []*expr.Template
	Until   *expr.Expr // instead of Verb: it is waited for
	Source  string
}

// Scale is how many pods something is to have.
type Scale struct {
	Object   string `yaml:"object"` // deployment/demo/web
	Replicas int    `yaml:"replicas"`
}

// Step is one thing to do.
type Step struct {
	ID     string  `yaml:"id"`
	Title  string  `yaml:"title"`
	Text   string  `yaml:"task"` // what to do; may have {{ expressions }}
	Ask    []Ask   `yaml:"ask"`
	Keep   []Keep  `yaml:"keep"`
	Checks []Check `yaml:"checks"`
	// Hints are three: what you see, where to look, almost the answer.
	Hints []string `yaml:"hints"`
	// Remarks are hints that are drawn from what was observed: the first whose condition holds is shown.
	Remarks []Remark      `yaml:"remarks"`
	Within  time.Duration `yaml:"within"` // how long it should take; later the learner is offered a hint
	// Setup is what else brings the lab to the beginning of this step, after that of the exercise.
	Setup Setup `yaml:"setup"`

	Task    *expr.Template   `yaml:"-"`
	HintsOf []*expr.Template `yaml:"-"`
}

// Ask is a question to the learner. One with Right decides whether the step is passed only when a check says so; it is a
// prediction otherwise, and is compared with what has happened.
type Ask struct {
	ID      string   `yaml:"id"`
	Text    string   `yaml:"text"`
	Kind    Kind     `yaml:"kind"`
	Choices []Choice `yaml:"choices"` // of a choice
	Unit    string   `yaml:"unit"`    // of a number: s, ms, requests
	Pick    []string `yaml:"pick"`    // kinds of targets that may be picked: master, node, pod, container, or a component's name
	// Right is whether the answer came true, asked when the step is passed; Was says what did happen.
	Right string `yaml:"right"`
	Was   string `yaml:"was"`

	IsRight *expr.Expr     `yaml:"-"`
	Truth   *expr.Template `yaml:"-"`
}

// Kind is what sort of answer is wanted.
type Kind string

// The kinds of answers.
const (
	ByChoice Kind = "choice"
	ByNumber Kind = "number"
	ByPick   Kind = "pick" // of something on the map
)

// Choice is one of several answers.
type Choice struct {
	ID   string `yaml:"id"`
	Text string `yaml:"text"`
}

// Keep is a value that is noted as soon as it can be had once the step has begun.
type Keep struct {
	Name  string `yaml:"name"`
	Value string `yaml:"value"` // an expression

	Expr *expr.Expr `yaml:"-"`
}

// Check is a condition that has to have held.
type Check struct {
	ID     string        `yaml:"id"`
	Says   string        `yaml:"says"`   // what is checked, for people
	If     string        `yaml:"if"`     // the condition
	For    time.Duration `yaml:"for"`    // it has to hold for so long without a break
	NotYet string        `yaml:"notYet"` // what was observed instead; may have {{ expressions }}

	Condition *expr.Expr     `yaml:"-"`
	Observed  *expr.Template `yaml:"-"`
}

// Remark is something to say when something is observed.
type Remark struct {
	If  string `yaml:"if"`
	Say string `yaml:"say"`

	Condition *expr.Expr     `yaml:"-"`
	Text      *expr.Template `yaml:"-"`
}
