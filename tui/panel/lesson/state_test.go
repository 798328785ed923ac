package lesson

import (
	"testing"
	"time"

	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/course"
	"kubelab/exercises/progress"
	"kubelab/exercises/session"
	"kubelab/tui/panel"
	"kubelab/tui/theme"
)

// began is when the lab of the tests came up.
var began = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return began.Add(time.Duration(seconds * float64(time.Second))) }

// empty is a lab without exercises.
func empty(t testing.TB) *panel.State {
	t.Helper()
	time.Local = time.UTC
	look, err := theme.New(theme.Dark)
	if err != nil {
		t.Fatal(err)
	}
	lab := &view.Snapshot{Name: "lab", State: view.Healthy, Timing: "workshop", Masters: make([]view.Master, 3), Nodes: make([]view.Node, 2)}
	return &panel.State{Lab: lab, Now: at(100), Theme: look}
}

// listed is a lab with exercises, none of which is open.
func listed(t testing.TB) *panel.State {
	s := empty(t)
	s.Lessons = &course.Look{List: []course.Entry{
		{ID: "map", Title: "Read the map", Objective: "Name each component, and who talks to whom.", Minutes: 5, Concepts: []string{"etcd", "kube-apiserver", "Lease"}, Short: true, Steps: 4, Passed: at(10)},
		{ID: "pod", Title: "A pod is processes", Objective: "Find the processes that a pod consists of, and tell what the API knows from what the container runtime does.", Minutes: 7,
			Concepts: []string{"pod", "sandbox", "container", "CRI"}, Steps: 2, Step: 1, Doing: true, Lab: exercises.Shape{Masters: 1, Nodes: 3}},
		{ID: "slow", Title: "Lose a node", Objective: "See a node given up.", Minutes: 8, Concepts: []string{"taint", "eviction"}, Steps: 3, Lab: exercises.Shape{Masters: 5, Nodes: 3, Timing: "upstream"}},
		{ID: "last", Title: "Snapshot, disaster, restore", Objective: "Bring a cluster back.", Minutes: 8, Steps: 3},
	}}
	return s
}

// opened is that lab with the second exercise open, before its beginning.
func opened(t testing.TB) *panel.State {
	s := listed(t)
	s.Lessons.Number = 2
	s.Lessons.Open = &session.Status{
		Exercise: "pod", Title: "A pod is processes", Objective: s.Lessons.List[1].Objective, Minutes: 7, Phase: session.NotBegun,
		Task:  "# A pod is processes\n\nKubernetes talks of **pods**; Linux knows only `processes`. Find the process behind a pod, end it\nbehind Kubernetes' back, and see who notices.\n",
		Steps: []session.StepStatus{{ID: "find", Title: "Find the process", HintsLeft: 3}, {ID: "kill", Title: "Kill it", HintsLeft: 3}},
	}
	return s
}

func choice() session.AskStatus {
	return session.AskStatus{ID: "after", Text: "What will there be half a minute later?", Kind: exercises.ByChoice, Predicts: true, Choices: []exercises.Choice{
		{ID: "same", Text: "The same pod with a new process in it"}, {ID: "other", Text: "Another pod in place of this one"}, {ID: "less", Text: "One pod less"},
	}}
}

// doing is its first step, which asks for a pod and a number.
func doing(t testing.TB) *panel.State {
	s := opened(t)
	st := s.Lessons.Open
	st.Phase, st.Began = session.Doing, at(40)
	st.Steps[0] = session.StepStatus{
		ID: "find", Title: "Find the process", Began: at(40), Within: 3 * time.Minute, HintsLeft: 3,
		Task: "Choose one of the pods `web-…` in namespace `demo`, and find the process of its container `web`.\n",
		Asks: []session.AskStatus{
			{ID: "pod", Text: "Which pod have you chosen?", Kind: exercises.ByPick, Pick: []string{"pod"}},
			{ID: "pid", Text: "What is the PID of its container web?", Kind: exercises.ByNumber, Unit: "PID"},
		},
		Checks: []session.CheckStatus{
			{ID: "chosen", Says: "You have chosen a pod of the demo.", Observed: "Answer first: Which pod have you chosen?"},
			{ID: "pid", Says: "Your PID is the one that containerd has for the container.", Observed: "Answer first: Which pod have you chosen?"},
		},
	}
	return s
}

// wrong is that step with a wrong answer, hints, and a remark, when it takes too long.
func wrong(t testing.TB) *panel.State {
	s := doing(t)
	s.Now = at(260)
	step := &s.Lessons.Open.Steps[0]
	step.Asks[0].Answer = &progress.Answer{Value: "pod/demo/web-6c7-a"}
	step.Asks[1].Answer = &progress.Answer{Value: 99.0}
	step.Checks[0] = session.CheckStatus{ID: "chosen", Says: step.Checks[0].Says, Passed: true, At: at(259.5)}
	step.Checks[1].Observed = "containerd knows the container as running, and its process is not 99."
	step.Hints, step.HintsLeft = []string{"kubectl shows a pod's node, but no PID.", "Open the pod's node: lab ask node NODE"}, 1
	step.Remark = "99 is the process of the pod's sandbox (pause)."
	return s
}

// predicting is the second step, which asks for a prediction.
func predicting(t testing.TB) *panel.State {
	s := doing(t)
	st := s.Lessons.Open
	st.Current, s.Now = 1, at(120)
	st.Steps[0].Passed = true
	st.Steps[1] = session.StepStatus{
		ID: "kill", Title: "Kill it", Began: at(110), Within: time.Minute, HintsLeft: 3, Asks: []session.AskStatus{choice()},
		Task:   "First predict, then do it: end that process, and only that one. `lab kill container/demo/POD/web` does it.\n",
		Checks: []session.CheckStatus{{ID: "exit", Says: "containerd saw the process end.", Observed: "containerd has told nothing."}},
	}
	return s
}

func answered(right bool) session.AskStatus {
	q := choice()
	q.Answer = &progress.Answer{Value: "less", Right: &right, Was: "The same pod: its UID is still 110a5678, and its process is 1017 instead of 1005."}
	if right {
		q.Answer.Value = "same"
	}
	return q
}

// compared is a third step, after a prediction that did not come true.
func compared(t testing.TB) *panel.State {
	s := predicting(t)
	st := s.Lessons.Open
	st.Current = 2
	st.Steps[1].Passed, st.Steps[1].Asks[0] = true, answered(false)
	st.Steps = append(st.Steps, session.StepStatus{ID: "look", Title: "Look at it", Task: "Look.", Began: at(119)})
	return s
}

// setting is the exercise while the lab is brought into shape.
func setting(t testing.TB) *panel.State {
	s := opened(t)
	s.Lessons.Open.Phase = session.Setting
	s.Lessons.Setup = []course.SetupStep{
		{Step: view.Step{Name: "node-3 joins the cluster", Bound: 2 * time.Minute, Took: 6400 * time.Millisecond, Done: true, Note: "it has 2 cores"}, Began: at(80)},
		{Step: view.Step{Name: "The lab is as the exercise needs it", Bound: 2 * time.Minute}, Began: at(88)},
	}
	return s
}

// failed is the exercise whose setup has failed.
func failed(t testing.TB) *panel.State {
	s := setting(t)
	l := s.Lessons
	l.Open.Phase = session.NotBegun
	l.Setup[1].Error, l.Setup[1].Took = "it does not hold", 2*time.Minute
	l.Failed = "set up exercise pod: The lab is as the exercise needs it within 2m0s: pods(\"demo/web-*\").size() == 3 does not hold"
	return s
}

// done is the exercise when it is passed.
func done(t testing.TB) *panel.State {
	s := predicting(t)
	st := s.Lessons.Open
	st.Phase, st.Current, st.Passed = session.Done, 2, at(140)
	st.Steps[1].Passed, st.Steps[1].Asks[0] = true, answered(true)
	st.Debrief = "# What you have seen\n\nIt took 13 s.\n\n- **containerd** saw it first: its shim waits for the process\n  as a parent does.\n- **kubelet** started it again.\n\n" +
		"| what happened | here | by default |\n|---|---|---|\n| from the end to the start | 13 s | 10 s (`backoff`) |\n| nothing | | |\n\n```\nlab kill pod\n```\n"
	s.Lessons.List[1].Passed = at(140)
	st.Steps[1].Checks[0].Passed, st.Steps[1].Checks[0].At = true, at(139)
	s.Now = at(200)
	s.Events = map[view.EventKind][]view.Event{
		view.Acted: {{Time: at(30), Kind: view.Acted, Text: "lab kill before"}, {Time: at(130), Kind: view.Acted, Text: "lab kill container/demo/web-6c7-a/web"}, {Time: at(150), Kind: view.Acted, Text: "lab kill after"}},
		view.PodChanged: {{Time: at(130.4), Kind: view.PodChanged, Object: &view.Object{Resource: "pods", Namespace: "demo", Name: "web-6c7-a"}, Text: "demo/web-6c7-a: Error, 0 of 1 ready on node-1"},
			{Time: at(139), Kind: view.PodChanged, Object: &view.Object{Resource: "pods", Namespace: "demo", Name: "web-6c7-a"}, Text: "demo/web-6c7-a: Running, 1 of 1 ready on node-1"}},
	}
	return s
}

// looking is an exercise before somebody who can only read.
func looking(t testing.TB) *panel.State {
	s := opened(t)
	s.Lessons.Why = "You are a spectator: you see everything, and change nothing."
	return s
}
