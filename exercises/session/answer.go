package session

import (
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"kubelab/core/target"
	"kubelab/core/topology"
	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/progress"
)

// PassOver is the answer of who does not want to answer.
const PassOver = "?"

// Answer answers a question of the current step: the id or number of a choice, a number, a part of the lab that can be
// picked (master-2/etcd, pod/demo/web-abc); or PassOver. It may be given again until the step is passed. An answer that is none is
// a failure with code view.Usage that says what would be one.
func (s *Session) Answer(id, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	step := s.current()
	if step == nil {
		return view.Fail(view.Usage, "exercise %s asks nothing now: begin it, or go back to its start", s.Exercise.ID)
	}
	i := slices.IndexFunc(step.Ask, func(q exercises.Ask) bool { return q.ID == id })
	if i < 0 {
		return view.Fail(view.Usage, "step %s does not ask %q%s", step.ID, id, asks(step))
	}
	value, err := s.read(&step.Ask[i], strings.TrimSpace(text))
	if err != nil {
		return err
	}
	a := progress.Answer{Value: value, At: s.Now(), Late: len(s.record.Checks[step.ID]) > 0}
	s.change(func(r *progress.Record) { put(&r.Answers, id, a) })
	clear(s.written)
	s.soon()
	return nil
}

func asks(step *exercises.Step) string {
	var ids []string
	for _, q := range step.Ask {
		ids = append(ids, q.ID)
	}
	if len(ids) == 0 {
		return ": it asks nothing"
	}
	return ": it asks " + strings.Join(ids, ", ")
}

// ask is the question of an id.
func (s *Session) ask(id string) *exercises.Ask {
	for i := range s.Exercise.Steps {
		for j := range s.Exercise.Steps[i].Ask {
			if q := &s.Exercise.Steps[i].Ask[j]; q.ID == id {
				return q
			}
		}
	}
	return nil
}

// read is the value of an answer.
func (s *Session) read(q *exercises.Ask, text string) (any, error) {
	switch {
	case text == PassOver:
		return nil, nil
	case q.Kind == exercises.ByNumber:
		return readNumber(q, text)
	case q.Kind == exercises.ByPick:
		return s.readPick(q, text)
	}
	var choices []string
	for i, c := range q.Choices {
		if c.ID == text || strconv.Itoa(i+1) == text {
			return c.ID, nil
		}
		choices = append(choices, c.ID)
	}
	return nil, view.Fail(view.Usage, "%q is none of the choices: answer %s, or pass it over", text, strings.Join(choices, ", "))
}

func readNumber(q *exercises.Ask, text string) (any, error) {
	n, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(text, q.Unit)), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		unit := ""
		if q.Unit != "" {
			unit = " in " + q.Unit
		}
		return nil, view.Fail(view.Usage, "%q is no number: answer a number%s, or pass it over", text, unit)
	}
	return n, nil
}

func (s *Session) readPick(q *exercises.Ask, text string) (any, error) {
	lab := s.Lab.Snapshot()
	t, err := target.Parse(specOf(lab), text)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(q.Pick, t.Kind()) {
		return nil, view.Fail(view.Usage, "%s is a %s: pick a %s, or pass it over", t, t.Kind(), strings.Join(q.Pick, " or "))
	}
	if t.Pod != "" && !slices.ContainsFunc(lab.Pods, func(p view.Pod) bool { return p.Namespace == t.Namespace && p.Name == t.Pod }) {
		return nil, view.Fail(view.NotFound, "there is no pod %s/%s: see lab kubectl get pods -A", t.Namespace, t.Pod)
	}
	return t.String(), nil
}

// specOf is what machines a lab has, as a Snapshot shows it.
func specOf(s *view.Snapshot) topology.Spec {
	masters, nodes := s.Machines()
	return topology.Spec{Masters: masters, Nodes: nodes}
}

// matching are the parts of a lab whose names fit a pattern.
func matching(s *view.Snapshot, pattern string) ([]string, error) {
	var list []string
	for _, name := range target.All(specOf(s)) {
		if ok, err := path.Match(pattern, name); err == nil && ok { // patterns were tried when they were read
			list = append(list, name)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no part of this lab fits %s", pattern)
	}
	return list, nil
}
